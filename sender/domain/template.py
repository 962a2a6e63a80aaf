"""Message templates: ``{name:title|Dear client}, pay {sum:money KZT} by {due:date %d.%m.%Y}``.

The whole language: ``{field}``, ``{field|fallback}``, filters between the two (``{field:filter words:filter|words}``)
and ``{{`` ``}}`` for literal braces. What stands behind the bar is taken as it is, for a field that is empty; filters
touch the recipient's value alone. Nothing is evaluated: a template is compiled once, to a function for each field.
Field names are compared without regard to case and surrounding spaces, as people treat column titles.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

import msgspec

from sender.domain.filters import FILTERS, BadValue, Filter, FilterError


class TemplateError(ValueError):
    """The template cannot be used; `position` is the 1-based character where the mistake begins."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"template, character {position}: {message}")
        self.position = position


class FieldError(ValueError):
    """A recipient's row does not fill in a field; `position` is where the field stands in the template."""

    def __init__(self, field: str, position: int, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.position = position


class MissingField(FieldError):
    """A recipient has nothing for a field that has no fallback."""

    def __init__(self, field: str, position: int) -> None:
        where = f"template, character {position}"
        super().__init__(field, position, f'nothing in the column "{field}", and no fallback for it ({where})')


class UnfitField(FieldError):
    """What a recipient has for a field is nothing that its filter can work on: a date that is none, say."""

    def __init__(self, field: str, position: int, reason: str) -> None:
        where = f"template, character {position}"
        super().__init__(field, position, f'the column "{field}": {reason} ({where})')


def field_key(name: str) -> str:
    """The form in which field names and column titles are compared."""
    return name.strip().casefold()


class Field(msgspec.Struct, frozen=True):
    """A place to fill in; `position` is where it stands in the template."""

    key: str
    fallback: str | None
    position: int
    filters: tuple[Filter, ...] = ()
    default: str | None = None
    """What stands for an empty cell and goes through the filters: the words of ``default``."""

    @property
    def is_plain(self) -> bool:
        """Whether a value goes in as it is."""
        return not self.filters and self.default is None


_REMEMBERED = 512
"""Values of a field whose filtered forms are kept."""

Render = Callable[[Mapping[str, str]], str]


class Template:
    """A compiled template. Make one with `Template.compile`.

    `render(fields)` fills in; keys of `fields` are as `field_key` writes them. An empty cell counts as missing
    (MissingField); a value that its filter cannot use is an UnfitField.
    """

    __slots__ = ("_fillers", "fields", "literals", "parts", "render", "text")

    def __init__(self, text: str, parts: tuple[str | Field, ...]) -> None:
        self.text = text
        self.parts = parts
        """Literal texts and fields, in order."""
        self.fields = frozenset(part.key for part in parts if isinstance(part, Field))
        """Every field named, as `field_key` writes it."""
        self.literals = _literals(parts)
        """What stands before, between and behind the fields: one more than there are."""
        self._fillers = [(part, _filler(part)) for part in parts if isinstance(part, Field)]
        self.render: Render = _render(parts, [fill for _, fill in self._fillers])

    @classmethod
    def compile(cls, text: str) -> Template:
        """Parse `text`; TemplateError gives the position of a mistake."""
        return cls(text, tuple(_parse(text)))

    def values(self, rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
        """What `render` fills in, for many rows: a column for each field, in order; FieldError."""
        return [_column(field, fill, rows) for field, fill in self._fillers]

    def check(self, columns: Iterable[str]) -> None:
        """Raise TemplateError when a field has no column: no recipient could ever fill it in."""
        known = {field_key(column) for column in columns}
        for part in self.parts:
            if isinstance(part, Field) and part.key not in known:
                raise TemplateError(part.position, f'no column "{part.key}"{_nearest(part.key, known)}')

    def trial(self, fields: Mapping[str, str]) -> list[FieldError]:
        """Everything that keeps a row out of the template, not only what comes first."""
        errors = []
        for part in self.parts:
            if isinstance(part, Field):
                try:
                    _filler(part)(fields)
                except FieldError as error:
                    errors.append(error)
        return errors


# --- filling in --------------------------------------------------------------------------------------------------


def _render(parts: tuple[str | Field, ...], fillers: Sequence[Render]) -> Render:
    """One function for the whole template: a format of Python, and a function for each place in it."""
    if not fillers:
        whole = "".join(part for part in parts if isinstance(part, str))
        return lambda _: whole
    if len(parts) == 1:
        return fillers[0]
    frame = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    if len(fillers) == 1:
        fill = fillers[0]
        return lambda fields: frame % (fill(fields),)

    def one_by_one(fields: Mapping[str, str]) -> str:
        return frame % tuple([fill(fields) for fill in fillers])

    keys = [part.key for part in parts if isinstance(part, Field) and part.is_plain]
    if len(keys) < len(fillers):
        return one_by_one
    values_of = itemgetter(*keys)

    def at_once(fields: Mapping[str, str]) -> str:
        try:
            values = tuple(map(str.strip, values_of(fields)))
        except KeyError:
            return one_by_one(fields)
        return frame % values if all(values) else one_by_one(fields)

    return at_once


def _literals(parts: Iterable[str | Field]) -> tuple[str, ...]:
    literals = [""]
    for part in parts:
        if isinstance(part, str):
            literals[-1] += part
        else:
            literals.append("")
    return tuple(literals)


def _column(field: Field, fill: Render, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """What a field is filled with in each row."""
    if field.is_plain:
        try:
            column = list(map(str.strip, map(itemgetter(field.key), rows)))
        except KeyError:
            pass
        else:
            if all(column):
                return column
    return [fill(row) for row in rows]


def _filler(field: Field) -> Render:
    key, position, fallback, default, filters = (
        field.key,
        field.position,
        field.fallback,
        field.default,
        field.filters,
    )

    def plain(fields: Mapping[str, str]) -> str:
        value = fields.get(key)
        if value and (value := value.strip()):
            return value
        if fallback is None:
            raise MissingField(key, position)
        return fallback

    # Rows share dates, sums and names; reading a date takes ten times as long as finding it again.
    @lru_cache(maxsize=_REMEMBERED)
    def changed(value: str) -> str:
        for change in filters:
            value = change(value)
        return value

    def filtered(fields: Mapping[str, str]) -> str:
        value = (fields.get(key) or "").strip() or default
        if not value:
            if fallback is None:
                raise MissingField(key, position)
            return fallback
        try:
            return changed(value)
        except BadValue as error:
            raise UnfitField(key, position, str(error)) from None

    return plain if field.is_plain else filtered


def _nearest(key: str, known: set[str]) -> str:
    columns = ", ".join(sorted(known)) or "none"
    close = difflib.get_close_matches(key, sorted(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; the columns are: {columns}"


# --- reading -----------------------------------------------------------------------------------------------------


def _parse(text: str) -> Iterable[str | Field]:
    literal: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char not in "{}":
            literal.append(char)
            at += 1
        elif text[at : at + 2] in ("{{", "}}"):
            literal.append(char)
            at += 2
        elif char == "}":
            raise TemplateError(at + 1, 'a "}" without its "{"; write "}}" for a literal brace')
        else:
            if literal:
                yield "".join(literal)
                literal.clear()
            field, at = _parse_field(text, at)
            yield field
    if literal:
        yield "".join(literal)


def _parse_field(text: str, start: int) -> tuple[Field, int]:
    end = text.find("}", start)
    if end < 0:
        raise TemplateError(start + 1, 'a "{" that is never closed; write "{{" for a literal brace')
    inside = text[start + 1 : end]
    if "{" in inside:
        raise TemplateError(start + 2 + inside.index("{"), 'a "{" inside a field; fields cannot be nested')
    before, bar, fallback = inside.partition("|")
    name, colon, chain = before.partition(":")
    if not name.strip():
        raise TemplateError(start + 1, "a field without a name; write {column} or {column|fallback}")
    filters, default = _parse_chain(chain, start + 3 + len(name)) if colon else ((), None)
    return Field(field_key(name), fallback if bar else None, start + 1, filters, default), end + 1


# A colon begins another filter only before the name of one: the words of a filter may have colons, as %H:%M has.
_NEXT = re.compile(r":(?=[ ]*(?:" + "|".join(FILTERS) + r"|default)(?:[ ]|:|$))")


def _parse_chain(chain: str, position: int) -> tuple[tuple[Filter, ...], str | None]:
    """The filters behind a field's name; `position` is where the chain begins in the template, from 1."""
    filters: list[Filter] = []
    default = None
    for number, piece in enumerate(_NEXT.split(chain)):
        words = piece.lstrip(" ")
        at = position + len(piece) - len(words)
        name, _, argument = words.partition(" ")
        if name == "default":
            if number:
                raise TemplateError(at, '"default" stands for an empty cell, so it comes before other filters')
            if not argument.strip():
                raise TemplateError(at, 'expected words behind "default", as in {name:default client:upper}')
            default = argument.strip()
        elif name not in FILTERS:
            raise TemplateError(at, _unknown(name))
        else:
            try:
                filters.append(FILTERS[name](argument.strip()))
            except FilterError as error:
                raise TemplateError(at, f"{name}: {error}") from None
        position += len(piece) + 1
    return tuple(filters), default


def _unknown(name: str) -> str:
    known = [*FILTERS, "default"]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f'did you mean "{close[0]}"?' if close else "filters are: " + ", ".join(known)
    found = f'no filter "{name}"' if name else 'a ":" with no filter behind it'
    return f"{found}; {hint}"
