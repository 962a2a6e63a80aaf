import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.message import (
    FINAL,
    OPEN,
    RECEIPT_FINALS,
    SOURCES,
    TRANSITIONS,
    DoubtPolicy,
    MessageClass,
    State,
    final_of,
    message_state,
)
from smppkit.message_state import MessageState

Q, S, A, D = State.QUEUED, State.SUBMITTING, State.ACCEPTED, State.IN_DOUBT
DELIVERED, UNDELIVERED, EXPIRED, REJECTED, UNKNOWN = RECEIPT_FINALS
PART_STATES = (Q, S, A, D, *RECEIPT_FINALS)


def test_every_state_has_a_row_in_the_table():
    assert set(TRANSITIONS) == set(State)


def test_nothing_follows_a_final_state_i1():
    assert {State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.REJECTED, State.UNKNOWN} < FINAL
    assert {State.CANCELLED, State.BLOCKED} < FINAL
    assert not FINAL & OPEN
    for state in FINAL:
        assert all(state not in SOURCES or source not in FINAL for source in SOURCES[state])


def test_every_state_can_be_reached_and_left_for_a_final_one():
    reached = {State.QUEUED}
    while more := {after for state in reached for after in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(State)
    assert all(TRANSITIONS[state] & FINAL for state in set(State) - FINAL)


def test_labels_are_words_for_files():
    assert State.IN_DOUBT.label == "in_doubt"


@pytest.mark.parametrize("state", MessageState)
def test_a_final_smpp_state_is_final_here_too(state):
    ours = final_of(state)
    assert (ours is not None) == state.final
    assert ours is None or ours in FINAL


@pytest.mark.parametrize("state", PART_STATES)
def test_a_message_of_one_segment_is_in_the_state_of_the_segment(state):
    assert message_state([state], 1) is state


@pytest.mark.parametrize(
    ("segments", "total", "expected"),
    [
        ([], 2, Q),
        ([A], 2, Q),  # the second was never submitted
        ([A, S], 2, S),
        ([REJECTED, S], 2, S),  # still under way: the answer is awaited
        ([A, Q], 2, Q),
        ([A, A], 2, A),
        ([DELIVERED, A], 2, A),
        ([DELIVERED, DELIVERED], 2, DELIVERED),
        ([DELIVERED, UNDELIVERED], 2, UNDELIVERED),
        ([EXPIRED, UNDELIVERED, UNKNOWN], 3, UNDELIVERED),
        ([UNDELIVERED, A], 2, A),  # the receipt of the second may still be worse
        ([REJECTED, A], 2, REJECTED),  # nothing is worse
        ([UNDELIVERED, Q], 2, UNDELIVERED),  # it cannot become whole: the rest is not sent
        ([UNDELIVERED], 2, UNDELIVERED),
        ([DELIVERED, Q], 2, Q),
        ([DELIVERED, D], 2, D),
        ([A, D], 2, D),
        ([UNDELIVERED, D], 2, UNDELIVERED),  # doubt has no deadline
        ([UNDELIVERED, D, A], 3, D),
    ],
)
def test_segments_make_the_state_of_their_message(segments, total, expected):
    assert message_state(segments, total) is expected


@given(st.lists(st.sampled_from(PART_STATES), min_size=1, max_size=5), st.randoms())
def test_the_order_of_segments_does_not_matter(segments, rng):
    shuffled = list(segments)
    rng.shuffle(shuffled)
    assert message_state(segments, len(segments)) is message_state(shuffled, len(segments))


@given(st.lists(st.sampled_from(RECEIPT_FINALS), min_size=1, max_size=5))
def test_final_segments_make_a_final_message_that_is_delivered_only_when_all_are(segments):
    state = message_state(segments, len(segments))
    assert state in segments
    assert (state is DELIVERED) == (set(segments) == {DELIVERED})


@pytest.mark.parametrize("other", [A, D, Q, *RECEIPT_FINALS])
def test_a_refused_segment_decides_whatever_becomes_of_the_others_i1(other):
    assert message_state([REJECTED, other], 2) is REJECTED


def test_the_class_of_a_message_decides_how_often_a_doubt_is_resent():
    assert MessageClass.ADVERTISING.policy is DoubtPolicy.AT_MOST_ONCE
    assert not MessageClass.ADVERTISING.resend_allowed(0)
    assert MessageClass.SERVICE.policy is DoubtPolicy.ONCE_RETRY
    assert MessageClass.SERVICE.resend_allowed(0)
    assert not MessageClass.SERVICE.resend_allowed(1)
    assert MessageClass.CODE.policy is DoubtPolicy.PREFER_DUPLICATE
    assert MessageClass.CODE.resend_allowed(4)
    assert not MessageClass.CODE.resend_allowed(5)
