"""``report.json``: the document of one run and that of many, versioned, and read back for ``carrierlab compare``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from carrierlab.report.played import Played, why_failed
from carrierlab.report.result import Outcome

RUN: Final = "carrierlab-report"
RUNS: Final = "carrierlab-reports"
VERSION: Final = 1
"""Raised when a reader of an earlier version would misread a document; keys may be added without."""


class RunDocument(Outcome, frozen=True, kw_only=True):
    """One run: the keys of an outcome, and which document this is."""

    format: Annotated[Literal["carrierlab-report"], Meta(description="What this is")]
    version: Annotated[Literal[1], Meta(description="Of the format")]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One of many runs, in short."""

    scenario: str
    file: str
    seed: int
    parameters: dict[str, str] = {}
    virtual: bool
    passed: bool
    why: str
    """Why it failed, in a line."""
    replay: str
    """The command that plays it again."""
    trace: str | None
    """The trace hash."""
    trace_file: str | None
    """Where the trace of a run that failed was kept."""
    report: str | None
    """The page of the run, from the directory of this document; null where the run has none."""
    duration: float
    wall: float
    metrics: dict[str, float]


class RunsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Many runs."""

    format: Annotated[Literal["carrierlab-reports"], Meta(description="What this is")]
    version: Annotated[Literal[1], Meta(description="Of the format")]
    passed: bool
    runs: tuple[Run, ...]


class DocumentError(Exception):
    """A file that is no report, or not one of this version; the text is one line for people."""


def to_json(outcome: Outcome) -> bytes:
    """Return the document of one run, as indented JSON."""
    return _indented({"format": RUN, "version": VERSION, **msgspec.to_builtins(outcome)})


def runs_to_json(runs: Sequence[Run]) -> bytes:
    """Return the document of many runs, as indented JSON."""
    passed = all(run.passed for run in runs)
    return _indented({"format": RUNS, "version": VERSION, "passed": passed, "runs": msgspec.to_builtins(tuple(runs))})


def run_of(played: Played, report: str | None) -> Run:
    """Return a run in short."""
    outcome = played.outcome
    return Run(
        scenario=outcome.scenario,
        file=outcome.file,
        seed=outcome.seed,
        parameters=outcome.parameters,
        virtual=outcome.virtual,
        passed=outcome.passed,
        why=why_failed(outcome),
        replay=outcome.replay,
        trace=outcome.trace,
        trace_file=played.trace,
        report=report,
        duration=outcome.duration,
        wall=outcome.wall,
        metrics=outcome.metrics,
    )


def read_document(path: Path) -> RunDocument | RunsDocument:
    """Read a ``report.json``, or the one in a directory (DocumentError)."""
    file = path / "report.json" if path.is_dir() else path
    try:
        octets = file.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{file}: no such file") from None
    except OSError as error:
        raise DocumentError(f"{file} cannot be read: {error.strerror}") from None
    try:
        head = msgspec.json.decode(octets, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        head = _Head()
    if head.format not in (RUN, RUNS):
        raise DocumentError(f"{file}: not a report; expected the report.json of carrierlab run --report")
    if head.version != VERSION:
        raise DocumentError(
            f"{file}: written in version {head.version} of the format; this carrierlab reads version {VERSION}"
        )
    try:
        if head.format == RUN:
            return msgspec.json.decode(octets, type=RunDocument)
        return msgspec.json.decode(octets, type=RunsDocument)
    except msgspec.DecodeError as error:
        raise DocumentError(f"{file}: not a whole report: {error}") from None


def schema_text() -> str:
    """Return the JSON Schema of both documents, as the text of a file."""
    (one, many), components = msgspec.json.schema_components([RunDocument, RunsDocument], ref_template="#/$defs/{name}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "report.json of carrierlab",
        "anyOf": [one, many],
        "$defs": components,
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


class _Head(msgspec.Struct):
    """What every version of the documents has."""

    format: str = ""
    version: int = 0


def _indented(document: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
