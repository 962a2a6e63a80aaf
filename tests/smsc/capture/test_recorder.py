"""A connection as its recording has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.pdus import BindReceiver, BindReceiverResp, EnquireLink
from smsc.capture.recorder import ConnectionRecorder
from smsc.capture.recording import Recording
from smsc.capture.redact import Redact, Redactor
from smsc.commands.listing import pdu_cells, pdu_json
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from smsc.journal.schema import JournalError

BIND = encode(BindReceiver(system_id="shop", password="hunter2", sequence_number=1))
BOUND = encode(BindReceiverResp(system_id="op", sequence_number=1))
LIVE = encode(EnquireLink(sequence_number=2))


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal.open(":memory:", clock=Clock())
    yield journal
    journal.close()


def recorder(journal: Journal, redactor: Redactor | None = None) -> ConnectionRecorder:
    return ConnectionRecorder(journal, redactor or Redactor(), operator="op", peer="10.0.0.1:5000", at=100.0)


def recorded(journal: Journal) -> Recording:
    journal.flush()
    return Recording(journal.connection)


def test_a_bind_is_seen_when_it_is_accepted(journal: Journal) -> None:
    record = recorder(journal)
    record.feed("in", BIND[:7], 101.0)
    record.feed("in", BIND[7:] + LIVE, 102.0)
    (connection,) = recorded(journal).connections()
    assert connection.system_id is None
    record.feed("out", BOUND, 103.0)
    record.close("closed by the client", 104.0)
    (connection,) = recorded(journal).connections()
    assert (connection.system_id, connection.bind, connection.bound_at) == ("shop", "receiver", 103.0)
    assert (connection.closed_at, connection.reason) == (104.0, "closed by the client")
    assert [(pdu.at, pdu.direction, len(pdu.octets)) for pdu in recorded(journal).pdus()] == [
        (102.0, "in", len(BIND)),
        (102.0, "in", len(LIVE)),
        (103.0, "out", len(BOUND)),
    ]


def test_an_account_is_named_as_its_binds_are(journal: Journal) -> None:
    redactor = Redactor(frozenset({Redact.SECRETS}), key=b"key")
    record = recorder(journal, redactor)
    record.feed("in", BIND, 101.0)
    record.feed("out", BOUND, 101.0)
    record.close("closed", 102.0)
    recording = recorded(journal)
    bind = next(recording.pdus()).decoded()
    assert isinstance(bind, BindReceiver)
    assert recording.connections()[0].system_id == bind.system_id != "shop"


def test_what_is_no_pdu_has_rows_that_can_be_listed(journal: Journal) -> None:
    record = recorder(journal)
    record.feed("in", LIVE + b"\r\n", 101.0)
    record.feed("out", b"HTTP/1.1 400 Bad Request\r\n\r\n", 102.0)
    record.close("closed", 103.0)
    pdus = list(recorded(journal).pdus())
    assert b"".join(pdu.octets for pdu in pdus if pdu.direction == "in") == LIVE + b"\r\n"
    assert b"".join(pdu.octets for pdu in pdus if pdu.direction == "out") == b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert (record.counters.pdus, record.counters.unframed) == (1, 2 + 28)
    with Inbox(journal.connection) as inbox:
        for row in inbox.pdus():
            assert pdu_cells(row, as_hex=False)
            assert row.octets.hex() in pdu_json(row)


def test_a_bind_that_is_cut_off_keeps_its_secret(journal: Journal) -> None:
    record = recorder(journal)
    record.feed("in", BIND[:-3], 101.0)
    record.close("reset by the client", 102.0)
    octets = b"".join(pdu.octets for pdu in recorded(journal).pdus())
    assert len(octets) == len(BIND) - 3
    assert b"hunter2" not in octets


def test_a_recording_is_of_all_operators_or_of_one(journal: Journal) -> None:
    recorder(journal).feed("in", LIVE, 101.0)
    other = ConnectionRecorder(journal, Redactor(), operator="other", peer="?", at=100.0)
    other.feed("in", BIND, 102.0)
    recording = recorded(journal)
    assert recording.operators() == ["op", "other"]
    only = Recording(journal.connection, "other")
    assert [connection.operator for connection in only.connections()] == ["other"]
    assert [pdu.command_id for pdu in only.pdus()] == [1]


def test_a_file_that_is_no_recording_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist"):
        Recording(tmp_path / "none.sqlite")
    with pytest.raises(JournalError, match="is a directory"):
        Recording(tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(JournalError, match="not a journal"):
        Recording(tmp_path / "text")
    strange = tmp_path / "strange.sqlite"
    connection = sqlite3.connect(strange)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(JournalError, match="another program"):
        Recording(strange)
