"""What a client may say of a message, once it is known what its operator decided and which receipts came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from sender.domain.message import State


class Part(msgspec.Struct, frozen=True):
    """One segment as its operator knows it."""

    number: int
    message_id: str
    """As in the response; "" when it was refused without one."""
    refused: bool = False
    ends: frozenset[State | None] = frozenset()
    """What became of it: None while nothing final did. More than one when it was submitted more than once."""
    told: bool = False
    """Whether a receipt said so, and the client acknowledged that."""


_FAILED: Final = frozenset({State.REJECTED, State.UNDELIVERED})
_NOTHING: Final = frozenset({None})


def allowed(parts: Sequence[Part]) -> frozenset[State | None]:
    """The final states that a client may know a message to be in; None is no final state.

    A message is delivered when every part is, and has failed when one has. Where receipts came for some parts only,
    nobody can know of the rest: then it is as good to say nothing.
    """
    if any(part.refused for part in parts):
        return _FAILED | {end for part in parts if part.told for end in part.ends if end not in _NOT_FAILED}
    told = [part for part in parts if part.told]
    if not told:
        return _NOTHING
    ends = frozenset(end for part in told for end in part.ends)
    failures = ends - _NOT_FAILED
    if len(told) < len(parts):
        return (failures or frozenset({State.DELIVERED})) | _NOTHING
    return failures or (_NOTHING if None in ends else frozenset({State.DELIVERED}))


_NOT_FAILED: Final = frozenset({State.DELIVERED, None})


def folded(states: Sequence[State | None], parts: int) -> State | None:
    """The state of a message of so many parts, of which a client names these states; None is no final one."""
    failures = [state for state in states if state is not None and state is not State.DELIVERED]
    if failures:
        return max(failures)
    return State.DELIVERED if states.count(State.DELIVERED) == parts else None
