"""PDUs that look alike, with made-up ones of four octets."""

from smppkit.alike import alike, numbers_of, parts


def test_those_are_counted_that_have_the_same_octets_where_they_must() -> None:
    octets = b"ab1x" + b"ab2y" + b"ab\0z" + b"ac4z" + b"ab"
    assert alike(b"...." + octets, 4, 4, (0, 1)) == 3
    assert alike(octets, 0, 4, (0,)) == 4
    assert alike(octets, 0, 4, (0, 1), named=(2,)) == 2
    assert alike(octets, 12, 4, (0, 1, 2, 3)) == 1
    assert alike(octets, 8, 4, (0,), named=(2,)) == 0
    assert alike(b"ab", 0, 4, (0,)) == 0


def test_parts_are_cut_out_of_each() -> None:
    octets = b"..ab1xac2yzz"
    assert parts(octets, 2, 4, 2, (0, 2), (3, 4)) == [(b"ab", b"ac"), (b"x", b"y")]


def test_numbers_are_cut_out_of_headers() -> None:
    octets = b"".join(bytes(12) + number.to_bytes(4, "big") + b"-" for number in (1, 0x01020304))
    assert numbers_of(octets, 0, 17, 2) == b"\0\0\0\1\1\2\3\4"
