"""Variables of a file: `vars: {rate: 100}` at the top, `${rate}` or `${rate|50}` in any scalar below.

A scalar that is nothing but a variable becomes what the variable is, a number, a list or a mapping too; anywhere else
it is text among text. A variable may be made of others. `$${` stands for `${` itself.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from yamlmodel.errors import Problem, dotted, quoted
from yamlmodel.nodes import MAX_DEPTH, found, located
from yamlmodel.suggest import did_you_mean
from yamlmodel.types import Steps

MAX_TEXT: Final = 1 << 20
"""Characters that the texts of one file may come to by their variables."""
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_USE = re.compile(r"\$\$\{|\$\{([^{}|]*)(?:\|([^{}]*))?\}")
_resolve: Final[Callable[..., str]] = Resolver().resolve


def scalar(text: str, like: Node, *, plain: bool = True) -> ScalarNode:
    """A scalar at the place of another one; plain ones are what YAML takes them for."""
    style = None if plain and text else '"'
    tag = _resolve(ScalarNode, text, (style is None, style is not None))
    return ScalarNode(tag, text, like.start_mark, like.end_mark, style=style)


class Variables:
    """The variables of one run. `origins` has the variable that a scalar came from, for messages about it."""

    def __init__(
        self, declared: Mapping[str, Node], place: Callable[[Node], str], given: Mapping[str, ScalarNode] | None = None
    ) -> None:
        """`place` gives the file of a node; `given` is used instead of the defaults of what is not declared."""
        self.problems: list[Problem] = []
        self.origins: dict[Node, str] = {}
        self.moved: list[tuple[Node, Node]] = []
        """Nodes that were made, each with the one in whose place it stands."""
        self.optional: set[str] = set()
        """Names that were met with a default and are not declared."""
        self._declared = declared
        self._given = given or {}
        self._place = place
        self._values: dict[str, Node] = {}
        self._open: list[str] = []
        self._done: dict[int, Node] = {}
        self._left = MAX_TEXT

    def fill(self, node: Node, path: Steps = ()) -> Node:
        """The node with its variables filled in; the same one where it has none."""
        known = self._done.get(id(node))
        if known is None:
            known = self._done[id(node)] = self._filled(node, path)
        return known

    def _filled(self, node: Node, path: Steps) -> Node:
        if isinstance(node, ScalarNode):
            return self._scalar(node, path) if "${" in node.value else node
        if isinstance(node, SequenceNode):
            items = [self.fill(item, (*path, index)) for index, item in enumerate(node.value)]
            if all(new is old for new, old in zip(items, node.value, strict=True)):
                return node
            return self._instead(node, SequenceNode(node.tag, items, node.start_mark, node.end_mark))
        if not isinstance(node, MappingNode):
            return node
        pairs = []
        for key, value in node.value:
            step = str(key.value) if isinstance(key, ScalarNode) else "?"
            pairs.append((self.fill(key, path), self.fill(value, (*path, step))))
        if all(new[0] is old[0] and new[1] is old[1] for new, old in zip(pairs, node.value, strict=True)):
            return node
        return self._instead(node, MappingNode(node.tag, pairs, node.start_mark, node.end_mark))

    def _scalar(self, node: ScalarNode, path: Steps) -> Node:
        whole = _USE.fullmatch(node.value)
        if whole is not None and whole[1] is not None:
            value = self._look_up(whole, node, path)
            if not isinstance(value, ScalarNode):
                return value
            made = ScalarNode(value.tag, value.value, node.start_mark, node.end_mark, style=value.style)
            self.origins[made] = whole[1]
            return self._instead(node, made)
        text = _USE.sub(lambda use: self._text(use, node, path), node.value)
        self._left -= len(text)
        if self._left < 0:
            self._fail(node, path, f"the variables make more than {MAX_TEXT >> 20} MiB of text")
            return node
        return self._instead(node, scalar(text, node, plain=node.style is None))

    def _text(self, use: re.Match[str], node: Node, path: Steps) -> str:
        if use[1] is None:
            return "${"
        if self._left < 0:
            return ""
        value = self._look_up(use, node, path)
        if isinstance(value, ScalarNode):
            self._left -= len(value.value)
            return str(value.value)
        self._fail(node, path, f"found {found(value)} in ${{{use[1]}}}; expected a word or number within a text")
        return ""

    def _look_up(self, use: re.Match[str], node: Node, path: Steps) -> Node:
        name, default = use[1].strip(), use[2]
        if name in self._declared:
            return self._value(name, node, path)
        if default is not None and NAME.fullmatch(name):
            self.optional.add(name)
            return self._given.get(name) or scalar(default, node)
        known = ", ".join(self._declared) or "there are none in vars"
        hint = did_you_mean(name, self._declared)
        self._fail(node, path, f"found {quoted(use[0])}; expected a variable of this file ({known}){hint}")
        return scalar("", node)

    def _value(self, name: str, node: Node, path: Steps) -> Node:
        if name in self._values:
            return self._values[name]
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            self._fail(node, path, f"the variable {name} is made of itself ({circle})")
            return scalar("", node)
        if len(self._open) >= MAX_DEPTH:
            self._fail(node, path, f"more than {MAX_DEPTH} variables within each other")
            return scalar("", node)
        self._open.append(name)
        value = self._values[name] = self.fill(self._declared[name], ("vars", name))
        self._open.pop()
        return value

    def _instead(self, old: Node, new: Node) -> Node:
        self.moved.append((new, old))
        return new

    def _fail(self, node: Node, path: Steps, message: str) -> None:
        self.problems.append(located(self._place(node), node, dotted(path), message))
