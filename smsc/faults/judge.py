"""What the faults that are on make of what passes on one connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from smsc.faults.actions import Action, Close, Write
from smsc.faults.active import ActiveFaults, Running
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage

Struck = tuple[Running | None, Action]


class _Record(msgspec.Struct):
    """What a fault has seen of one connection."""

    seen: int = 0
    octets: int = 0
    strikes: int = 0


class Judge:
    """Asks the faults, in order: of those that lie the first that strikes, then all that shape.

    What comes out depends on the seed, the connection's `key` and what has passed on this connection, on nothing else.
    """

    __slots__ = ("_faults", "_key", "_records", "_struck")

    def __init__(self, faults: ActiveFaults, key: str, struck: Callable[[Running, Passing], None]) -> None:
        """`struck` is told of every strike."""
        self._faults = faults
        self._key = key
        self._struck = struck
        self._records: dict[Running, _Record] = {}

    def decide(
        self, stage: Stage | None, direction: Direction, frame: bytes, system_id: str, *, waiting: bool = False
    ) -> Sequence[Struck]:
        """What is done instead of letting this pass, each with the fault that wants it."""
        passing = Passing(stage, direction, frame, system_id, waiting=waiting)
        decided = self._lie(passing)
        for running in self._faults.shapes:
            if running.fault.meant_for(stage, direction):
                decided = [shaped for struck in decided for shaped in self._shape(running, passing, struck)]
        return decided

    def forget(self, running: Running) -> None:
        """This fault is over."""
        self._records.pop(running, None)

    def _lie(self, passing: Passing) -> Sequence[Struck]:
        for running in self._faults.lies:
            actions = self._ask(running, passing)
            if actions is not None:
                return [(running, action) for action in actions]
        if passing.stage is Stage.CLOSE:
            return [(None, Close())]
        return [(None, Write(passing.frame))] if passing.frame else []

    def _shape(self, running: Running, passing: Passing, struck: Struck) -> Sequence[Struck]:
        write = struck[1]
        if not isinstance(write, Write) or not write.ordered or write.to not in (None, passing.direction):
            return [struck]
        actions = self._ask(running, msgspec.structs.replace(passing, frame=write.octets))
        if actions is None:
            return [struck]
        return [(running, _later(action, write, first=at == 0)) for at, action in enumerate(actions)]

    def _ask(self, running: Running, passing: Passing) -> Sequence[Action] | None:
        fault = running.fault
        if not fault.meant_for(passing.stage, passing.direction):
            return None
        if running.knows is not None and not running.knows(passing.system_id):
            return None
        record = self._records.get(running)
        if record is None:
            record = self._records[running] = _Record()
        passing = msgspec.structs.replace(passing, seen=record.seen, octets=record.octets)
        record.seen += 1
        record.octets += len(passing.frame)
        if passing.seen < fault.skip or (fault.times is not None and record.strikes >= fault.times):
            return None
        draw = Draw(f"{self._faults.salt}/{running.key}/{self._key}/{passing.seen}")
        if fault.probability < 1 and draw.uniform(0) >= fault.probability:
            return None
        actions = fault.act(passing, draw)
        if actions is not None:
            record.strikes += 1
            self._struck(running, passing)
        return actions


def _later(action: Action, write: Write, *, first: bool) -> Action:
    """What becomes of a part of a write that was to leave later anyway."""
    if not isinstance(action, Write) or not (write.after or write.gap):
        return action
    gap = action.gap + (write.gap if first else 0.0)
    return msgspec.structs.replace(action, after=action.after + write.after, gap=gap)
