"""Many runs: which ones fail, why, and which traces are kept."""

from __future__ import annotations

from pathlib import Path

from carrierlab.many import play_many
from carrierlab.report.played import why_failed
from carrierlab.traces.format import read_trace
from carrierlab.worker import Task, perform
from tests.carrierlab.files import SCENARIO, write

FAILING = SCENARIO.replace("{metric: delivered, equals: 100%}", "{metric: delivered, equals: 3}")


def test_the_traces_of_the_first_that_fail_are_kept(tmp_path: Path) -> None:
    path, traces = write(tmp_path, FAILING), tmp_path / "traces"
    played = list(play_many([Task(str(path), seed) for seed in (4, 5, 6, 7)], jobs=2, traces=traces, keep=2))
    assert [one.trace for one in played] == [
        str(traces / "small-4.trace.gz"), str(traces / "small-5.trace.gz"), None, None
    ]  # fmt: skip
    assert sorted(file.name for file in traces.iterdir()) == ["small-4.trace.gz", "small-5.trace.gz"]
    trace = read_trace(traces / "small-4.trace.gz")
    assert trace.end.digest == played[0].outcome.trace
    assert not trace.end.passed


def test_a_run_that_passes_leaves_no_trace_and_removes_that_of_an_earlier_one(tmp_path: Path) -> None:
    path, traces = write(tmp_path), tmp_path / "traces"
    traces.mkdir()
    (traces / "small-1.trace.gz").write_bytes(b"of yesterday")
    (one,) = play_many([Task(str(path), 1)], traces=traces)
    assert (one.outcome.passed, one.trace) == (True, None)
    assert list(traces.iterdir()) == []


def test_files_of_one_name_have_traces_of_their_own(tmp_path: Path) -> None:
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        paths.append(write(tmp_path / name, FAILING))
    played = list(play_many([Task(str(path), 1) for path in paths], traces=tmp_path / "traces"))
    assert [Path(one.trace or "").name for one in played] == ["small-1.trace.gz", "small-1-2.trace.gz"]


def test_why_a_run_failed_is_told_in_a_line(tmp_path: Path) -> None:
    outcome = perform(Task(str(write(tmp_path, FAILING)), 4)).outcome
    assert outcome is not None
    assert outcome.seed == 4
    assert why_failed(outcome) == "delivered equals 3, found 4"


def test_a_trace_that_cannot_be_written_is_trouble(tmp_path: Path) -> None:
    answer = perform(Task(str(write(tmp_path, FAILING)), 4, trace=str(tmp_path / "small.yaml" / "t")))
    assert answer.trace is None
    assert answer.outcome is not None
    assert "the trace could not be written" in answer.outcome.trouble[-1]
