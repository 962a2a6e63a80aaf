"""The messages of a mix, drawn one after the other: all of it follows from the seed and the share of the worker."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import msgspec

from carrierlab.load.messages import Composed, compose, number_of
from carrierlab.load.model import shares_of
from carrierlab.loadtest.profile import Message

DEFAULT_SENDER = "LOAD"


class Addressed(msgspec.Struct, frozen=True):
    """A message and its number; `composed.parts` are its PDUs."""

    to: str
    composed: Composed


class Mix:
    """Draws messages. Of `of` workers each has the numbers of its own `share` (from 0): rows, and what is random."""

    def __init__(self, kinds: list[Message], seed: int, share: int = 0, of: int = 1) -> None:
        """ValueError when a file of numbers cannot be read, or has fewer than there are workers."""
        self._kinds = kinds
        self._shares = shares_of(kinds)
        self._draw = random.Random(f"{seed}/loadtest/mix/{share}/{of}")  # noqa: S311 - to be repeated exactly
        self._numbers = [_numbers(kind, share, of) for kind in kinds]
        self._senders = [itertools.cycle(kind.senders or [kind.from_ or DEFAULT_SENDER]) for kind in kinds]
        self._count = itertools.count(share + 1, of)

    def next(self) -> Addressed:
        """The next message. UnencodableText, SegmentError when it cannot be sent as the mix says."""
        (index,) = self._draw.choices(range(len(self._kinds)), self._shares)
        kind, numbers = self._kinds[index], self._numbers[index]
        to = number_of(kind.to, self._draw) if numbers is None else next(numbers)
        return Addressed(to, compose(kind, next(self._count), to, next(self._senders[index]), self._draw))


def _numbers(kind: Message, share: int, of: int) -> Iterator[str] | None:
    if kind.numbers is None:
        return None
    own = kind.numbers.read()[share::of]
    if not own:
        raise ValueError(f"{kind.numbers.csv} has fewer numbers than there are workers ({of})")
    return itertools.cycle(own)
