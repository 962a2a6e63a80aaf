"""What came closest to what somebody waited for, and why it was not that: so that nobody has to guess.

Pure: for the control API, and for what a scenario expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from typing import Any

import msgspec

from smppkit.status import status_name
from smsc.journal.message_filter import MessageFilter, missing_words, tests_of
from smsc.journal.whole import WholeMessage

MOST_COMPARED = 50  # of the messages that meet the most conditions, how many are compared letter by letter
_LETTERS = 200  # of a value that are compared


class Mismatch(msgspec.Struct, frozen=True):
    """One condition that a message does not meet."""

    field: str
    wanted: Any
    found: Any
    why: str


class NearMiss(msgspec.Struct, frozen=True):
    """A message, and every condition that it does not meet."""

    message: WholeMessage
    mismatches: list[Mismatch]


def mismatches(wanted: MessageFilter, message: WholeMessage) -> list[Mismatch]:
    """Every condition that a message does not meet; empty when it matches."""
    tests = tests_of(wanted)
    return [_mismatch(name, value, message) for name, value in wanted.given().items() if not tests[name](message)]


def near_misses(wanted: MessageFilter, messages: Iterable[WholeMessage], most: int = 3) -> list[NearMiss]:
    """The messages that do not match and come closest to it, the closest first.

    First by how many conditions are not met, then by how far they are from it, then the newest.
    """
    conditions, tests = wanted.given(), tests_of(wanted)
    failed = [
        (message, names)
        for message in messages
        if (names := [name for name, test in tests.items() if not test(message)])
    ]
    failed.sort(key=lambda entry: (len(entry[1]), -entry[0].at, -entry[0].id))
    compared = [
        (len(names), sum(_distance(conditions[name], _found(name, message)) for name in names), message)
        for message, names in failed[: max(most, MOST_COMPARED)]
    ]
    compared.sort(key=lambda entry: (entry[0], entry[1], -entry[2].at, -entry[2].id))
    return [NearMiss(message, mismatches(wanted, message)) for _, _, message in compared[:most]]


def _found(name: str, message: WholeMessage) -> Any:
    attribute = _ATTRIBUTES.get(name, name)
    return getattr(message, attribute)


def _distance(wanted: Any, found: Any) -> float:
    """How far a value is from the wanted one: 0 the same, 1 nothing in common."""
    if isinstance(wanted, str) and isinstance(found, str):
        return 1 - SequenceMatcher(None, wanted[:_LETTERS], found[:_LETTERS], autojunk=False).ratio()
    return 1.0


def _mismatch(name: str, wanted: Any, message: WholeMessage) -> Mismatch:
    found = _found(name, message)
    why = _WHY.get(name, _differs)(wanted, message, found)
    if name == "status":
        wanted = status_name(wanted)
    return Mismatch(name, wanted, found, why)


def _differs(wanted: Any, message: WholeMessage, found: Any) -> str:
    return f"it is {found}, not {wanted}"


def _address(wanted: str, message: WholeMessage, found: str) -> str:
    return f"{found} does not fit {wanted}"


def _text(wanted: str, message: WholeMessage, found: str) -> str:
    if not message.complete:
        return f'"{wanted}" is not in the {message.parts_received} of {message.parts} parts that have come'
    matcher = SequenceMatcher(None, found[:_LETTERS].casefold(), wanted[:_LETTERS].casefold(), autojunk=False)
    start, _, size = matcher.find_longest_match()
    if size >= max(3, len(wanted) // 2):
        return f'"{wanted}" is not in it; nearest is "{found[start : start + size]}"'
    return f'"{wanted}" is not in it'


def _pattern(wanted: str, message: WholeMessage, found: str) -> str:
    return f"/{wanted}/ fits nowhere in it"


def _state(wanted: str, message: WholeMessage, found: str | None) -> str:
    if found is None:
        return f"it was refused ({message.status_name}) and has no state"
    return f"it is {found}" + ("" if message.final_at is not None else " so far") + f", not {wanted}"


def _status(wanted: int, message: WholeMessage, found: str) -> str:
    return f"it is {found}, not {status_name(wanted)}"


def _complete(wanted: bool, message: WholeMessage, found: bool) -> str:
    return f"{message.parts_received} of its {message.parts} parts have come"


def _words(wanted: str, message: WholeMessage, found: str) -> str:
    missing = missing_words(message, wanted)
    return f"nowhere in it: {', '.join(missing)}"


_ATTRIBUTES = {
    "from": "from_",
    "text_matches": "text",
    "since": "at",
    "until": "at",
    "q": "text",
    "status": "status_name",
}
_WHY: dict[str, Callable[[Any, WholeMessage, Any], str]] = {
    "to": _address,
    "from": _address,
    "text": _text,
    "text_matches": _pattern,
    "state": _state,
    "status": _status,
    "complete": _complete,
    "q": _words,
    "since": lambda wanted, message, found: f"it came {wanted - found:.3f} s too early",
    "until": lambda wanted, message, found: f"it came {found - wanted:.3f} s too late",
}
