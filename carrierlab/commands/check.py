"""``carrierlab check FILES``: reads scenario files and names every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import rich_click as click

from carrierlab.exit_codes import PASSED, UNUSABLE
from carrierlab.scenario import LabScenario, load_any_runs
from carrierlab.variables import Picked, variable_options
from smsc.scenario.model import Scenario
from yamlmodel.errors import ConfigError


@click.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@variable_options
def check(
    files: tuple[Path, ...], settings: tuple[tuple[str, str], ...], only: tuple[tuple[str, str], ...]
) -> NoReturn:
    """Read the scenario FILES and name every mistake with its line; exit with 2 when there is one."""
    code = PASSED
    picked = Picked.of(settings, only)
    for file in files:
        try:
            runs = load_any_runs(file, picked.values, picked.only)
        except ConfigError as error:
            click.echo(str(error), err=True)
            code = UNUSABLE
        else:
            count = f", {len(runs)} runs" if len(runs) > 1 else ""
            click.echo(f"ok {file}: {_summary(runs[0].value)}{count}")
    raise SystemExit(code)


def _summary(scenario: Scenario) -> str:
    counts = [(len(scenario.operators), "operator"), (len(scenario.timeline), "event")]
    if isinstance(scenario, LabScenario):
        counts.append((len(scenario.expect), "expectation"))
    said = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts)
    return said if isinstance(scenario, LabScenario) else f"{said}; no workload: for smsc serve"
