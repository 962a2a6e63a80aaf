"""Texts that operators have registered: which of the templates a text matches, and so what it is charged as.

The syntax is that of the Russian operators: ``%w`` is a run of letters, digits and signs, ``%d`` one of digits and
signs, ``%w{1,n}`` and ``%d{1,n}`` are one to n of them with single spaces between, ``%d+`` is any number of numbers.
Everything else, case and spaces included, stands for itself.

A text is matched in one pass over its characters: all places of the template that it may have come to are bits of one
integer, so no text and no template can make it slow (the set of states of Thompson's construction).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

SIGNS: Final = frozenset("!№#%.,:;?\\/()+-“”―_'\"`&^{}[]<>|@$=~*")
MOST_VARIABLES: Final = 20

_VARIABLE = re.compile(r"%([wd])(?:\{([^}]*)\}|(\+))?")
_COUNT = re.compile(r"1,(\d{1,3})", re.ASCII)


class Kind(Enum):
    """What a template was registered as; texts are compared in this order."""

    SERVICE = "service"
    AUTHORIZATION = "authorization"
    TRANSACTIONAL = "transactional"


class RegisteredError(ValueError):
    """No template that an operator would register; `position` counts from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"character {position}: {message}")
        self.position = position


class _Item(msgspec.Struct, frozen=True):
    """One step: the characters that it takes (None = by `sort`), and whether it may take more of them."""

    char: str | None = None
    sort: str = ""
    """"w" or "d"; "" for a character or for an end that takes nothing."""


class RegisteredTemplate:
    """A template, compiled. RegisteredError when it is none."""

    __slots__ = ("_back", "_ends", "_items", "_known", "_last", "text")

    def __init__(self, text: str) -> None:
        _check_spaces(text)
        self.text = text
        self._items: list[_Item] = []
        self._ends: list[tuple[int, int]] = []
        """Where a variable is complete: if any bit of the first is set, the second is too."""
        self._back = 0
        """States behind a number of ``%d+``, from which a space leads to another number."""
        self._compile(text)
        self._last = 1 << len(self._items)
        self._known: dict[str, tuple[int, int]] = {}

    def matches(self, text: str) -> bool:
        """Whether a text is one of those that the template stands for. Linear in the length of the text."""
        states = 1
        for char in text:
            step, stay = self._known.get(char) or self._masks(char)
            states = (states & step) << 1 | (states & stay) | ((states & self._back) >> 1 if char == " " else 0)
            if not states:
                return False
            for behind, end in self._ends:
                if states & behind:
                    states |= end
        return bool(states & self._last)

    def _masks(self, char: str) -> tuple[int, int]:
        """States from which `char` leads on to the next, and those that it leaves as they are."""
        digit = char.isdecimal() or char in SIGNS
        word = digit or char.isalnum()
        step = stay = 0
        for at, item in enumerate(self._items):
            if item.sort:
                if word if item.sort == "w" else digit:
                    step |= 1 << at
                    stay |= 1 << at + 1
            elif item.char == char:
                step |= 1 << at
        if len(self._known) < 1024:
            self._known[char] = step, stay
        return step, stay

    def _compile(self, text: str) -> None:
        at = variables = 0
        for match in _VARIABLE.finditer(text):
            self._items += [_Item(char=char) for char in text[at : match.start()]]
            at = match.end()
            variables += 1
            self._variable(match)
        self._items += [_Item(char=char) for char in text[at:]]
        if variables > MOST_VARIABLES:
            raise RegisteredError(1, f"{variables} variables; at most {MOST_VARIABLES} are registered")

    def _variable(self, match: re.Match[str]) -> None:
        sort, count, plus = match.groups()
        position = match.start() + 1
        most = 1
        if count is not None:
            written = _COUNT.fullmatch(count)
            most = int(written[1]) if written else 0
            if not 2 <= most <= 20:
                raise RegisteredError(position, f'found "{match[0]}"; expected %{sort}{{1,n}} with n from 2 to 20')
        if plus and sort == "w":
            raise RegisteredError(position, 'found "%w+", which is not registered; expected %w or %w{1,n}')
        behind = 0
        for number in range(most):
            if number:
                self._items.append(_Item(char=" "))
            self._items.append(_Item(sort=sort))
            behind |= 1 << len(self._items)
        if plus:
            self._back |= behind
        if most > 1:
            self._items.append(_Item())
            self._ends.append((behind, 1 << len(self._items)))


def _check_spaces(text: str) -> None:
    if not text:
        raise RegisteredError(1, "the template is empty")
    if "\u00a0" in text:
        raise RegisteredError(text.index("\u00a0") + 1, "a no-break space; expected a plain one")
    if text != text.strip(" "):
        raise RegisteredError(1 if text[0] == " " else len(text), "a space at the edge")
    if "  " in text:
        raise RegisteredError(text.index("  ") + 1, "two spaces in a row")


class Registered(msgspec.Struct, frozen=True):
    """A template as it stands in the operator's register."""

    name: str
    kind: Kind
    template: RegisteredTemplate


def first_match(text: str, register: Iterable[Registered]) -> Registered | None:
    """The template that a text counts as: the first that it matches, by kind and then in order; None = advertising."""
    order = list(Kind)
    for entry in sorted(register, key=lambda entry: order.index(entry.kind)):
        if entry.template.matches(text):
            return entry
    return None
