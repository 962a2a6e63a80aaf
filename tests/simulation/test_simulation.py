"""A few seeds of the simulation, and what keeps it honest. `make simulate` plays a thousand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.play import play

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", range(1, 13))
def test_every_invariant_holds(seed: int) -> None:
    """I1 to I9."""
    verdict = play(seed)
    assert not verdict.invariant, "\n".join([verdict.reason, *verdict.events[-40:]])
    assert verdict.messages
    assert verdict.turns


def test_the_same_seed_gives_the_same_trace_in_another_process() -> None:
    ours = {seed: play(seed).trace for seed in (3, 4)}
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        for seed, trace in ours.items():
            command = [sys.executable, "-m", "tests.simulation", str(seed)]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=True)
            assert f"trace {trace}" in done.stdout
