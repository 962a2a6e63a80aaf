"""A run that was seen once is expected again, octet for octet."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted

from carrierlab.expect_trace import TraceExpectation, TraceHash
from carrierlab.run import CannotPlay, Job, run_over_sockets, run_virtual
from carrierlab.scenario import load_scenario
from tests.carrierlab.files import SCENARIO, write


def job(directory: Path, trace: str) -> Job:
    return Job(load_scenario(write(directory, f"{SCENARIO}  - {{trace: {trace}}}\n")), "small.yaml")


def test_the_beginning_of_a_hash_is_enough(tmp_path: Path) -> None:
    trace = run_virtual(Job(load_scenario(write(tmp_path)), "small.yaml")).trace
    assert trace is not None
    assert run_virtual(job(tmp_path, trace)).passed
    assert run_virtual(job(tmp_path, trace[:12])).passed
    other = run_virtual(job(tmp_path, "0" * 12))
    assert not other.passed
    assert (other.verdicts[-1].wanted, other.verdicts[-1].found) == ("equals 000000000000", trace[:12])


def test_it_is_that_of_the_files_seed(tmp_path: Path) -> None:
    outcome = run_virtual(job(tmp_path, "0" * 12).seeded(2))
    assert outcome.passed
    assert outcome.notes == ("the trace is not judged: it is that of seed 1",)
    assert not run_virtual(job(tmp_path, "0" * 12).seeded(1)).passed


@pytest_twisted.ensureDeferred
async def test_sockets_have_none(tmp_path: Path) -> None:
    with pytest.raises(CannotPlay, match="expect names a trace, and only virtual time has one"):
        await run_over_sockets(job(tmp_path, "0" * 12), None)


def test_what_is_no_hash() -> None:
    assert TraceExpectation(trace=TraceHash.parse("0123456789ab")).operator is None
    for text in ("0123456789a", "G" * 12, "a" * 65, "ABCDEF012345"):
        with pytest.raises(ValueError, match="12 to 64 hexadecimal digits"):
            TraceHash.parse(text)
