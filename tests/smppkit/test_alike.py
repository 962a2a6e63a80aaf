"""PDUs that are alike: read by columns as far as they are so, and no further."""

from __future__ import annotations

import pytest

from smppkit.alike import Columns, Pieces, alike, columns, fill, joined, numbers_of, parts, promising, together


def one(number: int, word: bytes = b"word", tail: bytes = b"tail") -> bytes:
    return b"\0\0\0\x10head" + number.to_bytes(4, "big") + word[:2] + tail[:2]


def read(*behind: bytes, most: int = 1000) -> list[list[bytes]]:
    return columns(one(0) + b"".join(behind), 0, 16, [(8, 12), (12, 14)], fits, most)


def fits(places: Columns) -> bool:
    return b"!!" not in places[1]


def numbers(*wanted: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in wanted]


def test_places_are_given_by_columns() -> None:
    assert read(one(1, b"ab"), one(2, b"cd")) == [numbers(1, 2), [b"ab", b"cd"]]
    assert read() == [[], []]
    assert read(one(1)[:-1]) == [[], []]


def test_some_of_one_length_are_promising() -> None:
    longer = b"\0\0\0\x11" + one(1)[4:] + b"!"
    assert promising(one(0) * 17, 0, 16)
    assert not promising(one(0) * 16, 0, 16)
    assert not promising(one(0) * 16 + longer, 0, 16)
    assert not promising(one(0) + longer * 17, 0, 16)


def test_no_more_than_is_wanted() -> None:
    assert read(*map(one, range(1, 100)), most=50)[0] == numbers(*range(1, 51))
    assert read(one(1), most=0) == [[], []]


@pytest.mark.parametrize("place", [0, 1, 7, 8, 9, 40, 99])
@pytest.mark.parametrize("odd", [one(1, tail=b"xx"), b"\0\0\0\x11" + one(1)[4:], b"\0\0\1\x10" + one(1)[4:], b"\0" * 8])
def test_the_first_that_is_not_like_it_is_the_end(place: int, odd: bytes) -> None:
    made = list(map(one, range(100)))
    assert read(*made[:place], odd, *made[place:])[0] == numbers(*range(place))


@pytest.mark.parametrize(("place", "found"), [(0, 0), (7, 0), (8, 8), (39, 8), (40, 40), (99, 40)])
def test_what_does_not_fit_ends_it_with_those_that_were_compared_together(place: int, found: int) -> None:
    made = list(map(one, range(100)))
    made[place] = one(place, b"!!")
    assert read(*made)[0] == numbers(*range(found))


def test_those_are_counted_that_have_the_same_octets_where_they_must() -> None:
    octets = b"ab1x" + b"ab2y" + b"ab\0z" + b"ac4z" + b"ab"
    assert alike(b"...." + octets, 4, 4, (0, 1)) == 3
    assert alike(octets, 0, 4, (0,)) == 4
    assert alike(octets, 0, 4, (0, 1), named=(2,)) == 2
    assert alike(octets, 12, 4, (0, 1, 2, 3)) == 1
    assert alike(octets, 8, 4, (0,), named=(2,)) == 0
    assert alike(b"ab", 0, 4, (0,)) == 0


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 40])
def test_parts_are_cut_out_of_each(count: int) -> None:
    octets = b".." + b"".join(b"a%02dxb" % number for number in range(count)) + b"zzzzz"
    numbers = [b"%02d" % number for number in range(count)]
    assert parts(octets, 2, 5, count, (1, 3)) == [numbers]
    assert parts(octets, 2, 5, count, (0, 1), (1, 3), (4, 5)) == [[b"a"] * count, numbers, [b"b"] * count]


def test_pieces_are_those_that_stand_in_the_octets() -> None:
    each = [b"%02d" % number for number in range(40)]
    pieces = Pieces(b"".join(each), 2)
    assert (list(pieces), len(pieces), pieces[7]) == (each, 40, b"07")
    some = pieces[10:30]
    assert isinstance(some, Pieces)
    assert (list(some), some.octets, list(some[:5]), list(some[15:])) == (
        each[10:30],
        b"".join(each[10:30]),
        each[10:15],
        each[25:30],
    )
    assert (list(some[30:]), list(pieces[38:100]), list(pieces[::7])) == ([], each[38:], each[::7])
    assert joined(some) == joined(each[10:30])


def test_only_what_is_several_and_of_one_size_is_put_together() -> None:
    several = [b"%02d" % number for number in range(20)]
    assert isinstance(together(several), Pieces)
    assert list(together(several)) == several
    for others in ([], several[:3], [*several, b"long"]):
        assert together(others) is others


def test_a_column_is_filled_in_each() -> None:
    octets = bytearray(b"a..b" * 3)
    fill(octets, 1, 4, b"010203", 2)
    assert octets == b"a01ba02ba03b"


def test_numbers_are_cut_out_of_headers() -> None:
    octets = b"".join(bytes(12) + number.to_bytes(4, "big") + b"-" for number in (1, 0x01020304))
    assert numbers_of(octets, 0, 17, 2) == b"\0\0\0\1\1\2\3\4"
