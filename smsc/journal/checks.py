"""What can be asked of a message, condition by condition: whether it is so, what there is instead, and why not.

::

    asked = checks_of(MessageFilter(to="7705*", text="code"))           # what the control API is asked for
    asked = [check("parts", "2+", lambda message: message.parts >= 2)]  # what a scenario expects
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from operator import attrgetter
from typing import Any, Final, NamedTuple

from smppkit.status import status_name
from smsc.journal.message_filter import MessageFilter, missing_words, near_state, tests_of
from smsc.journal.whole import WholeMessage

LETTERS: Final = 200  # of a value that are compared

Why = Callable[[Any, WholeMessage, Any], str]
"""From what was wanted, the message and what it has instead to why that is not it."""


class Check(NamedTuple):
    """One condition. `wanted` is how it was written, `found` tells what a message has there."""

    field: str
    wanted: Any
    fits: Callable[[WholeMessage], object]
    found: Callable[[WholeMessage], Any]
    why: Why


def check(field: str, wanted: Any, fits: Callable[[WholeMessage], object], why: Why | None = None) -> Check:
    """A condition on a field, with the words for it."""
    found = attrgetter(_ATTRIBUTES.get(field, field))
    return Check(field, wanted, fits, found, why or _WHY.get(field, _differs))


def checks_of(wanted: MessageFilter) -> list[Check]:
    """One for each condition of a filter, in its order."""
    tests = tests_of(wanted)
    return [
        check(name, status_name(value) if name == "status" else value, tests[name])
        for name, value in wanted.given().items()
    ]


# --- the words -------------------------------------------------------------------------------------


def unfit(wanted: str, message: WholeMessage, found: Any) -> str:
    """A value does not fit a pattern."""
    return f"it does not fit {wanted}"


def _differs(wanted: Any, message: WholeMessage, found: Any) -> str:
    return f"it is {found}, not {wanted}"


def _address(wanted: str, message: WholeMessage, found: str) -> str:
    return f"{found} does not fit {wanted}"


def _text(wanted: str, message: WholeMessage, found: str) -> str:
    if not message.complete:
        return f'"{wanted}" is not in the {message.parts_received} of {message.parts} parts that have come'
    matcher = SequenceMatcher(None, found[:LETTERS].casefold(), wanted[:LETTERS].casefold(), autojunk=False)
    start, _, size = matcher.find_longest_match()
    if size >= max(3, len(wanted) // 2):
        return f'"{wanted}" is not in it; nearest is "{found[start : start + size]}"'
    return f'"{wanted}" is not in it'


def _pattern(wanted: str, message: WholeMessage, found: str) -> str:
    return f"/{wanted}/ fits nowhere in it"


def _state(wanted: str, message: WholeMessage, found: str | None) -> str:
    if found is None:
        return f"it was refused ({message.status_name}) and has no state"
    near = near_state(wanted)
    hint = f'; did you mean "{near}"?' if near is not None else ""
    return f"it is {found}" + ("" if message.final_at is not None else " so far") + f", not {wanted}{hint}"


def _complete(wanted: bool, message: WholeMessage, found: bool) -> str:
    return f"{message.parts_received} of its {message.parts} parts have come"


def _words(wanted: str, message: WholeMessage, found: str) -> str:
    missing = missing_words(message, wanted)
    return f"nowhere in it: {', '.join(missing)}"


_ATTRIBUTES: Final = {
    "from": "from_",
    "text_matches": "text",
    "since": "at",
    "until": "at",
    "q": "text",
    "status": "status_name",
}
_WHY: Final[dict[str, Why]] = {
    "to": _address,
    "from": _address,
    "text": _text,
    "text_matches": _pattern,
    "state": _state,
    "complete": _complete,
    "q": _words,
    "since": lambda wanted, message, found: f"it came {wanted - found:.3f} s too early",
    "until": lambda wanted, message, found: f"it came {found - wanted:.3f} s too late",
}
