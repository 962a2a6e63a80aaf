"""Plain messages that came together, taken, answered and told of as one.

Where nothing sets a message apart (see OperatorState.usual), all that came in one read have their fate and their times
in common, and differ in their octets and numbers alone. Such a run is one entry of the book, one answer, and one item
of the wheel; its messages are made when somebody asks for one of them, and are treated like all others from then on.

What is here says nothing that Intake, Outcomes and the engine would not say of each message by itself, only sooner; the
tests hold the two to the same octets. What does not fit is theirs: `take` says so with None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from math import inf
from operator import add
from typing import TYPE_CHECKING, Final

import msgspec

from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.pdus import SubmitSmResp
from smppkit.runs import ADDRESSED, RunReader, SubmitRun, run_readers, split
from smppkit.states import Version
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.intake import ASKS
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import ROUNDING, Answer, Peer, RunAnswer, Shared
from smsc.centre.taken import Ending, Receipt, Taken
from smsc.journal.journal import Journal
from smsc.journal.records import BY_PLAN, Kind, Owed
from smsc.journal.together import Drawn, MessageRun
from smsc.scenario.receipt_run import press_all

if TYPE_CHECKING:
    from smsc.scenario.decisions import Fate
    from smsc.scenario.receipt_run import Form
    from smsc.scenario.receipt_writer import Press

WRITTEN_BEFORE: Final = 10.0
"""Seconds: a receipt that is to come sooner is written with the answer, when all that it says is at hand."""
_RECEIPT: Final = Kind.RECEIPT
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_LONGEST_ID = 64
_HEADS = tuple(HEADER.pack(HEADER_SIZE + length + 1, _SUBMIT_SM_RESP, 0, 0)[:12] for length in range(_LONGEST_ID + 1))
"""Of responses, up to their sequence number, by the length of the message_id."""


class Runs:
    """Takes runs for one operator, where no message of it needs a closer look before it is read."""

    def __init__(
        self,
        shared: Shared,
        outcomes: Outcomes,
        deliveries: Deliveries,
        *,
        looks: bool,
        tidy: Callable[[int, float], None],
    ) -> None:
        """`looks`: every message is looked at, whatever it is. `tidy` hears how many were recorded, and when."""
        self._shared = shared
        self._outcomes = outcomes
        self._deliveries = deliveries
        self._tidy = tidy
        self._looks = looks or shared.state.usual is None
        self._readers: dict[Version, dict[int, RunReader]] = {}
        self._presses: dict[tuple[Fate, int], Press | None] = {}
        self._submitted = 0  # the second of their messages
        self._forms: tuple[int, dict[tuple[Fate, int], Form]] = (0, {})

    def readers(self, connection: Peer) -> dict[int, RunReader] | None:
        """What cuts runs out of what a bind says; None where its messages come one by one. Decided once."""
        version, account = connection.version, connection.account
        if self._looks or version <= Version.V33 or account.senders is not None or account.rate is not None:
            return None
        readers = self._readers.get(version)
        if readers is None:
            readers = self._readers[version] = run_readers(version, self._shared.state.apart)
        return readers

    def take(self, connection: Peer, run: SubmitRun, now: float) -> RunAnswer | None:
        """Decide about a run, and enter it into the book; None when each has to be decided about by itself."""
        shared = self._shared
        state, book, count = shared.state, shared.book, len(run.sequences)
        usual = state.usual
        if (
            usual is None
            or state.is_limited
            or not book.takes_groups
            or book.room < count
            or (run.registered_delivery & ASKS and self._deliveries.full)
        ):
            return None
        if state.began is None:
            state.began = now
        number = state.next_id
        state.next_id = number + count
        addressed = run.frames.addressed() if usual.certain is None else ()
        course = usual.many(state.chance, connection.system_id, run.frames, addressed)
        wanted = state.planner.wanted[run.registered_delivery & 0b11]
        taken = Taken(
            now,
            connection.system_id,
            connection.number,
            run.frames,
            usual,
            course,
            number,
            wanted,
            bytearray(count),
        )
        shared.stats.submitted += count
        shared.stats.book.taken += count
        book.enter_group(taken, count)
        ids = usual.ids(number, count)
        responses = _responses(run, ids)
        if shared.journal is not None:
            taken.row = self._record(taken, responses, shared.journal)
            self._tidy(count, now)
        if wanted and not course.alike:
            taken.receipts = self._waiting(taken, addressed, ids)
        return RunAnswer(connection, run, responses, now + course.respond_after[0], taken, count)

    def _record(self, taken: Taken, responses: bytes, journal: Journal) -> int:
        shared, frames, course = self._shared, taken.frames, taken.course
        drawn, until = None, None
        if not course.alike or course.ends_after[0] == inf:
            drawn = _drawn(taken, shared.epoch)
        elif not taken.timed():
            until = shared.epoch + (taken.at + course.ends_after[0])
        return journal.messages(
            MessageRun(
                0,
                len(taken),
                shared.epoch + taken.at,
                shared.name,
                taken.system_id,
                taken.bind,
                frames.version,
                frames.octets,
                responses,
                taken.number,
                taken.plan_of(0, ""),
                until,
                shared.operator.submit.alphabet,
                drawn,
            )
        )

    def one_by_one(self, answer: RunAnswer) -> list[Answer]:
        """The same as many answers, of which each may become another one."""
        connection, run = answer.connection, answer.run
        connection.unroll(run)
        return [
            Answer(connection, SubmitSmResp(0, int.from_bytes(sequence), (), held.message_id), answer.due, held=held)
            for sequence, held in zip(run.sequences, answer.taken.members(), strict=True)
        ]

    def begin(self, taken: Taken, now: float) -> Sequence[Ending | Receipt | Held]:
        """Let the times of a run go on, now that it is answered; what of it has come to its end already."""
        shared = self._shared
        shared.stats.accepted += len(taken.over)
        taken.planned = True
        if taken.held is not None:
            return [held for held in taken.held if self._outcomes.let_go(held, now)]
        timed = taken.timed() if taken.course.alike else taken.receipts
        if not timed:
            return ()
        taken.copies = shared.operator.receipts.copies
        self._deliveries.plan(Kind.RECEIPT, len(timed) * taken.copies)
        at, course, wheel = taken.at, taken.course, shared.wheel
        if course.alike:
            ending, ends = Ending(taken), at + course.ends_after[0]
            if ends <= now:
                return (ending,)
            wheel.add(ends, ending)
            return ()
        receipts, taken.receipts = taken.receipts, ()
        dues = [receipt.ends for receipt in receipts]
        if min(dues) > now or wheel.rests(now):
            wheel.add_patient(dues, receipts)
            return ()
        later = [index for index, due in enumerate(dues) if due > now]
        wheel.add_patient([dues[index] for index in later], [receipts[index] for index in later])
        return [receipt for due, receipt in zip(dues, receipts, strict=True) if due <= now]

    def let_go(self, answer: RunAnswer, now: float) -> Sequence[RunAnswer]:
        """Have a run answered, each of it at its time; the answer to those whose time has come."""
        taken, wheel = answer.taken, self._shared.wheel
        if taken.course.together:
            if answer.due <= now:
                return (answer,)
            wheel.add(answer.due, answer)
            return ()
        responses = split(answer.octets)

        def to(indexes: list[int]) -> RunAnswer:
            octets = b"".join([responses[index] for index in indexes])
            return RunAnswer(answer.connection, answer.run, octets, answer.due, taken, len(indexes))

        dues = [taken.at + after for after in taken.course.respond_after]
        ready = self._hold(range(len(dues)), dues, to, now)
        return (to(ready),) if ready else ()

    def _hold(
        self, indexes: Sequence[int], dues: Sequence[float], make: Callable[[list[int]], RunAnswer], now: float
    ) -> list[int]:
        """Put some of a run into the wheel, each until it is due; returns those that are due already."""
        due: list[int] = []
        if min(dues) <= now:
            due = [index for index, at in zip(indexes, dues, strict=True) if at <= now]
            indexes = [index for index, at in zip(indexes, dues, strict=True) if at > now]
            dues = [at for at in dues if at > now]
        self._shared.wheel.add_together(indexes, dues, make)
        return due

    def come_to_end(self, endings: Sequence[Ending], now: float) -> list[Owed]:
        """What is to be delivered because some of runs have come to their ends."""
        outcomes, journal = self._outcomes, self._shared.journal
        made: dict[str, int] = {}
        owed: list[Owed] = []
        for ending in endings:
            taken = ending.taken
            if taken.held is not None:
                for held in ending.members():
                    owed += outcomes.come_to_end(held, now)
                continue
            receipts = self._receipts(taken, now)
            owed += receipts
            made[taken.system_id] = made.get(taken.system_id, 0) + len(receipts)
            if journal is not None:
                self._tell(journal, taken, receipts, now)
        for system_id, count in made.items():
            self._deliveries.made(system_id, _RECEIPT, count)
        return owed

    def _tell(self, journal: Journal, taken: Taken, receipts: list[Owed], now: float) -> None:
        """Record that a run has come to the end that all of it have in common, and what this brings."""
        shared, fate, count = self._shared, taken.course.fates[0], len(taken)
        by_plan = len(receipts) == count and self._deliveries.goes_out(taken.system_id)
        if by_plan:
            for owed in receipts:
                owed.number = BY_PLAN
        else:
            journal.owe_all(shared.name, shared.epoch + now, receipts)
        ended_at = shared.epoch + min(now, taken.at + taken.course.ends_after[0])
        rows = list(range(taken.row, taken.row + count))
        journal.ended(rows, ended_at, fate.stat, fate.err, over=not by_plan)

    def _receipts(self, taken: Taken, now: float) -> list[Owed]:
        """Those of all of a run."""
        frames, course, row, copies, fate = taken.frames, taken.course, taken.row, taken.copies, taken.course.fates[0]
        system_id, bind, life = taken.system_id, taken.bind, self._shared.lives.now
        taken.over[:] = b"\1" * len(taken)
        ends = min(now, taken.at + course.ends_after[0])
        ids, addressed = taken.usual.ids(taken.number, len(taken)), frames.addressed()
        forms = self._forms_of((fate,), taken.at, (ends,))
        if forms is not None and copies == 1:
            together = press_all(forms * len(ids), ids, addressed, [*frames.starts[1:], len(frames.octets)])
            if together is not None:
                abouts: Iterable[int] = range(row, row + len(ids)) if row else repeat(0)
                return list(map(Owed, abouts, repeat(system_id), together[0], repeat(_RECEIPT), together[1],
                                repeat(bind), repeat(0), repeat(0), repeat(False), repeat(life)))  # fmt: skip
        press = self._press(fate, taken.at, ends)
        owed = list[Owed]()
        for index, (message_id, found, (_, end)) in enumerate(zip(ids, addressed, frames.spans(), strict=True)):
            pressed = None if press is None else press(message_id, found, end)
            if pressed is None:
                pressed = self._outcomes.receipt_of(taken.member(index), fate, ends)
            if pressed is None:
                self._deliveries.unplan(Kind.RECEIPT, copies)
                continue
            receipt, to = pressed
            about = row and row + index
            for _ in range(copies):
                owed.append(Owed(about, system_id, receipt, _RECEIPT, to, bind, 0, 0, False, life))
        return owed

    def _waiting(self, taken: Taken, addressed: Sequence[re.Match[bytes]], ids: Sequence[bytes]) -> list[Receipt]:
        """The receipts that those of a run will have, each at its time."""
        course, row, frames, at = taken.course, taken.row, taken.frames, taken.at
        indexes, fates, ends_after = taken.timed(), course.fates, course.ends_after
        if not indexes:
            return []
        ends: Sequence[int] = [*frames.starts[1:], len(frames.octets)]
        if len(indexes) < len(ends):
            fates, ends_after = [fates[index] for index in indexes], [ends_after[index] for index in indexes]
            ids, addressed = [ids[index] for index in indexes], [addressed[index] for index in indexes]
            ends = [ends[index] for index in indexes]
        pressed, times = None, [at + after for after in ends_after]
        if max(ends_after) < WRITTEN_BEFORE:
            forms = self._forms_of(fates, at, times)
            pressed = None if forms is None else press_all(forms, ids, addressed, ends)
        if pressed is None:
            pressed = self._each_pressed(at, ends_after, fates, ids, addressed, ends)
        return list(
            map(
                Receipt,
                [row + index for index in indexes] if row else repeat(0),
                repeat(taken.system_id),
                pressed[0],
                repeat(_RECEIPT),
                pressed[1],
                repeat(taken.bind),
                repeat(0),
                repeat(0),
                repeat(False),
                repeat(self._shared.lives.now),
                repeat(None),
                repeat(taken),
                indexes,
                times,
            )
        )

    def _forms_of(self, fates: Sequence[Fate], at: float, ends: Sequence[float]) -> list[Form] | None:
        submitted, epoch = self._shared.second(at), self._shared.epoch
        if submitted != self._forms[0]:
            self._forms = (submitted, {})
        known = self._forms[1]
        keys = [(fate, int(epoch + end + ROUNDING)) for fate, end in zip(fates, ends, strict=True)]
        try:
            return [known[key] for key in keys]
        except KeyError:
            for fate, second in set(keys).difference(known):
                form = self._outcomes.form(fate, at, second - epoch)
                if form is None:
                    return None
                known[fate, second] = form
        return [known[key] for key in keys]

    def _each_pressed(
        self,
        at: float,
        ends_after: Sequence[float],
        fates: Sequence[Fate],
        ids: Sequence[bytes],
        addressed: Sequence[re.Match[bytes]],
        ends: Sequence[int],
    ) -> tuple[list[bytes], list[str]]:
        """The receipts of messages that came together, and the addresses they are for; empty what is written later."""
        octets, addresses = [b""] * len(ids), [""] * len(ids)
        for place, after in enumerate(ends_after):
            press = self._press(fates[place], at, at + after) if after < WRITTEN_BEFORE else None
            pressed = None if press is None else press(ids[place], addressed[place], ends[place])
            if pressed is not None:
                octets[place], addresses[place] = pressed
        return octets, addresses

    def ripe(self, receipts: Sequence[Receipt], now: float) -> list[Owed]:
        """What is to be delivered because messages of runs have come to their ends, one by one."""
        outcomes, shared, life = self._outcomes, self._shared, self._shared.lives.now
        journal, copies = shared.journal, shared.operator.receipts.copies
        made: dict[str, int] = {}
        owed: list[Owed] = []
        told = _Told(shared.name, shared.epoch, now)
        goes_out = {
            name: copies == 1 and self._deliveries.goes_out(name) for name in {one.system_id for one in receipts}
        }
        for receipt in receipts:
            taken, index = receipt.taken, receipt.index
            if taken is None:
                self._deliveries.first_time(receipt, now)
                owed.append(receipt)
                continue
            receipt.taken = None
            if taken.held is not None:
                if journal is not None:
                    told.tell(journal)
                owed += outcomes.come_to_end(taken.held[index], now)
                continue
            taken.over[index] = 1
            if not receipt.octets and not self._write(receipt, taken, now):
                told.over.append(receipt)
                continue
            receipt.life = life
            owed.append(receipt)
            if copies > 1:
                owed += [msgspec.structs.replace(receipt) for _ in range(1, copies)]
            if goes_out[receipt.system_id]:
                receipt.number = BY_PLAN
                told.by_plan.append(receipt)
            else:
                told.over.append(receipt)
                told.owed += owed[-copies:]
            made[receipt.system_id] = made.get(receipt.system_id, 0) + copies
        if journal is not None:
            told.tell(journal)
        for system_id, count in made.items():
            self._deliveries.made(system_id, _RECEIPT, count)
        return owed

    def _write(self, receipt: Receipt, taken: Taken, now: float) -> bool:
        """Write a receipt that was not yet; False when it cannot be."""
        index, course, frames = receipt.index, taken.course, taken.frames
        fate, ends = course.fates[index], min(now, taken.at + course.ends_after[index])
        press, pressed = self._press(fate, taken.at, ends), None
        if press is not None:
            start, end = frames.span(index)
            found = ADDRESSED.match(frames.octets, start + HEADER_SIZE)
            if found is not None:
                pressed = press(taken.usual.write_id(taken.number + index).encode("latin-1"), found, end)
        pressed = pressed or self._outcomes.receipt_of(taken.member(index), fate, ends)
        if pressed is None:
            self._deliveries.unplan(Kind.RECEIPT, taken.copies)
            return False
        receipt.octets, receipt.to = pressed
        return True

    def _press(self, fate: Fate, at: float, ends: float) -> Press | None:
        """What makes receipts of a fate; most that are asked for have the seconds of one before."""
        presses, key = self._presses_of(at), (fate, self._shared.second(ends))
        if key not in presses:
            presses[key] = self._outcomes.press(fate, at, ends)
        return presses[key]

    def _presses_of(self, at: float) -> dict[tuple[Fate, int], Press | None]:
        """Those that were made for messages of the same second, by fate and the second of the end."""
        submitted = self._shared.second(at)
        if submitted != self._submitted:
            self._submitted = submitted
            self._presses = {}
        return self._presses


class _Told:
    """What is to be recorded of messages that come to the ends that were drawn for them, at a time (clock seconds)."""

    def __init__(self, operator: str, epoch: float, now: float) -> None:
        self.by_plan: list[Receipt] = []
        """Of those whose receipts go out at once: the plan is all that has to be kept of them."""
        self.over: list[Receipt] = []
        self.owed: list[Owed] = []
        """What those that are over have brought."""
        self._operator = operator
        self._epoch = epoch
        self._now = now

    def tell(self, journal: Journal) -> None:
        """Record it; what comes later is told of later."""
        epoch = self._epoch
        journal.owe_all(self._operator, epoch + self._now, self.owed)
        for receipts, over in ((self.by_plan, False), (self.over, True)):
            if receipts:
                ends = [epoch + receipt.ends for receipt in receipts]
                journal.ended([receipt.row for receipt in receipts], ends, over=over)
        self.by_plan, self.over, self.owed = [], [], []


def _drawn(taken: Taken, epoch: float) -> Drawn:
    """What is to be recorded of a run whose messages have each an end of its own."""
    ends_after, fates = taken.course.ends_after, taken.course.fates
    different = list(dict.fromkeys(fates))
    which = bytes(len(fates)) if len(different) == 1 else bytes(map(different.index, fates))
    known: list[float | None] = list(ends_after)
    if inf in known:
        known = [None if after == inf else after for after in ends_after]
    return Drawn(taken.at, epoch, known, different, which)


def _responses(run: SubmitRun, ids: Sequence[bytes]) -> bytes:
    lengths = set(map(len, ids))
    if len(lengths) == 1:
        head = _HEADS[lengths.pop()]
        return head + (b"\0" + head).join(map(add, run.sequences, ids)) + b"\0"
    pieces: list[bytes] = []
    for sequence, message_id in zip(run.sequences, ids, strict=True):
        pieces += (_HEADS[len(message_id)], sequence, message_id, b"\0")
    return b"".join(pieces)
