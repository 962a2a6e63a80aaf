import pytest

from sender.domain.message import State
from sender.pipeline.progress import Ending, LaneView, Progress, ending, look_again

UP = LaneView(exhausted=True, down_for=None, quiet_for=0.0)


def progress(**counts: int) -> Progress:
    states = {state: counts.get(state.label, 0) for state in State}
    return Progress(1, sum(states.values()), states, ())


def decide(seen: Progress, *lanes: LaneView, give_up: float | None = None) -> Ending | None:
    return ending(seen, list(lanes), receipt_wait=30.0, give_up=give_up)


def test_a_campaign_with_only_final_messages_is_complete() -> None:
    assert decide(progress(delivered=3, rejected=1, cancelled=1), UP) is Ending.COMPLETE
    assert decide(progress(), UP) is Ending.COMPLETE


@pytest.mark.parametrize("state", ["accepted", "in_doubt"])
def test_receipts_are_waited_for_until_none_has_come_for_a_while(state: str) -> None:
    seen = progress(delivered=3, **{state: 1})
    busy = LaneView(exhausted=True, down_for=None, quiet_for=29.0)
    quiet = LaneView(exhausted=True, down_for=None, quiet_for=31.0)
    assert decide(seen, busy, quiet) is None
    assert decide(seen, quiet, quiet) is Ending.NO_MORE_RECEIPTS


def test_unsent_messages_are_waited_for_without_end() -> None:
    down = LaneView(exhausted=False, down_for=1e6, quiet_for=1e6)
    assert decide(progress(queued=1, delivered=3), down) is None


def test_a_give_up_time_ends_it_when_nothing_else_is_left_to_do() -> None:
    seen = progress(queued=1, delivered=3)
    down = LaneView(exhausted=False, down_for=61.0, quiet_for=61.0)
    barely = LaneView(exhausted=False, down_for=59.0, quiet_for=59.0)
    busy = LaneView(exhausted=False, down_for=None, quiet_for=0.0)
    assert decide(seen, down, UP, give_up=60.0) is Ending.GAVE_UP
    assert decide(seen, down, down, give_up=60.0) is Ending.GAVE_UP
    assert decide(seen, barely, UP, give_up=60.0) is None
    assert decide(seen, down, busy, give_up=60.0) is None


def test_messages_that_no_account_takes_are_suspected_to_be_stranded() -> None:
    busy = LaneView(exhausted=False, down_for=None, quiet_for=0.0)
    assert decide(progress(queued=1), UP, UP) is Ending.STRANDED
    assert decide(progress(queued=1), UP, busy) is None


def test_counts_fall_into_unsent_unsettled_and_final() -> None:
    seen = progress(queued=1, claimed=2, submitting=3, accepted=4, in_doubt=5, delivered=6, undelivered=7)
    assert (seen.unsent, seen.unsettled, seen.final, seen.total) == (6, 9, 13, 28)


@pytest.mark.parametrize(("wait", "look"), [(30.0, 0.25), (1000.0, 1.0), (108_000.0, 10.0)])
def test_a_long_wait_for_receipts_is_looked_at_less_often(wait: float, look: float) -> None:
    assert look_again(progress(accepted=1), wait) == look
    assert look_again(progress(accepted=1, queued=1), wait) == 0.25
