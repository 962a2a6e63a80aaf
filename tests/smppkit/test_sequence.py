"""Sequence numbers wrap 0x7FFFFFFF to 1 (C08)."""

from smppkit.sequence import LAST, SequenceNumbers, after


def test_c08_numbers_wrap_to_one() -> None:
    numbers = SequenceNumbers(first=LAST - 1)
    assert [numbers.take() for _ in range(3)] == [LAST - 1, LAST, 1]


def test_a_reserved_range_wraps_too() -> None:
    numbers = SequenceNumbers(first=LAST)
    first = numbers.take(3)
    assert [after(first, n) for n in range(3)] == [LAST, 1, 2]
    assert numbers.take() == 3
