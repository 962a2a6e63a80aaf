"""What a fault may do to a connection. The wire performs it; nothing here is a flag in codec or session.

Octets keep their order within a direction: what is written late delays what comes after it.
"""

from typing import TypeAlias

import msgspec

from smsc.faults.passing import Direction


class Write(msgspec.Struct, frozen=True, gc=False):
    """Octets go on their way.

    They leave `after` seconds from now, and `gap` seconds after what left before them. `to` is the direction, that of
    what passes when None. Not `ordered`: nothing waits for them, they are put between others when their time comes.
    """

    octets: bytes
    after: float = 0.0
    gap: float = 0.0
    to: Direction | None = None
    ordered: bool = True


class Gather(msgspec.Struct, frozen=True, gc=False):
    """Octets wait until `pieces` such wait or the first has waited `wait` seconds, and leave as one segment."""

    octets: bytes
    pieces: int
    wait: float


class Behind(msgspec.Struct, frozen=True, gc=False):
    """Octets let the next PDU of the same stage go first; `within` seconds at the latest they leave alone."""

    octets: bytes
    within: float


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Nothing moves in this direction for `seconds`, or while the fault is on when None. Inbound nothing is read."""

    seconds: float | None = None


class Silence(msgspec.Struct, frozen=True, gc=False):
    """The path is dead from now on: nothing passes either way, and nobody is told."""


class Close(msgspec.Struct, frozen=True, gc=False):
    """The connection is closed (FIN) after what was written, `after` seconds later."""

    after: float = 0.0


class Reset(msgspec.Struct, frozen=True, gc=False):
    """The connection is reset (RST) after what was written, `after` seconds later."""

    after: float = 0.0


Action: TypeAlias = Write | Gather | Behind | Hold | Silence | Close | Reset
