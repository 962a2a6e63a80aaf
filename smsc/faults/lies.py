"""What the faults have in common that say something nobody said."""

from collections.abc import Mapping, Sequence
from typing import Final

from smsc.faults.actions import Action, Write
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage

AROUND: Final[Mapping[Stage, Direction]] = {
    Stage.ACCEPT: Direction.OUT,
    Stage.BIND: Direction.OUT,
    Stage.SUBMIT: Direction.IN,
    Stage.RESPONSE: Direction.OUT,
    Stage.RECEIPT: Direction.OUT,
    Stage.ANY: Direction.OUT,
}
"""Octets may be put before anything that is written, and said as soon as a submit has come."""

ANSWERS: Final[Mapping[Stage, Direction]] = {
    Stage.BIND: Direction.OUT,
    Stage.RESPONSE: Direction.OUT,
    Stage.RECEIPT: Direction.IN,
    Stage.ANY: Direction.BOTH,
}
"""Where responses pass: to a bind, to a request of the ESME, to a delivery (from the ESME)."""

_FIRST_UNKNOWN: Final = 0x7000_0000


def said_before(lie: bytes, passing: Passing) -> Sequence[Action]:
    """The ESME hears something, and then what it would have heard."""
    told = Write(lie, to=Direction.OUT)
    return [told, Write(passing.frame)] if passing.frame else [told]


def unknown_sequence(draw: Draw) -> int:
    """A sequence number that nobody uses: a session counts from 1 and lives too short to come there."""
    return _FIRST_UNKNOWN + draw.below(0x0FFF_FFFF)
