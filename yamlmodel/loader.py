"""Load a YAML file as a model: `load(path, Model)` gives a Model, or a ConfigError that lists everything wrong.

A model may define `problems(self) -> Iterable[tuple[path, message]]` for what types cannot say (percentages that do not
sum up, a name that refers to nothing). Each path is a tuple of YAML keys and indices from that model down, and the
message is reported at its place in the file.

A model that has runs (see `runs`) may be written with includes, variables and a matrix; here one run is wanted.
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from yamlmodel.errors import ConfigError, Problem
from yamlmodel.includes import Whole
from yamlmodel.nodes import compose, read_text
from yamlmodel.runs import Draft, Loaded, Only, Overrides, read_drafts

T = TypeVar("T", bound=msgspec.Struct)


def load(path: Path, model: type[T]) -> T:
    """Read the file as `model`; relative paths in it are taken from its directory. Errors: ConfigError."""
    return load_located(path, model).value


def load_located(path: Path, model: type[T], overrides: Overrides | None = None, only: Only | None = None) -> Loaded[T]:
    """Like `load`, keeping what is needed to locate later problems; `overrides` and `only` as for `load_runs`."""
    return _read(read_text(path), model, str(path), path.absolute().parent, overrides, only)


def loads(text: str, model: type[T], file: str = "<text>") -> T:
    """Read YAML text as `model`; `file` is the name that problems carry. Errors: ConfigError."""
    return _read(text.removeprefix("\ufeff"), model, file, None).value


def _read(
    text: str,
    model: type[T],
    file: str,
    base: Path | None,
    overrides: Overrides | None = None,
    only: Only | None = None,
) -> Loaded[T]:
    if not getattr(model, "has_runs", False):
        return Draft(Whole(file, base), compose(text, file)).build(model)
    return the_only(read_drafts(text, file, base, overrides, only), file).build(model)


def the_only(drafts: list[Draft], file: str) -> Draft:
    """The run of a file that is to have one. ConfigError for a matrix of several."""
    if len(drafts) > 1:
        some = "; ".join(draft.name for draft in drafts[:3]) + ("; …" if len(drafts) > 3 else "")
        raise ConfigError(
            Problem(file, 0, 0, "matrix", f"makes {len(drafts)} runs ({some}); expected one to be picked")
        )
    return drafts[0]
