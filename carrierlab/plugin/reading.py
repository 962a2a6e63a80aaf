"""Scenario files as tests name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from smsc.scenario.defaults import DEFAULTS
from smsc.scenario.model import Scenario
from smsc.scenario.scalars import Listen
from smsc.server.tls import tls_problems
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load_located

_ANYWHERE = Listen("127.0.0.1", 0)


def find(file: str | Path, *directories: Path) -> Path:
    """The file as a test names it: relative to the first of the directories where it exists."""
    candidates = [directory / file for directory in directories]
    return next((path for path in candidates if path.exists()), candidates[0])


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Values of variables as a command line has them: ``--set NAME=VALUE``."""
    return {name: str(value) for name, value in (values or {}).items()}


def read_scenario(file: Path | None, values: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a file, or the one that lets anybody in; on free ports of loopback.

    `values` of variables take the place of the file's. ConfigError for what is wrong with either.
    """
    loaded = load_located(DEFAULTS if file is None else file, Scenario, texts(values))
    if problems := tls_problems(loaded):
        raise ConfigError(*problems)
    scenario = loaded.value
    operators = {
        name: msgspec.structs.replace(operator, listen=_ANYWHERE) for name, operator in scenario.operators.items()
    }
    return msgspec.structs.replace(scenario, operators=operators)
