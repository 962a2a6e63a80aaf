import pytest

from smppkit.message_state import MessageState, state_of


def test_states_have_the_numbers_and_words_of_the_specification():
    assert [(int(state), state.stat) for state in MessageState] == [
        (0, "SCHEDLD"),
        (1, "ENROUTE"),
        (2, "DELIVRD"),
        (3, "EXPIRED"),
        (4, "DELETED"),
        (5, "UNDELIV"),
        (6, "ACCEPTD"),
        (7, "UNKNOWN"),
        (8, "REJECTD"),
        (9, "SKIPPED"),
    ]


def test_states_after_which_more_is_to_come_are_not_final():
    assert [state.name for state in MessageState if not state.final] == ["SCHEDULED", "ENROUTE", "ACCEPTED"]


@pytest.mark.parametrize("state", MessageState)
def test_a_state_is_found_by_its_own_word(state):
    assert state_of(state.stat) is state


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("delivrd", MessageState.DELIVERED),
        (" Delivered ", MessageState.DELIVERED),
        ("FAILED", MessageState.UNDELIVERABLE),
        ("ABSENT-SUB", MessageState.UNDELIVERABLE),
        ("MOB-OFF", MessageState.UNDELIVERABLE),
        ("UNDELIVERABLE", MessageState.UNDELIVERABLE),
        ("SKIPPED", MessageState.SKIPPED),
        ("BUFFRED", MessageState.ENROUTE),
        ("NOCRED", MessageState.REJECTED),
    ],
)
def test_words_of_vendors_are_understood(stat, state):
    assert state_of(stat) is state


@pytest.mark.parametrize("stat", ["", "OK", "DELIVRDX", "2"])
def test_a_word_nobody_explained_is_no_state(stat):
    assert state_of(stat) is None
