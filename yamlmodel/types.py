"""What a model's type annotations say about the YAML they stand for.

Models are `msgspec.Struct` classes. Understood: `str int float bool Any Path`, `X | None`, unions, `Literal`, `Enum`,
`list[T]`, `tuple[T, ...]`, `dict[K, T]`, Structs, classes with a `parse(text)` classmethod, and
`Annotated[T, msgspec.Meta(...)]` (limits, and `description`/`examples` for documentation).

A union of Structs is told apart by keys: a Struct with `tag_field="fault", tag="reset"` by the value of that key, any
other by a required key of its own that no other member has.
"""

import enum
import functools
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import msgspec

Steps = tuple[str | int, ...]


class Split(msgspec.Struct, frozen=True):
    """The members of a union, by the kind of node that each one reads."""

    optional: bool
    structs: tuple[type[msgspec.Struct], ...]
    mappings: tuple[Any, ...]
    sequences: tuple[Any, ...]
    scalars: tuple[Any, ...]


def unwrap(annotation: Any) -> tuple[Any, msgspec.Meta | None]:
    """Take the `msgspec.Meta` off an annotation."""
    if typing.get_origin(annotation) is Annotated:
        inner, *extras = typing.get_args(annotation)
        metas = [extra for extra in extras if isinstance(extra, msgspec.Meta)]
        return inner, metas[-1] if metas else None
    return annotation, None


def members(annotation: Any) -> tuple[Any, ...]:
    """Flatten a union to its members; any other type is its own only member. Limits of the whole hold for each."""
    inner, meta = unwrap(annotation)
    if typing.get_origin(inner) not in (Union, types.UnionType):
        return (annotation,)
    leaves = tuple(leaf for member in typing.get_args(inner) for leaf in members(member))
    if meta is None:
        return leaves
    return tuple(leaf if unwrap(leaf)[1] else Annotated[leaf, meta] for leaf in leaves)


def split(annotation: Any) -> Split:
    """Sort the members of a union by the node they read."""
    optional = False
    structs: list[type[msgspec.Struct]] = []
    mappings: list[Any] = []
    sequences: list[Any] = []
    scalars: list[Any] = []
    for member in members(annotation):
        inner, _ = unwrap(member)
        origin = typing.get_origin(inner)
        if inner is None or inner is types.NoneType:
            optional = True
        elif is_scalar(inner):
            scalars.append(member)
        elif is_struct(inner):
            structs.append(inner)
        elif origin is dict:
            mappings.append(member)
        elif origin in (list, tuple):
            sequences.append(member)
        else:
            raise TypeError(f"yamlmodel cannot read the type {annotation!r}")
    return Split(optional, tuple(structs), tuple(mappings), tuple(sequences), tuple(scalars))


def is_scalar(inner: Any) -> bool:
    """Tell types written as one YAML scalar."""
    if typing.get_origin(inner) is Literal:
        return True
    return isinstance(inner, type) and (
        hasattr(inner, "parse") or inner in (str, int, float, bool, Path) or issubclass(inner, enum.Enum)
    )


def is_struct(inner: Any) -> bool:
    """Tell types written as a mapping with known keys."""
    return isinstance(inner, type) and issubclass(inner, msgspec.Struct) and not hasattr(inner, "parse")


@functools.cache
def fields_of(model: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """Return the fields of a model by their YAML key; worked out once, since a file may have thousands of them."""
    return {field.encode_name: field for field in msgspec.structs.fields(model)}


def tag_of(model: type[msgspec.Struct]) -> tuple[str, str] | None:
    """Return (key, value) for a Struct told apart by the value of a key, None for any other."""
    config = model.__struct_config__
    if config.tag_field is None or config.tag is None:
        return None
    return config.tag_field, str(config.tag)


def own_keys(model: type[msgspec.Struct], others: tuple[type[msgspec.Struct], ...]) -> tuple[str, ...]:
    """Return the required keys of `model` that none of `others` has: its mark in a union."""
    taken = {key for other in others if other is not model for key in fields_of(other)}
    return tuple(key for key, field in fields_of(model).items() if field.required and key not in taken)


def marks_of(model: type[msgspec.Struct], others: tuple[type[msgspec.Struct], ...]) -> tuple[str, ...]:
    """Return the keys whose presence points at `model` in a union."""
    tag = tag_of(model)
    return (tag[0],) if tag else own_keys(model, others)


def choices(inner: Any) -> tuple[str, ...]:
    """Return the words that a Literal or an Enum allows, as they are written."""
    if typing.get_origin(inner) is Literal:
        return tuple(_word(value) for value in typing.get_args(inner))
    return tuple(_word(member.value) for member in inner)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def expectation(annotation: Any) -> str:
    """Say what form a type has: "a duration such as 40ms", "a list", "one of a, b"."""
    meta = unwrap(annotation)[1]
    structs = tuple(inner for inner, _ in map(unwrap, members(annotation)) if is_struct(inner))
    if len(structs) > 1:
        keys = dict.fromkeys(key for struct in structs for key in marks_of(struct, structs))
        return "a mapping with " + " or ".join(f'"{key}"' for key in keys)
    texts = list(dict.fromkeys(_expected_member(member) for member in members(annotation)))
    if len(texts) > 1 and "nothing" in texts:
        texts.remove("nothing")
    text = " or ".join(texts)
    if meta is not None and meta.examples:
        text += f", for example {meta.examples[0]}"
    return text


_PLAIN = {
    str: "text",
    int: "a whole number such as 10",
    float: "a number such as 1.5",
    bool: "true or false",
    Path: "a path",
}


def _expected_member(annotation: Any) -> str:
    inner, _ = unwrap(annotation)
    origin = typing.get_origin(inner)
    if inner in (None, types.NoneType):
        return "nothing"
    if origin is Literal or (isinstance(inner, type) and issubclass(inner, enum.Enum)):
        words = choices(inner)
        return f'"{words[0]}"' if len(words) == 1 else "one of " + ", ".join(words)
    if origin in (list, tuple):
        return "a list" + _items_hint(typing.get_args(inner)[0])
    if origin is dict:
        return "a mapping (name: value)"
    if is_struct(inner):
        keys = list(fields_of(inner))
        return "a mapping with " + ", ".join(keys[:6]) + (", ..." if len(keys) > 6 else "")
    if inner in _PLAIN:
        return _PLAIN[inner]
    return str(getattr(inner, "expected", "a " + inner.__name__.lower()))


def _items_hint(item: Any) -> str:
    inner, _ = unwrap(members(item)[0])
    if not is_struct(inner):
        return ""
    keys = [key for key, field in fields_of(inner).items() if field.required] or list(fields_of(inner))
    return " of {" + ", ".join(f"{key}: ..." for key in keys[:2]) + "}"
