"""What a run records of itself: the same run as one that is not recorded, and the same file every time."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from carrierlab.run import Job, record_virtual, run_virtual
from carrierlab.scenario import load_scenario
from carrierlab.traces.format import FaultMark, OperatorState, Remark, SenderState, to_octets
from carrierlab.traces.reading import entries
from tests.carrierlab.files import SCENARIO, write

TIMELINE = "timeline: [{at: 50ms, for: 1s, operator: alpha, fault: throttle, rate: 5/s}]\n"
TO = "77050001001"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    path = write(tmp_path, SCENARIO + TIMELINE)
    return Job(load_scenario(path), "small.yaml")


def test_a_recorded_run_is_the_same_run_and_gives_the_same_file(job: Job) -> None:
    outcome, trace = record_virtual(job)
    assert outcome.trace == trace.end.digest == run_virtual(job).trace
    assert to_octets(record_virtual(job)[1]) == to_octets(trace)
    assert to_octets(record_virtual(job.seeded(2))[1]) != to_octets(trace)


def test_both_sides_tell_the_states_of_a_message_in_order(job: Job) -> None:
    _, trace = record_virtual(job)
    sender = [line.state for line in trace.lines if isinstance(line, SenderState) and (line.to, line.part) == (TO, 0)]
    assert sender == ["queued", "claimed", "submitting", "accepted", "delivered"]
    operator = [line.state for line in trace.lines if isinstance(line, OperatorState) and line.to == TO]
    assert operator == ["ENROUTE", "DELIVRD", "receipt acknowledged"]
    times = [line.at for line in trace.lines]
    assert times == sorted(times)


def test_faults_logs_and_the_verdict_are_in_it(job: Job) -> None:
    outcome, trace = record_virtual(job)
    marks = [(line.what, line.operator, line.detail) for line in trace.lines if isinstance(line, FaultMark)]
    assert marks == [("begins", "alpha", "throttled to 5/s"), ("ends", "alpha", "throttled to 5/s")]
    assert any("bound" in line.text for line in trace.lines if isinstance(line, Remark))
    assert (trace.end.passed, len(trace.end.verdicts)) == (outcome.passed, 3)
    assert set(trace.header.operators.values()) == {"alpha", "beta"}
    assert logging.getLogger("smsc").level == logging.NOTSET, "the logs are as they were"


def test_every_pdu_of_the_run_is_found_again(job: Job) -> None:
    outcome, trace = record_virtual(job)
    commands = [entry.command for entry in entries(trace)]
    assert commands.count("submit_sm") == outcome.metrics["submits"]
    assert "unreadable" not in commands


def test_a_trace_that_is_full_counts_what_it_leaves_out(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = record_virtual(job)[1]
    monkeypatch.setattr("carrierlab.traces.recorder.MAX_LINES", 10)
    outcome, trace = record_virtual(job)
    recorded = sum(not isinstance(line, OperatorState | FaultMark) for line in whole.lines)
    assert trace.end.left_out == recorded - 10
    assert outcome.trace == whole.end.digest, "the hash is of everything"
