"""Plain messages that came together, taken, answered and told of as one.

Where nothing sets a message apart (see OperatorState.usual), all that came in one read have their fate and their times
in common, and differ in their octets and numbers alone. Such a run is one entry of the book, one answer, and one item
of the wheel; its messages are made when somebody asks for one of them, and are treated like all others from then on.

What is here says nothing that Intake, Outcomes and the engine would not say of each message by itself, only sooner; the
tests hold the two to the same octets. What does not fit is theirs: `take` says so with None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import chain, repeat
from math import inf
from operator import add, itemgetter
from typing import TYPE_CHECKING, Any, Final

from smppkit.alike import Pieces, fill, joined, together
from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.pdus import SubmitSmResp
from smppkit.runs import ADDRESSED, Addressed, RunReader, SubmitRun, run_readers, split
from smppkit.states import Version
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.intake import ASKS
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import ROUNDING, Answer, Peer, RunAnswer, Shared
from smsc.centre.taken import Ending, Receipts, Taken, Waiting
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Owed
from smsc.journal.together import Drawn, MessageRun
from smsc.scenario.receipt_run import press_all

if TYPE_CHECKING:
    from smsc.scenario.decisions import Fate
    from smsc.scenario.receipt_run import Form
    from smsc.scenario.receipt_writer import Press

WRITTEN_BEFORE: Final = 10.0
"""Seconds: a receipt that is to come sooner is written with the answer, when all that it says is at hand."""
_SOON: Final = 2.0
"""Seconds: a large book lets go of a run that is over sooner as a whole, and not in as many pieces as it has ends."""
SEVERAL: Final = 8
"""Receipts, from which on it is sooner done to put them together at once than one by one."""
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
        # Those that are forgotten are made again for the next bind.
        self._readers = lru_cache(maxsize=256)(self._readers_for)
        self._presses: dict[tuple[Fate, int], Press | None] = {}
        self._submitted = 0  # the second of their messages
        self._forms: tuple[int, dict[int, dict[Fate, Form]]] = (0, {})

    def readers(self, connection: Peer) -> dict[int, RunReader] | None:
        """What cuts runs out of what a bind says; None where its messages come one by one. Decided once."""
        version, account = connection.version, connection.account
        if self._looks or version <= Version.V33 or account.senders is not None or account.rate is not None:
            return None
        return self._readers(version, account.system_id)

    def _readers_for(self, version: Version, system_id: str) -> dict[int, RunReader]:
        return run_readers(version, partial(self._shared.state.apart, system_id))

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
        wanted = state.planner.wanted[run.registered_delivery & 0b11]
        addressed = run.addressed() if usual.certain is None or wanted else None
        course = usual.many(state.chance, connection.system_id, run.frames, addressed)
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
        if book.is_large and not course.alike and course.latest < _SOON:
            taken.together_until = now + course.latest
        shared.stats.submitted += count
        shared.stats.book.taken += count
        book.enter_group(taken, count)
        ids = usual.ids(number, count)
        responses = _responses(run, ids)
        if shared.journal is not None:
            taken.row = self._record(taken, responses, shared.journal)
            self._tidy(count, now)
        if addressed is not None:
            taken.places = taken.timed()
            if taken.places:
                taken.receipts = self._written(taken, addressed, ids)
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

    def begin(self, taken: Taken, now: float) -> Sequence[Ending | Waiting | Held]:
        """Let the times of a run go on, now that it is answered; what of it has come to its end already."""
        shared = self._shared
        shared.stats.accepted += len(taken.over)
        taken.planned = True
        if taken.held is not None:
            return [held for held in taken.held if self._outcomes.let_go(held, now)]
        if not taken.places:
            return ()
        taken.copies = shared.operator.receipts.copies
        self._deliveries.plan(Kind.RECEIPT, len(taken.places) * taken.copies)
        at, course, wheel = taken.at, taken.course, shared.wheel
        if course.alike:
            ending, ends = Ending(taken), at + course.ends_after[0]
            if ends <= now:
                return (ending,)
            wheel.add(ends, ending)
            return ()
        receipts, places, taken.receipts, whose = taken.receipts, taken.places, (), taken.system_id
        afters: Sequence[float] = course.ends_after
        if len(places) < len(afters):
            afters = [afters[place] for place in places]
        said, make = zip(receipts, repeat(taken), places, strict=False), partial(Waiting, whose)
        if at + course.soonest > now or wheel.breathes:
            wheel.gather(whose, at, afters, said, make)
            return ()
        ready = Waiting(whose, 0, [])
        later: list[tuple[float, tuple[object, ...]]] = []
        for after, each in zip(afters, said, strict=True):
            if at + after > now:
                later.append((after, each))
            else:
                ready.said += each
        if later:
            wheel.gather(whose, at, [after for after, _ in later], [each for _, each in later], make)
        return (ready,)

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

    def come_to_end(self, endings: Sequence[Ending], now: float) -> list[Owed | Receipts]:
        """What is to be delivered because some of runs have come to their ends."""
        outcomes, journal = self._outcomes, self._shared.journal
        made: dict[str, int] = {}
        owed: list[Owed | Receipts] = []
        for ending in endings:
            taken = ending.taken
            if taken.held is not None:
                for held in ending.members():
                    owed += outcomes.come_to_end(held, now)
                continue
            receipts = self._receipts(taken, now)
            if type(receipts) is Receipts:
                owed.append(receipts)
            else:
                owed += receipts
            made[taken.system_id] = made.get(taken.system_id, 0) + len(receipts)
            if journal is not None:
                self._tell(journal, taken, receipts, now)
        for system_id, count in made.items():
            self._deliveries.made(system_id, _RECEIPT, count)
        return owed

    def _tell(self, journal: Journal, taken: Taken, receipts: Sequence[Owed], now: float) -> None:
        """Record that a run has come to the end that all of it have in common, and what this brings."""
        shared, fate = self._shared, taken.course.fates[0]
        by_plan = type(receipts) is Receipts
        if not by_plan:
            journal.owe_all(shared.name, shared.epoch + now, receipts)
        ended_at = shared.epoch + min(now, taken.at + taken.course.ends_after[0])
        rows = list(range(taken.row, taken.row + len(taken)))
        journal.ended(rows, ended_at, fate.stat, fate.err, over=not by_plan)

    def _receipts(self, taken: Taken, now: float) -> Sequence[Owed]:
        """Those of all of a run."""
        row, copies, whose, life = taken.row, taken.copies, taken.system_id, self._shared.lives.now
        taken.over[:] = b"\1" * len(taken)
        written, taken.receipts, places = taken.receipts, (), taken.places
        is_written = type(written) is Pieces or all(written)
        if not is_written:
            ids = taken.usual.ids(taken.number, len(taken))
            written = self._written(taken, taken.frames.addressed(), ids, before=inf)
            is_written = type(written) is Pieces or all(written)
        if copies == 1 and is_written:
            if self._by_plan(whose):
                return Receipts(whose, written, [taken] * len(places), places, life)
            return list(map(Owed, range(row, row + len(places)), repeat(whose), written, repeat(_RECEIPT),
                            taken.addresses(), repeat(taken.bind), repeat(0), repeat(0), repeat(False),
                            repeat(life)))  # fmt: skip
        owed: list[Owed] = []
        for octets, index in zip(written, places, strict=True):
            receipt = (octets, taken.source(index)) if octets else self._write(taken, index, now)
            if receipt is None:
                continue
            about, (said, to) = row and row + index, receipt
            owed += [Owed(about, whose, said, _RECEIPT, to, taken.bind, 0, 0, False, life) for _ in range(copies)]
        return owed

    def _written(
        self, taken: Taken, addressed: Addressed, ids: Sequence[bytes], before: float = WRITTEN_BEFORE
    ) -> Sequence[bytes]:
        """The receipts that those of a run will have, each at its time; b"" for those that come later than `before`
        (seconds after their messages), or need a closer look.
        """
        course, places = taken.course, taken.places
        fates, ends_after, soonest, latest = course.fates, course.ends_after, course.soonest, course.latest
        taken.sources = addressed.sources
        if len(places) < len(fates):
            each = list(ids)
            ids, addressed = [each[place] for place in places], addressed.of(places)
            fates, ends_after = [fates[place] for place in places], [ends_after[place] for place in places]
            soonest, latest = min(ends_after), max(ends_after)
        if len(places) >= SEVERAL and latest < before:
            found = self._kinds(taken, fates, ends_after, soonest, latest)
            if found is not None:
                kinds, forms = found
                pressed = press_all(kinds, forms, ids, addressed)
                if pressed is not None:
                    return pressed
        return [
            self._pressed(taken, place) if after < before else b""
            for place, after in zip(places, ends_after, strict=True)
        ]

    def _kinds(
        self, taken: Taken, fates: Sequence[Fate], ends_after: Sequence[float], soonest: float, latest: float
    ) -> tuple[Sequence[Any], dict[Any, Form]] | None:
        """For ``press_all``, of messages of a run that come to these ends; None where each needs a closer look."""
        at, epoch = taken.at, self._shared.epoch
        first, last = (int(epoch + (at + after) + ROUNDING) for after in (soonest, latest))
        forms: list[dict[Fate, Form]] = []
        for second in range(first, last + 1):
            known = self._forms_at(at, second, taken.usual.fates)
            if known is None:
                return None
            forms.append(known)
        if forms.count(forms[0]) == len(forms):  # the seconds look the same: most receipts say no more than minutes
            return fates, forms[0]
        each = [
            forms[int(epoch + (at + after) + ROUNDING) - first][fate]
            for fate, after in zip(fates, ends_after, strict=True)
        ]
        return each, {form: form for form in each}

    def _forms_at(self, at: float, second: int, fates: Sequence[Fate]) -> dict[Fate, Form] | None:
        """Those of receipts of messages of a time that come to their ends in a second (unix time)."""
        submitted = self._shared.second(at)
        if submitted != self._forms[0]:
            self._forms = (submitted, {})
        known = self._forms[1].get(second)
        if known is not None:
            return known
        known = {}
        for fate in fates:
            form = self._outcomes.form(fate, at, second - self._shared.epoch)
            if form is None:
                return None
            known[fate] = form
        self._forms[1][second] = known
        return known

    def _pressed(self, taken: Taken, index: int, now: float = inf) -> bytes:
        """The receipt of one that comes to its end, or `now`; b"" when it needs a closer look."""
        course, frames = taken.course, taken.frames
        press = self._press(course.fates[index], taken.at, min(now, taken.at + course.ends_after[index]))
        start, end = frames.span(index)
        found = None if press is None else ADDRESSED.match(frames.octets, start + HEADER_SIZE)
        if press is None or found is None:
            return b""
        pressed = press(taken.usual.write_id(taken.number + index).encode("latin-1"), found, end)
        return b"" if pressed is None else pressed[0]

    def _by_plan(self, system_id: str) -> bool:
        """Whether receipts that are made for an account now need not be recorded: their plans are, if anything is."""
        return self._shared.journal is None or self._deliveries.goes_out(system_id)

    def ripe(self, waiting: Sequence[Waiting], now: float) -> Sequence[Owed | Receipts]:
        """What is to be delivered because messages of runs have come to their ends, one by one."""
        shared, journal = self._shared, self._shared.journal
        if shared.operator.receipts.copies > 1:
            return self._ripe_each(waiting, now)
        by_account: dict[str, list[list[Any]]] = {}
        for some in waiting:
            by_account.setdefault(some.system_id, []).append(some.said)
        receipts: list[Receipts] = []
        for system_id, lists in by_account.items():
            said = lists[0] if len(lists) == 1 else list(chain.from_iterable(lists))
            written, of = said[::3], said[1::3]
            if not all(written) or not self._by_plan(system_id) or any(taken.held is not None for taken in set(of)):
                return self._ripe_each(waiting, now)
            receipts.append(Receipts(system_id, together(written), of, said[2::3], shared.lives.now))
        for several in receipts:
            for taken, index in several.whose():
                taken.over[index] = 1
            if journal is not None:
                epoch = shared.epoch
                ends = [epoch + min(now, taken.at + taken.course.ends_after[index]) for taken, index in several.whose()]
                journal.ended(several.rows(), ends, over=False)
            self._deliveries.made(several.system_id, _RECEIPT, len(several))
        return receipts

    def _ripe_each(self, waiting: Sequence[Waiting], now: float) -> list[Owed]:
        outcomes, shared, life = self._outcomes, self._shared, self._shared.lives.now
        journal, copies = shared.journal, shared.operator.receipts.copies
        made: dict[str, int] = {}
        owed: list[Owed] = []
        told = _Told(shared.name, shared.epoch, now)
        for _, _, octets, taken, index in _in_order(waiting):
            if taken.held is not None:
                if journal is not None:
                    told.tell(journal)
                owed += outcomes.come_to_end(taken.held[index], now)
                continue
            taken.over[index] = 1
            if journal is not None:
                told.rows.append(taken.row + index)
                told.at.append(shared.epoch + min(now, taken.at + taken.course.ends_after[index]))
            written = (octets, taken.source(index)) if octets else self._write(taken, index, now)
            if written is None:
                continue
            about = taken.row and taken.row + index
            for _ in range(copies):
                owed.append(Owed(about, taken.system_id, written[0], _RECEIPT, written[1], taken.bind, life=life))
            if journal is not None:
                told.owed += owed[-copies:]
            made[taken.system_id] = made.get(taken.system_id, 0) + copies
        if journal is not None:
            told.tell(journal)
        for system_id, count in made.items():
            self._deliveries.made(system_id, _RECEIPT, count)
        return owed

    def _write(self, taken: Taken, index: int, now: float) -> tuple[bytes, str] | None:
        """Write a receipt that was not yet, and say for which address; None when it cannot be."""
        octets = self._pressed(taken, index, now)
        if octets:
            return octets, taken.source(index)
        course = taken.course
        ends = min(now, taken.at + course.ends_after[index])
        receipt = self._outcomes.receipt_of(taken.member(index), course.fates[index], ends)
        if receipt is None:
            self._deliveries.unplan(Kind.RECEIPT, taken.copies)
        return receipt

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
        self.owed: list[Owed] = []
        self.rows: list[int] = []
        self.at: list[float] = []
        """When each ended (unix seconds)."""
        self._operator = operator
        self._epoch = epoch
        self._now = now

    def tell(self, journal: Journal) -> None:
        """Record it; what comes later is told of later."""
        journal.owe_all(self._operator, self._epoch + self._now, self.owed)
        if self.rows:
            journal.ended(self.rows, self.at)
        self.owed, self.rows, self.at = [], [], []


def _in_order(waiting: Sequence[Waiting]) -> list[tuple[int, int, bytes, Taken, int]]:
    """One after another, as each was taken, of one tick after the other."""
    each = [
        (some.tick, taken.number + index, octets, taken, index)
        for some in waiting
        for octets, taken, index in zip(some.said[::3], some.said[1::3], some.said[2::3], strict=True)
    ]
    each.sort(key=itemgetter(0, 1))
    return each


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
    if type(ids) is Pieces:
        head, named = _HEADS[ids.size], ids.size
        size = HEADER_SIZE + named + 1
        octets = bytearray(head + bytes(4 + named + 1)) * len(ids)
        fill(octets, len(head), size, joined(run.sequences), 4)
        fill(octets, HEADER_SIZE, size, ids.octets, named)
        return bytes(octets)
    lengths = set(map(len, ids))
    if len(lengths) == 1:
        head = _HEADS[lengths.pop()]
        return head + (b"\0" + head).join(map(add, run.sequences, ids)) + b"\0"
    pieces: list[bytes] = []
    for sequence, message_id in zip(run.sequences, ids, strict=True):
        pieces += (_HEADS[len(message_id)], sequence, message_id, b"\0")
    return b"".join(pieces)
