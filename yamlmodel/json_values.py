"""YAML as editors see it: the values of YAML 1.2's core schema, which are those of JSON.

Only for JSON Schema, which judges values. Models read text, see scalar_nodes.
"""

import re
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from yamlmodel.nodes import MERGE_TAG, compose

_INTEGER: Final = re.compile(r"[-+]?[0-9]+", re.ASCII)
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS: Final = 40  # beyond it nobody means a number, and to read one takes long
_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain(text: str) -> Any:
    """The value of a scalar without quotes (YAML 1.2.2 §10.3.2)."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    return float(text) if _FLOAT.fullmatch(text) else text


def of_text(text: str, file: str = "<text>") -> Any:
    """The value of one document; keys are texts, merges are done. ConfigError for what cannot be parsed."""
    return of_node(compose(text, file))


def of_node(node: Node) -> Any:
    """The value of a node and all below it."""
    if isinstance(node, ScalarNode):
        return plain(node.value) if node.style is None else node.value
    if isinstance(node, SequenceNode):
        return [of_node(item) for item in node.value]
    if not isinstance(node, MappingNode):
        raise TypeError(f"a YAML node of an unknown kind: {node!r}")
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in node.value:
        if key.tag == MERGE_TAG:
            sources = value.value if isinstance(value, SequenceNode) else [value]
            for source in reversed(sources):
                merged |= of_node(source)
        else:
            own[key.value] = of_node(value)
    return merged | own
