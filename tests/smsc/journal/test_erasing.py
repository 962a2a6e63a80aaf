"""All of an account is deleted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smsc.journal import erasing
from smsc.journal.journal import Journal
from smsc.journal.records import Message, Owed, Pending
from smsc.scenario.decisions import Fate, Plan

PLAN = Plan(Fate("DELIVRD", "000", MessageState.DELIVERED), 1.0, 0.0, 10.0, "1", 0)
COUNTED = ("messages", "pending", "owed", "pdus", "connections")


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal.open(":memory:", clock=Clock())
    yield journal
    journal.close()


def record(journal: Journal, system_id: str, number: int = 1, *, closed: bool = False) -> int:
    """A message of an account with all that goes with one; the number of its connection."""
    connection = journal.connection_opened("op", "127.0.0.1:1", 1.0)
    journal.connection_bound(connection, system_id, "transceiver", 1.0)
    for _ in range(number):
        submit = SubmitSm(source_addr="SHOP", destination_addr="7701", short_message=b"hello")
        row = journal.message(Message(1.0, "op", system_id, connection, submit, 0, 1, "1", "DELIVRD", "000", "ENROUTE"))
        journal.plan(Pending(row, "op", None, 0x34, PLAN, submit))
        journal.owe("op", 2.0, Owed(row, system_id, b"\0" * 16))
        journal.pdu(connection, "in", b"\0" * 16, 1.0)
        journal.pdu(connection, "out", b"\0" * 16, 1.0)
    if closed:
        journal.connection_closed(connection, "closed by the peer", 3.0)
    return connection


def counts(journal: Journal) -> list[int]:
    journal.flush()
    statements = [f"SELECT count(*) FROM {table}" for table in COUNTED]  # noqa: S608
    return [journal.connection.execute(statement).fetchone()[0] for statement in statements]


def test_an_account_is_erased_and_others_are_not(journal: Journal) -> None:
    for system_id in ("shop", "bank", "shop"):
        record(journal, system_id, 2)
    record(journal, "shop", closed=True)
    told: list[Exception | None] = []
    journal.erase("shop", told.append)
    assert told == [None]
    assert counts(journal) == [2, 2, 2, 4, 3]  # those who are connected stay
    assert {row[0] for row in journal.connection.execute("SELECT system_id FROM messages")} == {"bank"}


def test_null_erases_everything(journal: Journal) -> None:
    record(journal, "shop", 2)
    record(journal, "bank", 2, closed=True)
    journal.forget("op")
    journal.erase(None, lambda error: None)
    assert counts(journal) == [0, 0, 0, 0, 1]


def test_it_goes_range_by_range(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "ROWS_AT_ONCE", 3)
    for system_id in ("shop", "bank", "shop", "bank"):
        record(journal, system_id, 5)
    journal.erase("shop", lambda error: None)
    assert counts(journal) == [10, 10, 10, 20, 4]


def test_what_comes_between_the_ranges_stays(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "ROWS_AT_ONCE", 3)
    record(journal, "shop", 5, closed=True)
    journal.flush()
    erasure = erasing.Erasure("shop")
    assert not erasure.step(journal.connection)
    record(journal, "shop", 1, closed=True)
    journal.flush()
    while not erasure.step(journal.connection):
        pass
    assert counts(journal) == [1, 1, 1, 2, 1]


def test_rows_of_a_journal_that_has_lost_its_last_ones_are_not_used_again(tmp_path: Path) -> None:
    """An operator that has lost its memory of what stood there would not know what stands there now."""
    path = tmp_path / "journal"
    journal = Journal.open(path, clock=Clock())
    record(journal, "shop", 3)
    journal.forget("op")
    journal.erase("shop", lambda error: None)
    journal.close()
    journal = Journal.open(path, clock=Clock())
    record(journal, "shop")
    journal.flush()
    assert journal.find("op", "shop", "1", 1.5) is not None
    journal.close()


def test_parts_that_waited_for_others_are_forgotten(journal: Journal) -> None:
    def part(number: int) -> SubmitSm:
        header = bytes((5, 0, 3, 7, 2, number))
        return SubmitSm(source_addr="SHOP", destination_addr="7701", esm_class=0x40, short_message=header + b"hello")

    journal.message(Message(1.0, "op", "shop", 1, part(1), 0, 1, "1", "DELIVRD", "000", "ENROUTE"))
    journal.erase("shop", lambda error: None)
    journal.message(Message(1.0, "op", "shop", 1, part(2), 0, 2, "2", "DELIVRD", "000", "ENROUTE"))
    journal.flush()
    assert journal.connection.execute("SELECT first FROM messages").fetchall() == [(None,)]


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal", clock=Clock())
    record(journal, "shop")
    journal.flush()
    journal.connection.execute("PRAGMA query_only = ON")
    told: list[Exception | None] = []
    journal.erase("shop", told.append)
    assert [type(error).__name__ for error in told] == ["OperationalError"]
    assert not journal.awaited
    journal.connection.execute("PRAGMA query_only = OFF")
    journal.close()
