"""A close that takes its time."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Close
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage
from yamlmodel.scalars import Duration


class SlowClose(WireFault, frozen=True, kw_only=True, tag="slow-close"):
    """The message centre has unbound or given up, and the FIN comes later. What it wants closed and is not so after 5 s
    it resets.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: slow-close, delay: 3s}"
    stages: ClassVar[Mapping[Stage, Direction]] = {Stage.CLOSE: Direction.OUT}

    stage: AtStage = Stage.CLOSE
    delay: Annotated[Duration, Meta(description="How much later")] = Duration(2)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Close, later."""
        return [Close(self.delay)]
