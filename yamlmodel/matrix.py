"""One file, many runs: `matrix: {window: [1, 10], persona: [a, b], exclude: [{window: 1, persona: b}]}`.

Every combination of the values is a run in which the variables have them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from yamlmodel.errors import ConfigError, dotted, quoted
from yamlmodel.includes import Whole
from yamlmodel.nodes import found, located
from yamlmodel.suggest import did_you_mean
from yamlmodel.types import Steps
from yamlmodel.variables import NAME

KEY: Final = "matrix"
EXCLUDE: Final = "exclude"
MAX_RUNS: Final = 1000

Combination = Mapping[str, ScalarNode]


class Matrix:
    """The variables of a matrix with their values, and the combinations that are left out."""

    def __init__(self, node: Node, whole: Whole) -> None:
        """Read one. ConfigError."""
        self._whole = whole
        self.values: dict[str, list[ScalarNode]] = {}
        if not isinstance(node, MappingNode):
            raise self._problem(node, (), f"found {found(node)}; expected a mapping of names to lists of values")
        exclude: Node | None = None
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == EXCLUDE:
                exclude = value
            elif not isinstance(key, ScalarNode) or not NAME.fullmatch(key.value):
                raise self._problem(key, (), f"found {found(key)}; expected the name of a variable")
            else:
                self.values[key.value] = self._list(value, key.value)
        count = math.prod(len(values) for values in self.values.values())
        if count > MAX_RUNS:
            raise self._problem(node, (), f"makes {count} runs; expected {MAX_RUNS} at most")
        self._excluded = [] if exclude is None else self._exclusions(exclude)
        self._node = node

    def combinations(self, fixed: Iterable[str] = ()) -> list[Combination]:
        """Every combination, in the order of the file; names that are `fixed` otherwise have no part in it."""
        free = {name: values for name, values in self.values.items() if name not in fixed}
        all_of_them: list[Combination] = [dict(zip(free, values, strict=True)) for values in product(*free.values())]
        left = [one for one in all_of_them if not any(_fits(one, out) for out in self._excluded)]
        if not left:
            raise self._problem(self._node, (EXCLUDE,), "leaves no run at all")
        return left

    def _list(self, node: Node, name: str) -> list[ScalarNode]:
        if not isinstance(node, SequenceNode) or not node.value:
            raise self._problem(node, (name,), f"found {found(node)}; expected a list of values")
        seen: dict[str, ScalarNode] = {}
        for index, value in enumerate(node.value):
            if not isinstance(value, ScalarNode):
                raise self._problem(value, (name, index), f"found {found(value)}; expected a word or number")
            if value.value in seen:
                raise self._problem(value, (name, index), f"{quoted(value.value)} stands here twice")
            seen[value.value] = value
        return list(seen.values())

    def _exclusions(self, node: Node) -> list[dict[str, str]]:
        if not isinstance(node, SequenceNode):
            raise self._problem(node, (EXCLUDE,), f"found {found(node)}; expected a list of combinations")
        return [self._exclusion(entry, (EXCLUDE, index)) for index, entry in enumerate(node.value)]

    def _exclusion(self, entry: Node, path: Steps) -> dict[str, str]:
        if not isinstance(entry, MappingNode) or not entry.value:
            raise self._problem(entry, path, f"found {found(entry)}; expected a mapping of names to values")
        out: dict[str, str] = {}
        for key, value in entry.value:
            name, text = str(key.value), str(value.value) if isinstance(value, ScalarNode) else ""
            refusal = self.refusal(name, text)
            if refusal is not None:
                raise self._problem(value if name in self.values else key, (*path, name), refusal)
            out[name] = text
        return out

    def refusal(self, name: str, text: str) -> str | None:
        """Why there is no such value in the matrix; None when there is."""
        if name not in self.values:
            known = ", ".join(self.values) or "it is empty"
            return f"found {quoted(name)}; expected a variable of the matrix ({known}){did_you_mean(name, self.values)}"
        known_values = [str(value.value) for value in self.values[name]]
        if text not in known_values:
            hint = did_you_mean(text, known_values)
            return f"found {name}={quoted(text)}; expected one of {', '.join(known_values)}{hint}"
        return None

    def _problem(self, node: Node, path: Steps, message: str) -> ConfigError:
        return ConfigError(located(self._whole.place(node), node, dotted((KEY, *path)), message))


def _fits(combination: Combination, out: Mapping[str, str]) -> bool:
    return all(name in combination and combination[name].value == text for name, text in out.items())


def name_of(combination: Combination) -> str:
    """The combination as a run is called: `window=10, persona=a`; "" for the only one."""
    return ", ".join(f"{name}={value.value}" for name, value in combination.items())


def picked(combinations: Sequence[Combination], only: Mapping[str, Sequence[str]]) -> list[Combination]:
    """The combinations that have one of the values that are wanted, of each variable that something is wanted of."""
    return [one for one in combinations if all(one[name].value in values for name, values in only.items())]
