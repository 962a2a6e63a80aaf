"""Message templates: ``{name|Dear client}, your order {order} is ready``.

The whole language: ``{field}``, ``{field|fallback}``, and ``{{`` ``}}`` for literal braces. Nothing is evaluated.
Field names are compared without regard to case and surrounding spaces, as people treat column titles.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import msgspec


class TemplateError(ValueError):
    """The template cannot be used; `position` is the 1-based character where the mistake begins."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"template, character {position}: {message}")
        self.position = position


class MissingField(ValueError):
    """A recipient has nothing for a field that has no fallback."""

    def __init__(self, field: str) -> None:
        super().__init__(f'nothing in the column "{field}" and no fallback in the template')
        self.field = field


def field_key(name: str) -> str:
    """The form in which field names and column titles are compared."""
    return name.strip().casefold()


class Field(msgspec.Struct, frozen=True):
    """A place to fill in; `position` is where it stands in the template."""

    key: str
    fallback: str | None
    position: int


class Template(msgspec.Struct, frozen=True):
    """A compiled template: literal texts and fields in order. Make one with `Template.compile`."""

    text: str
    parts: tuple[str | Field, ...]

    @classmethod
    def compile(cls, text: str) -> Template:
        """Parse `text`; TemplateError gives the position of a mistake."""
        return cls(text, tuple(_parse(text)))

    @property
    def fields(self) -> frozenset[str]:
        """Every field named, as `field_key` writes it."""
        return frozenset(part.key for part in self.parts if isinstance(part, Field))

    def check(self, columns: Iterable[str]) -> None:
        """Raise TemplateError when a field has no column: no recipient could ever fill it in."""
        known = {field_key(column) for column in columns}
        for part in self.parts:
            if isinstance(part, Field) and part.key not in known:
                raise TemplateError(part.position, f'no column "{part.key}"{_nearest(part.key, known)}')

    def render(self, fields: Mapping[str, str]) -> str:
        """Fill in; keys of `fields` are as `field_key` writes them. An empty cell counts as missing (MissingField)."""
        return "".join([part if isinstance(part, str) else _fill(part, fields) for part in self.parts])


def _fill(part: Field, fields: Mapping[str, str]) -> str:
    value = fields.get(part.key)
    if value is not None and (value := value.strip()):
        return value
    if part.fallback is None:
        raise MissingField(part.key)
    return part.fallback


def _nearest(key: str, known: set[str]) -> str:
    columns = ", ".join(sorted(known)) or "none"
    close = difflib.get_close_matches(key, sorted(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; the columns are: {columns}"


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
    name, bar, fallback = inside.partition("|")
    if not name.strip():
        raise TemplateError(start + 1, "a field without a name; write {column} or {column|fallback}")
    return Field(field_key(name), fallback if bar else None, start + 1), end + 1
