"""A whole scenario, our workload included, played in virtual time within a test."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from carrierlab.plugin.reading import texts
from carrierlab.report.console import print_report
from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import load_scenario, load_scenario_runs

_WIDTH = 100


def job_of(file: Path, seed: int | None = None, values: Mapping[str, Any] | None = None) -> Job:
    """The one run of a file, with another seed or other values of variables than its own. ConfigError."""
    return Job(load_scenario(file, texts(values)), str(file)).seeded(seed)


def jobs_of(file: Path) -> Iterator[tuple[str, Job]]:
    """All runs of a file by name ("" for the only one). ConfigError."""
    for run in load_scenario_runs(file):
        yield run.name, Job(run.value, str(file))


def play(job: Job) -> Outcome:
    """Play it in virtual time."""
    return run_virtual(job)


def report_text(outcome: Outcome) -> str:
    """The report as ``carrierlab run`` prints it."""
    text = io.StringIO()
    print_report(outcome, Console(file=text, width=_WIDTH, highlight=False))
    return text.getvalue().strip()
