"""The same answer again."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import ANSWERS
from smsc.faults.passing import Direction, Passing, Stage
from yamlmodel.scalars import Duration


class DuplicateResponse(WireFault, frozen=True, kw_only=True, tag="duplicate-response"):
    """A request is answered more than once, with the same octets."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: duplicate-response, delay: 1s, probability: 10%}"
    stages: ClassVar[Mapping[Stage, Direction]] = ANSWERS

    stage: AtStage = Stage.RESPONSE
    copies: Annotated[int, Meta(description="How often it comes in all", ge=2, le=100)] = 2
    delay: Annotated[Duration, Meta(description="Time from one to the next")] = Duration(0)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Write it again; what follows does not wait for the copies."""
        if not passing.is_response:
            return None
        copies = range(1, self.copies)
        again = [Write(passing.frame, after=self.delay * n, ordered=not self.delay) for n in copies]
        return [Write(passing.frame), *again]
