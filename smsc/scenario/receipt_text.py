"""The text of a receipt as a template: `id:{id} stat:{stat} done date:{done:YYMMDDhhmm}`.

SMPP 3.4 appendix B calls its text vendor specific, and vendors agree: so a scenario writes what its operator writes.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, NamedTuple, Self

from yamlmodel.suggest import did_you_mean


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


_FIELD = re.compile(r"\{([A-Za-z_]+)(?::([^{}]*))?\}")
_DATE_WORDS = re.compile("YYYY|YY|MM|DD|hh|mm|ss")
_STRAY = re.compile(r"[^\W\d_TZ]|%")  # letters that stand for nothing in a date
_STRFTIME = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}
_MOST_WIDTH = 160

Piece = Callable[[Said], str]
"""A field as it is written; those that differ from message to message are places in a format instead."""


class ReceiptText(str):
    """A template of what receipts say.

    Fields: `{id}` (`{id:10}` its first 10 characters), `{sub}` and `{dlvrd}` (three digits, `{sub:1}` at least one),
    `{submit}` and `{done}` (`{done:YYYYMMDDhhmmss}`), `{stat}`, `{err}` (`{err:4}` at least four characters, zeros
    before, without zeros to spare; `{err:x}` hexadecimal), `{text}` (20 characters, `{text:10}` ten). Everything else
    stands as it is, so that a field is left out, spelt otherwise or empty by writing it so: `Stat:{stat} sub:null`.
    """

    __slots__ = ()
    expected: ClassVar[str] = 'a text such as "id:{id} stat:{stat} err:{err}"'

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the template; ValueError names a field that is not known, with the nearest one."""
        template = cls(text)
        _compiled(template)
        return template

    @property
    def quotes(self) -> bool:
        """Whether it may have words of the message in it."""
        return "{text" in self

    def render(self, said: Said) -> str:
        """Return the text for one receipt."""
        return self.form(said) % {"id": said.id, "text": said.text}

    def form(self, said: Said) -> str:
        """All but the id and the text: a format with `%(id)s` and `%(text)s`, the same for all receipts of a second."""
        _, sub, dlvrd, submit, done, stat, err, _ = said
        return _form(self, sub, dlvrd, submit, done, stat, err)


@lru_cache(maxsize=4096)
def _form(template: str, sub: int, dlvrd: int, submit: datetime, done: datetime, stat: str, err: str) -> str:
    said = Said("", sub, dlvrd, submit, done, stat, err, "")
    return "".join(
        [piece if isinstance(piece, str) else _literal(piece(said)) for piece in _compiled(template)],
    )


def _literal(text: str) -> str:
    return text.replace("%", "%%")


@lru_cache(maxsize=1024)
def _compiled(text: str) -> tuple[str | Piece, ...]:
    pieces: list[str | Piece] = []
    at = 0
    for match in _FIELD.finditer(text):
        if match.start() > at:
            pieces.append(_literal(text[at : match.start()]))
        name, spec = match[1], match[2] or ""
        if name not in _PIECES:
            raise ValueError(f"found {{{name}}}; expected one of {', '.join(_PIECES)}{did_you_mean(name, _PIECES)}")
        pieces.append(_PIECES[name](name, spec))
        at = match.end()
    if at < len(text):
        pieces.append(_literal(text[at:]))
    return tuple(pieces)


def _width(name: str, spec: str, otherwise: int) -> int:
    if not spec:
        return otherwise
    if not (spec.isascii() and spec.isdigit()) or int(spec) > _MOST_WIDTH:
        raise ValueError(f"found {{{name}:{spec}}}; expected a width up to {_MOST_WIDTH}, as in {{{name}:10}}")
    return int(spec)


def _cut(name: str, spec: str) -> str:
    return f"%({name}).{_width(name, spec, 20 if name == 'text' else 64)}s"


def _count(name: str, spec: str) -> Piece:
    width = _width(name, spec, 3)
    return lambda said: f"{getattr(said, name):0{width}}"


def _word(name: str, spec: str) -> Piece:
    if spec:
        raise ValueError(f"found {{{name}:{spec}}}; expected {{{name}}} alone")
    return lambda said: str(getattr(said, name))


def _err(name: str, spec: str) -> Piece:
    if spec == "x":
        return lambda said: f"{int(said.err):x}" if said.err.isdecimal() else said.err
    width = _width(name, spec, 0)
    return lambda said: said.err.lstrip("0").rjust(width, "0") if width else said.err


def _date(name: str, spec: str) -> Piece:
    form = spec or "YYMMDDhhmm"
    if not _DATE_WORDS.search(form) or _STRAY.search(_DATE_WORDS.sub("", form)):
        raise ValueError(f"found {{{name}:{spec}}}; expected a date such as {{{name}:YYMMDDhhmm}}")
    strftime = _DATE_WORDS.sub(lambda match: _STRFTIME[match[0]], form)
    return lambda said: getattr(said, name).strftime(strftime)


_PIECES: dict[str, Callable[[str, str], str | Piece]] = {
    "id": _cut,
    "sub": _count,
    "dlvrd": _count,
    "submit": _date,
    "done": _date,
    "stat": _word,
    "err": _err,
    "text": _cut,
}

CANONICAL = ReceiptText.parse(
    "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done} stat:{stat} err:{err} Text:{text}"
)
