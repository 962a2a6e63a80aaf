"""When events are tried again."""

from sender.pipeline.webhooks.schedule import DELAYS, JITTER, hold, next_due


def test_attempts_reach_over_more_than_three_days() -> None:
    now, attempts = 0.0, 1
    while (due := next_due(attempts, now, 0.0)) is not None:
        now, attempts = due, attempts + 1
    assert attempts == len(DELAYS) + 1
    assert 3 * 86_400 < now < 4 * 86_400


def test_delays_grow_and_differ_a_little() -> None:
    assert list(DELAYS) == sorted(DELAYS)
    assert next_due(1, 100.0, 0.0) == 105.0
    assert next_due(1, 100.0, 0.5) == 105.0 + 5.0 * JITTER / 2


def test_a_wait_that_is_asked_for_is_kept_within_reason() -> None:
    assert next_due(1, 100.0, 0.0, asked=60.0) == 160.0
    assert next_due(1, 100.0, 0.0, asked=1.0) == 105.0
    assert next_due(1, 0.0, 0.0, asked=1e9) == 86_400.0


def test_a_consumer_that_goes_on_failing_is_left_alone_for_longer() -> None:
    assert [hold(failures, None) for failures in (1, 2, 3, 10, 1000)] == [1.0, 2.0, 4.0, 300.0, 300.0]
    assert hold(5, 30.0) == 30.0
