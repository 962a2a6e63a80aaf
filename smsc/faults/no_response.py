"""A request without an answer."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from smsc.faults.actions import Action
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.lies import ANSWERS
from smsc.faults.passing import Direction, Passing, Stage


class NoResponse(WireFault, frozen=True, kw_only=True, tag="no-response"):
    """A response never arrives, though the request was performed: a message is accepted and its submit_sm in doubt. At
    `receipt` it is the ESME's deliver_sm_resp that the message centre never gets; at `any`, everybody's.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: no-response, probability: 1%}"
    stages: ClassVar[Mapping[Stage, Direction]] = ANSWERS

    stage: AtStage = Stage.RESPONSE

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Drop it."""
        return [] if passing.is_response else None
