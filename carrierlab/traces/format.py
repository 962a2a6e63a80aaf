"""The file format of a trace: gzip over JSON lines, so that any tool reads it (``zcat FILE | jq``).

The first line is a :class:`Header`, the last one an :class:`End`, and between them is what happened, in order. Times
are seconds of simulated time from the start of the simulation, octets are base64. docs/reports.md lists the keys.
"""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

FORMAT: Final = "carrierlab-trace"
VERSION: Final = 1
"""Raised when a reader of an earlier version would misread a file; keys may be added without."""
MAX_SIZE: Final = 1 << 30
"""Octets of text that a file may unfold to: what is larger is no trace of ours."""


class TraceError(Exception):
    """A file that is not a trace, or not one of this version; the text is one line for people."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was played."""

    format: str = FORMAT
    version: int = VERSION
    scenario: str
    file: str
    seed: int
    epoch: float
    """Unix time of the start of the simulation."""
    started_at: float
    """When the workload began: the times of a report count from here."""
    operators: dict[str, str]
    """The operator that listens on each port."""


class Octets(msgspec.Struct, frozen=True, tag_field="kind", tag="octets"):
    """Octets arrived. ``link`` is the number of a connection and ``>`` (to the operator) or ``<`` (to the sender)."""

    at: float
    link: str
    octets: bytes


class Link(msgspec.Struct, frozen=True, tag_field="kind", tag="link"):
    """A connection was made (``open 49152``, the port) or one side learned of its end (``close``)."""

    at: float
    link: str
    what: str


class SenderState(msgspec.Struct, frozen=True, tag_field="kind", tag="sender"):
    """The sender's store has another state for a message (``part`` 0) or one of its segments."""

    at: float
    message: int
    to: str
    part: int
    state: str
    smsc_id: str | None = None


class OperatorState(msgspec.Struct, frozen=True, tag_field="kind", tag="operator"):
    """A message centre has another state for a message."""

    at: float
    operator: str
    smsc_id: str | None
    to: str
    state: str


class FaultMark(msgspec.Struct, frozen=True, tag_field="kind", tag="fault"):
    """An entry of the timeline ``begins``, ``ends`` or ``strikes`` (in an instant)."""

    at: float
    what: str
    fault: str
    operator: str | None
    """None: all operators."""
    detail: str


class Remark(msgspec.Struct, frozen=True, tag_field="kind", tag="log"):
    """A line of a program's log: timers that ran out, connections lost, retries."""

    at: float
    level: str
    logger: str
    text: str


class Judged(msgspec.Struct, frozen=True):
    """One expectation, and whether it was met."""

    expected: str
    found: str
    met: bool


class End(msgspec.Struct, frozen=True, tag_field="kind", tag="end", kw_only=True):
    """The last line: the verdict."""

    at: float
    digest: str
    """The trace hash."""
    passed: bool
    trouble: tuple[str, ...] = ()
    verdicts: tuple[Judged, ...] = ()
    left_out: int = 0
    """Happenings that came after the file was full."""


Line: TypeAlias = Octets | Link | SenderState | OperatorState | FaultMark | Remark
"""One happening."""


class TraceFile(msgspec.Struct, frozen=True):
    """A whole trace."""

    header: Header
    lines: tuple[Line, ...]
    end: End


def write_trace(path: Path, trace: TraceFile) -> int:
    """Write a file, and return its size in octets; equal traces give equal files. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    octets = to_octets(trace)
    path.write_bytes(octets)
    return len(octets)


def to_octets(trace: TraceFile) -> bytes:
    """Return what the file holds."""
    text = io.BytesIO()
    encoder = msgspec.json.Encoder()
    # No name and no time of day in the gzip header: they would make files of equal runs differ.
    with gzip.GzipFile(filename="", mode="wb", fileobj=text, mtime=0, compresslevel=6) as packed:
        for line in (trace.header, *trace.lines, trace.end):
            packed.write(encoder.encode(line) + b"\n")
    return text.getvalue()


def read_trace(path: Path) -> TraceFile:
    """Read a file; TraceError says in one line what is wrong with it."""
    try:
        with gzip.open(path) as packed:
            text = packed.read(MAX_SIZE + 1)
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except (gzip.BadGzipFile, zlib.error):
        raise TraceError(f"{path}: not a trace: found no gzip; expected what carrierlab run --trace writes") from None
    except EOFError:
        raise TraceError(f"{path}: the file ends in the middle; it was not written to its end") from None
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(text) > MAX_SIZE:
        raise TraceError(f"{path}: unfolds to more than {MAX_SIZE >> 20} MiB, which no trace does")
    return _parsed(path, text.splitlines())


def _parsed(path: Path, lines: list[bytes]) -> TraceFile:
    header = _header(path, lines[0] if lines else b"")
    decoder = msgspec.json.Decoder(Line | End)
    found: list[Line] = []
    for number, text in enumerate(lines[1:], 2):
        try:
            line = decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TraceError(f"{path}:{number}: not a line of a trace: {error}") from None
        if isinstance(line, End):
            return TraceFile(header, tuple(found), line)
        found.append(line)
    raise TraceError(f"{path}: has no last line; it was not written to its end")


class _Kind(msgspec.Struct):
    """What every version of the format begins with."""

    format: str = ""
    version: int = 0


def _header(path: Path, text: bytes) -> Header:
    try:
        kind = msgspec.json.decode(text, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = _Kind()
    if kind.format != FORMAT:
        raise TraceError(f"{path}: not a trace; expected what carrierlab run --trace writes")
    if kind.version != VERSION:
        raise TraceError(
            f"{path}: written in version {kind.version} of the format; this carrierlab reads version {VERSION}"
        )
    try:
        return msgspec.json.decode(text, type=Header)
    except msgspec.DecodeError as error:
        raise TraceError(f"{path}:1: not the head of a trace: {error}") from None
