"""What becomes of accepted messages: their times begin to run, they come to an end, and whoever is to know is told.

A message is in the wheel under the time of its end when its end brings something about. Where that time changes it is
put there again: an entry that comes too soon, or after the end, does nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final

import msgspec

from smppkit.codec import encode
from smppkit.errors import EncodeError
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DataSm, SubmitSm
from smppkit.status import CommandStatus
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.shared import Answer, Errand, Shared
from smsc.centre.translate import as_delivery
from smsc.journal.earlier import Unfinished
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Message, Owed, Pending
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.receipt_run import Form
from smsc.scenario.receipt_writer import Press, ReceiptWriter

# Names of their own: on Python 3.11 to look a member up in its enum costs as much as several such names.
_RECEIPT: Final = Kind.RECEIPT
_ENROUTE = MessageState.ENROUTE.stat
_OVER = 1 << 62  # beside the notices of a message in the journal: its end has brought about what it does
_SLACK = 1e-9  # what is in the wheel may come one rounding step early

Ended = Callable[[Held, float], None]
"""Told of every message that has come to its end and is timed."""

_log = logging.getLogger("smsc")


class Outcomes:
    """The ends of messages."""

    def __init__(self, shared: Shared, deliveries: Deliveries, ended: Ended) -> None:
        self._shared = shared
        self._deliveries = deliveries
        self._ended = ended
        self._writer = ReceiptWriter(shared.operator)
        # Readers answer as the reply model says, or as a command in the text does.
        self.minds_all = bool(shared.operator.mobile_originated.replies or shared.operator.commands)
        self._carried: dict[int, Owed] = {}  # what carries a message to another ESME, by the message's id()
        self._transactions: dict[int, Answer] = {}  # what waits for a message's end to be answered

    # --- plans --------------------------------------------------------------------------------

    def is_timed(self, held: Held) -> bool:
        """Whether somebody is to know when the message comes to its end."""
        return bool(
            held.to
            or held.plan.notices
            or (held.ends < inf and held.wants_receipt())
            or ((self.minds_all or held.plan.reply) and held.fate.state is MessageState.DELIVERED)
        )

    def record(self, held: Held, request: SubmitSm | DataSm, journal: Journal) -> None:
        """Put a message that was accepted, and its plan, into the journal."""
        held.row = journal.message(self._message(held, request))
        journal.plan(self._pending(held))

    def _message(self, held: Held, request: SubmitSm | DataSm) -> Message:
        shared, plan = self._shared, held.plan
        known, epoch = held.ends < inf, shared.epoch
        return Message(
            epoch + held.at,
            shared.name,
            held.system_id,
            held.bind,
            request,
            0,
            held.number,
            held.message_id,
            held.fate.stat if known else None,
            held.fate.err if known else None,
            _ENROUTE,
            epoch + held.starts if plan.starts_after else None,
            epoch + held.ends if known and not held.timed else None,
            shared.operator.submit.alphabet,
        )

    def let_go(self, held: Held, now: float) -> bool:
        """The answer to a message is let go: whether its end is due already, and brings about something."""
        if held.timed:
            return self.begin(held, now)
        held.planned = True
        return False

    def begin(self, held: Held, now: float) -> bool:
        """Let the times of a message run, now that its answer is let go; whether its end is due already."""
        held.planned = True
        wheel = self._shared.wheel
        if held.over:
            self.late_notices(held, held.ends)
        else:
            self._expect(held)
        for index, notice in enumerate(held.plan.notices):
            if not notice.late and not held.told >> index & 1:
                self._deliveries.plan(Kind.NOTICE)
                self._note_later(held.at + notice.after, held, index)
        if held.to and not held.final(now):
            self._carry_later(held, now)
        if held.ends <= now:
            return True
        if held.ends < inf:
            wheel.add(held.ends, held)
        return False

    def awaits_end(self, held: Held, answer: Answer) -> None:
        """Have a request answered when its message has come to its end (transaction mode, SMPP 3.4 §2.10.3)."""
        self._transactions[id(held)] = answer
        if held.ends == inf and not held.to:
            self._shared.wheel.add(held.expires, Errand(held.system_id, partial(self._waited_enough, held)))

    def resumed(self, unfinished: Unfinished) -> Held:
        """A message of an earlier run, as the journal has it."""
        plan, at = unfinished.plan, unfinished.at - self._shared.epoch
        held = Held(
            at,
            unfinished.system_id,
            unfinished.message_id,
            unfinished.submit,
            plan,
            plan.fate,
            inf if plan.ends_after is None else at + plan.ends_after,
            unfinished.number,
            unfinished.row,
            unfinished.connection,
            unfinished.version,
            told=unfinished.told & ~_OVER,
            over=bool(unfinished.told & _OVER),
            timed=bool(unfinished.status),
        )
        if unfinished.final is not None:
            final_at, stat, err = unfinished.final
            held.fate = Fate(stat, err, state_of(stat) or MessageState.UNKNOWN)
            held.ends = final_at - self._shared.epoch
            held.timed = True
        return held

    @staticmethod
    def is_for(held: Held, system_id: str) -> None:
        """A message is for an ESME, if `system_id` names one: what it comes to is that ESME's to say."""
        held.to = system_id
        if system_id:
            held.ends = inf
            held.timed = True

    # --- changes ------------------------------------------------------------------------------

    def cut_short(self, held: Held, fate: Fate, now: float) -> None:
        """Let a message come to another end than the planned one, now. ValueError when it is final (I1)."""
        held.end(fate, now)
        held.timed = True
        held.over = False  # it may have come to a state that was not final
        shared = self._shared
        if shared.journal is not None and held.row:
            shared.journal.reached(held.row, shared.epoch + now, fate.stat, fate.err, again=True)
        carrying = self._carried.pop(id(held), None)
        if carrying is not None:
            self._deliveries.withdraw(carrying)
        if held.planned:
            self._expect(held)
            shared.wheel.add(now, held)

    def conclude(self, held: Held, fate: Fate, after: float, now: float) -> None:
        """Let a message come to another end, with a receipt, in so many seconds. ValueError when it is final (I1)."""
        held.plan = msgspec.structs.replace(held.plan, wanted=held.plan.wanted | 1 << fate.state)
        if after <= 0:
            self.cut_short(held, fate, now)
            return
        if held.final(now):
            held.end(fate, now)
        ends_after = now - held.at + after
        self.replan(held, msgspec.structs.replace(held.plan, fate=fate, ends_after=ends_after, early=False), now)

    def replan(self, held: Held, plan: Plan, now: float) -> None:
        """Give a message that is not final another plan, whose times count from its own submit.

        Its notices stay as they were: those that are made are made.
        """
        held.plan = msgspec.structs.replace(plan, notices=held.plan.notices)
        if not held.to:
            held.fate = plan.fate
            held.ends = inf if plan.ends_after is None else held.at + plan.ends_after
        held.timed = held.timed or self.is_timed(held)
        held.over = False
        shared = self._shared
        if shared.journal is not None and held.row:
            shared.journal.replaced(self._pending(held), self._message(held, held.pdu))
        if not held.planned:
            return
        self._expect(held)
        if held.to:
            self._carry_later(held, now)
        elif held.timed and held.ends < inf:
            shared.wheel.add(held.ends, held)

    # --- the end ------------------------------------------------------------------------------

    def come_to_end(self, held: Held, now: float) -> list[Owed]:
        """What is to be delivered because a message has come to its end; nothing when it has not, or had before."""
        if held.over or now < held.ends - _SLACK:
            return []
        held.over = True
        self._expect(held)
        shared = self._shared
        if held.plan.notices:
            self.late_notices(held, now)
        owed = self._receipts(held, now)
        if shared.journal is not None and held.row:
            over = self._all_told(held)
            at = shared.epoch + min(now, held.ends)
            shared.journal.reached(held.row, at, held.fate.stat, held.fate.err, over=over)
            if not over:
                shared.journal.told(held.row, held.told | _OVER)
        answer = self._transactions.pop(id(held), None) if self._transactions else None
        if answer is not None:
            self._conclude(held, answer, now)
        self._ended(held, now)
        return owed

    def press(self, fate: Fate, submitted_at: float, done_at: float) -> Press | None:
        """What makes many receipts that have all this in common; None where each has to be written by itself."""
        wall = self._shared.wall
        return self._writer.press(fate, wall(submitted_at), wall(done_at))

    def form(self, fate: Fate, submitted_at: float, done_at: float) -> Form | None:
        """The same for ``press_all``."""
        wall = self._shared.wall
        return self._writer.form(fate, wall(submitted_at), wall(done_at))

    def receipt_of(self, held: Held, fate: Fate, at: float) -> tuple[bytes, str] | None:
        """A receipt, and the address that it is for; None, and said in the log, when it cannot be written."""
        octets = self._receipt(held, fate, at, None)
        return None if octets is None else (octets, held.pdu.source_addr)

    def late_notices(self, held: Held, ended_at: float) -> None:
        """Plan the notices that come after the end."""
        for index, notice in enumerate(held.plan.notices):
            if notice.late and not held.told >> index & 1:
                self._deliveries.plan(Kind.NOTICE)
                self._note_later(ended_at + notice.after, held, index)

    def answered(self, owed: Owed, status: int, now: float) -> None:
        """The ESME that a message is for has answered, or never will (`status` < 0)."""
        held = owed.about
        owed.about = None
        if not isinstance(held, Held) or self._carried.pop(id(held), None) is None or held.final(now):
            return
        stat = MessageState.UNDELIVERABLE if status else MessageState.DELIVERED
        self.cut_short(held, self._shared.state.fate(stat.stat), now)

    def forget(self) -> None:
        """Lose everything."""
        for owed in self._carried.values():
            owed.about = None
        self._carried.clear()
        self._transactions.clear()

    def forget_account(self, system_id: str) -> list[Answer]:
        """Lose what is an account's; returns what waited for the end of a message to be answered."""
        for key, owed in list(self._carried.items()):
            if isinstance(owed.about, Held) and owed.about.system_id == system_id:
                del self._carried[key]
                owed.about = None
                self._deliveries.withdraw(owed)
        mine = [(key, one) for key, one in self._transactions.items() if one.connection.system_id == system_id]
        for key, _ in mine:
            del self._transactions[key]
        return [answer for _, answer in mine]

    @property
    def unanswered(self) -> list[Answer]:
        """What waits for the end of a message to be answered."""
        return list(self._transactions.values())

    # --- inside -------------------------------------------------------------------------------

    def _note_later(self, at: float, held: Held, index: int) -> None:
        self._shared.wheel.add(at, Errand(held.system_id, partial(self._notice, held, index), Kind.NOTICE))

    def _carry_later(self, held: Held, now: float) -> None:
        wheel = self._shared.wheel
        wheel.add(max(now, held.starts), Errand(held.system_id, partial(self._carry, held)))
        wheel.add(held.expires, Errand(held.system_id, partial(self._expire, held)))

    def _pending(self, held: Held) -> Pending:
        until = None
        if not held.timed:
            # One that is never heard of again is of no use when it could not be delivered any more.
            until = self._shared.epoch + (held.ends if held.ends < inf else held.expires)
        return Pending(held.row, self._shared.name, until, held.version, held.plan, held.pdu, held.told)

    def _expect(self, held: Held) -> None:
        """Plan as many receipts as the end that is known now earns; fewer or more than before."""
        wanted = 0
        if held.ends < inf and held.wants_receipt():
            wanted = (held.plan.look or self._shared.operator.receipts).copies
        if wanted > held.awaited:
            self._deliveries.plan(_RECEIPT, wanted - held.awaited)
        elif wanted < held.awaited:
            self._deliveries.unplan(Kind.RECEIPT, held.awaited - wanted)
        held.awaited = wanted

    def _receipts(self, held: Held, now: float) -> list[Owed]:
        copies, held.awaited = held.awaited, 0
        if not copies:
            return []
        octets = self._receipt(held, held.fate, min(now, held.ends), None)
        if octets is None:
            self._deliveries.unplan(Kind.RECEIPT, copies)
            return []
        return [self._owed(held, octets, _RECEIPT, now) for _ in range(copies)]

    def _receipt(self, held: Held, fate: Fate, at: float, esm_class: int | None) -> bytes | None:
        shared = self._shared
        wall = shared.wall
        try:
            return self._writer.write(held.plan, fate, held.pdu, wall(held.at), wall(at), held.version, esm_class)
        except EncodeError as error:
            _log.warning("%s: a receipt cannot be written and is left out: %s", shared.name, error)
            return None

    def _owed(self, held: Held, octets: bytes, kind: Kind, now: float) -> Owed:
        owed = Owed(held.row, held.system_id, octets, kind, held.pdu.source_addr, held.bind)
        return self._deliveries.owe(owed, now)

    def _notice(self, held: Held, index: int, now: float) -> None:
        """Make one notice, unless its message has come to another end than the planned one."""
        notice = held.plan.notices[index]
        held.told |= 1 << index
        shared = self._shared
        if shared.journal is not None and held.row:
            shared.journal.told(held.row, held.told | (_OVER if held.over else 0))
            if held.over and self._all_told(held):
                shared.journal.over(held.row)
        octets = None
        if notice.late or not held.final(now) or held.fate == held.plan.fate:
            octets = self._receipt(held, notice.fate, now, notice.esm_class)
        if octets is None:
            self._deliveries.unplan(Kind.NOTICE)
        else:
            self._deliveries.deliver([self._owed(held, octets, Kind.NOTICE, now)])

    def _conclude(self, held: Held, answer: Answer, now: float) -> None:
        if held.fate.state is not MessageState.DELIVERED:
            answer.response = answer.response.__class__(
                int(CommandStatus.ESME_RDELIVERYFAILURE), answer.response.sequence_number
            )
        answer.due = now
        self._shared.wheel.add(now, answer)

    def _waited_enough(self, held: Held, now: float) -> None:
        """A message that is never heard of: whoever waits for its outcome is told that there is none."""
        answer = self._transactions.pop(id(held), None)
        if answer is not None:
            self._conclude(held, answer, now)

    # --- from one ESME to another -------------------------------------------------------------

    def _carry(self, held: Held, now: float) -> None:
        """Send a message to the ESME that it is for; it waits there when that is not bound."""
        if held.final(now) or id(held) in self._carried or now < held.starts - _SLACK:
            return
        pdu = as_delivery(held.pdu, held.plan.source_addr, held.plan.text, self._shared.operator.submit.alphabet)
        try:
            octets = encode(pdu)
        except EncodeError as error:
            _log.warning("%s: a message for %s cannot be written: %s", self._shared.name, held.to, error)
            self.cut_short(held, self._shared.state.fate(MessageState.UNDELIVERABLE.stat), now)
            return
        owed = Owed(held.row, held.to, octets, Kind.MESSAGE, pdu.destination_addr, about=held)
        self._deliveries.adopt(owed)
        self._carried[id(held)] = owed
        self._deliveries.plan(Kind.MESSAGE)
        self._deliveries.deliver([owed])

    def _expire(self, held: Held, now: float) -> None:
        if not held.final(now) and now >= held.expires - _SLACK:
            self.cut_short(held, self._shared.state.fate(MessageState.EXPIRED.stat), now)

    @staticmethod
    def _all_told(held: Held) -> bool:
        return held.told == (1 << len(held.plan.notices)) - 1
