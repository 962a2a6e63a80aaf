"""How tests play the scenarios of the repository."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import LabScenario, load_scenario, load_scenario_runs

DIRECTORY = Path(__file__).resolve().parents[2] / "scenarios"
FILES = sorted(DIRECTORY.glob("*.yaml"))
STEMS = [path.stem for path in FILES]


def _runs(path: Path) -> list[str]:
    """The names of a file's runs: `file`, or `file[persona=tlv-only]` for each that a matrix makes."""
    if "\nmatrix:" not in path.read_text(encoding="utf-8"):
        return [path.stem]
    return [f"{path.stem}[{run.name}]" for run in load_scenario_runs(path)]


NAMES = [name for path in FILES for name in _runs(path)]


def load(name: str) -> LabScenario:
    stem, _, picked = name.rstrip("]").partition("[")
    path = DIRECTORY / f"{stem}.yaml"
    if not picked:
        return load_scenario(path)
    return next(run.value for run in load_scenario_runs(path) if run.name == picked)


def play(scenario: LabScenario, name: str = "changed") -> Outcome:
    return run_virtual(Job(scenario, f"{name}.yaml"))


@cache
def played(name: str) -> Outcome:
    """A scenario as it is in the repository; played once for all tests."""
    return play(load(name), name)


def with_campaign(scenario: LabScenario, **changes: Any) -> LabScenario:
    """The same scenario with another campaign."""
    campaign = msgspec.structs.replace(scenario.workload.campaign, **changes)
    return msgspec.structs.replace(scenario, workload=msgspec.structs.replace(scenario.workload, campaign=campaign))


def with_receipts(scenario: LabScenario, **changes: Any) -> LabScenario:
    """The same scenario with other habits of every operator's receipts."""
    operators = {
        name: msgspec.structs.replace(operator, receipts=msgspec.structs.replace(operator.receipts, **changes))
        for name, operator in scenario.operators.items()
    }
    return msgspec.structs.replace(scenario, operators=operators)


def complaint(outcome: Outcome) -> str:
    """What is to be shown when an outcome is not the one expected."""
    unmet = [f"{v.metric}: {v.wanted}, found {v.found} {v.examples}" for v in outcome.verdicts if not v.met]
    return "\n".join([*outcome.trouble, *unmet])
