"""The ledger of the wire: what was really written and read at both ends of every link, and what may not be.

It knows nothing of sessions, stores and scenarios. It is told the limits of each account, what was promised to whoever
called, and what the store has committed. What it complains of first stays in `violation`: the program under test, in
whose turn it is found, would swallow an exception.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable

import msgspec

from carrierlab.wires import Connection
from tests.simulation import wire
from tests.simulation.wire import Reader


class Violation(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text


PartKey = tuple[str, int]
"""Which segment of which message: its token and its number, from 1."""


class Attempt(msgspec.Struct, gc=False):
    """One submit_sm that the sender wrote."""

    account: str
    key: PartKey
    destination: str
    connection: int
    sequence: int
    life: int
    at: float
    wall: float = 0.0
    """Unix time, as the process has it that wrote it."""
    arrived: bool = False
    answered_at: float | None = None
    """When its response reached the sender, whatever it says."""
    status: int | None = None
    message_id: str = ""


class Limits(msgspec.Struct, frozen=True):
    """What an account may do."""

    account: str
    window: int
    rate: float | None
    response_timeout: float


class ReceiptKey(msgspec.Struct, frozen=True):
    """What tells receipts apart."""

    account: str
    message_id: str
    stat: str


class Ledger:
    """All links of a simulation."""

    def __init__(self, seconds: Callable[[], float], limits: dict[int, Limits]) -> None:
        """`limits` by port."""
        self.seconds = seconds
        self.limits = limits
        self.attempts: list[Attempt] = []
        self.of_part: dict[PartKey, list[Attempt]] = defaultdict(list)
        self.by_request: dict[tuple[int, int], Attempt] = {}
        """By (connection, sequence), the latest."""
        self.acknowledged: dict[ReceiptKey, float] = {}
        """Receipts that the sender has answered with ESME_ROK, and when first."""
        self.receipts_seen: Counter[ReceiptKey] = Counter()
        """Receipts that reached the sender."""
        self.events: deque[tuple[float, str]] = deque(maxlen=4000)
        self.may_write: list[Callable[[Attempt], None]] = []
        """Asked at every submit_sm that is written; they complain."""
        self.violation: Violation | None = None
        self._written: dict[str, deque[float]] = defaultdict(deque)

    def note(self, text: str) -> None:
        """Remember something for whoever has to find out why."""
        self.events.append((self.seconds(), text))

    def complain(self, invariant: str, text: str) -> None:
        """An invariant does not hold."""
        if self.violation is None:
            self.note(f"VIOLATION of {invariant}: {text}")
            self.violation = Violation(invariant, text)

    def opened(self, connection: Connection, life: int) -> LinkLedger:
        """Read along on a new connection."""
        return LinkLedger(self, connection.number, self.limits[connection.port], life)

    def wrote(self, attempt: Attempt, limits: Limits) -> None:
        """A submit_sm was written: is it within the rate, and allowed?"""
        self.attempts.append(attempt)
        self.of_part[attempt.key].append(attempt)
        self.by_request[attempt.connection, attempt.sequence] = attempt
        if limits.rate is not None:
            times = self._written[attempt.account]
            times.append(attempt.at)
            while attempt.at - times[0] >= 1.0 - 1e-9:
                times.popleft()
            if len(times) > limits.rate:
                self.complain("I5", f"{len(times)} submits to {attempt.account} in a second, {limits.rate:g} allowed")
        for check in self.may_write:
            check(attempt)


class LinkLedger:
    """One link."""

    def __init__(self, ledger: Ledger, number: int, limits: Limits, life: int) -> None:
        self._ledger = ledger
        self._number = number
        self._limits = limits
        self._life = life
        self._up, self._down = Reader(), Reader()
        self._up_there = Reader()
        self._outstanding: dict[int, float] = {}
        self._used: set[int] = set()
        self._owed: dict[int, ReceiptKey | None] = {}
        """Deliveries that the sender has got and not answered."""
        self._answered: set[int] = set()

    # --- at the sender's end ------------------------------------------------------------------

    def sender_wrote(self, octets: bytes) -> None:
        """Octets went into the sender's socket."""
        for pdu in self._up.read(octets):
            if pdu.command == wire.SUBMIT_SM:
                self._submit(pdu)
            elif pdu.command in (wire.DELIVER_SM_RESP, wire.GENERIC_NACK):
                self._acknowledge(pdu)
            elif not pdu.command & 0x80000000:
                self._request(pdu)

    def sender_got(self, octets: bytes) -> None:
        """Octets were read by the sender."""
        ledger = self._ledger
        for pdu in self._down.read(octets):
            if pdu.command in (wire.SUBMIT_SM_RESP, wire.GENERIC_NACK):
                self._outstanding.pop(pdu.sequence, None)
                attempt = ledger.by_request.get((self._number, pdu.sequence))
                if attempt is not None and attempt.answered_at is None:
                    attempt.answered_at = ledger.seconds()
                    attempt.status = pdu.status
                    attempt.message_id = wire.message_id(pdu.body)
                    ledger.note(f"link {self._number} resp {pdu.sequence} {pdu.status:#x} id {attempt.message_id}")
            elif pdu.command == wire.DELIVER_SM:
                it = wire.delivered(pdu.body)
                key = ReceiptKey(self._limits.account, it.message_id, it.stat) if it.message_id else None
                if key is not None:
                    ledger.receipts_seen[key] += 1
                self._owed[pdu.sequence] = key
                self._answered.discard(pdu.sequence)
                ledger.note(f"link {self._number} receipt {pdu.sequence} {it.message_id} {it.stat} {it.number}")

    def _request(self, pdu: wire.Raw) -> None:
        if pdu.sequence in self._used and pdu.command != wire.ENQUIRE_LINK:
            self._ledger.complain("I6", f"sequence number {pdu.sequence} is used again on link {self._number}")
        self._used.add(pdu.sequence)

    def _submit(self, pdu: wire.Raw) -> None:
        ledger, limits = self._ledger, self._limits
        now = ledger.seconds()
        self._request(pdu)
        late = now - limits.response_timeout + 1e-6
        for sequence in [sequence for sequence, at in self._outstanding.items() if at <= late]:
            del self._outstanding[sequence]
        self._outstanding[pdu.sequence] = now
        if len(self._outstanding) > limits.window:
            self._ledger.complain("I5", f"{len(self._outstanding)} submits outstanding on link {self._number}")
        it = wire.submitted(pdu.body)
        attempt = Attempt(
            limits.account, (it.token, it.part), it.destination, self._number, pdu.sequence, self._life, now
        )
        ledger.note(f"link {self._number} submit {pdu.sequence} #{it.token}/{it.part} to {it.destination}")
        ledger.wrote(attempt, limits)

    def _acknowledge(self, pdu: wire.Raw) -> None:
        if pdu.command == wire.GENERIC_NACK:
            return
        if pdu.sequence in self._answered:
            self._ledger.complain("I6", f"a second deliver_sm_resp {pdu.sequence} on link {self._number}")
            return
        if pdu.sequence not in self._owed:
            self._ledger.complain("I6", f"deliver_sm_resp {pdu.sequence} on link {self._number} answers nothing")
            return
        self._answered.add(pdu.sequence)
        key = self._owed.pop(pdu.sequence)
        self._ledger.note(f"link {self._number} ack {pdu.sequence} {pdu.status:#x} {key.message_id if key else ''}")
        if pdu.status == 0 and key is not None:
            self._ledger.acknowledged.setdefault(key, self._ledger.seconds())

    # --- at the operator's end ----------------------------------------------------------------

    def operator_got(self, octets: bytes) -> None:
        """Octets were read by the operator."""
        for pdu in self._up_there.read(octets):
            if pdu.command == wire.SUBMIT_SM:
                attempt = self._ledger.by_request.get((self._number, pdu.sequence))
                if attempt is not None:
                    attempt.arrived = True
