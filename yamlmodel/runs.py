"""A file as the runs that it describes: with what it includes, its variables filled in, once per combination.

A model that says `has_runs: ClassVar[bool] = True` may be written with `include`, `vars` and `matrix` at the top of its
file; they are no keys of the model.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode

from yamlmodel import includes, matrix
from yamlmodel.builder import Builder, descend
from yamlmodel.errors import ConfigError, Problem, dotted, quoted
from yamlmodel.includes import Whole
from yamlmodel.matrix import Combination, Matrix, name_of, picked
from yamlmodel.nodes import bound, found, located, read_text
from yamlmodel.suggest import did_you_mean
from yamlmodel.types import Steps
from yamlmodel.variables import NAME, Variables, scalar

T = TypeVar("T", bound=msgspec.Struct)

VARS: Final = "vars"
KEYS: Final = (includes.KEY, VARS, matrix.KEY)
"""The keys that a file with runs has besides those of its model."""
Overrides = Mapping[str, str]
Only = Mapping[str, Sequence[str]]

_UNSAFE = re.compile(r"[^\w.=-]+", re.ASCII)


class Loaded(Generic[T]):
    """A value with its file: what is found wrong later (a file it names is missing) is still reported in place."""

    def __init__(self, value: T, whole: Whole, root: Node) -> None:
        self.value = value
        self._whole = whole
        self._root = root

    def problem(self, path: Steps, message: str) -> Problem:
        """Make a problem at the place of `path`, keys and indices from the top of the file."""
        node = descend(self._root, path)
        return located(self._whole.place(node), node, dotted(path), message)


class Draft:
    """One run of a file before it is a value of any model."""

    def __init__(
        self,
        whole: Whole,
        root: Node,
        combination: Combination | None = None,
        origins: Mapping[Node, str] | None = None,
    ) -> None:
        combination = combination or {}
        self.name = name_of(combination)
        """As `window=10, persona=a`; "" for the only run of a file."""
        self.matrix = {name: str(value.value) for name, value in combination.items()}
        """What the matrix has for its variables in this run."""
        self._whole = whole
        self._root = root
        self._origins = origins

    @property
    def file(self) -> str:
        """The name of the file, without directory and suffix."""
        return Path(self._whole.file).stem

    def has(self, *keys: str) -> bool:
        """Whether the file has one of these keys at its top."""
        return isinstance(self._root, MappingNode) and any(key.value in keys for key, _ in self._root.value)

    def build(self, model: type[T]) -> Loaded[T]:
        """The value of the run. ConfigError."""
        builder = Builder(self._whole.file, self._whole.base, self._whole.files, self._origins)
        value = builder.build(self._root, model, ())
        if builder.problems:
            in_file_order = sorted(builder.problems, key=lambda problem: (problem.line, problem.column))
            raise ConfigError(*dict.fromkeys(in_file_order))
        return Loaded(value, self._whole, self._root)


class Run(Generic[T]):
    """One run of a file: its name ("" for the only one), what the matrix has in it, and its value."""

    def __init__(self, name: str, variables: Mapping[str, str], value: T) -> None:
        self.name = name
        self.variables = variables
        self.value = value

    @property
    def slug(self) -> str:
        """The name as that of a directory: `window=10_persona=a`."""
        return _UNSAFE.sub("_", self.name)


def load_runs(path: Path, model: type[T], overrides: Overrides | None = None, only: Only | None = None) -> list[Run[T]]:
    """All runs of a file, in the order of its matrix; one where it has none. ConfigError.

    `overrides` are texts of variables, in place of what the file says; a variable of the matrix has this value alone.
    `only` picks the runs in which variables of the matrix have one of these values.
    """
    return built(drafts_of(path, overrides, only), lambda draft: draft.build(model).value)


def drafts_of(path: Path, overrides: Overrides | None = None, only: Only | None = None) -> list[Draft]:
    """The runs of a file, of whatever model they are. ConfigError."""
    return read_drafts(read_text(path), str(path), path.absolute().parent, overrides, only)


def built(drafts: Sequence[Draft], build: Callable[[Draft], T]) -> list[Run[T]]:
    """What a function makes of each run; a ConfigError has the problems of them all, and says of which they are."""
    values: list[Run[T]] = []
    problems: dict[Problem, list[str]] = {}
    for draft in drafts:
        try:
            values.append(Run(draft.name, draft.matrix, build(draft)))
        except ConfigError as error:
            for problem in error.problems:
                problems.setdefault(problem, []).append(draft.name)
    if problems:
        raise ConfigError(*(_of_runs(problem, names, len(drafts)) for problem, names in problems.items()))
    return values


def _of_runs(problem: Problem, names: list[str], count: int) -> Problem:
    if len(names) == count:
        return problem
    said = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return msgspec.structs.replace(problem, message=f"{problem.message} (with {said})")


def read_drafts(
    text: str, file: str, base: Path | None, overrides: Overrides | None = None, only: Only | None = None
) -> list[Draft]:
    """The runs of a file, of whatever model they are. ConfigError."""
    whole = Whole(file, base)
    root = whole.read(text)
    overrides, only = overrides or {}, only or {}
    if not isinstance(root, MappingNode):
        return [Draft(whole, root)]
    rest, special = _apart(root, whole)
    declared = _declared(special.get(VARS), whole)
    combinations: list[Combination] = [{}]
    if matrix.KEY in special:
        table = Matrix(special[matrix.KEY], whole)
        for name in table.values:
            # One of an included file gives way, as everything there does to what is here.
            if name in declared and whole.place(declared[name]) in (whole.file, whole.place(special[matrix.KEY])):
                raise _problem(whole, declared[name], f"{VARS}.{name}", f"{name} is a variable of the matrix already")
        combinations = _wanted(table, overrides, only, whole.file)
        declared |= {name: values[0] for name, values in table.values.items()}
    elif only:
        raise ConfigError(Problem(whole.file, 0, 0, "", f"there is no matrix to pick {next(iter(only))} from"))
    declared |= {name: scalar(text, root) for name, text in overrides.items() if name in declared}
    return [_draft(whole, rest, declared, one, overrides) for one in combinations]


def _apart(root: MappingNode, whole: Whole) -> tuple[MappingNode, dict[str, Node]]:
    """What a file says of its model, and what it says of its variables and runs."""
    special: dict[str, Node] = {}
    pairs = []
    for key, value in root.value:
        if not isinstance(key, ScalarNode) or key.value not in (VARS, matrix.KEY):
            pairs.append((key, value))
        elif key.value in special:
            raise _problem(whole, key, "", f"the key {quoted(key.value)} stands here twice")
        else:
            special[key.value] = value
    if not special:
        return root, special
    rest = MappingNode(root.tag, pairs, root.start_mark, root.end_mark)
    whole.put(rest, root)
    return rest, special


def _wanted(table: Matrix, overrides: Overrides, only: Only, file: str) -> list[Combination]:
    """The combinations that are left when some variables are given a value, and of others some values are picked."""
    for name, values in only.items():
        for value in values:
            refusal = table.refusal(name, value)
            if refusal is not None:
                raise ConfigError(Problem(file, 0, 0, "", refusal))
    left = picked(table.combinations(overrides), {name: of for name, of in only.items() if name not in overrides})
    if not left:
        raise ConfigError(Problem(file, 0, 0, "", "no run of the matrix has all of the values that are picked"))
    return left


def _draft(
    whole: Whole, root: Node, declared: Mapping[str, Node], combination: Combination, overrides: Overrides
) -> Draft:
    # What is given for a name that is not declared takes the place of the default where it is used.
    given = {name: scalar(text, root) for name, text in overrides.items() if name not in declared}
    variables = Variables({**declared, **combination}, whole.place, given)
    filled = variables.fill(root)
    for new, old in variables.moved:
        whole.put(new, old)
    problems = list(dict.fromkeys(variables.problems))
    if problems:
        raise ConfigError(*problems)
    for name in given:
        if name not in variables.optional:
            known = sorted({*declared, *variables.optional})
            said = f"({', '.join(known)})" if known else "(it has none)"
            hint = did_you_mean(name, known)
            message = f"found {quoted(name)}; expected a variable of this file {said}{hint}"
            raise ConfigError(Problem(whole.file, 0, 0, "", message))
    if filled is not root or whole.files:
        bound(filled, whole.file)
    return Draft(whole, filled, combination, variables.origins)


def _declared(node: Node | None, whole: Whole) -> dict[str, Node]:
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        raise _problem(whole, node, VARS, f"found {found(node)}; expected a mapping of names to values")
    declared: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode) or not NAME.fullmatch(key.value):
            raise _problem(whole, key, VARS, f"found {found(key)}; expected a name of letters, digits, _ and -")
        if key.value in declared:
            raise _problem(whole, key, VARS, f"the key {quoted(key.value)} stands here twice")
        declared[key.value] = value
    return declared


def _problem(whole: Whole, node: Node, path: str, message: str) -> ConfigError:
    return ConfigError(located(whole.place(node), node, path, message))
