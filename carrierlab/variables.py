"""The options ``--set NAME=VALUE`` and ``--only NAME=VALUE``: variables of a file, and runs of its matrix."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click

from carrierlab.parameters import Parsed
from carrierlab.scenario import LabScenario, load_scenario_runs
from yamlmodel.runs import Run

C = TypeVar("C", bound=Callable[..., Any])


class Picked(msgspec.Struct, frozen=True):
    """What the command line says of variables: values in place of the file's, and runs of the matrix."""

    values: dict[str, str] = {}
    only: dict[str, list[str]] = {}

    @classmethod
    def of(cls, settings: tuple[tuple[str, str], ...], only: tuple[tuple[str, str], ...]) -> Picked:
        """Make it of what the options gave, in their order; the last value of a variable holds."""
        wanted: dict[str, list[str]] = {}
        for name, value in only:
            wanted.setdefault(name, []).append(value)
        return cls(dict(settings), wanted)

    def runs(self, file: Path) -> list[Run[LabScenario]]:
        """The runs of a scenario file that are meant. ConfigError."""
        return load_scenario_runs(file, self.values, self.only)

    def options_for(self, run: Mapping[str, str]) -> str:
        """The options that pick one run of the matrix, with the blank before them; "" where none are needed."""
        words = [word for name, value in self.values.items() for word in ("--set", f"{name}={value}")]
        words += [word for name, value in run.items() for word in ("--only", f"{name}={value}")]
        return "".join(f" {shlex.quote(word)}" for word in words)


def parse_setting(text: str) -> tuple[str, str]:
    """Name and value of `rate=50`; ValueError."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f'found "{text}"; expected NAME=VALUE, such as rate=50')
    return name, value


def variable_options(command: C) -> C:
    """Give a command the two options, as its parameters `settings` and `only`."""
    pair = Parsed("NAME=VALUE", parse_setting)
    only = click.option("--only", type=pair, multiple=True, help="Play only these runs of the file's matrix.")
    return click.option(
        "--set", "settings", type=pair, multiple=True, help="A value for a variable of the file, in place of its own."
    )(only(command))
