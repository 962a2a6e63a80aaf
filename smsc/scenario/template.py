"""Templates of what an operator says about a message: `{to} has {parts} parts`.

A template is compiled once into a format of Python's `%` with a place for each field, and a request fills in the places
that there are; nothing in it is ever evaluated. Everything that is no field stands as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

import msgspec

from smsc.scenario.reading import Reading
from yamlmodel.suggest import did_you_mean

MOST_WIDTH: Final = 160
_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*|[0-9]{1,2})(?::([^{}]*))?\}")
_TLV: Final = "tlv"
COUNT: Final = "count"


class Words(msgspec.Struct, frozen=True, gc=False):
    """What templates may say that the message itself does not.

    `count` is that of the rule which it met, `groups` are those of the rule's regular expressions, by number and name.
    """

    system_id: str = ""
    count: int = 0
    groups: dict[str, str] = {}


NO_WORDS: Final = Words()


class Request:
    """A message as templates speak of it: `format % request` asks it for the fields by name.

    Without a reading there is no message to speak of, and its fields are empty. `text` stands for the one that was
    submitted, where a receipt has it in fewer characters.
    """

    __slots__ = ("_id", "_reading", "_text", "_words")

    def __init__(
        self, reading: Reading | None, message_id: str, words: Words | None = None, text: str | None = None
    ) -> None:
        self._reading = reading
        self._id = message_id
        self._words = words
        self._text = text

    def __getitem__(self, name: str) -> str:
        if name == "id":
            return self._id
        if name == "text" and self._text is not None:
            return self._text
        words = self._words
        if name == "system_id" and words is not None:
            return words.system_id
        if name == COUNT:
            return str((words or NO_WORDS).count)
        reading = self._reading
        get = _OF_MESSAGE.get(name)
        if get is not None:
            return "" if reading is None else get(reading)
        if name.startswith(f"{_TLV}:"):
            return "" if reading is None else _tlv(reading, int(name[len(_TLV) + 1 :]))
        return (words or NO_WORDS).groups.get(name, "")


def _part(reading: Reading) -> str:
    part = reading.part
    return "1" if part is None else str(part.number)


def _parts(reading: Reading) -> str:
    part = reading.part
    return "1" if part is None else str(part.total)


def _tlv(reading: Reading, tag: int) -> str:
    """The value as text, as C-strings are: without the NUL at the end. "" where there is none."""
    return next((value.rstrip(b"\0").decode("latin-1") for number, value in reading.pdu.tlvs if number == tag), "")


_OF_MESSAGE: Final[Mapping[str, Callable[[Reading], str]]] = MappingProxyType(
    {
        "to": lambda reading: reading.pdu.destination_addr,
        "from": lambda reading: reading.pdu.source_addr,
        "text": lambda reading: reading.text,
        "system_id": lambda reading: reading.system_id,
        "part": _part,
        "parts": _parts,
    }
)
FIELDS: Final = (*_OF_MESSAGE, "id")
"""The fields that need no more than their name; `{tlv:0x1400}`, `{count}` and groups come to these."""

Piece = Callable[[Any], str]
Maker = Callable[[str, str], "str | Piece"]
"""Of a name and what follows its colon: what is written, as text of a format or as a function of what is said."""


class Template(str):
    """A template of what is said about a message.

    Fields: `{to}`, `{from}`, `{text}`, `{system_id}`, `{id}`, `{part}`, `{parts}`, all with a width (`{text:10}`: its
    first ten characters), and `{tlv:0x1400}`.
    """

    __slots__ = ()
    expected: ClassVar[str] = 'a text such as "for {to}: {text:10}"'
    own: ClassVar[Mapping[str, Maker]] = MappingProxyType({})
    """Fields that only this kind of template has, or has otherwise."""
    of_rule: ClassVar[bool] = False
    """Whether a rule stands around it: then `{count}` and groups are known there, and looked at by the rule."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the template; ValueError names a field that is not known, with the nearest one."""
        template = cls(text)
        pieces_of(cls, text)
        if not cls.of_rule:
            refusal = template.refusal()
            if refusal is not None:
                raise ValueError(refusal)
        return template

    @property
    def names(self) -> frozenset[str]:
        """The fields that it speaks of."""
        return _names(self)

    @property
    def needs_words(self) -> bool:
        """Whether it says what is not in the message."""
        known = {*FIELDS, *self.own, _TLV} - {"system_id"}
        return not self.names <= known

    def refusal(self, groups: Iterable[str] | None = None, *, counts: bool = False) -> str | None:
        """Why a field is not known where `groups` are all groups there are; None when all fields are."""
        known = [*dict.fromkeys((*self.own, *FIELDS)), _TLV, *([COUNT] if counts else []), *(groups or ())]
        for name in sorted(self.names):
            if name not in known:
                return f"found {{{name}}}; expected one of {', '.join(known)}{did_you_mean(name, known)}"
        return None

    def render(self, request: Request) -> str:
        """The text for one message."""
        return _format(type(self), self) % request


class RuleTemplate(Template):
    """A template in a rule: besides the fields of all, `{count}` (how many messages have met the rule, this included)
    and the groups of the regular expressions in `to` and `text` of its `when`, `{1}` or `{name}`.
    """

    __slots__ = ()
    of_rule: ClassVar[bool] = True


@lru_cache(maxsize=1024)
def _names(text: str) -> frozenset[str]:
    return frozenset(match[1] for match in _FIELD.finditer(text))


@lru_cache(maxsize=1024)
def pieces_of(kind: type[Template], text: str) -> tuple[str | Piece, ...]:
    """The pieces of a template: texts of a format, and functions of what is said. ValueError for what cannot be."""
    pieces: list[str | Piece] = []
    at = 0
    for match in _FIELD.finditer(text):
        pieces.append(literal(text[at : match.start()]))
        name, spec = match[1], match[2] or ""
        pieces.append(kind.own[name](name, spec) if name in kind.own else _place(name, spec))
        at = match.end()
    pieces.append(literal(text[at:]))
    return tuple(piece for piece in pieces if piece)


@lru_cache(maxsize=1024)
def _format(kind: type[Template], text: str) -> str:
    return "".join(piece for piece in pieces_of(kind, text) if isinstance(piece, str))


def literal(text: str) -> str:
    """Text as it stands in a format."""
    return text.replace("%", "%%")


def width(name: str, spec: str, otherwise: int) -> int:
    """The number after the colon of a field. ValueError."""
    if not spec:
        return otherwise
    if not (spec.isascii() and spec.isdigit()) or int(spec) > MOST_WIDTH:
        raise ValueError(f"found {{{name}:{spec}}}; expected a width up to {MOST_WIDTH}, as in {{{name}:10}}")
    return int(spec)


def _place(name: str, spec: str) -> str:
    if name == _TLV:
        try:
            tag = int(spec, 0)
        except ValueError:
            tag = -1
        if not 0 <= tag <= 0xFFFF:
            raise ValueError(f"found {{{name}:{spec}}}; expected the tag of a TLV, as in {{tlv:0x1400}}")
        return f"%({name}:{tag})s"
    return f"%({name}).{width(name, spec, 0)}s" if spec else f"%({name})s"
