"""What the pages show of a command's output: brought up to date, but not on account of how fast this machine was."""

from __future__ import annotations

from tests.fuzz.scripts import script

make_excerpts = script("make_excerpts")

SHOWN = """\
 PASSED  A run
2 of 2 expectations met · 10.6 s of virtual time in 1.9 s · seed 42

Operators ───
  delivered  17
"""
PRINTED = SHOWN.replace("in 1.9 s", "in 874 ms") + "\nPhases ───\n  delivered  3\n"


def test_how_long_it_took_this_time_changes_nothing() -> None:
    assert make_excerpts.excerpt(PRINTED, SHOWN) == SHOWN


def test_what_is_of_virtual_time_is_brought_up_to_date() -> None:
    printed = PRINTED.replace("10.6 s", "10.7 s").replace("17", "18")
    shown = make_excerpts.excerpt(printed, SHOWN)
    assert "10.7 s of virtual time in 874 ms" in shown
    assert "delivered  18" in shown
