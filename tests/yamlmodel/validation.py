"""What a validator of JSON Schema does, for the keywords that our schemas use; any other keyword is a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples", "patternErrorMessage"}

TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: not isinstance(value, bool) and isinstance(value, (int, float)) and value % 1 == 0,
    "number": lambda value: not isinstance(value, bool) and isinstance(value, (int, float)),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

# keyword → (type it speaks of, whether the value keeps to it)
LIMITS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "minimum": ("number", lambda value, limit: value >= limit),
    "exclusiveMinimum": ("number", lambda value, limit: value > limit),
    "maximum": ("number", lambda value, limit: value <= limit),
    "exclusiveMaximum": ("number", lambda value, limit: value < limit),
    "minLength": ("string", lambda value, limit: len(value) >= limit),
    "maxLength": ("string", lambda value, limit: len(value) <= limit),
    "pattern": ("string", lambda value, limit: re.search(limit, value) is not None),
    "minItems": ("array", lambda value, limit: len(value) >= limit),
    "maxItems": ("array", lambda value, limit: len(value) <= limit),
    "minProperties": ("object", lambda value, limit: len(value) >= limit),
    "maxProperties": ("object", lambda value, limit: len(value) <= limit),
}


def same(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1."""
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def mistakes(value: Any, schema: Schema, root: Schema | None = None, path: str = "") -> Iterator[str]:
    """What is wrong with a value; nothing when it is valid."""
    root = schema if root is None else root
    for keyword, limit in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword in LIMITS:
            kind, holds = LIMITS[keyword]
            if TYPES[kind](value) and not holds(value, limit):
                yield f"{path}: {value!r} breaks {keyword} {limit}"
        else:
            yield from KEYWORDS[keyword](value, schema, root, path)


def valid(value: Any, schema: Schema) -> bool:
    """Whether nothing is wrong."""
    return next(mistakes(value, schema), None) is None


def _ref(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    prefix, _, name = schema["$ref"].rpartition("/")
    assert prefix == "#/$defs"
    yield from mistakes(value, root["$defs"][name], root, path)


def _type(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(TYPES[kind](value) for kind in kinds):
        yield f"{path}: {value!r} is none of {kinds}"


def _enum(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    if not any(same(value, member) for member in schema["enum"]):
        yield f"{path}: {value!r} is none of {schema['enum']}"


def _const(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    if not same(value, schema["const"]):
        yield f"{path}: {value!r} is not {schema['const']!r}"


def _any_of(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    found = []
    for option in schema["anyOf"]:
        mistake = next(mistakes(value, option, root, path), None)  # the first alone: forms nest, and all would be many
        if mistake is None:
            return
        found.append(mistake)
    yield f"{path}: none of the forms: {'; '.join(found)}"


def _properties(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    for key, below in schema["properties"].items():
        if isinstance(value, dict) and key in value:
            yield from mistakes(value[key], below, root, f"{path}/{key}")


def _required(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{path}: no {key}" for key in schema["required"] if key not in value)


def _additional(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key in schema.get("properties", {}):
            continue
        if schema["additionalProperties"] is False:
            yield f"{path}: {key} is not known"
        else:
            yield from mistakes(value[key], schema["additionalProperties"], root, f"{path}/{key}")


def _names(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        yield from mistakes(key, schema["propertyNames"], root, f"{path}/{key}")


def _items(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from mistakes(item, schema["items"], root, f"{path}/{index}")


KEYWORDS: dict[str, Callable[[Any, Schema, Schema, str], Iterator[str]]] = {
    "$ref": _ref,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "anyOf": _any_of,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
}
