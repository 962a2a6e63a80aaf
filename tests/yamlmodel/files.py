"""A model whose files may have includes, variables and a matrix, and what is found wrong with them."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from msgspec import Meta, Struct

from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads
from yamlmodel.scalars import Rate


class Part(Struct, frozen=True):
    rate: Rate | None = None
    window: Annotated[int, Meta(ge=1)] = 1
    names: list[str] = []
    csv: Path | None = None


class File(Struct, frozen=True):
    has_runs: ClassVar[bool] = True

    title: str = ""
    seed: int = 0
    fast: bool = False
    steps: list[str] = []
    parts: dict[str, Part] = {}
    free: Any = None


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, File, "f.yaml")
    return str(caught.value).splitlines()


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        path = directory / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return directory / "main.yaml"
