"""``carrierlab trace FILE --step``: one entry at a time, with keys. The loop knows no terminal: it is given lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.text import Text

from carrierlab.traces.detail import detail
from carrierlab.traces.reading import Entry
from carrierlab.traces.showing import said

HELP = "Enter or n next, p previous, g NUMBER or g TIMEs goes there, /TEXT searches, / again, ? keys, q quits"

Ask = Callable[[], str]
"""Reads one line; EOFError ends."""


class Stepper:
    """Where a person is in a trace, and what they look for."""

    def __init__(self, entries: Sequence[Entry], shown: Sequence[Entry]) -> None:
        """``entries`` are all of the trace, ``shown`` those to step through (not empty)."""
        self._entries = entries
        self._shown = shown
        self._sought = ""
        self.at = 0

    def screen(self) -> RenderableType:
        """Return the entry that the person is at."""
        return detail(self._entries, self._shown[self.at])

    def key(self, line: str) -> str | None:
        """Do what a line says; returns what is to be told, None when it is time to go."""
        line = line.strip()
        verb, rest = line[:1], line[1:].strip()
        match verb:
            case "q":
                return None
            case "" | "n":
                return self._move(1)
            case "p":
                return self._move(-1)
            case "g":
                return self._go(rest)
            case "/":
                return self._search(rest)
            case _:
                return HELP

    def _move(self, by: int) -> str:
        if not 0 <= self.at + by < len(self._shown):
            return "this is the last one" if by > 0 else "this is the first one"
        self.at += by
        return ""

    def _go(self, where: str) -> str:
        """To the entry with this number or, with an s behind it, of this time; the next one that is shown."""
        try:
            value = float(where.removesuffix("s"))
        except ValueError:
            return f'found "{where}"; expected a number such as g 120, or a time such as g 2.5s'
        timed = where.endswith("s")
        found = (n for n, entry in enumerate(self._shown) if (entry.at if timed else entry.number) >= value)
        self.at = next(found, len(self._shown) - 1)
        return ""

    def _search(self, text: str) -> str:
        self._sought = text.lower() or self._sought
        if not self._sought:
            return "search for what? /TEXT"
        for index in (*range(self.at + 1, len(self._shown)), *range(self.at + 1)):
            entry = self._shown[index]
            if self._sought in f"{entry.command} {entry.status} {entry.operator} {said(entry)}".lower():
                told = "" if index > self.at else "from the beginning again"
                self.at = index
                return told
        return f'"{self._sought}" is nowhere'


def step(stepper: Stepper, console: Console, ask: Ask) -> None:
    """Show and ask, until the person goes or the input ends."""
    told: str | None = HELP
    shown = -1
    while told is not None:
        if stepper.at != shown:
            console.print(stepper.screen(), "")
            shown = stepper.at
        if told:
            console.print(Text(told, "dim"))
        try:
            told = stepper.key(ask())
        except EOFError:
            return
