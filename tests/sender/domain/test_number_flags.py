"""Flags of a million numbers."""

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender.domain.number_flags import NumberFlags


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60), st.sampled_from((1, 2, 4)))), st.integers(1, 10**15 - 61))
def test_it_is_a_dict_of_flags(changes: list[tuple[bool, int, int]], base: int) -> None:
    flags, model = NumberFlags(), dict[int, int]()
    for add, number, flag in changes:
        if add:
            flags.add(base + number, flag)
            model[number] = model.get(number, 0) | flag
        else:
            flags.discard(base + number, flag)
            model[number] = model.get(number, 0) & ~flag
        assert flags.size == sum(1 for value in model.values() if value)
    assert [flags.of(base + number) for number in range(62)] == [model.get(number, 0) for number in range(62)]


def test_it_grows_and_finds_again_what_is_in_it() -> None:
    draw = random.Random(1)
    numbers = [draw.randrange(10**10, 10**12) for _ in range(20_000)] + list(range(77_050_000_000, 77_050_020_000))
    flags = NumberFlags()
    for number in numbers:
        flags.add(number, 2)
    assert flags.size == len(set(numbers))
    assert all(flags.of(number) == 2 for number in numbers)
    assert not any(flags.of(number) for number in range(77_050_020_000, 77_050_040_000))


def test_what_comes_and_goes_for_ever_takes_no_more_room() -> None:
    flags = NumberFlags()
    for number in range(77_000_000_000, 77_000_050_000):
        flags.add(number, 1)
        flags.discard(number, 1)
    assert flags.size == 0
    assert len(flags._table) == 1024


def test_a_million_numbers_take_less_than_thirty_megabytes() -> None:
    flags = NumberFlags(1_000_000)
    assert sys.getsizeof(flags._table) < 30_000_000
    assert len(flags._table) >= 2_000_000


@pytest.mark.parametrize("number", [0, -1, 1 << 61])
def test_what_is_no_number_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="is no phone number"):
        NumberFlags().add(number, 1)
