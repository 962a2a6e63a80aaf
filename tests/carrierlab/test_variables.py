"""The options that give values to variables and pick runs of a matrix."""

from __future__ import annotations

import pytest

from carrierlab.variables import Picked, parse_setting


def test_the_last_value_holds_and_every_pick_counts() -> None:
    picked = Picked.of((("rate", "1"), ("rate", "2")), (("window", "1"), ("who", "a"), ("window", "10")))
    assert picked == Picked({"rate": "2"}, {"window": ["1", "10"], "who": ["a"]})


def test_a_run_is_picked_by_options_that_a_shell_understands() -> None:
    picked = Picked({"who": "Ann's"}, {})
    assert picked.options_for({"window": "10"}) == """ --set 'who=Ann'"'"'s' --only window=10"""
    assert Picked().options_for({}) == ""


def test_a_setting_has_a_name_and_a_value() -> None:
    assert parse_setting("a=b=c") == ("a", "b=c")
    assert parse_setting("a=") == ("a", "")
    for text in ("a", "=b", ""):
        with pytest.raises(ValueError, match="expected NAME=VALUE"):
            parse_setting(text)
