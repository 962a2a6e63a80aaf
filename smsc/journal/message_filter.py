"""Which messages somebody asks for: the conditions, how they are read from words, and whether a message meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from smppkit.message_state import MessageState, state_of
from smppkit.status import parse_status
from smppkit.text import Alphabet
from smsc.journal.whole import WholeMessage
from yamlmodel.suggest import did_you_mean, nearest

LONGEST_PATTERN = 200  # characters of a regular expression
MOST_REPEATS = 3  # without end, in a regular expression: each multiplies the work by the length of the text
MOST_CHOICES = 10  # in a regular expression: each doubles the work
LONGEST_VALUE = 1_000  # characters of any other condition
MOST_WORDS = 10


class FilterError(ValueError):
    """A condition cannot be read; the text names the field, what was found and what is expected."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class MessageFilter(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Conditions; all that are given must hold. Times are unix seconds."""

    to: str | None = None
    """A glob (`*`, `?`); a leading `+` counts on neither side."""
    from_: str | None = None
    text: str | None = None
    """A part of the whole text, in any case."""
    text_matches: str | None = None
    """A regular expression that fits somewhere in the whole text."""
    operator: str | None = None
    system_id: str | None = None
    direction: str | None = None
    state: str | None = None
    status: int | None = None
    command: str | None = None
    encoding: str | None = None
    parts: int | str | None = None
    """How many, or at least how many (`2+`)."""
    complete: bool | None = None
    """Whether all parts have come."""
    message_id: str | None = None
    id: int | None = None
    since: float | None = None
    until: float | None = None
    q: str | None = None
    """Words, each somewhere in an address, the text, the message_id, the state or the name of the status."""

    @classmethod
    def of(cls, values: Mapping[str, object]) -> MessageFilter:
        """Read conditions by their names, from words or from what JSON has; FilterError."""
        read: dict[str, Any] = {}
        for name, value in values.items():
            reader = _READERS.get(name)
            if reader is None:
                raise FilterError(name, f'"{name}" is no filter{did_you_mean(name, _READERS)}')
            if value is not None:
                read["from_" if name == "from" else name] = reader(name, value)
        return cls(**read)

    def given(self) -> dict[str, Any]:
        """The conditions by their names."""
        return {
            encoded: value
            for name, encoded in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True)
            if (value := getattr(self, name)) is not None
        }


# --- reading ---------------------------------------------------------------------------------------


def _wrong(name: str, value: object, expected: str, hint: str = "") -> FilterError:
    shown = msgspec.json.encode(value).decode()
    return FilterError(name, f"{name}: found {shown[:80]}; expected {expected}{hint}")


def _word(name: str, value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and name in _MAY_BE_NUMBERS:
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > LONGEST_VALUE:
        raise _wrong(name, value, f"a text of 1 to {LONGEST_VALUE:,} characters")
    return value


def _words(name: str, value: object) -> str | None:
    text = _word(name, value)
    if len(text.split()) > MOST_WORDS:
        raise _wrong(name, value, f"at most {MOST_WORDS} words")
    return text if text.strip() else None


def _pattern(name: str, value: object) -> str:
    text = _word(name, value)
    if len(text) > LONGEST_PATTERN:
        raise _wrong(name, value, f"a regular expression of at most {LONGEST_PATTERN} characters")
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise _wrong(name, value, f"a regular expression: {error}") from None
    if _may_explode(text):
        raise _wrong(name, value, "a regular expression in which no repeated group repeats or chooses within itself")
    bare = _bare(text)
    if len(_REPEAT.findall(bare)) > MOST_REPEATS:
        raise _wrong(name, value, f"a regular expression with at most {MOST_REPEATS} of *, + and {{n,}}")
    if len(_CHOICE.findall(bare)) > MOST_CHOICES:
        raise _wrong(name, value, f"a regular expression with at most {MOST_CHOICES} of ? and |")
    return text


def _one_of(known: Mapping[str, str]) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        text = _word(name, value)
        found = known.get(text.casefold())
        if found is None:
            raise _wrong(name, value, f"one of {', '.join(known.values())}", did_you_mean(text, known.values()))
        return found

    return read


def _state(name: str, value: object) -> str:
    # Operators have words of their own: any is taken that could be one.
    text = _word(name, value).upper()
    if not re.fullmatch(r"[A-Z0-9_ -]{1,20}", text):
        raise _wrong(name, value, f"a state such as {MessageState.DELIVERED.stat}")
    return text


def near_state(state: str) -> str | None:
    """The word of SMPP that somebody meant who wrote `state`; None when it is one, or is near none."""
    known = [each.stat for each in MessageState]
    if state in known:
        return None
    meant = state_of(state)
    return meant.stat if meant is not None else nearest(state, known)


def _status(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _wrong(name, value, "a status such as ESME_RTHROTTLED or 88")
    try:
        return parse_status(value)
    except ValueError as error:
        raise FilterError(name, f"{name}: {error}") from None


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62:
        return value
    raise _wrong(name, value, "a whole number")


def _count(name: str, value: object) -> int | str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}\+", value):
        return value
    try:
        return _number(name, value)
    except FilterError:
        raise _wrong(name, value, "a whole number, or 2+ for two and more") from None


def least_of(span: int | str) -> int | None:
    """The least number of a span such as `2+`; None when it is one number."""
    return int(span[:-1]) if isinstance(span, str) else None


def _yes(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _wrong(name, value, "true or false")


def _time(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value) if re.fullmatch(r"[0-9.]+", value) else _iso(value)
        except ValueError:
            pass
    raise _wrong(name, value, "unix seconds, or a time such as 2026-03-01T12:00:00Z")


def _iso(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


_MAY_BE_NUMBERS = frozenset({"to", "from", "text", "message_id", "q", "system_id"})
_COMMANDS = {name: name for name in ("submit_sm", "data_sm", "deliver_sm")}
_ENCODINGS = {alphabet.value: alphabet.value for alphabet in Alphabet}
_READERS: dict[str, Callable[[str, object], object]] = {
    "to": _word,
    "from": _word,
    "text": _word,
    "text_matches": _pattern,
    "operator": _word,
    "system_id": _word,
    "direction": _one_of({"mt": "mt", "mo": "mo"}),
    "state": _state,
    "status": _status,
    "command": _one_of(_COMMANDS),
    "encoding": _one_of(_ENCODINGS),
    "parts": _count,
    "complete": _yes,
    "message_id": _word,
    "id": _number,
    "since": _time,
    "until": _time,
    "q": _words,
}
FILTER_NAMES = tuple(_READERS)


def _may_explode(pattern: str) -> bool:
    """Whether a group that is repeated without end repeats or chooses within itself: such take for ever to fail."""
    inside = [False]  # of the groups that are open: whether something in it repeats or chooses
    at, closed = 0, False  # whether what stands before is a group in which something does
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at, closed = at + 2, False
            continue
        if character == "[":
            at = _end_of_class(pattern, at)
            closed = False
        elif character == "(":
            inside.append(False)
            closed = False
            if pattern[at + 1 : at + 2] == "?":
                at += 1  # the mark of a special group, and no repetition
        elif character == ")" and len(inside) > 1:
            closed = inside.pop()
            inside[-1] = inside[-1] or closed
        elif character in "*+{":
            if closed:
                return True
            inside[-1] = True
        elif character == "|":
            inside[-1] = True
            closed = False
        else:
            closed = False
        at += 1
    return False


_REPEAT = re.compile(r"[*+]|\{\d*,(?:\d{2,})?\}")
_CHOICE = re.compile(r"(?<![(*+?}])\?|\||\{\d*,\d\}")


def _bare(pattern: str) -> str:
    """A pattern in which escapes and classes of characters are one letter each."""
    bare, at = [], 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif character == "[":
            at = _end_of_class(pattern, at)
        bare.append("a" if character in "\\[" else character)
        at += 1
    return "".join(bare)


def _end_of_class(pattern: str, at: int) -> int:
    """Where a class of characters that begins at `at` ends."""
    at += 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at


# --- matching --------------------------------------------------------------------------------------

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def contains(text: str, part: str) -> bool:
    """Whether a text has a part, in any case. Letters of ASCII in `part` mean those alone (not ſ, ß or the Kelvin)."""
    if part.isascii():
        return part.lower() in (text.lower() if text.isascii() else text.translate(_LOWER))
    return part.casefold() in text.casefold()


def _fits_address(glob: str) -> Callable[[str], bool]:
    """A test of addresses by a glob: it fits all of them, without their leading `+`."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob.lstrip("+"))
    fits = re.compile("".join(parts), re.DOTALL).fullmatch
    return lambda address: fits(address.lstrip("+")) is not None


def missing_words(message: WholeMessage, words: str) -> list[str]:
    """The words of `q` that a message has nowhere."""
    places = (
        message.to,
        message.from_,
        message.text,
        *message.message_ids,
        message.state or "",
        message.status_name,
    )
    return [word for word in words.split() if not any(contains(place, word) for place in places)]


Test = Callable[[WholeMessage], bool]
"""Whether a message meets a condition."""


def _to(glob: str) -> Test:
    fits = _fits_address(glob)
    return lambda message: fits(message.to)


def _from(glob: str) -> Test:
    fits = _fits_address(glob)
    return lambda message: fits(message.from_)


def _text_matches(pattern: str) -> Test:
    search = re.compile(pattern).search
    return lambda message: search(message.text) is not None


def _equal(name: str) -> Callable[[Any], Test]:
    return lambda wanted: lambda message: bool(getattr(message, name) == wanted)


def _parts(span: int | str) -> Test:
    least = least_of(span)
    return _equal("parts")(span) if least is None else lambda message: message.parts >= least


_TESTS: dict[str, Callable[[Any], Test]] = {
    "to": _to,
    "from": _from,
    "text": lambda part: lambda message: contains(message.text, part),
    "text_matches": _text_matches,
    "operator": _equal("operator"),
    "system_id": _equal("system_id"),
    "direction": _equal("direction"),
    "state": _equal("state"),
    "status": _equal("status"),
    "command": _equal("command"),
    "encoding": _equal("encoding"),
    "parts": _parts,
    "complete": _equal("complete"),
    "message_id": lambda message_id: lambda message: message_id in message.message_ids,
    "id": _equal("id"),
    "since": lambda at: lambda message: message.at >= at,
    "until": lambda at: lambda message: message.at <= at,
    "q": lambda words: lambda message: not missing_words(message, words),
}


def tests_of(wanted: MessageFilter) -> dict[str, Test]:
    """A test for each condition, by its name."""
    return {name: _TESTS[name](value) for name, value in wanted.given().items()}


def matcher(wanted: MessageFilter) -> Test:
    """The test of all conditions, made once for many messages."""
    tests = tuple(tests_of(wanted).values())
    return lambda message: _all(tests, message)


def _all(tests: tuple[Test, ...], message: WholeMessage) -> bool:
    for test in tests:  # noqa: SIM110 - several times as fast as all() of a generator
        if not test(message):
            return False
    return True


def matches(wanted: MessageFilter, message: WholeMessage) -> bool:
    """Whether a message meets all conditions."""
    return matcher(wanted)(message)
