"""What is left of runs: numbers are over in any order, and runs go from the front."""

from __future__ import annotations

from smsc.journal.left import Left


def left(*runs: range) -> Left[range]:
    made = Left[range](lambda run: run)
    made.add(runs)
    return made


def test_runs_go_from_the_front_once_all_that_they_need_is_over() -> None:
    runs = left(range(1, 4), range(4, 6), range(6, 8))
    runs.over([4, 5, 3, 1, 9])
    runs.let_go(lambda run: run)
    assert [numbers for _, numbers in runs] == [[2], [], [6, 7]]
    runs.over([2])
    runs.let_go(lambda run: run)
    assert [numbers for _, numbers in runs] == [[6, 7]]
    runs.let_go(lambda run: None)
    assert [numbers for _, numbers in runs] == [[6, 7]]
    runs.let_go(lambda run: ())
    assert list(runs) == []


def test_those_up_to_a_number_are_taken_with_what_is_left_of_each() -> None:
    runs = left(range(1, 4), range(4, 6), range(6, 8))
    runs.over([2, 4, 5, 6])
    assert runs.take(5) == [(range(1, 4), [1, 3]), (range(4, 6), [])]
    assert list(runs) == [(range(6, 8), [7])]


def test_the_run_that_a_number_is_of_is_taken_out() -> None:
    runs = left(range(1, 4), range(6, 8))
    runs.over([2])
    assert [runs.find(number) for number in (0, 2, 4, 8)] == [None] * 4
    assert runs.find(3) == (range(1, 4), [1, 3])
    assert runs.find(3) is None
    assert list(runs) == [(range(6, 8), [6, 7])]
