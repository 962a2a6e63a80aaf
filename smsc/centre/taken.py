"""Messages that were taken as one, until somebody asks for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec

from smppkit.pdus import SubmitSm
from smppkit.runs import Frames
from smsc.centre.book import Held, is_done
from smsc.journal.records import Owed
from smsc.scenario.decisions import Plan
from smsc.scenario.usual import Course, Usual


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
    receipts: Sequence[Receipt] = ()  # where their ends are drawn, until their times run
    held: list[Held] | None = None  # each of them, once somebody has asked

    def __len__(self) -> int:
        return len(self.frames)

    def alike(self, first: int, last: int, now: float) -> tuple[int, bool]:
        """See Group."""
        done = self._is_done(first, now)
        if self.course.alike:
            return last - first, done
        index = first + 1
        while index < last and self._is_done(index, now) == done:
            index += 1
        return index - first, done

    def members(self) -> list[Held]:
        """See Group."""
        if self.held is None:
            self.receipts = ()
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

    def _is_timed(self, index: int) -> bool:
        course = self.course
        return course.ends_after[index] < inf and bool(self.wanted >> course.fates[index].state & 1)

    def _is_done(self, index: int, now: float) -> bool:
        course = self.course
        over = bool(self.over[index]) or not self._is_timed(index)
        return is_done(course.fates[index], self.at + course.ends_after[index], now, over=over)


class Receipt(Owed, eq=False, gc=False):
    """The receipt of one of a run, waiting for the end of its message. It may be written by then, or have no octets."""

    taken: Taken | None = None
    """None once its message has come to its end: from then on it is a delivery like any other."""
    index: int = 0
    ends: float = 0.0
    """When its message comes to its end (clock seconds)."""

    def members(self) -> list[Held]:
        """Its message, if that has not come to its end."""
        return [] if self.taken is None else [self.taken.members()[self.index]]


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
