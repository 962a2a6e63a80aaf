"""One write, many segments."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing
from yamlmodel.scalars import Duration

HUNDRED_MICROSECONDS = Duration(1e-4)


class Slice(Directed, frozen=True, kw_only=True, tag="slice"):
    """Every PDU is cut into segments of a few octets, header included; nothing is lost and little time."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: slice, size: 1}"
    shapes: ClassVar[bool] = True

    size: Annotated[int, Meta(description="Octets per segment", ge=1)] = 1
    gap: Annotated[Duration, Meta(description="Time between segments, so that each travels alone")] = (
        HUNDRED_MICROSECONDS
    )

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Cut it."""
        return in_pieces(passing.frame, self.size, self.gap)


def in_pieces(octets: bytes, size: int, gap: float) -> Sequence[Write]:
    """Octets in pieces of `size`, each `gap` seconds after what left before: never with the end of another PDU."""
    return [Write(octets[start : start + size], gap=gap) for start in range(0, len(octets), size)]
