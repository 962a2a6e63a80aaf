"""A connection that one side no longer has."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from smsc.faults.actions import Action, Silence
from smsc.faults.base import WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage


class HalfOpen(WireFault, frozen=True, kw_only=True, tag="half-open"):
    """The path dies without a word: nothing passes any more either way, and no FIN and no RST says so. Once the fault
    is over, a connection that the message centre has given up answers with RST, as after a restart of its host.
    """

    example: ClassVar[str] = "{at: 30s, for: 60s, fault: half-open, account: shop}"
    stages: ClassVar[Mapping[Stage, Direction]] = {
        Stage.ACCEPT: Direction.OUT,
        Stage.BIND: Direction.IN,
        Stage.SUBMIT: Direction.IN,
        Stage.RESPONSE: Direction.OUT,
        Stage.RECEIPT: Direction.OUT,
        Stage.CLOSE: Direction.OUT,
        Stage.ANY: Direction.BOTH,
    }

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Nothing, for ever."""
        return [Silence()]
