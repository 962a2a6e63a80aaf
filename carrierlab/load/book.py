"""The book of a load: what became of each message, as the ESMEs that sent it know."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from msgspec.structs import replace

from carrierlab.ledgers import OperatorLedger, Parked, SenderLedger, SentMessage, SentPart, Submit
from carrierlab.load.messages import Due
from sender.domain.message import State, final_of, message_state
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import Receipt
from smppkit.status import CommandStatus


class Part:
    """One segment on its way."""

    __slots__ = ("answered_at", "message", "number", "smsc_id", "state", "status", "written_at")

    def __init__(self, message: Sending, number: int) -> None:
        self.message = message
        self.number = number
        self.state = State.QUEUED
        self.status = 0
        self.smsc_id: str | None = None
        self.written_at: float | None = None
        self.answered_at: float | None = None


class Sending:
    """One message on its way."""

    __slots__ = ("account", "due", "err", "parts")

    def __init__(self, due: Due, account: str) -> None:
        self.due = due
        self.account = account
        self.err: str | None = None
        self.parts = tuple(Part(self, number) for number in range(1, len(due.parts) + 1))

    @property
    def begun(self) -> bool:
        """Whether a part was written."""
        return self.parts[0].written_at is not None


class _Unmatched(msgspec.Struct):
    operator: str
    recipient: str
    receipt: Receipt


class LoadBook:
    """Takes what the ESMEs do and hear. Times are seconds of one clock.

    `awaited` is how many parts still have a receipt to come that was asked for, `open_parts` how many wait for a
    response.
    """

    def __init__(self) -> None:
        self.sendings: list[Sending] = []
        self.awaited = 0
        self.open_parts = 0
        self._by_id: dict[tuple[str, str], Part] = {}
        self._unmatched: dict[tuple[str, str], list[_Unmatched]] = defaultdict(list)

    def add(self, due: Due, account: str) -> Sending:
        """A message is due."""
        sending = Sending(due, account)
        self.sendings.append(sending)
        return sending

    def given_up(self, part: Part) -> None:
        """It could not be written in time, and never will be."""
        part.state = State.CANCELLED

    def written(self, part: Part, at: float) -> None:
        """A part is on the wire."""
        part.state, part.written_at = State.SUBMITTING, at
        self.open_parts += 1

    def answered(self, part: Part, status: int, smsc_id: str, at: float) -> None:
        """Its response came; also one that came late."""
        if part.state is State.SUBMITTING:
            self.open_parts -= 1
        elif part.state is not State.IN_DOUBT:
            return
        part.answered_at, part.status = at, status
        if status != CommandStatus.ESME_ROK:
            part.state = State.REJECTED
            return
        part.state, part.smsc_id = State.ACCEPTED, smsc_id
        due = part.message.due
        self._by_id[due.operator, key(smsc_id)] = part
        self.awaited += due.registered
        self._settle_early(due.operator, due.to)

    def doubted(self, part: Part) -> None:
        """No response will come in time: it may or may not have been accepted."""
        if part.state is State.SUBMITTING:
            part.state = State.IN_DOUBT
            self.open_parts -= 1

    def reported(self, operator: str, recipient: str, receipt: Receipt) -> None:
        """A receipt came, and is acknowledged. One for no message that is known waits for its response."""
        if not self._apply(operator, recipient, receipt):
            self._unmatched[operator, recipient].append(_Unmatched(operator, recipient, receipt))

    def _apply(self, operator: str, recipient: str, receipt: Receipt) -> bool:
        parts = [self._by_id.get((operator, each)) for each in candidate_keys(receipt.message_id)]
        part = next((part for part in parts if part is not None and part.message.due.to == recipient), None)
        if part is None:
            return False
        self._finish(part, receipt)
        return True

    def _finish(self, part: Part, receipt: Receipt) -> None:
        end = final_of(receipt.state)
        if end is None or part.state is not State.ACCEPTED:
            return
        part.state = end
        self.awaited -= part.message.due.registered
        if end is not State.DELIVERED:
            part.message.err = part.message.err or receipt.err

    def _settle_early(self, operator: str, recipient: str) -> None:
        waiting = self._unmatched.pop((operator, recipient), None)
        for each in waiting or ():
            self.reported(operator, recipient, each.receipt)

    def ledger(self, epoch: float) -> SenderLedger:
        """The book as it stands; `epoch` is the unix time of the clock's zero. Receipts resolve doubts first."""
        parked = [each for waiting in self._unmatched.values() for each in waiting if not self._resolves(each)]
        return SenderLedger(
            tuple(_entry(sending, epoch) for sending in self.sendings),
            parked=tuple(Parked(each.operator, each.receipt.message_id, each.recipient) for each in parked),
        )

    def _resolves(self, unmatched: _Unmatched) -> bool:
        """Whether a receipt tells what became of a part in doubt: the first one to that number."""
        for sending in self.sendings:
            if (sending.due.operator, sending.due.to) != (unmatched.operator, unmatched.recipient):
                continue
            for part in sending.parts:
                if part.state is State.IN_DOUBT and part.smsc_id is None:
                    part.smsc_id, part.state = unmatched.receipt.message_id, State.ACCEPTED
                    self.awaited += sending.due.registered
                    self._finish(part, unmatched.receipt)
                    return True
        return False


def recipient_of(pdu: DeliverSm | DataSm) -> str:
    """Whom a receipt is about: its source address."""
    return pdu.source_addr.removeprefix("+")


def _entry(sending: Sending, epoch: float) -> SentMessage:
    due, parts = sending.due, [part for part in sending.parts if part.written_at is not None]
    if any(part.state is State.CANCELLED for part in sending.parts):
        state = State.CANCELLED
    else:
        state = message_state([part.state for part in parts], len(sending.parts))
    answered = [part.answered_at for part in sending.parts]
    return SentMessage(
        recipient=due.to,
        operator=due.operator,
        state=state,
        parts=tuple(SentPart(part.number, part.state, part.smsc_id) for part in parts),
        status=next((part.status for part in parts if part.status), 0),
        err=sending.err,
        text=due.text,
        account=sending.account,
        number=due.number,
        due=due.due + epoch,
        written_at=_unix(sending.parts[0].written_at, epoch),
        answered_at=None if None in answered else _unix(max(at for at in answered if at is not None), epoch),
    )


def _unix(at: float | None, epoch: float) -> float | None:
    return None if at is None else at + epoch


_Waiting = dict[tuple[str, str, int], list[SentMessage]]


def assigned(sent: SenderLedger, received: OperatorLedger) -> OperatorLedger:
    """The operators' book with each submit assigned to the message of the load that it is a part of.

    By its id where the ESME got one. The others go to what was written to the same number with the same text, or to the
    same number at least, in order: a load sends nothing twice.
    """
    by_id: dict[tuple[str, str], int] = {}
    waiting: _Waiting = defaultdict(list)
    for message in sent.messages:
        for part in message.parts:
            if part.smsc_id is not None:
                by_id[message.operator, part.smsc_id] = message.number
            else:
                waiting[message.operator, message.recipient, part.number].append(message)
    return replace(received, submits=tuple(_assigned(submit, by_id, waiting) for submit in received.submits))


def _assigned(submit: Submit, by_id: dict[tuple[str, str], int], waiting: _Waiting) -> Submit:
    number = by_id.get((submit.operator, submit.smsc_id))
    if number is None and submit.reported_id is not None:
        number = by_id.get((submit.operator, submit.reported_id))
    if number is None:
        others = waiting.get((submit.operator, submit.recipient, submit.part), [])
        like = next((message for message in others if submit.text in (message.text or "")), None)
        message = like or next(iter(others), None)
        if message is not None:
            others.remove(message)
            number = message.number
    return replace(submit, number=number) if number else submit
