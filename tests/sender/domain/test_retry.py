import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.retry import RetryClass, RetryPolicy, retry_class, retry_delay

POLICY = RetryPolicy(first=1.0, longest=60.0, give_up=3600.0)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x58, RetryClass.RETRY_THROTTLE),
        (0x14, RetryClass.RETRY_QUEUE),
        (0x08, RetryClass.RETRY_LATER),
        (0x45, RetryClass.RETRY_LATER),
        (0xFF, RetryClass.RETRY_LATER),
        (0x0B, RetryClass.PERMANENT),
        (0x0A, RetryClass.PERMANENT),
        (0x03, RetryClass.PERMANENT),
        (0x400, RetryClass.PERMANENT),  # a vendor's: the same submit would be refused again
    ],
)
def test_the_status_decides_whether_another_attempt_makes_sense(status, expected):
    assert retry_class(status) is expected


def test_waits_double_up_to_the_longest():
    waits = [retry_delay(attempt, POLICY, 0.0) for attempt in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_draw_takes_off_up_to_half():
    assert retry_delay(3, POLICY, 0.5) == 3.0


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_bounded_for_any_attempt(attempt, draw):
    assert 0.5 <= retry_delay(attempt, POLICY, draw) <= 60.0


def test_attempts_count_from_one():
    with pytest.raises(ValueError, match="from 1"):
        retry_delay(0, POLICY, 0.0)
