"""The text of a receipt as a template: `id:{id} stat:{stat} done date:{done:YYMMDDhhmm}`.

SMPP 3.4 appendix B calls its text vendor specific, and vendors agree: so a scenario writes what its operator writes.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple

from smsc.scenario.template import Maker, Piece, Request, Template, literal, pieces_of, width


class Said(NamedTuple):
    """What a receipt can speak of."""

    id: str
    sub: int
    dlvrd: int
    submit: datetime
    done: datetime
    stat: str
    err: str
    text: str


_DATE_WORDS = re.compile("YYYY|YY|MM|DD|hh|mm|ss")
_STRAY = re.compile(r"[^\W\d_TZ]|%")  # letters that stand for nothing in a date
_STRFTIME = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}


@lru_cache(maxsize=4096)
def _form(
    kind: type[Template], text: str, sub: int, dlvrd: int, submit: datetime, done: datetime, stat: str, err: str
) -> str:
    said = Said("", sub, dlvrd, submit, done, stat, err, "")
    return "".join([piece if isinstance(piece, str) else literal(piece(said)) for piece in pieces_of(kind, text)])


def _cut(name: str, spec: str) -> str:
    return f"%({name}).{width(name, spec, 20 if name == 'text' else 64)}s"


def _count(name: str, spec: str) -> Piece:
    least = width(name, spec, 3)
    return lambda said: f"{getattr(said, name):0{least}}"


def _word(name: str, spec: str) -> Piece:
    if spec:
        raise ValueError(f"found {{{name}:{spec}}}; expected {{{name}}} alone")
    return lambda said: str(getattr(said, name))


def _err(name: str, spec: str) -> Piece:
    if spec == "x":
        return lambda said: f"{int(said.err):x}" if said.err.isdecimal() else said.err
    least = width(name, spec, 0)
    return lambda said: said.err.lstrip("0").rjust(least, "0") if least else said.err


def _date(name: str, spec: str) -> Piece:
    form = spec or "YYMMDDhhmm"
    if not _DATE_WORDS.search(form) or _STRAY.search(_DATE_WORDS.sub("", form)):
        raise ValueError(f"found {{{name}:{spec}}}; expected a date such as {{{name}:YYMMDDhhmm}}")
    strftime = _DATE_WORDS.sub(lambda match: _STRFTIME[match[0]], form)
    return lambda said: getattr(said, name).strftime(strftime)


_PIECES: Final[Mapping[str, Maker]] = MappingProxyType(
    {
        "id": _cut,
        "sub": _count,
        "dlvrd": _count,
        "submit": _date,
        "done": _date,
        "stat": _word,
        "err": _err,
        "text": _cut,
    }
)


class ReceiptText(Template):
    """A template of what receipts say.

    Fields: `{id}` (`{id:10}` its first 10 characters), `{sub}` and `{dlvrd}` (three digits, `{sub:1}` at least one),
    `{submit}` and `{done}` (`{done:YYYYMMDDhhmmss}`), `{stat}`, `{err}` (`{err:4}` at least four characters, zeros
    before, without zeros to spare; `{err:x}` hexadecimal), `{text}` (20 characters, `{text:10}` ten), and those of any
    template. Everything else stands as it is, so that a field is left out, spelt otherwise or empty by writing it so:
    `Stat:{stat} sub:null`.
    """

    __slots__ = ()
    expected: ClassVar[str] = 'a text such as "id:{id} stat:{stat} err:{err}"'
    own: ClassVar[Mapping[str, Maker]] = _PIECES

    @property
    def quotes(self) -> bool:
        """Whether it may have words of the message in it."""
        return "{text" in self

    @property
    def is_usual(self) -> bool:
        """Whether it speaks of nothing but what most receipts do."""
        return self.names <= _PIECES.keys()

    def say(self, said: Said, request: Request | None = None) -> str:
        """Return the text for one receipt; the request is that of the message, where more than usual is said."""
        return self.form(said) % (request or {"id": said.id, "text": said.text})

    def form(self, said: Said) -> str:
        """All but the message's own: a format with places such as `%(id)s`, the same for all receipts of a second."""
        _, sub, dlvrd, submit, done, stat, err, _ = said
        return _form(type(self), self, sub, dlvrd, submit, done, stat, err)


class RuleReceiptText(ReceiptText):
    """The text of receipts as a rule has it: see RuleTemplate for what its fields are besides."""

    __slots__ = ()
    of_rule: ClassVar[bool] = True


CANONICAL = ReceiptText.parse(
    "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done} stat:{stat} err:{err} Text:{text}"
)
