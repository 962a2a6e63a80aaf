"""The message centre of one operator: performs the operations of ESMEs and delivers to them in time.

What a submit goes through: decided by the scenario engine, entered into the book and recorded, and, once that is on the
disk, answered when its latency is over. When it comes to its end, its receipt is written and kept in the mailbox of its
account until the ESME has acknowledged it. All that waits for a time waits in one wheel, and nothing is scheduled,
logged or wrapped in a Deferred per message.

This file puts the parts together: ``intake`` takes messages, ``operations`` finds and changes them, ``outcomes``
brings them to their ends, ``deliveries`` sees to what goes out, ``handsets`` to what subscribers send.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from twisted.internet.interfaces import IReactorTime

from smppkit.codec import encode
from smppkit.commands import RESPONSE_BIT
from smppkit.pdus import (
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    Pdu,
    QueryBroadcastSm,
    QueryLastMsgs,
    QueryMsgDetails,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
)
from smppkit.runs import RunReader, SubmitRun
from smppkit.status import CommandStatus
from smsc.centre.book import Held
from smsc.centre.broadcasts import Broadcasts
from smsc.centre.deliveries import Deliveries
from smsc.centre.handsets import Handsets, Written
from smsc.centre.intake import Intake
from smsc.centre.mailbox import Mailbox
from smsc.centre.operations import Operations
from smsc.centre.outcomes import Outcomes
from smsc.centre.owners import Owners
from smsc.centre.runs import Runs
from smsc.centre.shared import Answer, Due, Errand, Peer, RunAnswer, Shared
from smsc.centre.taken import Ending, Receipts, Waiting
from smsc.centre.wheel import Breath, Wheel
from smsc.clock import TICK
from smsc.journal.earlier import Unfinished
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Owed
from smsc.scenario.engine import OperatorState
from smsc.scenario.mobile import MoMessage, UssdSession
from smsc.stats import OperatorStats, count

MOST_UNWRITTEN = 20_000  # operations the journal may be behind before we stop reading from those who cause it

_log = logging.getLogger("smsc")

_Operation = Callable[[Peer, Any, float], Pdu]


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
        unreceived: Callable[[str], None] | None = None,
        breath: Breath | None = None,
    ) -> None:
        """`epoch` is the unix time of the clock's zero; `unreceived` hears for whom things wait that nobody takes.

        `breath` says by how much receipts at drawn times may be late where there are many.
        """
        state.epoch = epoch
        self.state = state
        self.name = state.name
        wheel: Wheel[Due] = Wheel(clock, TICK, self._perform, _goes_on, breath)
        self._shared = shared = Shared(state, clock=clock, epoch=epoch, journal=journal, stats=stats, wheel=wheel)
        self._deliveries = Deliveries(shared, self._told, unreceived)
        self._outcomes = Outcomes(shared, self._deliveries, self._ended)
        self._owners = Owners(state.operator.accounts, self._deliveries.somebody)
        self._intake = Intake(
            shared, self._outcomes, self._deliveries, self._owners.other if self._owners.numbers else None
        )
        self._runs = Runs(
            shared, self._outcomes, self._deliveries, looks=self._intake.looks_at_all, tidy=self._intake.tidy
        )
        self._handsets = Handsets(shared, self._deliveries, self._owners)
        self._broadcasts = Broadcasts(shared)
        operations = Operations(shared, self._outcomes)
        self._operations: dict[type[Pdu], _Operation] = {
            QuerySm: operations.query,
            CancelSm: operations.cancel,
            ReplaceSm: operations.replace,
            QueryLastMsgs: operations.last_messages,
            QueryMsgDetails: operations.details,
            QueryBroadcastSm: self._broadcasts.query,
            CancelBroadcastSm: self._broadcasts.cancel,
        }
        self._held_back: dict[Peer, None] = {}  # a set's order would depend on addresses in memory

    # --- life ---------------------------------------------------------------------------------

    def resume(self) -> int:
        """Take up what an earlier run left in the journal; returns how many deliveries are owed."""
        shared = self._shared
        journal = shared.journal
        if journal is None:
            return 0
        self.state.next_id = max(self.state.next_id, journal.last_number(self.name) + 1)
        now = shared.now()
        before = self._deliveries.waiting
        for due, owed in journal.owed(self.name):
            self._deliveries.plan(owed.kind)
            self._deliveries.adopt(owed)
            shared.wheel.add(max(now, due - shared.epoch), owed)
        for unfinished in journal.unfinished(self.name, shared.epoch + now):
            self._take_up(unfinished, now)
        journal.tidy(self.name, shared.epoch + now)
        return self._deliveries.waiting - before

    def begin(self) -> None:
        """The scenario begins: what changes over time counts from now, and those who write all the time begin."""
        if self.state.began is None:
            self.state.began = self._shared.now()
        self._handsets.begin()

    def stop(self) -> None:
        """Forget what waits for its time; with a journal it is there for the next run."""
        self._shared.lives.forget()  # what the journal has still to tell of comes too late
        self._handsets.stop()
        self._shared.wheel.clear()
        self._outcomes.forget()
        self._deliveries.mailboxes.clear()
        self._shared.book.clear()
        self._held_back.clear()

    def forget(self) -> None:
        """Lose the memory, as in a restart without one: nobody knows of any message any more, and none is delivered.

        The counters and the journal's rows stay. The connections are the caller's to cut.
        """
        shared, now = self._shared, self._shared.now()
        shared.lives.forget()
        shared.stats.book.forgotten += len(shared.book.living(now)) + self._broadcasts.forget(now)
        for due in shared.wheel.clear():
            if isinstance(due, Answer):
                shared.stats.answered_late += 1
            elif isinstance(due, RunAnswer):
                shared.stats.answered_late += len(due)
        shared.stats.answered_late += len(self._outcomes.unanswered)
        self._outcomes.forget()
        self._deliveries.forget()
        shared.book.clear()
        self._handsets.forget()
        if shared.journal is not None:
            shared.journal.forget(self.name)

    def reset(self, system_id: str | None) -> None:
        """Forget all that an account, or (None) anybody, has brought about: nothing of it arrives any more.

        The binds stay, and so do the counters, which say what was forgotten. What waits for an answer never gets one.
        The journal's rows are the caller's to erase.
        """
        shared, now = self._shared, self._shared.now()
        shared.lives.forget(system_id)
        shared.stats.book.forgotten += self._broadcasts.forget(now, system_id)
        taken = shared.book.take(system_id)
        shared.stats.book.forgotten += sum(not held.final(now) for held in taken)
        waiting = shared.wheel.take(lambda due: _is_of(due, system_id))
        answers = [due for due in waiting if isinstance(due, (Answer, RunAnswer))]
        if system_id is None:
            answers += self._outcomes.unanswered
            self._outcomes.forget()
            self._deliveries.forget()
            self._handsets.forget()
        else:
            answers += self._outcomes.forget_account(system_id)
            self._deliveries.forget_account(system_id, _planned(waiting))
            self._handsets.forget_account(system_id)
        self._intake.forget(system_id)
        self.state.forget(system_id)
        for answer in answers:
            self._never_answer(answer, now)

    # --- for connections ----------------------------------------------------------------------

    @property
    def mailboxes(self) -> dict[str, Mailbox]:
        """The mailboxes of the accounts, by system_id."""
        return self._deliveries.mailboxes

    def mailbox(self, system_id: str) -> Mailbox:
        """The mailbox of an account."""
        return self._deliveries.mailbox(system_id)

    def receiver_came(self, connection: Peer) -> None:
        """A bind that can receive: send it what was held for its account."""
        self._deliveries.receiver_came(connection)

    def receiver_went(self, system_id: str) -> None:
        """A bind of an account receives no more."""
        self._deliveries.receiver_went(system_id)

    def acknowledged(self, owed: Owed, response: Pdu) -> None:
        """An ESME answered a delivery."""
        self._deliveries.acknowledged(owed, response)

    def unacknowledged(self, deliveries: list[Owed]) -> None:
        """Deliveries of one bind, in the order they were sent, that nobody will answer: they go out again."""
        self._deliveries.unacknowledged(deliveries)

    def accepted(self, deliveries: Sequence[Owed]) -> None:
        """An ESME answered deliveries, each with ESME_ROK."""
        self._deliveries.accepted(deliveries)

    def sent(self, deliveries: Sequence[Owed]) -> None:
        """Deliveries were sent."""
        self._deliveries.sent(deliveries)

    def readers(self, connection: Peer) -> Mapping[int, RunReader] | None:
        """What cuts plain messages out of what a bind says, to be taken as one; None where each is looked at."""
        return self._runs.readers(connection)

    def requests(self, connection: Peer, run: SubmitRun, now: float) -> Sequence[Answer | RunAnswer]:
        """As ``request``, of all of a run."""
        answer = self._runs.take(connection, run, now)
        if answer is not None:
            return (answer,)
        connection.unroll(run)
        return [self.request(connection, pdu, now) for pdu in run.pdus()]

    def request(self, connection: Peer, pdu: Pdu, now: float) -> Answer:
        """Perform an operation of a bound ESME; nothing goes out before ``commit``."""
        if isinstance(pdu, SubmitSm):
            answer = self._intake.submit(connection, pdu, now)
            if pdu.tlvs and answer.held is not None:
                self._handsets.heard(answer.held, answer.due)
            return answer
        if isinstance(pdu, DataSm):
            answer = self._intake.data(connection, pdu, now)
            if answer.held is not None:
                self._handsets.heard(answer.held, now)
                self._handsets.watch(pdu, connection.system_id, now)
            return answer
        if isinstance(pdu, SubmitMulti):
            return self._intake.multi(connection, pdu, now)
        if isinstance(pdu, BroadcastSm):
            return self._broadcasts.take(connection, pdu, now)
        if pdu.response_class is None:  # alert_notification, outbind: no ESME has a word to say with them
            return Answer(connection, pdu, now, silent=True, submits=False)
        operation = self._operations.get(type(pdu))
        self._shared.stats.operations += 1
        response = pdu.response(CommandStatus.ESME_RINVCMDID) if operation is None else operation(connection, pdu, now)
        if not response.command_status:
            response.tlvs = (*response.tlvs, *self.state.congestion_tlvs(now, connection.version))
        return Answer(connection, response, now, submits=False)

    def commit(self, answers: list[Answer | RunAnswer]) -> None:
        """Let answers go out, each at its time, once their messages are safe (I9)."""
        journal = self._shared.journal
        self._shared.book.make_room(self._shared.now())
        if journal is None:
            self._release(answers)
            return
        journal.when_committed(partial(self._committed, answers, self._shared.lives.now))
        if journal.backlog > MOST_UNWRITTEN:
            for answer in answers:
                self.keep_up(answer.connection)

    def keep_up(self, connection: Peer) -> None:
        """The journal is far behind: read no more from who is the cause of it, until it has caught up."""
        journal = self._shared.journal
        if journal is None or connection in self._held_back:
            return
        first = not self._held_back
        self._held_back[connection] = None
        connection.hold_back()
        if first:
            journal.when_committed(self._caught_up)

    # --- for whoever steers it ------------------------------------------------------------------

    def find(self, system_id: str, message_id: str, row: int = 0) -> Held | None:
        """The message of an account that is in memory; of several destinations the one with that row."""
        first = self._shared.book.find(system_id, message_id)
        if first is None or not row:
            return first
        return next((held for held in self._shared.book.destinations(message_id) if held.row == row), None)

    def conclude(self, held: Held, stat: str, err: str | None = None, after: float = 0.0) -> None:
        """Let a message come to an end in so many seconds, whatever was planned, and its receipt be sent.

        Also one that nobody has asked for. ValueError when the message is final (I1).
        """
        self._outcomes.conclude(held, self.state.planner.fates.of(stat, err), after, self._shared.now())

    # --- for the timeline ---------------------------------------------------------------------

    def mobile_originated(self, message: MoMessage, system_id: str | None = None) -> Written:
        """A subscriber writes: every segment becomes a deliver_sm for the account that the number belongs to.

        `system_id` names another account.
        """
        return self._handsets.write(message, self._shared.now(), system_id)

    def ussd(self, session: UssdSession) -> None:
        """A subscriber opens a USSD session."""
        self._handsets.dial(session, self._shared.now())

    def alert(self, number: str, account: str | None = None, status: int = 0) -> None:
        """A subscriber can be reached again: alert_notification for one account, or all."""
        self._deliveries.alert(number, account, status)

    # --- inside: answers ----------------------------------------------------------------------

    def _committed(self, answers: list[Answer | RunAnswer], life: int, error: Exception | None) -> None:
        if error is not None:
            answers = list(self._refused(answers))
        lives = self._shared.lives
        if life != lives.now:  # something was forgotten meanwhile, and perhaps these messages with it
            for answer in answers:
                if lives.over(life, answer.connection.system_id):
                    if isinstance(answer, Answer):
                        self._drop_messages(answer)
                    answer.dropped = True
        self._release(answers)

    def _refused(self, answers: Sequence[Answer | RunAnswer]) -> Iterator[Answer]:
        for several in answers:
            for answer in (several,) if isinstance(several, Answer) else self._runs.one_by_one(several):
                if answer.response.command_status == CommandStatus.ESME_ROK:
                    self._refuse_unwritten(answer)
                yield answer

    def _refuse_unwritten(self, answer: Answer) -> None:
        """Never a ROK for what is not on the disk (I9)."""
        self._shared.stats.journal_failures += 1
        response = answer.response
        answer.response = type(response)(int(CommandStatus.ESME_RSYSERR), response.sequence_number)
        self._drop_messages(answer)

    def _drop_messages(self, answer: Answer) -> None:
        for held in _messages(answer):
            self._shared.stats.book.taken -= self._shared.book.remove(held)
        answer.held, answer.more = None, ()
        answer.due = min(answer.due, self._shared.now())

    def _caught_up(self, error: Exception | None) -> None:
        journal = self._shared.journal
        if journal is not None and journal.backlog > MOST_UNWRITTEN // 2:
            journal.when_committed(self._caught_up)
            return
        for connection in self._held_back:
            connection.go_on()
        self._held_back.clear()

    def _release(self, answers: Sequence[Answer | RunAnswer]) -> None:
        now = self._shared.now()
        wheel, stats = self._shared.wheel, self._shared.stats
        due: list[Due] = []
        ready: list[Answer | RunAnswer] = []
        for answer in answers:
            if isinstance(answer, RunAnswer):
                if answer.dropped:
                    stats.accepted += len(answer)
                    self._never_answer(answer, now)
                    continue
                due += self._runs.begin(answer.taken, now)
                ready += self._runs.let_go(answer, now)
                continue
            status = answer.response.command_status
            if status:
                count(stats.refused if answer.submits else stats.operations_refused, status)
            elif answer.submits:
                stats.accepted += 1
            held = answer.held
            if held is not None:
                if held.replaces is not None:
                    self._replace(held.replaces, now)
                    held.replaces = None
                if self._outcomes.let_go(held, now):
                    due.append(held)
                for held in answer.more:
                    if self._outcomes.begin(held, now):
                        due.append(held)
            if answer.dropped:
                self._never_answer(answer, now)
            elif answer.silent:
                stats.unanswered += answer.submits
                if answer.response.command_id & RESPONSE_BIT:
                    answer.connection.forget(answer.response.sequence_number, now)
            elif answer.due <= now:
                ready.append(answer)
            elif held is not None and answer.due == _AT_ITS_END:
                self._outcomes.awaits_end(held, answer)
            else:
                wheel.add(answer.due, answer)
            answer.held = None
        if due:
            self._perform([*due, *ready])
        elif ready:
            self._answer(ready, now)

    def _replace(self, old: Held, now: float) -> None:
        """Let a message yield to the one that was accepted in its place, unless it came to its end meanwhile."""
        if not old.final(now):
            self._shared.stats.book.replaced += 1
            self._outcomes.cut_short(old, self._shared.state.fate("DELETED"), now)

    def _perform(self, due: list[Due]) -> None:
        """Do what is due: receipts that must come first, answers, then all other deliveries."""
        now = self._shared.now()
        early: list[Owed] = []
        answers: list[Answer | RunAnswer] = []
        later: list[Owed | Receipts] = []
        jobs: list[Callable[[float], None]] = []
        come_to_end, runs = self._outcomes.come_to_end, self._runs
        everything: list[Any] = due
        for kind, several in groupby(everything, type):
            if kind is Waiting:
                later += runs.ripe(list(several), now)
            elif kind is Answer or kind is RunAnswer:
                answers += several
            elif kind is Held:
                for held in several:
                    (early if held.plan.early else later).extend(come_to_end(held, now))
            elif kind is Ending:
                later += runs.come_to_end(list(several), now)
            elif kind is Owed:
                for owed in several:
                    self._deliveries.first_time(owed, now)
                    later.append(owed)
            else:
                jobs += several
        if early:
            self._deliveries.deliver(early)
        self._answer(answers, now)
        if later:
            self._deliveries.deliver(later)
        for job in jobs:
            job(now)

    def _never_answer(self, answer: Answer | RunAnswer, now: float) -> None:
        """What a request was about is forgotten: it leaves the window as one that nobody answers."""
        if isinstance(answer, RunAnswer):
            self._shared.stats.answered_late += len(answer)
            answer.connection.forget_run(answer.run, len(answer), now)
            return
        self._shared.stats.answered_late += 1
        if answer.response.command_id & RESPONSE_BIT:
            answer.connection.forget(answer.response.sequence_number, now)

    def _answer(self, answers: Sequence[Answer | RunAnswer], now: float) -> None:
        stats = self._shared.stats
        touched: dict[Peer, None] = {}
        for answer in answers:
            connection, number = answer.connection, 1
            if isinstance(answer, RunAnswer):
                number = answer.count
                answered = connection.answer_run(answer.run, number, answer.octets, now)
            elif answer.body:
                answered = connection.answer_octets(
                    answer.response.sequence_number, _with_body(answer.response, answer.body), now
                )
            else:
                answered = connection.answer(answer.response, now)
            if answered:
                stats.answered += number
                touched[connection] = None
            else:
                stats.answered_late += number
        for connection in touched:
            connection.flush()

    # --- inside: messages ---------------------------------------------------------------------

    def _take_up(self, unfinished: Unfinished, now: float) -> None:
        """Go on with a message of an earlier run."""
        held = self._outcomes.resumed(unfinished)
        if not unfinished.status:
            if self._owners.numbers and unfinished.final is None:
                self._outcomes.is_for(held, self._owners.other(held.pdu.destination_addr, held.system_id))
            self._shared.stats.book.taken += 1
            self._shared.book.add(held, now)
        held.timed = held.timed or self._outcomes.is_timed(held)
        if not held.timed:
            held.planned = True
        elif self._outcomes.begin(held, now):
            self._shared.wheel.add(now, held)

    def _told(self, owed: Owed, status: int, now: float) -> None:
        self._outcomes.answered(owed, status, now)

    def _ended(self, held: Held, now: float) -> None:
        self._handsets.reply(held, now)


HEADER_LENGTH = 16
_AT_ITS_END = float("inf")


def _with_body(response: Pdu, body: bytes) -> bytes:
    """A refusal with something behind its header, which SMPP 3.4 §4.4.2 does not have."""
    header = encode(response)[:HEADER_LENGTH]
    return (HEADER_LENGTH + len(body)).to_bytes(4, "big") + header[4:] + body


_OF_ACCOUNTS = (Held, Owed, Errand, Ending, Waiting)

_INDEPENDENT = frozenset((Answer, RunAnswer, Held, Ending, Waiting, Owed))


def _goes_on(due: list[Due]) -> bool:
    """Whether what is due may be done together with what is due next: no job has to be done in between."""
    return _INDEPENDENT.issuperset(map(type, due))


def _is_of(due: Due, system_id: str | None) -> bool:
    """Whether what is due is an account's, or (None) any account's: what subscribers do by themselves is nobody's."""
    if isinstance(due, _OF_ACCOUNTS):
        return system_id is None or due.system_id == system_id
    return isinstance(due, (Answer, RunAnswer)) and system_id in (None, due.connection.system_id)


def _planned(waiting: list[Due]) -> dict[Kind, int]:
    """The deliveries that are planned and not made yet, by what waits for that."""
    planned: dict[Kind, int] = {}
    for due in waiting:
        if isinstance(due, (Held, Ending, Waiting)):
            for held in (due,) if isinstance(due, Held) else due.members():
                if held.awaited:
                    planned[Kind.RECEIPT] = planned.get(Kind.RECEIPT, 0) + held.awaited
                    held.awaited = 0  # it may be in the wheel more than once
        elif isinstance(due, Errand) and due.brings is not None:
            planned[due.brings] = planned.get(due.brings, 0) + 1
    return planned


def _messages(answer: Answer) -> list[Held]:
    return [] if answer.held is None else [answer.held, *answer.more]
