"""A whole scenario, our workload included, played in virtual time within a test."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from carrierlab.report.console import print_report
from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import load_scenario

_WIDTH = 100


def play(file: Path, seed: int | None) -> Outcome:
    """Play `file`, with another seed than its own when one is given. ConfigError when it cannot be used."""
    return run_virtual(Job(load_scenario(file), str(file)).seeded(seed))


def report_text(outcome: Outcome) -> str:
    """The report as ``carrierlab run`` prints it."""
    text = io.StringIO()
    print_report(outcome, Console(file=text, width=_WIDTH, highlight=False))
    return text.getvalue().strip()
