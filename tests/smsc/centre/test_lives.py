"""Whose memory a thing belongs to."""

from __future__ import annotations

import pytest

from smsc.centre import lives
from smsc.centre.lives import Lives


def test_what_an_account_had_is_over_when_it_is_forgotten_and_what_comes_then_is_not() -> None:
    memory = Lives()
    before = memory.now
    memory.forget("shop")
    assert memory.over(before, "shop")
    assert not memory.over(before, "bank")
    assert not memory.over(memory.now, "shop")
    between = memory.now
    memory.forget("bank")
    assert not memory.over(between, "shop")
    assert memory.over(between, "bank")


def test_all_may_be_forgotten_at_once() -> None:
    memory = Lives()
    before = memory.now
    memory.forget()
    assert memory.over(before, "shop")
    assert not memory.over(memory.now, "shop")


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "MOST_FORGOTTEN", 2)
    memory = Lives()
    before = memory.now
    for name in ("first", "second", "third"):
        memory.forget(name)
    assert [memory.over(before, name) for name in ("first", "second", "third")] == [False, True, True]
