"""What came closest, and why it is not it."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from smsc.journal.near_miss import Condition, Missed, matching, near_misses
from smsc.scenario.patterns import AddressGlob, TextPattern


class Row(NamedTuple):
    to: str
    text: str
    part: int | None = None


ROWS = [
    Row("77011234567", "Your code is 4321"),
    Row("77011234567", "Happy birthday"),
    Row("77019999999", "Your code 1234 is here"),
    Row("905551234567", "Hello"),
]


def wanted(to: str = "77011234567", text: str = "*code 1234*") -> list[Condition]:
    return [Condition("to", to, AddressGlob.parse(to).compile()), Condition("text", text, TextPattern(text).compile())]


def test_what_meets_all_conditions_is_found_in_order() -> None:
    assert matching(ROWS, wanted(text="*your*")) == [ROWS[0]]
    assert matching(ROWS, wanted(to="77*", text="*")) == ROWS[:3]


def test_what_came_closest_says_what_it_has_instead() -> None:
    first, second, third = near_misses(ROWS, wanted())
    assert first == (ROWS[0], 1, (Missed("text", "*code 1234*", "Your code is 4321"),))
    assert second == (ROWS[2], 1, (Missed("to", "77011234567", "77019999999"),))
    assert third.row == ROWS[1]


def test_what_matches_is_no_near_miss_and_nothing_is_near_to_nothing() -> None:
    assert near_misses([ROWS[2]], wanted(to="7701*")) == []
    assert near_misses([], wanted()) == []


def test_of_equal_ones_the_latest_comes_first_and_no_value_reads_as_nothing() -> None:
    condition = Condition("part", "2", lambda part: part == 2)
    rows = [Row("1", "a"), Row("2", "b")]
    assert [near.row for near in near_misses(rows, [condition])] == rows[::-1]
    assert near_misses(rows, [condition])[0].missed[0].found == ""


def test_a_field_is_read_as_the_caller_says() -> None:
    condition = Condition("number", "5", lambda value: value == 5)
    assert matching([{"n": 5}, {"n": 6}], [condition], lambda row, field: row[field[0]]) == [{"n": 5}]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))), st.integers(0, 5))
def test_every_row_is_either_found_or_missed_something(pairs: list[tuple[str, str]], most: int) -> None:
    rows = [Row(*pair) for pair in pairs]
    conditions = [Condition("to", "a", "a".__eq__), Condition("text", "b", "b".__eq__)]
    near = near_misses(rows, conditions, most=most)
    assert len(near) == min(most, len(rows) - len(matching(rows, conditions)))
    assert [miss.met for miss in near] == sorted((miss.met for miss in near), reverse=True)
    assert all(miss.met + len(miss.missed) == 2 for miss in near)
