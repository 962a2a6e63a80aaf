import pytest

from sender.channels.reserve import LASTS, Reserve


def test_nothing_is_kept_until_there_is_a_code_and_some_time_after_the_last():
    reserve = Reserve(0.05)
    assert reserve.of(100, 0.0) == 0
    reserve.code(10.0)
    assert reserve.of(100, 10.0) == 5
    assert reserve.of(100, 10.0 + LASTS - 1) == 5
    assert reserve.of(100, 10.0 + LASTS) == 0


@pytest.mark.parametrize(("whole", "kept"), [(1, 0), (0.5, 0), (2, 1), (10, 1), (20, 1), (21, 2), (1000, 50)])
def test_one_place_at_least_is_kept_where_that_leaves_one(whole: float, kept: int):
    reserve = Reserve(0.05)
    reserve.code(0.0)
    assert reserve.of(whole, 1.0) == kept


def test_it_may_be_turned_off():
    reserve = Reserve(0.0)
    reserve.code(0.0)
    assert reserve.of(100, 1.0) == 0
