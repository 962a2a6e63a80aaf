"""The message centre of one operator: decides about messages, records them, answers and delivers in time.

What a submit goes through: decided by the scenario engine, recorded, and, once that is on the disk, answered
when its latency is over; its receipt is held until it is due and then kept in the mailbox of its account until
the ESME has acknowledged it. All that waits for a time waits in one wheel, and nothing is scheduled,
logged or wrapped in a Deferred per message.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from twisted.internet.interfaces import IReactorTime

from smppkit.codec import encode
from smppkit.masking import masked
from smppkit.message_ids import render
from smppkit.message_state import state_of
from smppkit.pdus import DataSm, DeliverSm, GenericNack, Pdu, QuerySm, SubmitSm
from smppkit.status import CommandStatus
from smppkit.times import format_absolute
from smsc.journal import Journal
from smsc.mailbox import Mailbox
from smsc.records import Message, Owed
from smsc.scenario.dialect import receipt_pdu
from smsc.scenario.engine import OperatorState, decide_submit
from smsc.scenario.model import MoMessage
from smsc.stats import DeliveryStats, OperatorStats, count
from smsc.translate import as_submit, mo_pdus
from smsc.wheel import Wheel

if TYPE_CHECKING:
    from smsc.connection import Connection

TICK = 0.002  # seconds; how coarse latencies and delays are
MOST_OWED = 500_000  # receipts and MOs held at once; beyond, submits that ask for one get ESME_RMSGQFUL
MOST_UNWRITTEN = 20_000  # operations the journal may be behind before we stop reading from those who cause it
ANYBODY = ""  # the mailbox of MOs that no account claims: for whoever binds as a receiver first

# Statuses after which an SMSC tries a delivery again; others are the ESME's final word.
PASSING = frozenset(
    {
        CommandStatus.ESME_RTHROTTLED,
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RMSGQFUL,
        CommandStatus.ESME_RSUBMITFAIL,
        CommandStatus.ESME_RQUERYFAIL,
        CommandStatus.ESME_RDELIVERYFAILURE,
        CommandStatus.ESME_RUNKNOWNERR,
    }
)
_FIRST_RETRY, _LONGEST_RETRY = 1.0, 60.0

_ENROUTE, _ACCEPTED, _DELIVERED = "ENROUTE", "ACCEPTD", "DELIVRD"

_log = logging.getLogger("smsc")


class Answer(msgspec.Struct, gc=False):
    """What was decided about one submit: the response and the receipt, each with its time (clock seconds)."""

    connection: Connection
    response: Pdu
    due: float
    silent: bool = False
    owed: Owed | None = None
    owed_due: float = 0.0


class MessageCentre:
    """The messages of one operator, of all its accounts."""

    def __init__(
        self,
        state: OperatorState,
        *,
        clock: IReactorTime,
        epoch: float,
        journal: Journal | None,
        stats: OperatorStats,
    ) -> None:
        """`epoch` is the unix time of the clock's zero."""
        self.state = state
        self.name = state.name
        self.mailboxes: dict[str, Mailbox] = {}
        self._clock = clock
        self._epoch = epoch
        self._journal = journal
        self._stats = stats
        self._wheel: Wheel[Answer | Owed] = Wheel(clock, TICK, self._perform)
        self._held_back: dict[Connection, None] = {}  # a set's order would depend on addresses in memory
        self._mo_reference = 0

    # --- life ---------------------------------------------------------------------------------

    def resume(self) -> int:
        """Take up what an earlier run left in the journal; returns how many deliveries are owed."""
        journal = self._journal
        if journal is None:
            return 0
        self.state.next_id = max(self.state.next_id, journal.last_number(self.name) + 1)
        resumed = 0
        now = self._clock.seconds()
        for due, owed in journal.owed(self.name):
            self._plan(owed)
            self._wheel.add(max(now, due - self._epoch), owed)
            resumed += 1
        return resumed

    def stop(self) -> None:
        """Forget what waits for its time; with a journal it is there for the next run."""
        self._wheel.clear()
        self.mailboxes.clear()
        self._held_back.clear()

    def mailbox(self, system_id: str) -> Mailbox:
        """The mailbox of an account."""
        mailbox = self.mailboxes.get(system_id)
        if mailbox is None:
            mailbox = self.mailboxes[system_id] = Mailbox(system_id)
        return mailbox

    def receiver_came(self, connection: Connection) -> None:
        """A bind that can receive: send it what was held for its account."""
        mailbox = self.mailbox(connection.system_id)
        mailbox.add(connection)
        unclaimed = self.mailboxes.get(ANYBODY)
        if unclaimed is not None and unclaimed is not mailbox:
            while unclaimed.queue:
                owed = unclaimed.queue.popleft()
                owed.system_id = connection.system_id
                mailbox.queue.append(owed)
        mailbox.pump(self._clock.seconds())

    # --- messages in --------------------------------------------------------------------------

    def submit(self, connection: Connection, request: SubmitSm | DataSm, now: float) -> Answer:
        """Decide about a message and record it; nothing goes out before ``commit``."""
        stats, journal = self._stats, self._journal
        stats.submitted += 1
        submit = request if isinstance(request, SubmitSm) else as_submit(request)
        if isinstance(submit, CommandStatus):
            return self._refuse(connection, request, submit, now)
        if submit.registered_delivery & 0b11 and stats.receipts.waiting + stats.mo.waiting >= MOST_OWED:
            return self._refuse(connection, request, CommandStatus.ESME_RMSGQFUL, now)
        decision = decide_submit(self.state, connection.account, connection.number, submit, now)
        if decision.status:
            return self._refuse(connection, request, decision.status, now, decision.respond_after)
        plan = decision.receipt
        row = 0
        if journal is not None:
            row = journal.message(
                Message(
                    at=self._epoch + now,
                    operator=self.name,
                    system_id=connection.system_id,
                    connection=connection.number,
                    pdu=request,
                    number=decision.number,
                    message_id=decision.message_id,
                    outcome=None if plan is None else plan.stat,
                    err=None if plan is None else plan.err,
                    state=_ACCEPTED if plan is None else _ENROUTE,
                )
            )
        response = request.response(CommandStatus.ESME_ROK, message_id=decision.message_id)
        answer = Answer(connection, response, now + decision.respond_after, decision.no_response)
        if plan is not None:
            due = now + plan.after
            receipt = receipt_pdu(plan, submit, self._wall(now), self._wall(due))
            owed = Owed(row, connection.system_id, encode(receipt), receipt=True, early=plan.before_response)
            answer.owed, answer.owed_due = owed, due
            if journal is not None:
                journal.owe(self.name, self._epoch + due, owed)
        return answer

    def commit(self, answers: list[Answer]) -> None:
        """Let answers go out, each at its time, once their messages are safe (I9)."""
        journal = self._journal
        if journal is None:
            self._release(answers)
            return
        journal.when_committed(partial(self._committed, answers))
        if journal.backlog > MOST_UNWRITTEN:
            if not self._held_back:
                journal.when_committed(self._caught_up)
            for answer in answers:
                self._held_back[answer.connection] = None
                answer.connection.hold_back()

    def query(self, connection: Connection, request: QuerySm) -> Pdu:
        """The answer to query_sm, from what the journal knows (SMPP 3.4 §4.8, §5.2.28)."""
        if self._journal is None:
            return request.response(CommandStatus.ESME_RQUERYFAIL)
        found = self._journal.find(self.name, connection.system_id, request.message_id)
        if found is None:
            return request.response(CommandStatus.ESME_RINVMSGID)
        state = state_of(found.state)
        if found.source != request.source_addr or state is None:
            return request.response(CommandStatus.ESME_RQUERYFAIL)
        final = found.final_at
        error = found.err if found.err is not None and final is not None else ""
        return request.response(
            message_id=request.message_id,
            final_date="" if final is None else format_absolute(datetime.fromtimestamp(final, UTC)),
            message_state=int(state),
            error_code=int(error) & 0xFF if error.isdecimal() else 0,
        )

    # --- messages out -------------------------------------------------------------------------

    def mobile_originated(self, message: MoMessage) -> None:
        """A subscriber writes: every segment becomes a deliver_sm for the account that the number belongs to."""
        now = self._clock.seconds()
        system_id = self._owner_of(message.to)
        self._mo_reference += 1
        owed = [self._record_mo(pdu, system_id, now) for pdu in mo_pdus(message, self._mo_reference)]
        _log.info("%s: MO from %s to %s", self.name, masked(message.from_), masked(message.to))
        if self._journal is None:
            self._deliver(owed)
        else:
            self._journal.when_committed(partial(self._mo_committed, owed))

    def acknowledged(self, owed: Owed, response: Pdu) -> None:
        """An ESME answered a delivery."""
        now = self._clock.seconds()
        status = response.command_status
        refused = status != CommandStatus.ESME_ROK or isinstance(response, GenericNack)
        stats = self._delivery_stats(owed)
        if refused and status in PASSING:
            stats.repeated += 1
            self._wheel.add(now + min(_LONGEST_RETRY, _FIRST_RETRY * 2.0**owed.attempts), owed)
            owed.attempts += 1
            return
        stats.waiting -= 1
        if refused:
            count(stats.refused, status)
        else:
            stats.acknowledged += 1
        if self._journal is not None:
            at = None if refused else self._epoch + now
            state = _DELIVERED if not owed.receipt and not refused else None
            self._journal.settled(owed.row, at, state)

    def unacknowledged(self, deliveries: list[Owed]) -> None:
        """Deliveries of one bind, in the order they were sent, that nobody will answer: they go out again."""
        by_account: dict[str, list[Owed]] = {}
        for owed in deliveries:
            self._delivery_stats(owed).repeated += 1
            by_account.setdefault(owed.system_id, []).append(owed)
        now = self._clock.seconds()
        for system_id, again in by_account.items():
            mailbox = self.mailbox(system_id)
            mailbox.put_back(again)
            mailbox.pump(now)

    def sent(self, owed: Owed) -> None:
        """A delivery was sent."""
        self._delivery_stats(owed).sent += 1

    # --- inside -------------------------------------------------------------------------------

    def _refuse(
        self,
        connection: Connection,
        request: SubmitSm | DataSm,
        status: int,
        now: float,
        respond_after: float = 0.0,
    ) -> Answer:
        if self._journal is not None:
            self._journal.message(
                Message(
                    at=self._epoch + now,
                    operator=self.name,
                    system_id=connection.system_id,
                    connection=connection.number,
                    pdu=request,
                    status=status,
                )
            )
        return Answer(connection, request.response(status), now + respond_after)

    def _committed(self, answers: list[Answer], error: Exception | None) -> None:
        if error is not None:
            for answer in answers:
                if answer.response.command_status == CommandStatus.ESME_ROK:
                    # Never a ROK for what is not on the disk (I9).
                    self._stats.journal_failures += 1
                    answer.response.command_status = CommandStatus.ESME_RSYSERR
                    answer.owed = None
        self._release(answers)

    def _caught_up(self, error: Exception | None) -> None:
        if self._journal is not None and self._journal.backlog > MOST_UNWRITTEN // 2:
            self._journal.when_committed(self._caught_up)
            return
        for connection in self._held_back:
            connection.go_on()
        self._held_back.clear()

    def _release(self, answers: list[Answer]) -> None:
        now = self._clock.seconds()
        wheel, stats = self._wheel, self._stats
        due: list[Answer | Owed] = []
        for answer in answers:
            if answer.response.command_status:
                count(stats.refused, answer.response.command_status)
            else:
                stats.accepted += 1
            owed = answer.owed
            if owed is not None:
                answer.owed = None
                self._plan(owed)
                if answer.owed_due <= now:
                    due.append(owed)
                else:
                    wheel.add(answer.owed_due, owed)
            if answer.silent:
                stats.unanswered += 1
            elif answer.due <= now:
                due.append(answer)
            else:
                wheel.add(answer.due, answer)
        if due:
            self._perform(due)

    def _perform(self, due: list[Answer | Owed]) -> None:
        """Do what is due: receipts that must come first, answers, then all other deliveries."""
        now = self._clock.seconds()
        early: list[Owed] = []
        answers: list[Answer] = []
        later: list[Owed] = []
        for item in due:
            if isinstance(item, Answer):
                answers.append(item)
            elif item.early:
                early.append(item)
            else:
                later.append(item)
        if early:
            self._deliver(early)
        touched: dict[Connection, None] = {}
        for answer in answers:
            connection = answer.connection
            if connection.answer(answer.response, now):
                self._stats.answered += 1
                touched[connection] = None
            else:
                self._stats.answered_late += 1
        for connection in touched:
            connection.flush()
        if later:
            self._deliver(later)

    def _deliver(self, deliveries: Iterable[Owed]) -> None:
        now = self._clock.seconds()
        journal = self._journal
        touched: dict[str, Mailbox] = {}
        for owed in deliveries:
            mailbox = touched.get(owed.system_id)
            if mailbox is None:
                mailbox = touched[owed.system_id] = self.mailbox(owed.system_id)
            if journal is not None and owed.receipt and not owed.attempts:
                journal.reached_outcome(owed.row, self._epoch + now)
            mailbox.queue.append(owed)
        for mailbox in touched.values():
            mailbox.pump(now)

    def _plan(self, owed: Owed) -> None:
        stats = self._delivery_stats(owed)
        stats.planned += 1
        stats.waiting += 1

    def _delivery_stats(self, owed: Owed) -> DeliveryStats:
        return self._stats.receipts if owed.receipt else self._stats.mo

    def _record_mo(self, pdu: DeliverSm, system_id: str, now: float) -> Owed:
        row = 0
        if self._journal is not None:
            row = self._journal.message(
                Message(
                    at=self._epoch + now,
                    operator=self.name,
                    system_id=system_id,
                    connection=0,
                    pdu=pdu,
                    message_id=render(self.state.next_id, self.state.operator.ids),
                    number=self.state.next_id,
                    state=_ENROUTE,
                )
            )
            self.state.next_id += 1
        owed = Owed(row, system_id, encode(pdu), receipt=False)
        if self._journal is not None:
            self._journal.owe(self.name, self._epoch + now, owed)
        self._plan(owed)
        return owed

    def _mo_committed(self, owed: list[Owed], error: Exception | None) -> None:
        if error is not None:
            _log.error("%s: an MO could not be recorded and is delivered all the same", self.name)
        self._deliver(owed)

    def _owner_of(self, number: str) -> str:
        """The account that a number written to belongs to: its sender, else the first account."""
        accounts = self.state.operator.accounts
        if accounts == "any":
            return next((m.system_id for m in self.mailboxes.values() if m.receivers), ANYBODY)
        for account in accounts:
            if account.senders is not None and number in account.senders:
                return account.system_id
        return accounts[0].system_id if accounts else ANYBODY

    def _wall(self, now: float) -> datetime:
        return datetime.fromtimestamp(self._epoch + now, UTC)
