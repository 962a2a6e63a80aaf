"""Messages that were taken as one, until somebody asks for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from math import inf
from typing import Any, Final, final, overload

import msgspec

from smppkit.pdus import SubmitSm
from smppkit.runs import Frames
from smsc.centre.book import Held, is_done
from smsc.journal.records import BY_PLAN, Kind, Owed
from smsc.scenario.decisions import Plan
from smsc.scenario.receipt_run import address
from smsc.scenario.usual import Course, Usual

_RECEIPT: Final = Kind.RECEIPT


class Taken(msgspec.Struct, eq=False, gc=False):
    """The messages of a run: what they have in common, and what becomes of each. Times are seconds of the clock."""

    at: float
    system_id: str
    bind: int
    frames: Frames
    usual: Usual
    course: Course
    number: int  # of the first
    wanted: int  # the states that earn a receipt
    over: bytearray  # 1 for each whose end has brought about what it does
    copies: int = 0  # of the receipt of each
    planned: bool = False
    row: int = 0  # of the first, in the journal
    sources: Sequence[bytes] = ()  # each behind its TON and NPI; one where it is that of all
    places: Sequence[int] = ()  # of those that will have a receipt
    receipts: Sequence[bytes] = ()  # theirs, until they wait or go; b"" where one is not written yet
    held: list[Held] | None = None  # each of them, once somebody has asked
    together_until: float = 0.0  # before that time the book lets go of none of them

    def __len__(self) -> int:
        return len(self.frames)

    def alike(self, first: int, last: int, now: float) -> tuple[int, bool]:
        """See Group."""
        if now < self.together_until:
            return last - first, False
        done = self._is_done(first, now)
        if self.course.alike or (done and self._all_done(first, last, now)):
            return last - first, done
        index = first + 1
        while index < last and self._is_done(index, now) == done:
            index += 1
        return index - first, done

    def members(self) -> list[Held]:
        """See Group."""
        if self.held is None:
            self.receipts = self.places = ()
            self.held = [self.member(index) for index in range(len(self.frames))]
        return self.held

    def plan_of(self, index: int, message_id: str) -> Plan:
        """What is to become of one that has this id."""
        after, fate = self.course.ends_after[index], self.course.fates[index]
        ends_after = None if after == inf else after
        return Plan(fate, ends_after, 0.0, self.usual.expires_after, message_id, self.wanted)

    def timed(self) -> Sequence[int]:
        """Those whose end brings something about."""
        course = self.course
        if course.alike:
            return range(len(self.frames) if self._is_timed(0) else 0)
        wanted, fates = self.wanted, course.fates
        if not wanted:
            return ()
        if not self.usual.states & ~wanted and course.latest < inf:
            return range(len(self.frames))
        return [
            index for index, after in enumerate(course.ends_after) if after < inf and wanted >> fates[index].state & 1
        ]

    def member(self, index: int) -> Held:
        """One of them as it is now."""
        usual, course, number = self.usual, self.course, self.number + index
        message_id, fate, after = usual.write_id(number), course.fates[index], course.ends_after[index]
        pdu = self.frames.pdu(index)
        if not isinstance(pdu, SubmitSm):
            raise TypeError(f"a run of submit_sm holds {pdu!r}")
        timed, over = self._is_timed(index), bool(self.over[index])
        return Held(
            self.at,
            self.system_id,
            message_id,
            pdu,
            self.plan_of(index, message_id),
            fate,
            self.at + after,
            number,
            row=self.row and self.row + index,
            bind=self.bind,
            version=self.frames.version,
            awaited=self.copies if timed and not over else 0,
            over=over,
            timed=timed,
            planned=self.planned,
        )

    def source(self, index: int) -> str:
        """The address that one came from."""
        if not self.sources:
            self.sources = self.frames.addressed().sources
        return address(self.sources[index if len(self.sources) > 1 else 0])

    def addresses(self) -> Iterable[str]:
        """The addresses that all came from, one after another."""
        sources = self.sources
        return repeat(address(sources[0]), len(self)) if len(sources) == 1 else map(address, sources)

    def _is_timed(self, index: int) -> bool:
        course = self.course
        return course.ends_after[index] < inf and bool(self.wanted >> course.fates[index].state & 1)

    def _all_done(self, first: int, last: int, now: float) -> bool:
        """Whether it can be said at once that nobody waits for any of these any more."""
        over = not self.wanted or not self.over.count(0, first, last)
        return over and self.usual.final and now >= self.at + self.course.latest

    def _is_done(self, index: int, now: float) -> bool:
        course = self.course
        over = bool(self.over[index]) or not self._is_timed(index)
        return is_done(course.fates[index], self.at + course.ends_after[index], now, over=over)


class Waiting(msgspec.Struct, eq=False, gc=False):
    """Receipts of an account that fall due together, each at the end of its message."""

    system_id: str
    tick: int
    said: list[Any]
    """Of one after another: its octets, or none where it is not written yet; its run; its place in that."""

    def members(self) -> list[Held]:
        """Their messages."""
        return [taken.members()[index] for taken, index in zip(self.said[1::3], self.said[2::3], strict=True)]


@final
class Receipts(Sequence[Owed]):
    """Receipts of runs that go out to an account together; each is made when somebody asks for one of them.

    In a journal they are BY_PLAN.
    """

    __slots__ = ("_each", "_first", "_indexes", "_taken", "life", "octets", "system_id")

    def __init__(
        self,
        system_id: str,
        octets: Sequence[bytes],
        taken: Sequence[Taken],
        indexes: Sequence[int],
        life: int,
        first: int = 0,
    ) -> None:
        """`taken` and `indexes` say whose each is, from the place `first` on."""
        self.system_id = system_id
        self.octets = octets
        self.life = life
        self._taken = taken
        self._indexes = indexes
        self._first = first
        self._each: list[Owed] | None = None

    def __len__(self) -> int:
        return len(self.octets)

    def __iter__(self) -> Iterator[Owed]:
        return iter(self.each())

    @overload
    def __getitem__(self, place: int) -> Owed: ...
    @overload
    def __getitem__(self, place: slice) -> Receipts: ...
    def __getitem__(self, place: int | slice) -> Owed | Receipts:
        if not isinstance(place, slice):
            return self.each()[place]
        if place == slice(0, len(self.octets)):
            return self
        octets = self.octets[place]
        if place.step is None:
            first = self._first + place.indices(len(self.octets))[0]
            part = Receipts(self.system_id, octets, self._taken, self._indexes, self.life, first)
        else:
            taken, indexes = zip(*self.whose(), strict=True)
            part = Receipts(self.system_id, octets, taken[place], indexes[place], self.life)
        if self._each is not None:
            part._each = self._each[place]
        return part

    def whose(self) -> Iterator[tuple[Taken, int]]:
        """The run of each, and its place in that."""
        first, last = self._first, self._first + len(self.octets)
        return zip(self._taken[first:last], self._indexes[first:last], strict=True)

    def rows(self) -> list[int]:
        """Of their messages, where there is a journal."""
        return [taken.row + index for taken, index in self.whose()]

    @property
    def asked_for(self) -> bool:
        """Whether each was made, and may have changed."""
        return self._each is not None

    def each(self) -> list[Owed]:
        """Each of them; always the same ones."""
        if self._each is None:
            self._each = [
                Owed(taken.row and taken.row + index, self.system_id, octets, _RECEIPT, taken.source(index), taken.bind,
                     number=BY_PLAN if taken.row else 0, life=self.life)
                for octets, (taken, index) in zip(self.octets, self.whose(), strict=True)
            ]  # fmt: skip
        return self._each


class Ending(msgspec.Struct, eq=False, gc=False):
    """All of a run come to their ends in the same moment."""

    taken: Taken

    @property
    def system_id(self) -> str:
        """Whose they are."""
        return self.taken.system_id

    def members(self) -> list[Held]:
        """Each of them."""
        return self.taken.members()
