import pytest

from sender.channels.senders import SenderLimit, sender_limits


def test_few_stand_aside_and_the_rest_come_back_when_it_is_their_turn() -> None:
    limit = SenderLimit(10.0)
    limit.take(0.0)
    delays = []
    for _ in range(20):
        delay = limit.postpone(0.0)
        if delay is None:
            limit.aside += 1
        else:
            delays.append(delay)
    assert limit.aside == 5  # half a second's worth
    assert delays == pytest.approx([0.6 + 0.1 * number for number in range(15)])


def test_turns_that_have_passed_are_no_reason_to_wait() -> None:
    limit = SenderLimit(10.0)
    limit.aside = 5
    for _ in range(10):
        limit.postpone(0.0)
    assert limit.postpone(100.0) == pytest.approx(0.6)


def test_limits_are_by_source_address() -> None:
    limits = sender_limits({"SHOP": 1.0, "1234": 2.0})
    assert {name: limit.rate for name, limit in limits.items()} == {"SHOP": 1.0, "1234": 2.0}
    limits["SHOP"].take(0.0)
    assert not limits["SHOP"].ready(0.5)
    assert limits["SHOP"].wait(0.5) == pytest.approx(0.51)
    assert limits["1234"].ready(0.5)
