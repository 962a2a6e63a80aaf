"""The kinds of faults there are, as forms want them: what each does, and the keys it has."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from smsc.control.faults import KINDS
from smsc.control.written import written
from smsc.faults.base import Fault
from yamlmodel.types import choices, expectation, fields_of, members, unwrap


class KeyView(msgspec.Struct, frozen=True):
    """A key of a fault. `default` is what holds without it, `choices` are all that it takes where that is a list."""

    name: str
    what: str
    expected: str
    required: bool
    default: Any
    choices: list[str]


class KindView(msgspec.Struct, frozen=True):
    """A kind of fault; `example` is an entry of a timeline."""

    name: str
    what: str
    example: str
    keys: list[KeyView]


def kinds() -> list[KindView]:
    """All of them."""
    return [_kind(name, kind) for name, kind in KINDS.items()]


def _kind(name: str, kind: type[Fault]) -> KindView:
    defaults = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    keys = []
    for word, field in fields_of(kind).items():
        _, meta = unwrap(field.type)
        default = None if field.required else defaults[word].default
        keys.append(
            KeyView(
                name=word,
                what=_what(field.type) if meta is None else meta.description or "",
                expected=expectation(field.type),
                required=field.required,
                default=None if default is msgspec.NODEFAULT else written(default),
                choices=_stages(kind) if word == "stage" else _choices(field.type),
            )
        )
    return KindView(name, " ".join((inspect.getdoc(kind) or "").split()), kind.example, keys)


def _stages(kind: type[Fault]) -> list[str]:
    return [stage.value for stage in getattr(kind, "stages", ())]


def _what(annotation: Any) -> str:
    metas = (unwrap(member)[1] for member in members(annotation))
    return next((meta.description for meta in metas if meta is not None and meta.description), "")


def _choices(annotation: Any) -> list[str]:
    alternatives = [member for member in members(annotation) if member is not type(None)]
    words: list[str] = []
    for alternative in alternatives:
        inner = unwrap(alternative)[0]
        if inner is bool:
            words += ["true", "false"]
            continue
        try:
            found = choices(inner)
        except (TypeError, AttributeError):
            return []
        if not found:
            return []
        words += found
    return words
