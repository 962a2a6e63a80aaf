"""Stepping through a trace with keys."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console

from carrierlab.traces.reading import entries
from carrierlab.traces.stepping import HELP, Stepper, step
from tests.carrierlab.traces.small import TRACE

ENTRIES = entries(TRACE)
PDUS = [entry for entry in ENTRIES if entry.fate is not None]


def stepped(*lines: str) -> str:
    """What is on the screen after these lines, when the input ends."""
    console = Console(file=io.StringIO(), width=100, color_system=None)
    waiting: Iterable[str] = iter(lines)

    def ask() -> str:
        try:
            return next(waiting)  # type: ignore[call-overload,no-any-return]
        except StopIteration:
            raise EOFError from None

    step(Stepper(ENTRIES, PDUS), console, ask)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def moved(*lines: str) -> tuple[int, str | None]:
    stepper = Stepper(ENTRIES, PDUS)
    told: str | None = ""
    for line in lines:
        told = stepper.key(line)
    return PDUS[stepper.at].number, told


def test_keys_move() -> None:
    assert moved("") == moved("n") == (6, "")
    assert moved("n", "n", "p") == (6, "")
    assert moved("p") == (3, "this is the first one")
    assert moved("g 19", "n") == (19, "this is the last one")
    assert moved("g 11") == (12, "")
    assert moved("g 1.05s") == (12, "")
    assert moved("g there")[1] == 'found "there"; expected a number such as g 120, or a time such as g 2.5s'
    assert moved("x") == (3, HELP)
    assert moved("q")[1] is None


def test_search_goes_on_and_begins_again() -> None:
    assert moved("/rthrottled") == (8, "")
    assert moved("/submit_sm", "/", "/", "/") == (9, "")
    assert moved("/bind") == (3, "from the beginning again")
    assert moved("/nonsense") == (3, '"nonsense" is nowhere')
    assert moved("/") == (3, "search for what? /TEXT")


def test_the_screen_shows_fields_octets_and_both_sides_at_that_moment() -> None:
    screen = stepped("g 12")
    for words in (
        "12 of 20  1.100000 s  1 alpha ←  submit_sm_resp",
        "message_id       A1",
        "0000  00 00 00 13 80 00 00 04",
        "message to 77050000001",
        "sender    message: queued, since 0.005000 s",
        "sender    segment 1: submitting, since 0.050000 s",
        "alpha  A1: ENROUTE, since 1.000000 s",
    ):
        assert words in screen, words
    assert "undelivered" not in screen, "that is later"


def test_an_entry_that_nobody_knows_a_message_of_says_so() -> None:
    assert "neither side knows it at this moment" in stepped("g 7")
