"""The file of a trace: what is written is read, equal traces are equal files, and bad files are told in a line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from carrierlab.traces.format import VERSION, TraceError, read_trace, to_octets, write_trace
from tests.carrierlab.traces.small import HEADER, LINES, TRACE


def test_what_is_written_is_read(tmp_path: Path) -> None:
    size = write_trace(tmp_path / "made" / "t.trace.gz", TRACE)
    assert read_trace(tmp_path / "made" / "t.trace.gz") == TRACE
    assert (tmp_path / "made" / "t.trace.gz").stat().st_size == size


def test_equal_traces_are_equal_files() -> None:
    assert to_octets(TRACE) == to_octets(TRACE)
    assert to_octets(TRACE)[4:8] == bytes(4), "no time of day"


def test_any_tool_reads_it() -> None:
    lines = [json.loads(line) for line in gzip.decompress(to_octets(TRACE)).splitlines()]
    assert (lines[0]["format"], lines[0]["version"]) == ("carrierlab-trace", 1)
    assert lines[1] == {
        "kind": "sender", "at": 0.005, "message": 1, "to": "77050000001", "part": 0, "state": "queued", "smsc_id": None
    }  # fmt: skip
    assert [line["kind"] for line in lines[1:4]] == ["sender", "link", "octets"]
    assert lines[-1]["kind"] == "end"


def bad(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "t.trace.gz"
    path.write_bytes(content)
    with pytest.raises(TraceError) as told:
        read_trace(path)
    assert "\n" not in str(told.value)
    return str(told.value).removeprefix(str(path))


def packed(*lines: object) -> bytes:
    return gzip.compress(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def test_another_version_is_named(tmp_path: Path) -> None:
    other = {**msgspec.to_builtins(HEADER), "version": VERSION + 1, "seed": "a new kind"}
    assert bad(tmp_path, packed(other)) == ": written in version 2 of the format; this carrierlab reads version 1"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"scenario: Small", ": not a trace: found no gzip"),
        (gzip.compress(b""), ": not a trace; expected what carrierlab run --trace writes"),
        (packed({"some": "json"}), ": not a trace; expected"),
        (packed([1]), ": not a trace; expected"),
        (to_octets(TRACE)[:-20], ": the file ends in the middle"),
        (packed(HEADER, *LINES), ": has no last line; it was not written to its end"),
        (packed(HEADER, {"kind": "rumour"}), ":2: not a line of a trace"),
        (packed({"format": "carrierlab-trace", "version": 1}), ":1: not the head of a trace"),
    ],
    ids=["text", "empty", "json", "list", "cut", "no end", "unknown kind", "no head"],
)
def test_what_is_no_trace_is_told_in_a_line(tmp_path: Path, content: bytes, told: str) -> None:
    assert bad(tmp_path, content).startswith(told)


def test_a_file_that_is_not_there_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no such file"):
        read_trace(tmp_path / "nowhere")
    with pytest.raises(TraceError, match="cannot be read: Is a directory"):
        read_trace(tmp_path)


def test_a_file_that_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrierlab.traces.format.MAX_SIZE", 1000)
    assert "unfolds to more than" in bad(tmp_path, gzip.compress(bytes(10_000)))
