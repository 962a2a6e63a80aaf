"""Load a YAML file as a model: `load(path, Model)` gives a Model, or a ConfigError that lists everything wrong.

A model may define `problems(self) -> Iterable[tuple[path, message]]` for what types cannot say (percentages that do not
sum up, a name that refers to nothing). Each path is a tuple of YAML keys and indices from that model down, and the
message is reported at its place in the file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from yaml.nodes import MappingNode, Node

from yamlmodel.builder import Builder, descend
from yamlmodel.errors import ConfigError, Problem, dotted
from yamlmodel.nodes import compose, located, read_text
from yamlmodel.presets import in_order_of, nested, overlaid
from yamlmodel.types import Steps

T = TypeVar("T", bound=msgspec.Struct)


class Loaded(Generic[T]):
    """A value with its file: what is found wrong later (a file it names is missing) is still reported in place."""

    def __init__(self, value: T, file: str, root: Node) -> None:
        self.value = value
        self._file = file
        self._root = root

    def problem(self, path: Steps, message: str) -> Problem:
        """Make a problem at the place of `path`, keys and indices from the top of the file."""
        return located(self._file, descend(self._root, path), dotted(path), message)


def load(path: Path, model: type[T]) -> T:
    """Read the file as `model`; relative paths in it are taken from its directory. Errors: ConfigError."""
    return load_located(path, model).value


def load_located(path: Path, model: type[T], changes: Mapping[str, object] | None = None) -> Loaded[T]:
    """Like `load`, keeping what is needed to locate later problems.

    `changes` are other values than the file's by dotted path, such as ``{"operators.kcell.submit.latency": "2s"}``.
    """
    return _read(read_text(path), model, str(path), path.absolute().parent, changes)


def loads(text: str, model: type[T], file: str = "<text>") -> T:
    """Read YAML text as `model`; `file` is the name that problems carry. Errors: ConfigError."""
    return _read(text.removeprefix("\ufeff"), model, file, None).value


def _read(
    text: str, model: type[T], file: str, base: Path | None, changes: Mapping[str, object] | None = None
) -> Loaded[T]:
    root = compose(text, file)
    if changes and isinstance(root, MappingNode):
        for path, value in changes.items():
            root = in_order_of(root, overlaid(root, nested(path, value, root)))
    builder = Builder(file, base)
    value = builder.build(root, model, ())
    if builder.problems:
        in_file_order = sorted(builder.problems, key=lambda problem: (problem.line, problem.column))
        raise ConfigError(*dict.fromkeys(in_file_order))
    return Loaded(value, file, root)
