"""``carrierlab trace``: what it shows, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from carrierlab.cli import main
from carrierlab.traces.format import TraceFile, write_trace
from tests.carrierlab.files import write
from tests.carrierlab.traces.small import END, HEADER, LINES, TO, TRACE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_trace(tmp_path / "t.trace.gz", TRACE)
    return tmp_path / "t.trace.gz"


def trace(*arguments: str | Path, keys: str = "") -> Result:
    runner = CliRunner(env={"COLUMNS": "120"})
    return runner.invoke(main, ["trace", *map(str, arguments)], prog_name="carrierlab", input=keys)


def test_away_from_a_terminal_it_is_one_line_each(file: Path) -> None:
    result = trace(file)
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == len(LINES)


def test_on_a_terminal_it_is_a_table_with_the_verdict_under_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrierlab.commands.trace.on_terminal", lambda: True)
    lines = trace(file, "--limit", "9").output.splitlines()
    assert lines[0] == f"Small · small.yaml · seed 7 · trace {('ab' * 32)[:16]}…"
    assert lines[1].split() == ["no.", "time", "link", "what", "status", "about"]
    assert lines[9].split() == ["8", "0.080000", "1", "alpha", "←", "submit_sm_resp", "ESME_RTHROTTLED", "seq.", "2"]
    assert lines[-3:] == ["11 more; --limit 0 shows all", "✗ delivered equals 1, found 0", "FAILED"]


def test_filters_come_together(file: Path) -> None:
    result = trace(file, "--to", f"+{TO}", "--command", "submit_sm*", "--from", "1s", "--until", "1500ms", "--pdus")
    assert [line.split("\t")[4] for line in result.output.splitlines()] == ["submit_sm", "submit_sm_resp"]
    assert len(trace(file, "--link", "1<").output.splitlines()) == 5
    assert len(trace(file, "--limit", "3").output.splitlines()) == 3


def test_what_is_not_there_is_said_not_to_be(file: Path) -> None:
    result = trace(file, "--command", "submt_sm")
    assert (result.exit_code, result.output) == (0, "nothing in this trace is like that\n")


def test_around_is_the_first_failure(file: Path) -> None:
    result = trace(file, "--around", "--context", "1")
    assert [line.split("\t")[0] for line in result.output.splitlines()] == ["14", "15", "16"]
    assert "nothing here failed" in trace(file, "--around", "--until", "50ms").output


def test_json_is_one_object_a_line(file: Path) -> None:
    lines = [json.loads(line) for line in trace(file, "--json", "--pdus").output.splitlines()]
    assert len(lines) == 9
    assert lines[0]["kind"] == "bind_transceiver"


def test_stepping_takes_keys_until_the_input_ends(file: Path) -> None:
    result = trace(file, "--step", "--to", TO, keys="/receipt\nq\n")
    assert result.exit_code == 0
    assert "12 of 20" not in result.output
    assert "16 of 20  2.000000 s  1 alpha ←  deliver_sm" in result.output
    assert "nothing to step through" in trace(file, "--step", "--around", "--until", "50ms").output


def test_diff_says_where_and_exits_with_1(file: Path, tmp_path: Path) -> None:
    assert (trace(file, "--diff", file).output, trace(file, "--diff", file).exit_code) == ("nothing differs\n", 0)
    other = tmp_path / "other.trace.gz"
    write_trace(other, TraceFile(msgspec.structs.replace(HEADER, seed=8), LINES[:-1], END))
    result = trace(file, "--diff", other)
    assert result.exit_code == 1
    assert "seed: 7 and 8" in result.output
    assert "the first difference is no. 20, at 3.000000 s" in result.output
    assert "the other one ends here" in result.output


def test_what_is_no_trace_exits_with_2(file: Path, tmp_path: Path) -> None:
    assert trace(tmp_path / "nowhere").exit_code == 2
    assert trace(file, "--diff", write(tmp_path)).exit_code == 2
    assert trace(file, "--from", "yesterday").exit_code == 2


def test_a_run_writes_what_is_shown(tmp_path: Path) -> None:
    arguments = ["run", str(write(tmp_path)), "--virtual", "--quiet", "--trace", str(tmp_path / "made" / "t.trace.gz")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    followed = trace(tmp_path / "made" / "t.trace.gz", "--to", "77050001001", "--pdus").output
    assert [line.split("\t")[4] for line in followed.splitlines()] == [
        "submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp"
    ]  # fmt: skip
