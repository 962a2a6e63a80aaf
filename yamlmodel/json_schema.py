"""A model as JSON Schema (draft 2020-12), for editors: completion, hover texts, and red lines under what is unknown.

What a model accepts, its schema accepts too. The other way round it is more lenient: it knows the keys, types, words
and limits, not what `parse` or `problems` would say. An editor reads YAML 1.2 and judges values, where a model reads
text; so `77051234567` is a number to the one and may be a text to the other, and both must be allowed.
`patternErrorMessage` is no keyword of the draft: editors show it to people instead of the pattern.

Beneath a model with a preset no key is required, because the preset may have it. Lists are replaced as a whole, so
inside them keys are required again. So it is with a model that has runs, whose file may include others; there a
variable may stand anywhere too.
"""

import enum
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from yamlmodel.errors import ConfigError
from yamlmodel.json_values import of_text, plain
from yamlmodel.presets import Preset
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.types import choices, expectation, fields_of, is_scalar, is_struct, members, split, tag_of, unwrap

Schema = dict[str, Any]
Spellings = Mapping[type, Callable[[Any], str | None]]
"""How the value of a scalar class is written, for defaults; None where it cannot be."""
Words = Mapping[type, Sequence[str]]
"""All that a scalar class accepts, where that can be listed."""

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_GROUPED: Final = r"^[-+]?[1-9][0-9]*(_[0-9]+)+$"  # 10_000 is a text to YAML 1.2
_YES_OR_NO: Final = r"^([Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$"  # and so are these
# Of a class with `parse`: which of these it takes decides the types that an editor may see.
_NUMBERS: Final = ("0", "1", "3", "10", "88", "3.4", "7705", "0x58", "77051234567")
_BOOLEANS: Final = ("true", "false")


def json_schema(model: type[msgspec.Struct], spellings: Spellings | None = None, words: Words | None = None) -> Schema:
    """The schema of files that are read as `model`, with `$defs` for the models below it."""
    has_runs = bool(getattr(model, "has_runs", False))
    maker = _Maker({**_SPELLINGS, **(spellings or {})}, words or {}, variables=has_runs)
    body = maker.body(model, partial=_has_preset(model) or has_runs)
    if has_runs:
        body["properties"] = {**_OF_RUNS, **body["properties"]}
        required = [key for key, field in fields_of(model).items() if field.required]
        body["anyOf"] = [{"required": required}, {"required": ["include"]}]
        maker.defs[_VARIABLE] = _A_VARIABLE
    schema = {"$schema": DRAFT, **body}
    if maker.defs:
        schema["$defs"] = dict(sorted(maker.defs.items()))
    return schema


class _Maker:
    """Makes the schemas of one file."""

    def __init__(self, spellings: Spellings, words: Words, *, variables: bool) -> None:
        self.defs: dict[str, Schema] = {}
        self._spellings = spellings
        self._words = words
        self._variables = variables
        self._names: dict[tuple[type[msgspec.Struct], bool], str] = {}

    def body(self, model: type[msgspec.Struct], *, partial: bool) -> Schema:
        """The schema of a mapping with known keys."""
        tag = tag_of(model)
        fields = fields_of(model)
        properties: Schema = {tag[0]: {"const": tag[1]}} if tag else {}
        properties |= {key: self._property(field, partial) for key, field in fields.items()}
        required = [*([tag[0]] if tag else []), *(key for key, field in fields.items() if field.required)]
        schema: Schema = {"title": f"{tag[0]}: {tag[1]}" if tag else _title(model.__name__)}
        if model.__doc__:
            schema["description"] = " ".join(inspect.cleandoc(model.__doc__).split("\n\n")[0].split())
        schema |= {"type": "object", "properties": properties}
        if required and not partial:
            schema["required"] = required
        return schema | {"additionalProperties": False}

    def _property(self, field: msgspec.structs.FieldInfo, partial: bool) -> Schema:
        schema = self.of(field.type, partial=partial)
        description, examples = _documentation(field.type)
        texts = [text.rstrip(".") for text in (description, schema.pop("description", "")) if text]
        head = {"description": ". ".join(texts)} if texts else {}
        given = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        default = self._written(given, field.type)
        tail = {} if default is None else {"default": default}
        if examples:
            tail["examples"] = [_example(example, field.type) for example in examples]
        return head | schema | tail

    def of(self, annotation: Any, *, partial: bool) -> Schema:
        """The schema of whatever an annotation reads."""
        if unwrap(annotation)[0] is Any:
            return {}
        kinds = split(annotation)
        options = [self._scalar(scalar) for scalar in kinds.scalars]
        options += [self._reference(struct, partial) for struct in kinds.structs]
        # A mapping is read as a Struct where there is one.
        options += [self._dict(mapping, partial) for mapping in kinds.mappings[:1] if not kinds.structs]
        options += [self._list(sequence) for sequence in kinds.sequences[:1]]
        schema = _any_of(options, kinds.optional)
        if self._variables and not _takes_any_text(schema):
            schema = {"anyOf": [*(schema["anyOf"] if list(schema) == ["anyOf"] else [schema]), _TO_VARIABLE]}
        if any(hasattr(unwrap(scalar)[0], "parse") for scalar in kinds.scalars):
            text = " or ".join(expectation(unwrap(scalar)[0]) for scalar in kinds.scalars)
            schema = {"description": text[:1].upper() + text[1:], **schema}
        return schema

    # --- mappings and lists -------------------------------------------------------------------------

    def _reference(self, model: type[msgspec.Struct], partial: bool) -> Schema:
        partial = _has_preset(model) or (partial and _demands(model, set()))
        name = self._names.get((model, partial))
        if name is None:
            name = self._names[model, partial] = self._free_name(model, partial)
            self.defs[name] = {}  # taken, also while the model is met again below itself
            self.defs[name] = self.body(model, partial=partial)
        return {"$ref": f"#/$defs/{name}"}

    def _free_name(self, model: type[msgspec.Struct], partial: bool) -> str:
        name = model.__name__ + ("Override" if partial and not _has_preset(model) else "")
        return name if name not in self.defs else f"{model.__module__}.{name}"

    def _dict(self, annotation: Any, partial: bool) -> Schema:
        inner, meta = unwrap(annotation)
        key_type, value_type = typing.get_args(inner)
        schema: Schema = {"type": "object", "additionalProperties": self.of(value_type, partial=partial)}
        words = self._listed(unwrap(key_type)[0])
        if words is not None:
            schema["propertyNames"] = {"enum": list(words)}
        return schema | ({} if partial else _limits(meta, _OF_COUNT["object"]))

    def _list(self, annotation: Any) -> Schema:
        inner, meta = unwrap(annotation)
        items = self.of(typing.get_args(inner)[0], partial=False)
        return {"type": "array", "items": items, **_limits(meta, _OF_COUNT["array"])}

    # --- scalars ------------------------------------------------------------------------------------

    def _scalar(self, annotation: Any) -> Schema:
        inner, meta = unwrap(annotation)
        words = self._listed(inner)
        if words is not None:
            return {"enum": _enum_values(words)}
        if hasattr(inner, "parse"):
            return {"type": _types_of(inner)}
        return {**_PLAIN[inner], **_limits(meta, _OF_VALUE)}

    def _listed(self, inner: Any) -> Sequence[str] | None:
        if typing.get_origin(inner) is Literal or (isinstance(inner, type) and issubclass(inner, enum.Enum)):
            return choices(inner)
        return self._words.get(inner) if isinstance(inner, type) else None

    def _written(self, value: Any, annotation: Any) -> Any:
        """A default as an editor may insert it; None where there is nothing to insert."""
        for member in members(annotation):
            inner, _ = unwrap(member)
            if isinstance(value, (list, tuple)) and value and typing.get_origin(inner) in (list, tuple):
                items = [self._written(item, typing.get_args(inner)[0]) for item in value]
                return None if None in items else items
            if is_scalar(inner):
                written = self._written_scalar(value, inner)
                if written is not None:
                    return written
        return None

    def _written_scalar(self, value: Any, inner: Any) -> Any:
        if typing.get_origin(inner) is Literal:
            values = typing.get_args(inner)
            return plain(choices(inner)[values.index(value)]) if value in values else None
        if not isinstance(value, inner):
            return None
        if isinstance(value, enum.Enum):
            return plain(str(value.value))
        if not hasattr(inner, "parse"):
            return str(value) if inner is Path else value
        text = self._spellings.get(inner, str)(value)
        return plain(text) if text is not None and _reads_as(inner, text, value) else None


_VARIABLE: Final = "variable"
_TO_VARIABLE: Final[Schema] = {"$ref": f"#/$defs/{_VARIABLE}"}
_A_VARIABLE: Final[Schema] = {
    "type": "string",
    "pattern": r"\$\{",
    "patternErrorMessage": "expected a value as described, or a variable such as ${name} or ${name|default}",
}
_VALUES: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
_OF_RUNS: Final[Schema] = {
    "include": {
        "description": "Files that lie under this one, as paths from where it is",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    },
    "vars": {
        "description": "Variables by name; ${name} stands for one in any value, ${name|default} has a default",
        "type": "object",
        "additionalProperties": {},
    },
    "matrix": {
        "description": "Variables with several values each; every combination is a run",
        "type": "object",
        "properties": {
            "exclude": {
                "description": "Combinations that are left out",
                "type": "array",
                "items": {"type": "object", "additionalProperties": _VALUES},
            }
        },
        "additionalProperties": {"type": "array", "items": _VALUES, "minItems": 1},
    },
}


def _takes_any_text(schema: Schema) -> bool:
    if "anyOf" in schema:
        return any(_takes_any_text(option) for option in schema["anyOf"])
    narrow = {"enum", "pattern", "minLength", "maxLength"} & schema.keys()
    return "string" in schema.get("type", ()) and not narrow


# What an editor may see where a model reads a plain type.
_PLAIN: Final[dict[Any, Schema]] = {
    str: {"type": ["string", "number", "boolean"]},
    Path: {"type": ["string", "number", "boolean"]},
    int: {
        "type": ["integer", "string"],
        "pattern": _GROUPED,
        "patternErrorMessage": "expected a whole number such as 10, without quotes",
    },
    float: {
        "type": ["number", "string"],
        "pattern": _GROUPED,
        "patternErrorMessage": "expected a number such as 1.5, without quotes",
    },
    bool: {"type": ["boolean", "string"], "pattern": _YES_OR_NO, "patternErrorMessage": "expected true or false"},
}

_OF_VALUE: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}
_OF_COUNT: Final = {
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}


def _limits(meta: msgspec.Meta | None, keywords: Mapping[str, str]) -> Schema:
    limits = {keyword: getattr(meta, name, None) for name, keyword in keywords.items()}
    return {keyword: limit for keyword, limit in limits.items() if limit is not None}


def _any_of(options: list[Schema], optional: bool) -> Schema:
    """One of several forms; `null` joins a form that stands alone, where that is possible."""
    if not optional:
        return options[0] if len(options) == 1 else {"anyOf": options}
    if len(options) == 1 and "type" in options[0]:
        kinds = options[0]["type"]
        return options[0] | {"type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
    if len(options) == 1 and "enum" in options[0]:
        return {"enum": [*options[0]["enum"], None]}
    return {"anyOf": [*options, {"type": "null"}]}


def _enum_values(words: Sequence[str]) -> list[Any]:
    """Words as an editor sees them, with and without quotes."""
    return [value for word in words for value in ((word,) if plain(word) == word else (plain(word), word))]


def _types_of(inner: Any) -> str | list[str]:
    """The types that an editor may see where a class reads text."""
    numbers = ["number"] if any(_reads(inner, text) for text in _NUMBERS) else []
    booleans = ["boolean"] if any(_reads(inner, text) for text in _BOOLEANS) else []
    return ["string", *numbers, *booleans] if numbers or booleans else "string"


def _reads(inner: Any, text: str) -> bool:
    try:
        inner.parse(text)
    except ValueError:
        return False
    return True


def _reads_as(inner: Any, text: str, value: Any) -> bool:
    return _reads(inner, text) and bool(inner.parse(text) == value)


def _has_preset(model: type[msgspec.Struct]) -> bool:
    return isinstance(getattr(model, "preset", None), Preset)


def _demands(model: type[msgspec.Struct], seen: set[type[msgspec.Struct]]) -> bool:
    """Whether something is required in a mapping of this model, or in mappings below it."""
    if model in seen:
        return False
    seen.add(model)
    fields = fields_of(model).values()
    if tag_of(model) is not None or any(field.required for field in fields):
        return True
    return any(_demands_below(field.type, seen) for field in fields)


def _demands_below(annotation: Any, seen: set[type[msgspec.Struct]]) -> bool:
    for member in members(annotation):
        inner, meta = unwrap(member)
        if typing.get_origin(inner) is dict:
            if (meta is not None and meta.min_length) or _demands_below(typing.get_args(inner)[1], seen):
                return True
        elif is_struct(inner) and _demands(inner, seen):
            return True
    return False


def _title(name: str) -> str:
    """`ReceiptChange` → `Receipt change`."""
    return " ".join(re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", name)).capitalize()


def _metas(annotation: Any) -> Iterator[msgspec.Meta]:
    for form in (annotation, *members(annotation)):
        meta = unwrap(form)[1]
        if meta is not None:
            yield meta


def _documentation(annotation: Any) -> tuple[str, list[Any]]:
    """Description and examples of an annotation, wherever in a union they stand."""
    metas = list(_metas(annotation))
    description = next((meta.description for meta in metas if meta.description), "")
    return description, list(next((meta.examples for meta in metas if meta.examples), []))


def _example(example: Any, annotation: Any) -> Any:
    """Examples are texts as they stand in a file; of mappings and lists the value is wanted."""
    scalars = unwrap(annotation)[0] is not Any and split(annotation).scalars
    if not isinstance(example, str) or scalars:
        return example
    try:
        return of_text(example)
    except ConfigError:
        return example


def _duration(value: float) -> str:
    """A time span in the largest unit that leaves a whole number."""
    for unit, size in (("h", 3600.0), ("m", 60.0), ("s", 1.0)):
        if value and value % size == 0:
            return f"{value / size:g}{unit}"
    milliseconds = round(value * 1000, 6)
    return f"{milliseconds:g}ms" if value and milliseconds % 1 == 0 else f"{value:g}s"


_SPELLINGS: Final[Spellings] = {
    Duration: _duration,
    Rate: lambda value: f"{value:g}/s",
    Percent: lambda value: f"{value * 100:g}%",
}
