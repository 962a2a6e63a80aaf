"""Answers in another order."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Behind
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import ANSWERS
from smsc.faults.passing import Direction, Passing, Stage
from yamlmodel.scalars import Duration


class SwappedResponses(WireFault, frozen=True, kw_only=True, tag="swapped-responses"):
    """A response lets the next one go first, as SMPP allows (3.4 §2.7.2): the first two change places, and so on."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: swapped-responses}"
    stages: ClassVar[Mapping[Stage, Direction]] = ANSWERS

    stage: AtStage = Stage.RESPONSE
    within: Annotated[Duration, Meta(description="How long it waits for another at most")] = Duration(1)

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Keep it back, unless one is kept back already: then this is the one that goes first."""
        if passing.waiting or not passing.is_response:
            return None
        return [Behind(passing.frame, self.within)]
