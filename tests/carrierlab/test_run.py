"""A scenario is played to its end on either stage, with the same verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted

import carrierlab.run
from carrierlab.clock import SimClock
from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_over_sockets, run_virtual
from carrierlab.scenario import load_scenario
from carrierlab.trace import Trace
from sender.app import Sender
from sender.pipeline.runs import RunFailed
from tests.carrierlab.files import SCENARIO, write


def job(directory: Path, scenario: str = SCENARIO) -> Job:
    path = write(directory, scenario)
    return Job(load_scenario(path), str(path))


def check(outcome: Outcome) -> None:
    assert outcome.passed, (outcome.trouble, outcome.verdicts)
    assert outcome.metrics["recipients"] == outcome.metrics["delivered"] == 4
    assert outcome.operators["alpha"]["delivered"] == 3
    assert outcome.operators["beta"]["delivered"] == 1
    assert outcome.metrics["garbled"] == outcome.metrics["mismatched"] == 0
    assert 0.005 <= outcome.operators["alpha"]["submit_latency_p50"] < 1
    assert outcome.metrics["receipt_delay_p50"] >= 0.1
    assert outcome.failures == ()


def test_in_virtual_time(tmp_path: Path) -> None:
    outcome = run_virtual(job(tmp_path))
    check(outcome)
    assert outcome.virtual
    assert outcome.trace is not None
    assert outcome.scenario == "Small"


@pytest_twisted.ensureDeferred
async def test_over_sockets(tmp_path: Path) -> None:
    from twisted.internet import reactor  # noqa: TID251 - the test's own

    seen: list[int] = []
    outcome = await run_over_sockets(job(tmp_path), reactor, lambda progress: seen.append(progress.total))
    check(outcome)
    assert outcome.trace is None
    assert seen
    assert set(seen) == {4}


def test_a_seed_gives_the_same_trace_and_another_seed_another(tmp_path: Path) -> None:
    small = job(tmp_path)
    assert run_virtual(small).trace == run_virtual(small).trace
    assert run_virtual(small).trace != run_virtual(small.seeded(2)).trace
    assert small.seeded(None) is small


def test_the_clock_is_empty_when_a_run_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks: list[SimClock] = []

    class Watched(SimClock):
        def __init__(self) -> None:
            super().__init__()
            clocks.append(self)

    monkeypatch.setattr(carrierlab.run, "SimClock", Watched)
    run_virtual(job(tmp_path))
    (clock,) = clocks
    left = [repr(call) for call in clock.getDelayedCalls()]
    assert left == [], "I8: timers return to the baseline"


def test_a_trace_may_be_kept_to_find_where_two_runs_part(tmp_path: Path) -> None:
    trace = Trace(keep=True)
    run_virtual(job(tmp_path), trace=trace)
    assert trace.happenings is not None
    assert any(b"order 1 is ready" in h.octets or h.what == "data" for h in trace.happenings)


def test_messages_of_handsets_are_waited_for(tmp_path: Path) -> None:
    late = "timeline: [{at: 30s, operator: alpha, mo: {from: '77050001001', to: SHOP, text: STOP}}]\n"
    outcome = run_virtual(job(tmp_path, SCENARIO + late))
    assert outcome.metrics["mo_received"] == 1
    assert 31 <= outcome.duration < 35


def test_an_operator_that_never_reports_does_not_hold_up_the_run(tmp_path: Path) -> None:
    silent = SCENARIO.replace("receipts: {delay: 100ms}", "receipts: {delay: 100ms, outcome: {none: 100%}}")
    outcome = run_virtual(job(tmp_path, silent))
    assert not outcome.passed
    assert outcome.trouble == ()
    assert outcome.operators["alpha"]["awaiting_receipt"] == 3
    assert outcome.duration < 10


def test_a_sender_that_gives_up_is_trouble_and_is_still_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(self: Sender, *args: Any) -> None:
        raise RunFailed("the disk is full")

    monkeypatch.setattr(Sender, "_run", refuse)
    outcome = run_virtual(job(tmp_path))
    assert outcome.trouble == ("the disk is full",)
    assert not outcome.passed
    assert outcome.metrics["recipients"] == 4


def test_a_run_that_would_never_end_is_stopped_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrierlab.run, "VIRTUAL_LIMIT", 0.2)
    outcome = run_virtual(job(tmp_path))
    assert not outcome.passed
    assert "not done at 0.2 s of simulated time" in outcome.trouble[0]


def test_the_ports_of_the_file_are_not_used(tmp_path: Path) -> None:
    small = job(tmp_path)
    moved = carrierlab.run._on_free_ports(small.scenario)
    assert {operator.listen.port for operator in moved.operators.values()} == {0}
    assert {operator.listen.host for operator in moved.operators.values()} == {"127.0.0.1"}
    alpha = small.scenario.operators["alpha"]
    assert msgspec.structs.replace(moved.operators["alpha"], listen=alpha.listen) == alpha
