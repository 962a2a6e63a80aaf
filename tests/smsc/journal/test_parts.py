"""Which parts belong together."""

from __future__ import annotations

import pytest

from smsc.journal import parts as module
from smsc.journal.parts import TOGETHER_SECONDS, PartKey, Parts

KEY = PartKey("op", "shop", "submit_sm", "SHOP", "7705", 7, 3)


def test_parts_of_a_message_name_the_row_of_the_first_that_came() -> None:
    parts = Parts()
    assert parts.first(KEY, 2, 10, 0.0, refused=False) is None
    assert parts.first(KEY, 1, 11, 1.0, refused=False) == 10
    assert parts.first(KEY, 3, 15, 2.0, refused=False) == 10


def test_a_reference_in_use_anew_begins_another_message() -> None:
    parts = Parts()
    for number, row in ((1, 10), (2, 11), (3, 12)):
        parts.first(KEY, number, row, 0.0, refused=False)
    assert parts.first(KEY, 2, 13, 1.0, refused=False) is None
    assert parts.first(KEY, 1, 14, 1.0, refused=False) == 13
    assert parts.first(KEY, 1, 15, 1.0, refused=False) is None  # accepted before: the client begins again


def test_a_part_that_was_refused_may_come_again() -> None:
    parts = Parts()
    assert parts.first(KEY, 1, 10, 0.0, refused=False) is None
    assert parts.first(KEY, 2, 11, 0.0, refused=True) == 10
    assert parts.first(KEY, 2, 12, 1.0, refused=False) == 10
    assert parts.first(KEY, 3, 13, 1.0, refused=False) == 10


def test_parts_for_others_and_parts_that_come_too_late_are_of_other_messages() -> None:
    parts = Parts()
    assert parts.first(KEY, 1, 10, 0.0, refused=False) is None
    assert parts.first(KEY._replace(destination="7706"), 2, 11, 0.0, refused=False) is None
    assert parts.first(KEY._replace(parts=4), 2, 12, 0.0, refused=False) is None
    assert parts.first(KEY, 2, 13, TOGETHER_SECONDS + 1, refused=False) is None


def test_the_oldest_are_given_up_when_too_many_are_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_INCOMPLETE", 2)
    parts = Parts()
    for row in range(3):
        parts.first(KEY._replace(reference=row), 1, row + 1, 0.0, refused=False)
    assert parts.first(KEY._replace(reference=0), 2, 10, 0.0, refused=False) is None
    assert parts.first(KEY._replace(reference=2), 2, 11, 0.0, refused=False) == 3
