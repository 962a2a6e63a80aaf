"""``carrierlab check FILES``: reads scenario files and names every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import rich_click as click

from carrierlab.exit_codes import PASSED, UNUSABLE
from carrierlab.scenario import LabScenario, load_any
from smsc.scenario.model import Scenario
from yamlmodel.errors import ConfigError


@click.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
def check(files: tuple[Path, ...]) -> NoReturn:
    """Read the scenario FILES and name every mistake with its line; exit with 2 when there is one."""
    code = PASSED
    for file in files:
        try:
            scenario = load_any(file)
        except ConfigError as error:
            click.echo(str(error), err=True)
            code = UNUSABLE
        else:
            click.echo(f"ok {file}: {_summary(scenario)}")
    raise SystemExit(code)


def _summary(scenario: Scenario) -> str:
    counts = [(len(scenario.operators), "operator"), (len(scenario.timeline), "event")]
    if isinstance(scenario, LabScenario):
        counts.append((len(scenario.expect), "expectation"))
    said = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts)
    return said if isinstance(scenario, LabScenario) else f"{said}; no workload: for smsc serve"
