"""PDUs that look alike: of one length, and the same but for what may differ.

Each octet of such PDUs, one behind another, makes a column. How far a column goes on as it begins is asked of all at
once, which costs a tenth of looking at each PDU.
"""

from collections.abc import Iterable
from struct import iter_unpack


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


def parts(octets: bytes, first: int, size: int, count: int, *spans: tuple[int, int]) -> list[tuple[bytes, ...]]:
    """Of so many PDUs of one size, one behind another from `first` on, what stands from here to there in each.

    One after another of `spans`, which do not overlap.
    """
    form, at = "", 0
    for begin, end in spans:
        form += f"{begin - at}x{end - begin}s"
        at = end
    return list(zip(*iter_unpack(f"{form}{size - at}x", octets[first : first + count * size]), strict=True))


def numbers_of(octets: bytes, first: int, size: int, count: int) -> bytes:
    """The sequence numbers of so many PDUs of one size, one behind another."""
    numbers, at, end = bytearray(4 * count), first + 12, first + count * size
    for place in range(4):
        numbers[place::4] = octets[at + place : end : size]
    return bytes(numbers)
