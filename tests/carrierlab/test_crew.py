"""Runs shared between processes: in order, the same however many, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from carrierlab.crew import WorkerBroken, play_all
from carrierlab.report.result import Outcome
from carrierlab.run import CannotPlay
from carrierlab.worker import Task
from tests.carrierlab.files import write


def played(path: Path, seeds: range, jobs: int) -> list[Outcome]:
    outcomes = [outcome for outcome, _ in play_all([Task(str(path), seed) for seed in seeds], jobs)]
    return [msgspec.structs.replace(outcome, wall=0.0) for outcome in outcomes]


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The workers that were started."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        processes.append(subprocess.Popen(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr("carrierlab.crew.Popen", start)
    return processes


Started = list[subprocess.Popen[bytes]]


def running(started: Started) -> int:
    return sum(process.poll() is None for process in started)


def test_the_outcome_is_the_same_however_many_share_the_work(tmp_path: Path, started: Started) -> None:
    path = write(tmp_path)
    one = played(path, range(1, 6), jobs=1)
    assert [outcome.seed for outcome in one] == [1, 2, 3, 4, 5]
    assert len({outcome.trace for outcome in one}) == 5
    assert played(path, range(1, 6), jobs=3) == one
    assert running(started) == 0


def test_who_stops_early_leaves_no_process_and_no_file(
    tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = write(tmp_path)
    with closing(play_all([Task(str(path), seed) for seed in range(100)], 2)) as outcomes:
        assert next(outcomes)[0].seed == 0
        assert running(started) == 2
    assert running(started) == 0
    assert list(scratch.iterdir()) == []


def test_a_worker_that_is_killed_is_told_and_the_others_end(tmp_path: Path, started: Started) -> None:
    path = write(tmp_path)
    with closing(play_all([Task(str(path), seed) for seed in range(50)], 2)) as outcomes:
        next(outcomes)
        started[0].kill()
        with pytest.raises(WorkerBroken, match=r"seed \d+: the process that played it was killed by signal 9"):
            list(outcomes)
    assert running(started) == 0


def test_a_file_that_cannot_be_used_any_more_is_told_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("scenario:", "scenari:"))
    with pytest.raises(CannotPlay, match='did you mean "scenario"') as wrong:
        list(play_all([Task(str(path), 1)], 1))
    with pytest.raises(CannotPlay, match=r"nowhere\.yaml: no such file") as missing:
        list(play_all([Task(str(tmp_path / "nowhere.yaml"), 1)], 1))
    for caught in (wrong, missing):
        assert str(caught.value).count("\n") == 0
        assert "Traceback" not in str(caught.value)


def test_what_only_the_other_stage_has_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "client.yaml"
    path.write_text("operators: {alpha: {listen: tcp:2775}}\nworkload: {client: {for: 1s}}\n")
    with pytest.raises(CannotPlay) as caught:
        list(play_all([Task(str(path), 1)], 1))
    assert str(caught.value).startswith(f"{path}: workload.client is an external client")
    assert "\n" not in str(caught.value)


def test_what_breaks_a_worker_is_told_in_full() -> None:
    with pytest.raises(WorkerBroken, match=r"(?s)could not be played:.*Traceback.*null byte"):
        list(play_all([Task("no\0file.yaml", 1)], 1))


def test_a_worker_ends_when_nobody_is_left_to_ask(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "carrierlab.worker"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 0


PARENT = """
import sys
from carrierlab.cli import main
main(prog_name="carrierlab")
"""


def test_ctrl_c_ends_many_runs_in_order(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-u", "-c", PARENT, "run", str(write(tmp_path)), "--seeds", "1..20000", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--traces", str(tmp_path / "traces"), "--report", str(tmp_path / "report")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("seed 1: passed")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert "of 20000 runs played, 0 of them failed" in output
    assert (tmp_path / "report" / "index.html").is_file(), "what was played is reported"
    assert list(scratch.iterdir()) == []
