"""PDUs that are alike: of one length, and the same octets but for some places. They are read by columns.

What comes from one peer within a moment differs in numbers, ids and words. So the first of such PDUs is read by a
pattern, and those behind it are compared with it, for a fraction of the price: octet by octet where few of them are to
be the same (`alike`), else as pieces (`columns`). They are written in columns, too: the first as often as there are
PDUs, and then what differs (`fill`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from struct import Struct
from typing import Final, TypeAlias, final, overload

_FIRST: Final = 8
_FACTOR: Final = 4
"""So many are compared at first, and so many times as many whenever all were alike: what is not costs little."""
_FEW: Final = 16
_TOGETHER: Final = 16
"""PDUs that are cut into their parts in one call."""

Columns: TypeAlias = Sequence[Sequence[bytes]]


@final
class Pieces(Sequence[bytes]):
    """Pieces of one size that stand one behind another, without an object for each; PDUs, or a column of them.

    Whether something is that is asked of its type: ``isinstance`` of a Sequence costs as much as to cut two of them.
    """

    __slots__ = ("_begin", "_end", "_octets", "size")

    def __init__(self, octets: bytes | bytearray, size: int, begin: int = 0, end: int = -1) -> None:
        """They stand in these octets, which nobody changes, from `begin` to before `end`; -1: to their end."""
        self.size = size
        self._octets = octets
        self._begin = begin
        self._end = len(octets) if end < 0 else end

    @property
    def octets(self) -> bytes | bytearray:
        """All of them."""
        octets = self._octets
        return octets if self._end - self._begin == len(octets) else octets[self._begin : self._end]

    def __len__(self) -> int:
        return (self._end - self._begin) // self.size

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, slice) and place.step is None:
            first, last, _ = place.indices(len(self))
            begin = self._begin + first * self.size
            return Pieces(self._octets, self.size, begin, max(begin, self._begin + last * self.size))
        return self.each()[place]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.each())

    def each(self) -> list[bytes]:
        """Each of them."""
        return parts(self._octets, self._begin, self.size, len(self), (0, self.size))[0]


def together(pieces: Sequence[bytes]) -> Sequence[bytes]:
    """The same, one behind another where they are several, and of one size."""
    if len(pieces) < _FIRST or len(set(map(len, pieces))) > 1:
        return pieces
    return Pieces(b"".join(pieces), len(pieces[0]))


def joined(pieces: Sequence[bytes]) -> bytes | bytearray:
    """Pieces one behind another."""
    return pieces.octets if type(pieces) is Pieces else b"".join(pieces)


def fill(octets: bytearray, at: int, size: int, column: bytes | bytearray, width: int) -> None:
    """Write a column into PDUs of one size: so many octets each, which begin so many behind the begin of the PDU."""
    for place in range(width):
        octets[at + place :: size] = column[place::width]


def promising(octets: bytes, start: int, end: int) -> bool:
    """Whether the next few may be as long as the PDU between `start` and `end`: else each is read sooner by itself."""
    return octets[end + 3 : end + _FEW * (end - start) : end - start] == octets[start + 3 : start + 4] * _FEW


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
    size = end - start
    left, count, at = min(most, (len(octets) - end) // size), _FIRST, end
    length = octets[start + 3 : start + 4]
    unpack = _layout(start, end, places).iter_unpack
    model = next(unpack(octets[start:end]))[::2]
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
    return _pieces((0, *[at - start for at in chain.from_iterable(places)], end - start))


@lru_cache(maxsize=1024)
def _pieces(bounds: tuple[int, ...]) -> Struct:
    return Struct("".join(f"{after - before}s" for before, after in pairwise(bounds)))


def alike(octets: bytes, first: int, size: int, same: Iterable[int], named: Iterable[int] = ()) -> int:
    """How many PDUs of `size` octets come one behind another from `first` on that are like the one that is there.

    At the places `same` they have its octets, at the places `named` anything but a NUL; elsewhere nobody looks.
    """
    count = (len(octets) - first) // size
    for place in same:
        column = octets[first + place : first + count * size : size]
        octet = column[:1]
        if column != octet * count:
            count = len(column) - len(column.lstrip(octet))
    for place in named:
        column = octets[first + place : first + count * size : size]
        if 0 in column:
            count = column.index(0)
    return count


def one_of(values: Sequence[bytes]) -> Sequence[bytes]:
    """The first, where all are the same; else all of them."""
    return values[:1] if values.count(values[0]) == len(values) else values


def parts(octets: bytes | bytearray, first: int, size: int, count: int, *spans: tuple[int, int]) -> list[list[bytes]]:
    """Of so many PDUs of one size, one behind another from `first` on, what stands from here to there in each.

    One after another of `spans`, which do not overlap.
    """
    one, many = _reading(size, spans)
    found: list[bytes] = []
    at = first
    for some, step in ((many, _TOGETHER), (one, 1)):
        for _ in range(count // step):
            found += some.unpack_from(octets, at)
            at += some.size
        count %= step
    return [found] if len(spans) == 1 else [found[place :: len(spans)] for place in range(len(spans))]


@lru_cache(maxsize=1024)
def _reading(size: int, spans: tuple[tuple[int, int], ...]) -> tuple[Struct, Struct]:
    """What reads these of one PDU, and of several: an object for each PDU would cost more than what is read."""
    form, at = "", 0
    for begin, end in spans:
        form += f"{begin - at}x{end - begin}s"
        at = end
    form += f"{size - at}x"
    return Struct(form), Struct(form * _TOGETHER)


def numbers_of(octets: bytes, first: int, size: int, count: int) -> bytes:
    """The sequence numbers of so many PDUs of one size, one behind another."""
    numbers, at, end = bytearray(4 * count), first + 12, first + count * size
    for place in range(4):
        numbers[place::4] = octets[at + place : end : size]
    return bytes(numbers)
