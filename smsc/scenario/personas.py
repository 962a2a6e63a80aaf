"""Ready operator profiles: YAML files in this package, or a user's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from yamlmodel.loader import load
from yamlmodel.suggest import did_you_mean

DIRECTORY: Final = Path(__file__).resolve().parent.parent / "personas"


class Persona(msgspec.Struct, frozen=True):
    """A profile of an operator, with where its habits were seen."""

    persona: Annotated[str, Meta(description="Its name, that of the file", min_length=1)]
    about: Annotated[str, Meta(description="What is peculiar about it, in a sentence")]
    sources: Annotated[list[str], Meta(description="Where its habits are documented or reported", min_length=1)]
    operator: Annotated[Any, Meta(description="What an operator of a scenario may say")]


def find_persona(written: str, base: Path | None) -> Path:
    """The file of a persona: a name of the package, or a path (with `/` or `.yaml`) from the directory `base`.

    ValueError names the nearest one.
    """
    if "/" in written or written.endswith((".yaml", ".yml")):
        return (base or Path()) / written
    known = {path.stem: path for path in persona_files()}
    if written in known:
        return known[written]
    hint = did_you_mean(written, known) or f"; there are {', '.join(known)}"
    raise ValueError(f'found "{written}"; expected a persona or the path of a YAML file{hint}')


def persona_files() -> Iterator[Path]:
    """The files of the package, by name."""
    yield from sorted(DIRECTORY.glob("*.yaml"))


def personas() -> list[Persona]:
    """All of the package's, by name."""
    return [load(path, Persona) for path in persona_files()]
