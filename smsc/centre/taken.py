"""Messages that were taken as one, until somebody asks for one of them."""

from __future__ import annotations

import msgspec

from smppkit.pdus import SubmitSm
from smppkit.runs import Frames
from smsc.centre.book import Held, is_done
from smsc.scenario.decisions import Plan
from smsc.scenario.engine import Usual


class Taken(msgspec.Struct, eq=False, gc=False):
    """The messages of a run; what is said of them here is true of each. Times are seconds of the clock."""

    at: float
    system_id: str
    bind: int
    frames: Frames
    usual: Usual
    number: int  # of the first
    ends: float
    wanted: int  # the states that earn a receipt
    timed: bool
    awaited: int = 0
    over: bool = False
    planned: bool = False
    row: int = 0  # of the first, in the journal
    held: list[Held] | None = None  # each of them, once somebody has asked

    def __len__(self) -> int:
        return len(self.frames)

    def is_done(self, now: float) -> bool:
        """See Group."""
        return is_done(self.usual.fate, self.ends, now, over=self.over or not self.timed)

    def members(self) -> list[Held]:
        """See Group."""
        if self.held is None:
            self.held = [self.member(index) for index in range(len(self.frames))]
        return self.held

    def plan_of(self, message_id: str) -> Plan:
        """What is to become of the one that has this id."""
        usual = self.usual
        return Plan(usual.fate, usual.ends_after, 0.0, usual.expires_after, message_id, self.wanted)

    def member(self, index: int) -> Held:
        """One of them as it is now."""
        usual, number = self.usual, self.number + index
        message_id = usual.write_id(number)
        pdu = self.frames.pdu(index)
        if not isinstance(pdu, SubmitSm):
            raise TypeError(f"a run of submit_sm holds {pdu!r}")
        return Held(
            self.at,
            self.system_id,
            message_id,
            pdu,
            self.plan_of(message_id),
            usual.fate,
            self.ends,
            number,
            row=self.row and self.row + index,
            bind=self.bind,
            version=self.frames.version,
            awaited=self.awaited,
            over=self.over,
            timed=self.timed,
            planned=self.planned,
        )
