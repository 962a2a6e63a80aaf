import pytest

from sender.domain.health import AccountHealth, Circuit, Decaying, HealthPolicy

POLICY = HealthPolicy(after=10.0, errors=0.5, least=20, half_life=60.0, rest=30.0, longest_rest=100.0, trickle=0.05)


def health() -> AccountHealth:
    return AccountHealth(POLICY, 0.0)


def passed_over(at: float = 0.0) -> AccountHealth:
    """One whose circuit opened ten seconds after `at`."""
    account = health()
    account.look(True, at)
    assert account.look(True, at + 10.0).circuit is Circuit.OPEN
    return account


def test_an_account_is_passed_over_when_it_was_down_for_long_enough():
    account = health()
    assert account.look(True, 100.0).share == 1.0
    assert account.look(True, 109.9).share == 1.0
    standing = account.look(True, 110.0)
    assert (standing.circuit, standing.share, standing.reason) == (Circuit.OPEN, 0.0, "no bind is up")
    assert account.passed_over_for(115.0) == 5.0


def test_a_short_loss_of_its_binds_changes_nothing():
    account = health()
    account.look(True, 100.0)
    account.look(False, 105.0)
    assert account.look(True, 111.0).circuit is Circuit.CLOSED


def test_errors_of_the_operator_open_the_circuit_and_few_of_them_do_not():
    account = health()
    account.answered(0, 19, 100.0)
    account.look(False, 100.0)
    assert account.look(False, 110.0).circuit is Circuit.CLOSED  # too few to tell
    account.answered(0, 30, 111.0)
    account.look(False, 111.0)
    standing = account.look(False, 121.0)
    assert (standing.circuit, standing.reason) == (Circuit.OPEN, "100% of answers are errors")


def test_errors_that_are_long_ago_do_not_count():
    account = health()
    account.answered(0, 40, 0.0)
    account.look(False, 0.0)
    account.answered(100, 0, 5.0)
    assert account.look(False, 11.0).circuit is Circuit.CLOSED


def test_it_is_tried_again_after_its_rest_with_a_trickle_and_comes_back():
    account = passed_over()
    assert account.look(False, 39.0).circuit is Circuit.OPEN
    trial = account.look(False, 40.0)
    assert (trial.circuit, trial.share) == (Circuit.HALF_OPEN, 0.05)
    account.answered(10, 0, 41.0)
    assert account.look(False, 41.0).circuit is Circuit.CLOSED
    assert account.passed_over_for(41.0) == 0.0


def test_while_it_is_down_it_is_not_tried():
    account = passed_over()
    assert account.look(True, 1000.0).circuit is Circuit.OPEN


def test_a_trial_that_fails_doubles_the_rest_up_to_the_longest():
    account, now = passed_over(), 10.0
    for rest in (30.0, 60.0, 100.0, 100.0):
        assert account.look(False, now + rest - 0.1).circuit is Circuit.OPEN
        now += rest
        assert account.look(False, now).circuit is Circuit.HALF_OPEN
        account.answered(0, 6, now)
        assert account.look(False, now).circuit is Circuit.OPEN
    assert account.passed_over_for(now) == now - 10.0


def test_a_trial_with_nothing_to_try_ends_by_itself():
    account = passed_over()
    account.look(False, 40.0)
    assert account.look(False, 69.0).circuit is Circuit.HALF_OPEN
    assert account.look(False, 70.0).circuit is Circuit.CLOSED


def test_quality_is_the_share_delivered_of_late_once_there_are_enough_receipts():
    account = health()
    account.received(15, 4, 0.0)
    assert account.look(False, 0.0).quality is None
    account.received(3, 2, 0.0)
    assert account.look(False, 0.0).quality == pytest.approx(0.75)


def test_counts_lose_half_of_their_weight_every_half_life():
    counts = Decaying(10.0, 0.0)
    counts.add(8, 4, 0.0)
    counts.add(0, 0, 20.0)
    assert (counts.good, counts.bad) == (2.0, 1.0)
    counts.add(1, 0, 19.0)  # a clock that is read out of order
    assert counts.good == 3.0
