"""A narrow line."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from smsc.faults.actions import Action, Write
from smsc.faults.base import Directed
from smsc.faults.chance import Draw
from smsc.faults.passing import Passing
from yamlmodel.scalars import Rate

_PER_SECOND = 10  # segments, at most: a narrow line still carries something all the time


class Bandwidth(Directed, frozen=True, kw_only=True, tag="bandwidth"):
    """Octets pass at no more than a rate; what is over it queues up, and the queue pushes back."""

    example: ClassVar[str] = "{at: 30s, for: 10s, fault: bandwidth, rate: 1000/s}"
    shapes: ClassVar[bool] = True

    rate: Annotated[Rate, Meta(description="Octets at most", examples=["1000/s"])]

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Each piece takes its time on the line."""
        size = max(1, int(self.rate / _PER_SECOND))
        pieces = (passing.frame[start : start + size] for start in range(0, len(passing.frame), size))
        return [Write(piece, gap=len(piece) / self.rate) for piece in pieces]
