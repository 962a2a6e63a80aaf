"""Ready values that a file names and overrides: `persona: flaky` stands for all that another file says.

A Struct with a class attribute `preset = Preset(...)` has a key that names one. The mapping found there is laid under
the one in the file: mappings are merged key by key, everything else (lists too) is replaced.

A Struct with a class attribute `heirs = "accounts"` has under that key mappings which inherit all else that it says, in
the same way.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from yamlmodel.nodes import MERGE_TAG, compose, read_text


class Preset(msgspec.Struct, frozen=True):
    """Where the ready values of a model are found."""

    key: str
    """The key of the model that names one."""
    inside: str
    """The key of the other file that holds the values."""
    find: Callable[[str, Path | None], Path]
    """(what is written, directory of the file or None) → the file; ValueError says what was expected."""


def read_preset(preset: Preset, name: str, base: Path | None) -> tuple[str, MappingNode]:
    """The name of the file and the mapping in it.

    ValueError for a name that is not known, LookupError or ConfigError for a file that cannot be used.
    """
    path = preset.find(name, base)
    file = str(path)
    root = compose(read_text(path), file)
    values = _value(root, preset.inside)
    if values is None or not isinstance(values, MappingNode):
        raise LookupError(f'{file} has no mapping "{preset.inside}"')
    if _value(values, preset.key) is not None:
        raise LookupError(f"{file} names a {preset.key} itself; expected all of it in one file")
    return file, values


def overlaid(under: MappingNode, over: MappingNode) -> MappingNode:
    """A mapping with what both say; where both do, what `over` says."""
    theirs = {key.value: value for key, value in under.value if isinstance(key, ScalarNode)}
    merged: list[tuple[Node, Node]] = []
    mine: set[str] = set()
    for key, value in over.value:
        if isinstance(key, ScalarNode) and key.tag != MERGE_TAG:
            mine.add(key.value)
            other = theirs.get(key.value)
            if isinstance(value, MappingNode) and isinstance(other, MappingNode):
                merged.append((key, overlaid(other, value)))
                continue
        merged.append((key, value))
    merged += [(key, value) for key, value in under.value if key.value not in mine]
    return MappingNode(over.tag, merged, over.start_mark, over.end_mark)


def bequeathed(node: MappingNode, heirs: str) -> Node:
    """What stands under the key `heirs` of a mapping, each mapping there laid over all else of it."""
    children = _value(node, heirs)
    if children is None or not isinstance(children, MappingNode):
        return children or node
    rest = [(key, value) for key, value in node.value if not (isinstance(key, ScalarNode) and key.value == heirs)]
    under = MappingNode(node.tag, rest, node.start_mark, node.end_mark)
    merged = [
        (key, overlaid(under, value) if isinstance(value, MappingNode) else value) for key, value in children.value
    ]
    return MappingNode(children.tag, merged, children.start_mark, children.end_mark)


def nodes_of(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from nodes_of(key)
            yield from nodes_of(value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from nodes_of(item)


def _value(node: Node, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    return next((value for name, value in node.value if isinstance(name, ScalarNode) and name.value == key), None)
