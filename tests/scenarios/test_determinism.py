"""The same seed gives the same trace, in any process; the search over seeds finds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from carrierlab.run import Job, run_virtual
from tests.scenarios.playing import DIRECTORY, complaint, load, played


def trace_of(name: str, hash_seed: str, tmp_path: Path) -> str:
    code = "from carrierlab.cli import main; main(prog_name='carrierlab')"
    path = DIRECTORY / f"{name}.yaml"
    result = subprocess.run(
        [sys.executable, "-c", code, "run", str(path), "--virtual"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return result.stdout.split()[-1]


@pytest.mark.parametrize("name", ["half-open-link", "ids-in-another-case"])
def test_the_trace_is_the_same_in_another_process(name: str, tmp_path: Path) -> None:
    """This process has a hash seed of its own: any other one will do."""
    assert trace_of(name, "1", tmp_path) == played(name).trace


def test_seeds_of_a_restart_lose_nothing_and_count_what_they_repeat() -> None:
    traces = set()
    job = Job(load("operator-restart"), "operator-restart.yaml")
    for outcome in (run_virtual(job.seeded(seed)) for seed in range(100, 102)):
        assert outcome.metrics["lost"] == 0, complaint(outcome)
        assert outcome.metrics["mismatched"] == 0, complaint(outcome)
        assert outcome.metrics["duplicates"] <= outcome.metrics["resends"], complaint(outcome)
        assert outcome.passed, complaint(outcome)
        traces.add(outcome.trace)
    assert len(traces) == 2
