import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.retry import RetryClass, RetryPolicy, retry_delay
from smppkit.status import CommandStatus

POLICY = RetryPolicy(first=1.0, longest=60.0, give_up=3600.0)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x58, RetryClass.SAFE),
        (0x14, RetryClass.SAFE),
        (0x08, RetryClass.SAFE),
        (0x45, RetryClass.SAFE),
        (0xFE, RetryClass.SAFE),
        (0xFF, RetryClass.UNSAFE),  # an unexpected error: before or after the message was taken?
        (0x0B, RetryClass.PERMANENT),
        (0x0A, RetryClass.PERMANENT),
        (0x03, RetryClass.PERMANENT),
        (0x400, RetryClass.PERMANENT),  # a vendor's: the same submit would be refused again
    ],
)
def test_the_status_says_whether_the_message_was_taken_and_another_attempt_makes_sense(status, expected):
    assert POLICY.retry_class(status) is expected


def test_an_operator_may_mean_something_else_by_a_status():
    policy = RetryPolicy(statuses={0x08: RetryClass.UNSAFE, 0x401: RetryClass.SAFE})
    assert policy.retry_class(0x08) is RetryClass.UNSAFE
    assert policy.retry_class(0x401) is RetryClass.SAFE
    assert policy.retry_class(0x58) is RetryClass.SAFE


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


def test_the_next_attempt_comes_within_the_age_that_a_message_may_have():
    assert POLICY.next_attempt(CommandStatus.ESME_RSYSERR, 0, 1000.0, 1000.0, 0.0) == 1001.0
    assert POLICY.next_attempt(CommandStatus.ESME_RSYSERR, 9, 1000.0, 4540.0, 0.0) == 4600.0
    assert POLICY.next_attempt(CommandStatus.ESME_RSYSERR, 9, 1000.0, 4541.0, 0.0) is None


def test_attempts_may_be_limited_and_throttling_ends_none():
    policy = RetryPolicy(attempts=3)
    assert policy.next_attempt(CommandStatus.ESME_RSYSERR, 1, 0.0, 10.0, 0.0) == 12.0
    assert policy.next_attempt(CommandStatus.ESME_RSYSERR, 2, 0.0, 10.0, 0.0) is None
    assert policy.next_attempt(CommandStatus.ESME_RTHROTTLED, 50, 0.0, 10.0, 0.0) == 14.0
