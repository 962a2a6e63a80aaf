"""The command: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carrierlab.cli import main
from tests.carrierlab.files import SCENARIO, write

FAILING = SCENARIO.replace("{metric: lost, equals: 0}", "{metric: delivered, at_most: 3, note: too good to be true}")


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="carrierlab")


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one process plays many runs; how several share them is in test_crew.py."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})


def test_a_run_that_passes_exits_with_0_and_says_so(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path), "--virtual")
    assert result.exit_code == 0, result.output
    assert "PASSED  Small" in result.output
    assert "✓ lost" in result.output
    assert re.search(r"^trace [0-9a-f]{64}$", result.output, re.M)


def test_a_run_that_fails_exits_with_1_and_shows_found_and_wanted(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path, FAILING), "--virtual")
    assert result.exit_code == 1
    assert "FAILED  Small" in result.output
    assert re.search(r"✗ delivered +at most 3 +found 4", result.output)
    assert "too good to be true" in result.output
    assert "77050001001 (alpha): delivered" in result.output


def test_quiet_prints_the_verdict_only(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path), "--virtual", "--quiet")
    assert len(result.output.splitlines()) == 2
    assert "3 of 3 expectations met" in result.output


def test_reports_are_written(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path), "--virtual", "--seed", "9", "--report", tmp_path / "out")
    assert result.exit_code == 0
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert document["seed"] == 9
    assert document["passed"] is True
    assert (tmp_path / "out" / "junit.xml").read_text().startswith("<?xml")


def test_a_report_directory_that_cannot_be_is_told_before_the_run(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path), "--virtual", "--report", tmp_path / "small.yaml" / "out")
    assert result.exit_code == 2
    assert "cannot be made" in result.output
    assert "PASSED" not in result.output


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_file_exits_with_2_and_one_line_per_mistake(tmp_path: Path, command: str) -> None:
    path = write(tmp_path, SCENARIO.replace("metric: lost", "metric: lots").replace("seed: 1", "sed: 1"))
    result = invoke(command, path)
    assert result.exit_code == 2
    lines = result.output.strip().splitlines()
    assert len(lines) == 2
    assert 'small.yaml:2:1: unknown key "sed"; did you mean "seed"?' in lines[0]
    assert 'did you mean "lost"?' in lines[1]


def test_a_missing_file_exits_with_2(tmp_path: Path) -> None:
    for command in ("run", "check"):
        result = invoke(command, tmp_path / "nowhere.yaml")
        assert result.exit_code == 2
        assert result.output.strip().endswith("nowhere.yaml: no such file")


def test_check_says_ok_for_each_good_file_and_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    good = write(tmp_path)
    result = invoke("check", tmp_path / "nowhere.yaml", good)
    assert result.exit_code == 2
    assert f"ok {good}: 2 operators, 0 events, 3 expectations" in result.output
    assert invoke("check", good).exit_code == 0


def test_check_reads_files_that_only_the_emulator_plays(tmp_path: Path) -> None:
    twin = write(tmp_path, "operators: {op: {listen: tcp:2775}}")
    result = invoke("check", twin)
    assert (result.exit_code, result.output) == (0, f"ok {twin}: 1 operator, 0 events; no workload: for smsc serve\n")
    assert invoke("check", write(tmp_path, "operators: {op: {listen: 7}}")).exit_code == 2


def test_seeds_names_those_that_fail_and_how_to_replay_them(tmp_path: Path) -> None:
    path = write(tmp_path, FAILING)
    result = invoke("run", path, "--seeds", "1..2", "--traces", tmp_path / "traces")
    assert result.exit_code == 1
    assert "seed 1: failed: delivered at most 3, found 4" in result.output
    assert f"replay: carrierlab run {path} --virtual --seed 2" in result.output
    assert "2 of 2 runs failed" in result.output
    good = invoke("run", write(tmp_path), "--seeds", "1..2", "--traces", tmp_path / "traces")
    assert good.exit_code == 0
    assert "all 2 runs passed" in good.output


CLIENT = 'operators: {alpha: {listen: "tcp:2775"}}\nworkload: {client: {for: 1s}}\n'


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (CLIENT, ["--virtual"], "workload.client is an external client, which knows no virtual time; run it without"),
        (CLIENT, ["--seeds", "1..3"], "workload.client is an external client"),
        (
            SCENARIO + "  - {trace: 0123456789ab}\n",
            [],
            "expect names a trace, and only virtual time has one; run it with",
        ),
        (CLIENT.replace("client: {for: 1s}", ""), [], "found none; expected exactly one of campaign, load, client"),
        ('operators: {alpha: {listen: "tcp:2775"}}\n', [], 'the key "workload" is missing; expected a mapping with'),
    ],
)
def test_what_cannot_be_played_so_exits_with_2_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, options: list[str], said: str
) -> None:
    monkeypatch.setattr("carrierlab.commands.run.with_reactor", lambda main: main(None).send(None))
    result = invoke("run", write(tmp_path, text), *options)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert "small.yaml" in line
    assert said in line


def said(*arguments: str | Path) -> str:
    """What a call that cannot be says, in one line, whatever the terminal's width."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    return " ".join(result.output.replace("│", " ").split())


def test_wrong_options_exit_with_2(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert invoke("run", path, "--seeds", "nine").exit_code == 2
    assert invoke("run", path, "--seeds", "1..2", "--seed", "3").exit_code == 2
    assert "20,000 runs at most" in invoke("run", path, "--seeds", "1..30000", "--report", tmp_path / "r").output
    assert "add --virtual" in said("run", path, "--trace", tmp_path / "t")
    assert "--seeds plays many" in said("run", path, "--seeds", "1..2", "--trace", tmp_path / "t")
    assert "and 2 are meant" in said("run", path, path, "--virtual", "--trace", tmp_path / "t")
    many = said("run", write(tmp_path, MATRIX), "--virtual", "--trace", tmp_path / "t")
    assert "--trace is of one run, and 4 are meant; name one file, and --only NAME=VALUE" in many
    assert not (tmp_path / "t").exists()
    assert invoke("run", path, "--seed", "-1").exit_code == 2
    assert invoke("run").exit_code == 2


COMMAND = """
import sys
import carrierlab.cli
import carrierlab.commands.run
original = carrierlab.commands.run.run_over_sockets
def announced(job, reactor, on_progress, announce):
    told = lambda progress: print("running", progress.total, file=sys.stderr, flush=True)
    return original(job, reactor, told, announce)
carrierlab.commands.run.run_over_sockets = announced
carrierlab.cli.main(prog_name="carrierlab")
"""


def carrierlab(*arguments: str | Path, scratch: Path) -> subprocess.Popen[str]:
    """Start the command; it says on standard error when the campaign is running."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", COMMAND, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_over_sockets_it_is_a_program_of_its_own(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = carrierlab("run", write(tmp_path), scratch=scratch)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert set(errors.splitlines()) == {"running 4"}
    assert "PASSED  Small" in output
    assert "trace" not in output
    assert list(scratch.iterdir()) == []


def test_a_terminal_that_knows_no_signs_gets_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = carrierlab("run", write(tmp_path), "--virtual", scratch=tmp_path)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert "? lost" in output


def test_ctrl_c_stops_a_run_in_order(tmp_path: Path) -> None:
    """A handset that writes after an hour keeps the run going; an interrupted run leaves no files behind."""
    long = SCENARIO + "timeline: [{at: 1h, operator: alpha, mo: {from: '7705', to: SHOP, text: STOP}}]\n"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = carrierlab("run", write(tmp_path, long), scratch=scratch)
    assert process.stderr is not None
    assert process.stderr.readline() == "running 4\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert output == ""
    assert list(scratch.iterdir()) == []


MATRIX = SCENARIO.replace("seed: 1", "matrix: {most: [0, 3], text: [a, b]}\nvars: {lost: 0}\nseed: 1").replace(
    "{metric: lost, equals: 0}", "{metric: delivered, at_least: '${most}'}\n  - {metric: lost, equals: '${lost}'}"
)


def test_a_file_with_a_matrix_is_played_once_for_each_combination(tmp_path: Path) -> None:
    result = invoke("run", write(tmp_path, MATRIX), "--virtual", "--report", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "most=0, text=a: passed in" in result.output
    assert "all 4 runs passed" in result.output
    runs = json.loads((tmp_path / "out" / "report.json").read_text())["runs"]
    assert [run["parameters"] for run in runs] == [
        {"most": most, "text": text} for most in ("0", "3") for text in ("a", "b")
    ]


def test_one_run_that_fails_is_enough(tmp_path: Path) -> None:
    path = write(tmp_path, MATRIX.replace("[0, 3]", "[0, 30]"))
    result = invoke("run", path, "--virtual", "--quiet", "--only", "text=a")
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "1 of 2 runs failed")
    assert invoke("run", path, "--virtual", "--quiet", "--only", "text=a", "--only", "most=0").exit_code == 0
    assert invoke("run", path, "--virtual", "--quiet", "--only", "text=a", "--set", "most=1").exit_code == 0


def test_what_replays_a_run_of_a_matrix_picks_it(tmp_path: Path) -> None:
    path = write(tmp_path, MATRIX)
    result = invoke(
        "run", path, "--seeds", "1..2", "--quiet", "--set", "lost=5", "--only", "most=0", "--only", "text=b"
    )
    assert result.exit_code == 1
    assert f"replay: carrierlab run {path} --virtual --seed 1 --set lost=5 --only most=0 --only text=b" in result.output


def test_a_run_of_a_matrix_has_a_trace_when_it_is_picked(tmp_path: Path) -> None:
    pick = ["--only", "most=0", "--only", "text=b"]
    result = invoke("run", write(tmp_path, MATRIX), "--virtual", "--trace", tmp_path / "t.gz", *pick)
    assert result.exit_code == 0
    assert "seed 1 · most=0 · text=b" in " ".join(result.output.split())
    assert (tmp_path / "t.gz").is_file()


def test_traces_and_pages_of_a_matrix_are_named_after_its_values(tmp_path: Path) -> None:
    path = write(tmp_path, MATRIX.replace("[0, 3]", "[0, 30]"))
    out, traces = tmp_path / "out", tmp_path / "traces"
    assert invoke("run", path, "--virtual", "--quiet", "--report", out, "--traces", traces).exit_code == 1
    failed = [f"small-most=30-text={text}-1" for text in "ab"]
    assert sorted(file.name for file in traces.iterdir()) == [f"{name}.trace.gz" for name in failed]
    pages = sorted(page.name for page in (out / "runs").iterdir())
    assert pages == sorted([*failed, *(f"small-most=0-text={text}-1" for text in "ab")])


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = carrierlab("run", write(tmp_path, CLIENT.replace("2775", str(port))), scratch=tmp_path)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert re.fullmatch(rf"127\.0\.0\.1:{port} cannot be listened on: .*in use\n", errors)


def test_each_run_over_sockets_is_told_as_it_ends(tmp_path: Path) -> None:
    """Four runs of a matrix, the second of which lasts until it is stopped: what was played is told and reported."""
    at = "timeline: [{at: '${text}', operator: alpha, mo: {from: '7705', to: SHOP, text: STOP}}]\n"
    path = write(tmp_path, MATRIX.replace("[0, 3]", "[0, 30]").replace("[a, b]", "[10ms, 1h]") + at)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pick = ["--only", "text=10ms", "--only", "text=1h"]
    process = carrierlab("run", path, "--report", tmp_path / "out", *pick, scratch=scratch)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("seed 1, most=0, text=10ms: passed in")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "1 of 4 runs played, 0 of them failed" in output
    assert len(json.loads((tmp_path / "out" / "report.json").read_text())["runs"]) == 1
    assert list(scratch.iterdir()) == []


def test_a_run_over_sockets_that_fails_says_how_to_play_it_again(tmp_path: Path) -> None:
    path = write(tmp_path, MATRIX.replace("[0, 3]", "[0, 30]"))
    process = carrierlab("run", path, "--only", "text=a", scratch=tmp_path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"  replay: carrierlab run {path} --seed 1 --only most=30 --only text=a\n" in output
    assert output.splitlines()[-1] == "1 of 2 runs failed"


def test_every_combination_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path, MATRIX)
    assert invoke("check", path).output.endswith(", 4 runs\n")
    result = invoke("check", write(tmp_path, MATRIX.replace("[0, 3]", "[0, much]")))
    assert result.exit_code == 2
    assert "(the variable most) (with most=much, text=a and 1 more)" in result.output
    result = invoke("check", path, "--set", "lots=1")
    assert 'found "lots"; expected a variable of this file (lost, most, text); did you mean "lost"?' in result.output
    assert "expected NAME=VALUE" in invoke("check", path, "--set", "lost").output
