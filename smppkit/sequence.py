"""Sequence numbers: 1 to 0x7FFFFFFF, then 1 again (SMPP 3.4 §3.2.2, 5.0 §4.7.24)."""

from __future__ import annotations

from collections.abc import Sequence

LAST = 0x7FFFFFFF


def after(number: int, steps: int = 1) -> int:
    """The number `steps` after `number`, wrapping from 0x7FFFFFFF to 1."""
    return (number - 1 + steps) % LAST + 1


def run(first: int, count: int) -> Sequence[int]:
    """So many numbers from `first` on."""
    if first + count - 1 <= LAST:
        return range(first, first + count)
    return [after(first, steps) for steps in range(count)]


class SequenceNumbers:
    """Gives out consecutive sequence numbers for one direction of one session."""

    __slots__ = ("_next",)

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def take(self, count: int = 1) -> int:
        """Reserve `count` consecutive numbers and return the first; the others are ``after(first, n)``."""
        first = self._next
        self._next = first + count if first < LAST - count else after(first, count)
        return first
