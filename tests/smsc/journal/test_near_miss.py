"""What came closest comes first, and says what it has instead."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsc.journal.checks import check, checks_of
from smsc.journal.message_filter import MessageFilter
from smsc.journal.near_miss import near_misses
from tests.smsc.journal.whole_messages import message


def test_those_that_meet_more_conditions_come_first() -> None:
    both = message(1, text="Your order", to="7701")
    one = message(2, text="Your order")
    misses = near_misses(checks_of(MessageFilter(to="7705*", text="code")), [both, one, message(3)])
    assert [(miss.message.id, [m.field for m in miss.mismatches]) for miss in misses] == [
        (2, ["text"]),
        (1, ["to", "text"]),
    ]


def test_among_equals_the_closest_value_comes_first() -> None:
    near, far = message(1, text="Your cod is 1234"), message(2, text="Happy birthday")
    misses = near_misses(checks_of(MessageFilter(text="Your code is 1234")), [near, far])
    assert [miss.message.id for miss in misses] == [1, 2]
    assert misses[0].mismatches[0].why == '"Your code is 1234" is not in it; nearest is "Your cod"'


def test_otherwise_the_newest_comes_first_and_no_more_than_wanted() -> None:
    misses = near_misses(
        checks_of(MessageFilter(system_id="bank")), [message(number) for number in range(1, 6)], most=2
    )
    assert [miss.message.id for miss in misses] == [5, 4]


def test_what_matches_is_no_near_miss_and_nothing_is_near_to_nothing() -> None:
    checks = checks_of(MessageFilter(to="7705*"))
    assert near_misses(checks, [message(1)]) == []
    assert near_misses(checks, []) == []


def test_whoever_asks_may_bring_conditions_of_his_own() -> None:
    two = check("parts", "2+", lambda one: one.parts >= 2)
    (miss,) = near_misses([two], [message(1), message(2, parts=2)])
    (mismatch,) = miss.mismatches
    assert (miss.message.id, mismatch.wanted, mismatch.found) == (1, "2+", 1)
    assert mismatch.why == "it is 1, not 2+"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))), st.integers(0, 5))
def test_every_message_is_either_found_or_missed_something(pairs: list[tuple[str, str]], most: int) -> None:
    messages = [message(number, to=to, text=text) for number, (to, text) in enumerate(pairs)]
    checks = checks_of(MessageFilter(to="a", text="b"))
    misses = near_misses(checks, messages, most)
    assert len(misses) == min(most, sum(pair != ("a", "b") for pair in pairs))
    counts = [len(miss.mismatches) for miss in misses]
    assert counts == sorted(counts)
    assert all(counts)
