"""PDUs that are alike: of one length, and the same octets but for some places. They are read by columns.

What comes from one operator within a moment differs in numbers, ids and words. So the first of such PDUs is read by a
pattern, and those behind it are compared with it, for a fraction of the price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Final, TypeAlias

_FIRST: Final = 8
_FACTOR: Final = 4
"""So many are compared at first, and so many times as many whenever all were alike: what is not costs little."""

Columns: TypeAlias = Sequence[Sequence[bytes]]


def columns(
    octets: bytes,
    start: int,
    end: int,
    places: Sequence[tuple[int, int]],
    fits: Callable[[Columns], bool],
    most: int,
) -> list[list[bytes]]:
    """What stands at `places` in those, at most `most`, that follow the PDU between `start` and `end` and are like it.

    `places` are where that one may be different, in order, as begin and end. Some at a time are given to `fits`, which
    says whether what they have there is as it should be in each of them.
    """
    found: list[list[bytes]] = [[] for _ in places]
    size, left, count = end - start, min(most, (len(octets) - end) // (end - start)), _FIRST
    if not left:
        return found
    unpack = _layout(start, end, places).iter_unpack
    model = next(unpack(octets[start:end]))[::2]
    length = octets[start + 3 : start + 4]
    at = end
    while left:
        lengths = octets[at + 3 : at + min(count, left) * size : size]
        many = len(lengths) - len(lengths.lstrip(length))  # of this length, by its last octet
        if many < count:
            left = many
        some = list(zip(*unpack(octets[at : at + many * size]), strict=True))
        same = min(map(_agreeing, some[::2], model)) if many else 0
        if same < many:
            left = many = same
            some = [each[:many] for each in some]
        if not many or not fits(some[1::2]):
            break
        for column, more in zip(found, some[1::2], strict=True):
            column.extend(more)
        at += many * size
        left -= many
        count *= _FACTOR
    return found


def _agreeing(column: Sequence[bytes], model: bytes) -> int:
    """How many are equal to it, before the first that is not."""
    if column.count(model) == len(column):
        return len(column)
    return next(place for place, it in enumerate(column) if it != model)


def _layout(start: int, end: int, places: Sequence[tuple[int, int]]) -> Struct:
    """By turns what is the same and what is at a place."""
    sizes: list[int] = []
    at = start
    for begin, stop in places:
        sizes += (begin - at, stop - begin)
        at = stop
    return Struct("".join(f"{size}s" for size in (*sizes, end - at)))
