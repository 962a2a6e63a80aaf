"""Connections that are cut."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from smsc.faults.actions import Action, Reset
from smsc.faults.base import WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage
from yamlmodel.scalars import Duration


class ResetFault(WireFault, frozen=True, kw_only=True, tag="reset"):
    """A connection is reset (RST) where a stage says, and what was to pass is lost: a bind or a submit unheard, a
    response or a receipt unsaid. Without a stage, bound connections are reset at once.
    """

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: reset, stage: response, probability: 5%}"
    stages: ClassVar[Mapping[Stage, Direction]] = {
        Stage.ACCEPT: Direction.OUT,
        Stage.BIND: Direction.IN,
        Stage.SUBMIT: Direction.IN,
        Stage.RESPONSE: Direction.OUT,
        Stage.RECEIPT: Direction.OUT,
        Stage.CLOSE: Direction.OUT,
        Stage.ANY: Direction.BOTH,
    }

    stage: Annotated[Stage, Meta(description="Where it strikes; at once when omitted")] | None = None  # type: ignore[assignment]
    binds: Annotated[Literal["all"] | Annotated[int, Meta(ge=1)], Meta(description="How many, when it is at once")] = (
        "all"
    )
    delay: Annotated[Duration, Meta(description="How much later, when it is at a stage")] = Duration(0)

    @property
    def at_once(self) -> bool:
        """It cuts connections when it begins, and none later."""
        return self.stage is None

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Cut the connection."""
        return [Reset(self.delay)]

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What is at once has a time and a number; what is at a stage has neither."""
        if self.stage is not None:
            yield from super().problems()
            if self.binds != "all":
                yield ("binds",), "counts connections that are reset at once; at a stage, say probability or times"
        elif self.standing:
            yield (), f'the key "stage" is missing; expected one of {", ".join(stage.value for stage in self.stages)}'
