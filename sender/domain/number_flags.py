"""A set of flags for each of a million numbers, in sixteen octets each and less than half a microsecond a question.

An open hash table over one array: a dict or a set of Python's integers takes five times as much, a sorted array is
slower to ask and a million times slower to change.
"""

from __future__ import annotations

from array import array
from typing import Final

FLAGS: Final = 3
"""Bits of flags beside a number; with E.164's 15 digits (50 bits) that leaves room in 64."""

_ALL_FLAGS: Final = (1 << FLAGS) - 1
_SMALLEST: Final = 10  # binary logarithm of the slots of an empty table
_MIX: Final = 0x9E3779B97F4A7C15  # Fibonacci hashing: neighbours go far apart
_WORD: Final = (1 << 64) - 1


class NumberFlags:
    """Flags (1 to 7) by number; a number without flags is not in it. `capacity` is how many numbers to make room for.

    >>> flags = NumberFlags()
    >>> flags.add(77051234567, 2)
    >>> flags.of(77051234567), flags.of(77051234568)
    (2, 0)
    """

    __slots__ = ("_bits", "_mask", "_shift", "_table", "_used", "size")

    def __init__(self, capacity: int = 0) -> None:
        self.size = 0
        """Numbers that have a flag."""
        self._make(max(_SMALLEST, (2 * capacity).bit_length()))

    def of(self, number: int) -> int:
        """The flags of a number; 0 for none."""
        table = self._table
        at = (number * _MIX & _WORD) >> self._shift
        while entry := table[at]:
            if entry >> FLAGS == number:
                return entry & _ALL_FLAGS
            at = (at + 1) & self._mask
        return 0

    def add(self, number: int, flag: int) -> None:
        """Give a number a flag."""
        if not 0 < number < 1 << 61:
            raise ValueError(f"{number} is no phone number")
        at = self._place(number)
        entry = self._table[at]
        self.size += not entry & _ALL_FLAGS
        if not entry:
            self._used += 1
        self._table[at] = (entry or number << FLAGS) | flag
        if 3 * self._used > 2 * len(self._table):
            self._grow()

    def discard(self, number: int, flag: int) -> None:
        """Take a flag from a number, if it has it. Its slot stays taken until the table grows: others lie behind it."""
        at = self._place(number)
        entry = self._table[at]
        if entry & flag:
            self._table[at] = entry & ~flag
            self.size -= not entry & ~flag & _ALL_FLAGS

    def _place(self, number: int) -> int:
        """The slot of a number, or the free one where it belongs."""
        table = self._table
        at = (number * _MIX & _WORD) >> self._shift
        while (entry := table[at]) and entry >> FLAGS != number:
            at = (at + 1) & self._mask
        return at

    def _make(self, bits: int) -> None:
        self._bits = bits
        self._shift = 64 - bits
        self._mask = (1 << bits) - 1
        self._table = array("Q", bytes(8 << bits))
        self._used = 0

    def _grow(self) -> None:
        old = self._table
        # Slots of numbers that lost their flags are not carried over; when many did, there is room enough already.
        self._make(self._bits + (2 * self.size > len(old) // 2))
        for entry in old:
            if entry & _ALL_FLAGS:
                self._table[self._place(entry >> FLAGS)] = entry
                self._used += 1
