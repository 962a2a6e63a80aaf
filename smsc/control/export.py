"""Messages and PDUs as files: JSON, CSV, a packet capture, JUnit. Made piece by piece, so that they may be large."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable
from typing import IO
from xml.sax.saxutils import quoteattr

import msgspec

from smsc.capture.pcap_write import write_pcap
from smsc.capture.recording import Recording
from smsc.capture.redact import Redactor
from smsc.control.reader import Shelf
from smsc.journal.message_filter import MessageFilter
from smsc.journal.whole import WholeMessage

AT_ONCE = 500  # messages in one piece
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DONE = frozenset({"DELIVRD", "ACCEPTD"})

Piece = tuple[bytes, int | None]
"""Some octets, and the id of the last message in them; None when it is the last piece."""


class Format(msgspec.Struct, frozen=True):
    """How messages are written: what comes before all, between pieces, and after all."""

    media_type: str
    suffix: str
    head: Callable[[], str]
    write: Callable[[Iterable[WholeMessage], bool], str]
    tail: Callable[[], str]


def _json(messages: Iterable[WholeMessage], first: bool) -> str:
    lines = [msgspec.json.encode(message).decode() for message in messages]
    return ("" if first or not lines else ",\n") + ",\n".join(lines)


_NAMES = WholeMessage.__struct_encode_fields__


def _csv_rows(rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _csv(messages: Iterable[WholeMessage], _: bool) -> str:
    return _csv_rows(msgspec.structs.astuple(message) for message in messages)


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return str(value)


def _junit(messages: Iterable[WholeMessage], _: bool) -> str:
    return "".join(map(_case, messages))


def _case(message: WholeMessage) -> str:
    """One test case: a message has passed when it was delivered, is skipped while nobody knows, and fails otherwise."""
    name = quoteattr(_printable(f"{message.id} {message.from_} to {message.to}: {message.text[:60]}"))
    head = f"  <testcase classname={quoteattr(_printable(f'{message.operator}.{message.system_id}'))} name={name}"
    if message.status:
        return f"{head}><failure message={quoteattr(f'refused: {message.status_name}')}/></testcase>\n"
    if message.state in _DONE:
        return f"{head}/>\n"
    if message.final_at is None:
        return f"{head}><skipped message={quoteattr(f'so far {message.state}')}/></testcase>\n"
    return f"{head}><failure message={quoteattr(f'{message.state}, err {message.err}')}/></testcase>\n"


def _printable(text: str) -> str:
    """Without the characters that XML does not have."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


FORMATS = {
    "json": Format("application/json", "json", lambda: "[\n", _json, lambda: "\n]\n"),
    "csv": Format("text/csv", "csv", lambda: _csv_rows([_NAMES]), _csv, str),
    "junit": Format(
        "application/xml",
        "xml",
        lambda: '<?xml version="1.0" encoding="utf-8"?>\n<testsuite name="smsc messages">\n',
        _junit,
        lambda: "</testsuite>\n",
    ),
}


def piece(shelf: Shelf, form: Format, wanted: MessageFilter, now: float, after: int) -> Piece:
    """The piece behind a message, oldest first."""
    messages = shelf.messages.page(wanted, now, limit=AT_ONCE, after=after)
    text = (form.head() if not after else "") + form.write(messages, not after)
    if len(messages) < AT_ONCE:
        return (text + form.tail()).encode(), None
    return text.encode(), messages[-1].id


def capture(shelf: Shelf, operator: str | None, system_id: str | None) -> IO[bytes]:
    """All PDUs (of an operator, of an account) as a packet capture, passwords hidden.

    A temporary file, which is gone once closed.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's to close
    try:
        write_pcap(Recording(shelf.connection, operator, system_id), out, Redactor())
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return out
