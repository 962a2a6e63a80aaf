"""The journal: what is recorded, when callers are told, and what an earlier run left."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.task import Clock
from zope.interface import implementer

import smsc.journal.expansion
import smsc.journal.writer
from smppkit.codec import encode
from smppkit.message_state import MessageState as M
from smppkit.pdus import EnquireLink, SubmitSm
from smppkit.tlvs import Tlv
from smsc.journal.expansion import is_behind
from smsc.journal.inbox import Inbox
from smsc.journal.journal import GROUP_OPERATIONS, LARGE, Journal
from smsc.journal.records import Group, Kind, Message, Owed, Pending
from smsc.journal.schema import APPLICATION_ID, VERSION, JournalError
from smsc.journal.writer import Writer
from smsc.scenario.decisions import Fate, Plan, PlannedNotice, PlannedReply
from smsc.scenario.template import Words


def message(to: str = "77051234567", **more: Any) -> Message:
    values = {
        "at": 1000.0,
        "operator": "op",
        "system_id": "shop",
        "connection": 1,
        "pdu": SubmitSm(source_addr="SHOP", destination_addr=to, short_message=b"hello"),
        "number": 7,
        "message_id": "7",
        "outcome": "DELIVRD",
        "err": "000",
        "state": "ENROUTE",
    }
    return Message(**values | more)


@implementer(IReactorTime, IReactorFromThreads)
class ThreadClock(Clock):
    """A test clock that calls from threads reach when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.from_threads: list[Callable[[], None]] = []
        self.arrived = threading.Semaphore(0)

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:  # noqa: A002, N802
        self.from_threads.append(lambda: callable(*args, **kwargs))  # type: ignore[arg-type, return-value]
        self.arrived.release()

    def perform_one(self) -> None:
        assert self.arrived.acquire(timeout=10)
        self.from_threads.pop(0)()


def test_what_is_recorded_is_read_back() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    connection = journal.connection_opened("op", "127.0.0.1:4000", 999.0)
    journal.connection_bound(connection, "shop", "transceiver", 999.5)
    row = journal.message(message(connection=connection))
    octets = encode(EnquireLink(sequence_number=9))
    journal.pdu(connection, "in", octets, 1001.0)
    journal.flush()
    inbox = Inbox(journal.connection)
    (found,) = inbox.messages()
    assert (found.row, found.at, found.operator, found.system_id) == (row, 1000.0, "op", "shop")
    assert (found.source, found.destination, found.text) == ("SHOP", "77051234567", "hello")
    assert (found.status, found.message_id, found.state, found.part, found.parts) == (0, "7", "ENROUTE", 1, 1)
    (pdu,) = inbox.pdus()
    assert (pdu.direction, pdu.sequence, pdu.octets, pdu.system_id) == ("in", 9, octets, "shop")
    assert inbox.operators() == ["op"]
    journal.close()


def test_a_message_reaches_its_outcome_once_and_is_settled() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    row = journal.message(message())
    receipt = Owed(row, "shop", b"octets", to="SHOP", bind=1)
    journal.owe("op", 1001.0, receipt)
    for at in (1001.0, 1005.0):  # the second one by a later run, which delivers again
        journal.reached(row, at)
        journal.flush()
    assert list(journal.owed("op")) == [(1001.0, receipt)]
    journal.settled(receipt, 1002.0)
    journal.flush()
    (found,) = Inbox(journal.connection).messages()
    assert (found.state, found.final_at, found.acknowledged_at) == ("DELIVRD", 1001.0, 1002.0)
    assert list(journal.owed("op")) == []
    journal.close()


def pending(row: int, until: float | None = None, **more: Any) -> Pending:
    plan = Plan(
        Fate("DELIVRD", "000", M.DELIVERED),
        5.0,
        notices=(PlannedNotice(1.0, LATER, 0x20),),
        wanted=~0,
        words=Words("shop", 3, {"1": "4711"}),
        reply=PlannedReply(2.0, "STOP"),
    )
    submit = SubmitSm(destination_addr="7705", short_message=b"\xff\0", tlvs=(Tlv(0x1400, b"id"),))
    return Pending(row, "op", until, 0x50, plan, submit, **more)


LATER = Fate("ENROUTE", "000", M.ENROUTE)


def test_what_is_planned_comes_back_as_it_was() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    row = journal.message(message())
    planned = pending(row, told=1)
    journal.plan(planned)
    journal.flush()
    (found,) = journal.unfinished("op", 1000.0)
    assert (found.plan, found.submit, found.version, found.told) == (planned.plan, planned.submit, 0x50, 1)
    assert (found.row, found.at, found.number, found.message_id, found.final) == (row, 1000.0, 7, "7", None)
    assert list(journal.unfinished("other", 1000.0)) == []
    journal.told(row, 3)
    journal.reached(row, 1003.0, "DELETED", "007")
    journal.flush()
    (found,) = journal.unfinished("op", 1000.0)
    assert (found.told, found.final) == (3, (1003.0, "DELETED", "007"))
    journal.over(row)
    journal.flush()
    assert list(journal.unfinished("op", 1000.0)) == []
    journal.close()


def test_plans_that_are_of_no_use_any_more_are_thrown_away() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    rows = [journal.message(message()) for _ in range(3)]
    for row, until in zip(rows, (1005.0, 1010.0, None), strict=True):
        journal.plan(pending(row, until))
    journal.flush()
    assert [found.row for found in journal.unfinished("op", 1007.0)] == rows[1:]
    journal.tidy("op", 1007.0)
    journal.flush()
    assert [found.row for found in journal.unfinished("op", 0.0)] == rows[1:]
    journal.close()


@pytest.mark.parametrize(
    ("now", "state", "final_at"), [(1001.0, "SCHEDLD", None), (1003.0, "ENROUTE", None), (1005.0, "DELIVRD", 1005.0)]
)
def test_the_state_of_a_message_that_nobody_is_told_about_follows_from_the_time(
    now: float, state: str, final_at: float | None
) -> None:
    journal = Journal.open(":memory:", clock=Clock())
    journal.message(message(starts_at=1002.0, settles_at=1005.0))
    journal.flush()
    found = journal.find("op", "shop", "7", now)
    assert found is not None
    assert (found.state, found.final_at) == (state, final_at)
    (row,) = Inbox(journal.connection, now).messages(state=state)
    assert (row.state, row.final_at) == (state, final_at)
    assert Inbox(journal.connection).summary()["op"].states == {"DELIVRD": 1}
    journal.close()


def test_a_replaced_message_says_something_else_and_is_planned_anew() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    row = journal.message(message(settles_at=1005.0))
    journal.plan(pending(row, 1005.0))
    new = SubmitSm(destination_addr="7705", short_message=b"another")
    changed = Pending(row, "op", None, 0x34, pending(row).plan, new)
    journal.replaced(changed, message(pdu=new, outcome="EXPIRED", err="001"))
    journal.flush()
    (found,) = Inbox(journal.connection).messages()
    assert (found.text, found.state) == ("another", "ENROUTE")
    (planned,) = journal.unfinished("op", 2000.0)
    assert planned.submit == new
    journal.reached(row, 1008.0)
    journal.flush()
    (found,) = Inbox(journal.connection).messages()
    assert (found.state, found.err, found.final_at) == ("EXPIRED", "001", 1008.0)
    journal.close()


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_reached_first_stays_unless_it_was_not_final(apart: bool) -> None:
    """I1."""
    journal = Journal.open(":memory:", clock=Clock())
    rows = [journal.message(message()) for _ in range(2)]
    for row, at, stat, again in [
        (rows[0], 1.0, "ACCEPTD", False),
        (rows[0], 2.0, "DELETED", True),
        (rows[0], 3.0, "DELETED", False),
        (rows[1], 4.0, "EXPIRED", False),
        (rows[1], 5.0, "DELIVRD", False),
    ]:
        journal.reached(row, at, stat, "007", again=again)
        if apart:
            journal.flush()
    journal.flush()
    found = [(m.state, m.err, m.final_at) for m in Inbox(journal.connection).messages()]
    assert found == [("DELETED", "007", 2.0), ("EXPIRED", "007", 4.0)]
    journal.close()


@pytest.mark.parametrize("apart", [False, True])
def test_of_several_copies_the_first_that_is_acknowledged_tells_when(apart: bool) -> None:
    journal = Journal.open(":memory:", clock=Clock())
    row = journal.message(message())
    copies = [Owed(row, "shop", b"octets") for _ in range(4)]
    for copy in copies:
        journal.owe("op", 1001.0, copy)
    notice = Owed(row, "shop", b"octets", Kind.NOTICE)
    journal.owe("op", 1001.0, notice)
    for copy, at in [(copies[0], None), (notice, 1001.5), (copies[1], 1002.0), (copies[2], 1003.0), (copies[3], None)]:
        journal.settled(copy, at)
        if apart:
            journal.flush()
    journal.flush()
    (found,) = Inbox(journal.connection).messages()
    assert (found.acknowledged_at, list(journal.owed("op"))) == (1002.0, [])
    journal.close()


def test_what_an_operator_has_forgotten_is_in_the_file_and_it_does_not_find_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    row = journal.message(message())
    journal.plan(pending(row))
    journal.owe("op", 1001.0, Owed(row, "shop", b"octets"))
    journal.message(message(operator="other"))
    journal.flush()
    journal.forget("op")
    assert journal.find("op", "shop", "7", 1001.0) is None
    later = journal.message(message(number=8, message_id="8"))
    journal.plan(pending(later))
    journal.close()
    again = Journal.open(path, clock=Clock())
    assert again.find("op", "shop", "7", 1001.0) is None
    assert again.find("op", "shop", "8", 1001.0) is not None
    assert again.find("other", "shop", "7", 1001.0) is not None
    assert [found.row for found in again.unfinished("op", 0.0)] == [later]
    assert (list(again.owed("op")), again.last_number("op")) == ([], 8)
    assert len(Inbox(again.connection).messages()) == 3
    again.close()


def test_it_commits_five_milliseconds_after_the_first_operation() -> None:
    clock = Clock()
    journal = Journal.open(":memory:", clock=clock)
    journal.message(message())
    inbox = Inbox(journal.connection)
    clock.advance(0.004)
    assert inbox.messages() == []
    clock.advance(0.0011)
    assert len(inbox.messages()) == 1
    journal.close()
    assert clock.getDelayedCalls() == []


def test_it_commits_a_full_group_at_once() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    for _ in range(GROUP_OPERATIONS - 1):
        journal.message(message())
    assert (journal.backlog, Inbox(journal.connection).messages()) == (GROUP_OPERATIONS - 1, [])
    journal.pdu(1, "in", encode(EnquireLink()), 1000.0)
    assert (journal.backlog, len(Inbox(journal.connection).messages())) == (0, GROUP_OPERATIONS - 1)
    journal.close()


def test_callers_are_told_after_the_commit(tmp_path: Path) -> None:
    """I9: what a caller hears of as committed is in the file for any other reader."""
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    seen: list[object] = []
    journal.message(message())
    with Inbox(path) as inbox:
        journal.when_committed(lambda error: seen.extend([error, len(inbox.messages())]))
    assert seen == [None, 1]
    journal.close()


def test_a_thread_writes_and_the_reactor_is_told(tmp_path: Path) -> None:
    clock = ThreadClock()
    journal = Journal.open(tmp_path / "journal.sqlite", clock=clock, threaded=True)
    told: list[object] = []
    journal.message(message())
    journal.when_committed(told.append)
    assert told == []
    clock.perform_one()
    assert told == [None]
    assert journal.backlog == 0
    with Inbox(tmp_path / "journal.sqlite") as inbox:
        assert len(inbox.messages()) == 1
    journal.close()


def test_tables_are_filled_while_there_is_nothing_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled, clock = threading.Event(), ThreadClock()
    fill = Writer._fill

    def counted(writer: Writer, group: Group) -> None:
        fill(writer, group)
        if not group.unfinished:
            filled.set()

    monkeypatch.setattr(Writer, "_fill", counted)
    monkeypatch.setattr(smsc.journal.expansion, "OPERATIONS_AT_ONCE", 500)
    journal = Journal.open(tmp_path / "journal.sqlite", clock=clock, threaded=True)
    for _ in range(1200):
        journal.message(message())
    journal.flush()
    monkeypatch.setattr(smsc.journal.writer, "IDLE_SECONDS", 0.0)
    filled.clear()
    journal.message(message())
    journal.flush()
    assert filled.wait(30)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as beside:
        assert beside.execute("SELECT count(*) FROM messages").fetchone() == (1201,)
        assert not is_behind(beside)
    journal.close()


def test_close_writes_what_is_waiting(tmp_path: Path) -> None:
    clock = ThreadClock()
    journal = Journal.open(tmp_path / "journal.sqlite", clock=clock, threaded=True)
    for _ in range(1200):
        journal.message(message())
    journal.close()
    with Inbox(tmp_path / "journal.sqlite") as inbox:
        assert len(inbox.messages()) == 1200
    assert clock.getDelayedCalls() == []


def test_a_failing_disk_is_told_and_the_journal_recovers(caplog: pytest.LogCaptureFixture) -> None:
    """I9: no caller hears that something is safe which is not."""
    journal = Journal.open(":memory:", clock=Clock())
    told: list[Exception | None] = []
    pages = journal.connection.execute("PRAGMA page_count").fetchone()[0]
    journal.connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(400):
        journal.message(message())
    journal.when_committed(told.append)
    journal.message(message())
    journal.connection.execute("PRAGMA max_page_count = 100000")
    journal.when_committed(told.append)
    assert isinstance(told[0], sqlite3.OperationalError)
    assert told[1] is None
    assert len(Inbox(journal.connection).messages()) == 1
    assert journal.failed_groups == 1
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "full" in caplog.records[0].message
    journal.close()


def test_numbers_and_rows_go_on_where_the_last_run_stopped(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    for number in (7, 8):
        journal = Journal.open(path, clock=Clock())
        assert journal.last_number("op") == (0 if number == 7 else 7)
        journal.connection_opened("op", "peer", 1.0)
        journal.message(message(number=number))
        journal.message(message(number=None, status=88, message_id=None, state=None))
        journal.close()
    with Inbox(path) as inbox:
        assert [row.row for row in inbox.messages()] == [1, 2, 3, 4]
    assert not (tmp_path / "journal.sqlite-lock").exists()


def test_text_that_is_no_text_is_recorded_all_the_same() -> None:
    journal = Journal.open(":memory:", clock=Clock())
    lone_surrogate = SubmitSm(destination_addr="1", data_coding=8, short_message=b"\xd8\x00\x00A\x00")
    journal.message(message(pdu=lone_surrogate))
    journal.flush()
    (found,) = Inbox(journal.connection).messages()
    assert "A" in found.text
    journal.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    with pytest.raises(JournalError, match=r"journal\.sqlite is in use by another smsc"):
        Journal.open(path, clock=Clock())
    journal.close()
    Journal.open(path, clock=Clock()).close()


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal.open(path, clock=Clock()).close()
    assert path.stat().st_mode & 0o077 == 0


def make_text(path: Path) -> None:
    path.write_text("this is a diary, not a database, and it is long enough to have a header " * 10)


def make_foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title)")
    connection.close()


def make_newer(path: Path) -> None:
    Journal.open(path, clock=Clock()).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (make_text, "is not a journal: file is not a database"),
        (make_foreign, "is not a journal: it is a database of another program"),
        (make_newer, "was written by a newer smsc"),
        (Path.mkdir, "cannot be opened: Is a directory|is a directory; smsc serve makes"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], problem: str
) -> None:
    path = tmp_path / "file"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for opened in (lambda: Journal.open(path, clock=Clock()), lambda: Inbox(path)):
        with pytest.raises(JournalError, match=problem):
            opened()
    assert not path.is_file() or path.read_bytes() == before
    assert not path.with_name("file-lock").exists()


@pytest.mark.parametrize("path", [Path(), Path("/")])
def test_a_directory_without_a_name_is_refused_as_well(path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened: Is a directory"):
        Journal.open(path, clock=Clock())


def test_a_journal_in_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened: No such file or directory"):
        Journal.open(tmp_path / "nowhere" / "journal.sqlite", clock=Clock())


def test_a_missing_journal_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist; smsc serve makes one"):
        Inbox(tmp_path / "journal.sqlite")


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal.open(path, clock=Clock()).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_large_pdus_count_for_more() -> None:
    """What waits for the disk is bounded in octets, not in PDUs alone."""
    journal = Journal.open(":memory:", clock=Clock())
    journal.pdu(1, "in", encode(EnquireLink()), 0.0)
    assert journal.backlog == 1
    journal.pdu(1, "in", bytes(10 * LARGE), 0.0)
    assert journal.backlog == 12
    journal.flush()
    assert journal.backlog == 0
    journal.close()
