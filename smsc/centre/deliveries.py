"""What goes out to ESMEs: receipts, messages of subscribers and of other ESMEs, until each is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.pdus import AlertNotification, DeliverSmResp, GenericNack, Pdu
from smppkit.status import CommandStatus
from smppkit.tlvs import MS_AVAILABILITY_STATUS
from smsc.centre.mailbox import Mailbox
from smsc.centre.shared import Peer, Shared
from smsc.centre.taken import Receipts
from smsc.centre.translate import address
from smsc.journal.records import Kind, Owed
from smsc.stats import count

MOST_OWED = 500_000  # deliveries held at once; beyond, submits that bring one get ESME_RMSGQFUL, and no MO comes
MOST_BY_PLAN = 10_000  # receipts waiting for one account that are not in the journal, but made again after a restart
ANYBODY = ""  # the mailbox of MOs that no account claims: for whoever binds as a receiver first

# Names of their own: on Python 3.11 to look a member up in its enum costs as much as several such names.
_ALERT: Final = Kind.ALERT
_MESSAGE: Final = Kind.MESSAGE
_MO: Final = Kind.MO
_RECEIPT: Final = Kind.RECEIPT

_kind_of = attrgetter("kind")
_ACCEPTED: Final = DeliverSmResp()

_UNHEARD = -1  # instead of a status: the attempts ran out, or the delivery was dropped

Told = Callable[[Owed, int, float], None]
"""Told what became of another ESME's message: the delivery, the status of its response (< 0: none), the time."""


class Deliveries:
    """The mailboxes of one operator, and what is done about each delivery that was not acknowledged."""

    def __init__(self, shared: Shared, told: Told, unreceived: Callable[[str], None] | None = None) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self._shared = shared
        self._told = told
        self._unreceived = unreceived
        self._lives = shared.lives
        self._made: dict[tuple[str, Kind], int] = {}  # that wait, by account: written already, not only planned
        self._retry = shared.operator.receipts.retry
        self._passing = frozenset(map(int, self._retry.on))
        self._most_owed = MOST_OWED
        stats = shared.stats
        self._stats = {
            Kind.RECEIPT: stats.receipts,
            Kind.NOTICE: stats.receipts,
            Kind.MO: stats.mo,
            Kind.MESSAGE: stats.messages,
        }

    # --- mailboxes ----------------------------------------------------------------------------

    def mailbox(self, system_id: str) -> Mailbox:
        """The mailbox of an account."""
        mailbox = self.mailboxes.get(system_id)
        if mailbox is None:
            mailbox = self.mailboxes[system_id] = Mailbox(system_id, self._shared.operator.receipts.route)
        return mailbox

    def receiver_came(self, connection: Peer) -> None:
        """A bind that can receive: send it what was held for its account."""
        mailbox = self.mailbox(connection.system_id)
        mailbox.add(connection)
        unclaimed = self.mailboxes.get(ANYBODY)
        if unclaimed is not None and unclaimed is not mailbox:
            while unclaimed.queue:
                owed = unclaimed.queue.popleft()
                self.made(ANYBODY, owed.kind, -1)
                owed.system_id = connection.system_id
                self.adopt(owed)
                mailbox.put(owed)
        mailbox.pump(self._shared.now())

    def receiver_went(self, system_id: str) -> None:
        """A bind receives no more. Where anybody may bind there is no end of names: an idle mailbox is not kept."""
        mailbox = self.mailboxes.get(system_id)
        if self._shared.operator.accounts == "any" and mailbox is not None and not (mailbox.receivers or len(mailbox)):
            del self.mailboxes[system_id]

    def somebody(self) -> str:
        """An account that has a receiver now, else nobody's mailbox."""
        return next((mailbox.system_id for mailbox in self.mailboxes.values() if mailbox.receivers), ANYBODY)

    # --- what is to come ----------------------------------------------------------------------

    def goes_out(self, system_id: str) -> bool:
        """Whether what is made for an account now is about to be sent, and settled soon."""
        mailbox = self.mailboxes.get(system_id)
        return mailbox is not None and bool(mailbox.receivers) and len(mailbox) < MOST_BY_PLAN

    @property
    def waiting(self) -> int:
        """What is planned and not settled."""
        stats = self._shared.stats
        return stats.receipts.waiting + stats.mo.waiting + stats.messages.waiting

    @property
    def full(self) -> bool:
        """Whether no more can be held."""
        return self.waiting >= self._most_owed

    def plan(self, kind: Kind, number: int = 1) -> None:
        """So many deliveries are to come."""
        stats = self._stats[kind]
        stats.planned += number
        stats.waiting += number

    def unplan(self, kind: Kind, number: int = 1) -> None:
        """So many are not to come after all."""
        stats = self._stats[kind]
        stats.waiting -= number
        stats.withdrawn += number

    def owe(self, owed: Owed, now: float) -> Owed:
        """Record a delivery that was planned and is ready."""
        self.adopt(owed)
        shared = self._shared
        if shared.journal is not None:
            shared.journal.owe(shared.name, shared.epoch + now, owed)
        return owed

    def deliver(self, deliveries: Iterable[Owed | Receipts]) -> None:
        """Put deliveries into the mailboxes, and send what can be sent."""
        now = self._shared.now()
        life = self._lives.now
        touched: dict[str, Mailbox] = {}
        mailbox: Mailbox | None = None
        for owed in deliveries:
            if isinstance(owed, Owed) and (
                owed.withdrawn or (owed.life != life and self._lives.over(owed.life, owed.system_id))
            ):
                continue
            if mailbox is None or mailbox.system_id != owed.system_id:
                mailbox = touched.get(owed.system_id)
                if mailbox is None:
                    mailbox = touched[owed.system_id] = self.mailbox(owed.system_id)
            mailbox.put(owed)
        for mailbox in touched.values():
            self._pump(mailbox, now)

    def adopt(self, owed: Owed) -> None:
        """A delivery belongs to the memory there is now."""
        owed.life = self._lives.now
        self.made(owed.system_id, owed.kind, 1)

    def made(self, system_id: str, kind: Kind, by: int) -> None:
        """So many deliveries of an account were written, or (less than 0) wait no longer."""
        key = (system_id, kind)
        count = self._made.get(key, 0) + by
        if count:
            self._made[key] = count
        else:
            self._made.pop(key, None)

    def first_time(self, owed: Owed, now: float) -> None:
        """A delivery has fallen due that was written before its time: as journals of the first version have them."""
        shared = self._shared
        if owed.kind is Kind.RECEIPT and not owed.attempts and shared.journal is not None:
            shared.journal.reached(owed.row, shared.epoch + now)

    def withdraw(self, owed: Owed) -> None:
        """A delivery is not wanted any more, wherever it is: waiting, or sent and not answered."""
        if owed.withdrawn or self._lives.over(owed.life, owed.system_id):
            return
        owed.withdrawn = True
        self.mailbox(owed.system_id).take(lambda other: other is owed)
        self._settle(owed, None)
        self._stats[owed.kind].withdrawn += 1

    # --- what connections tell ----------------------------------------------------------------

    def sent(self, deliveries: Sequence[Owed]) -> None:
        """Deliveries were written."""
        if type(deliveries) is Receipts:
            self._shared.stats.receipts.sent += len(deliveries)
            return
        for kind, several in groupby(deliveries, _kind_of):
            number = len(list(several))
            if kind is _ALERT:
                self._shared.stats.alerts.sent += number
            else:
                self._stats[kind].sent += number

    def accepted(self, deliveries: Sequence[Owed]) -> None:
        """An ESME answered deliveries of its account, one after another, each with ESME_ROK: see ``acknowledged``."""
        life, shared = self._lives.now, self._shared
        if type(deliveries) is Receipts and deliveries.life == life and not deliveries.asked_for:
            number = len(deliveries)
            shared.stats.receipts.acknowledged += number
            shared.stats.receipts.waiting -= number
            self.made(deliveries.system_id, _RECEIPT, -number)
            if shared.journal is not None:
                shared.journal.settled_by_plan(deliveries.rows(), shared.epoch + shared.now())
            return
        if [owed for owed in deliveries if owed.life != life or owed.withdrawn]:
            for owed in deliveries:
                self.acknowledged(owed, _ACCEPTED)
            return
        for kind, several in groupby(deliveries, _kind_of):
            answered = list(several)
            if kind is _MESSAGE:
                for owed in answered:
                    self.acknowledged(owed, _ACCEPTED)
                continue
            stats = self._stats[kind]
            stats.acknowledged += len(answered)
            stats.waiting -= len(answered)
            self.made(answered[0].system_id, kind, -len(answered))
            if shared.journal is not None:
                at = shared.epoch + shared.now()
                shared.journal.settled_all(answered, at, "DELIVRD" if kind is _MO else None)

    def acknowledged(self, owed: Owed, response: Pdu) -> None:
        """An ESME answered a delivery (SMPP 5.0 §4.7.6: 0x64 try again, 0x65 no more there, 0x66 not this one)."""
        if owed.withdrawn or self._lives.over(owed.life, owed.system_id):
            return
        now = self._shared.now()
        status = response.command_status
        stats = self._stats[owed.kind]
        nack = isinstance(response, GenericNack)
        if not status and not nack:
            stats.acknowledged += 1
            self._settle(owed, now)
            self._tell(owed, status, now)
        elif status in self._passing:
            self._again_later(owed, now)
        else:
            count(stats.refused, status)
            self._settle(owed, None)
            self._tell(owed, _UNHEARD if nack else status, now)
            if status == CommandStatus.ESME_RX_P_APPN:
                self._stop(owed, now)

    def unacknowledged(self, deliveries: list[Owed]) -> None:
        """Deliveries of one bind, in the order they were sent, that nobody will answer: they go out again."""
        by_account: dict[str, list[Owed]] = {}
        now = self._shared.now()
        for owed in deliveries:
            if owed.withdrawn or self._lives.over(owed.life, owed.system_id):
                continue
            if not self._attempts_are_over(owed, now):
                self._stats[owed.kind].repeated += 1
                by_account.setdefault(owed.system_id, []).append(owed)
        for system_id, again in by_account.items():
            mailbox = self.mailbox(system_id)
            mailbox.put_back(again)
            self._pump(mailbox, now)

    # --- alerts -------------------------------------------------------------------------------

    def alert(self, number: str, system_id: str | None, status: int) -> None:
        """Tell the ESMEs of an account, or all, that a subscriber can be reached again (SMPP 3.4 §4.12)."""
        now = self._shared.now()
        names = [name for name in self.mailboxes if name != ANYBODY] if system_id is None else [system_id]
        for name in names:
            told = False
            for receiver in list(self.mailbox(name).receivers):
                # SMPP 3.3 has no alerts. No window holds one back: nobody answers them.
                if receiver.may_get(CommandId.ALERT_NOTIFICATION):
                    receiver.deliver([Owed(0, name, _alert(number, name, status), Kind.ALERT)], now)
                    receiver.flush()
                    told = True
            if not told:
                self._shared.stats.alerts.unheard += 1

    # --- what is forgotten --------------------------------------------------------------------

    def forget(self) -> None:
        """Lose everything that waits or is only planned; what an ESME says about what it was sent counts for nothing.

        The lives have to be told first.
        """
        for mailbox in self.mailboxes.values():
            mailbox.take(bool)
        self._made.clear()
        for stats in (self._shared.stats.receipts, self._shared.stats.mo, self._shared.stats.messages):
            stats.forgotten += stats.waiting
            stats.waiting = 0

    def forget_account(self, system_id: str, planned: Mapping[Kind, int]) -> None:
        """Lose what waits for one account, and what is `planned` for it and was never made."""
        mailbox = self.mailboxes.get(system_id)
        if mailbox is not None:
            mailbox.take(bool)
        for kind, stats in self._stats.items():
            lost = planned.get(kind, 0) + self._made.pop((system_id, kind), 0)
            stats.forgotten += lost
            stats.waiting -= lost
        self.receiver_went(system_id)

    # --- inside -------------------------------------------------------------------------------

    def _pump(self, mailbox: Mailbox, now: float) -> None:
        mailbox.pump(now)
        if self._unreceived is not None and mailbox.unreceived:
            self._unreceived(mailbox.system_id)

    def _again_later(self, owed: Owed, now: float) -> None:
        if self._attempts_are_over(owed, now):
            return
        self._stats[owed.kind].repeated += 1
        wait = min(self._retry.longest, self._retry.first * 2.0 ** min(owed.attempts - 1, 60))
        self._shared.wheel.add(now + wait, owed)

    def _attempts_are_over(self, owed: Owed, now: float) -> bool:
        owed.attempts += 1
        if not self._retry.attempts or owed.attempts < self._retry.attempts:
            return False
        self._stats[owed.kind].given_up += 1
        self._settle(owed, None)
        self._tell(owed, _UNHEARD, now)
        return True

    def _stop(self, refused: Owed, now: float) -> None:
        unwanted = self.mailbox(refused.system_id).take(lambda owed: bool(owed.to) and owed.to == refused.to)
        for owed in unwanted:
            self._stats[owed.kind].stopped += 1
            self._settle(owed, None)
            self._tell(owed, CommandStatus.ESME_RX_P_APPN, now)

    def _settle(self, owed: Owed, acknowledged_at: float | None) -> None:
        self._stats[owed.kind].waiting -= 1
        self.made(owed.system_id, owed.kind, -1)
        shared = self._shared
        if shared.journal is not None and owed.number:
            state = "DELIVRD" if owed.kind is Kind.MO and acknowledged_at is not None else None
            at = None if acknowledged_at is None else shared.epoch + acknowledged_at
            shared.journal.settled(owed, at, state)

    def _tell(self, owed: Owed, status: int, now: float) -> None:
        if owed.kind is _MESSAGE:
            self._told(owed, status, now)


def _alert(number: str, system_id: str, status: int) -> bytes:
    ton, npi, written = address(number)
    esme_ton, esme_npi, esme = address(system_id)
    return encode(
        AlertNotification(
            source_addr_ton=ton,
            source_addr_npi=npi,
            source_addr=written,
            esme_addr_ton=esme_ton,
            esme_addr_npi=esme_npi,
            esme_addr=esme,
            tlvs=(MS_AVAILABILITY_STATUS.of(status),),
        )
    )
