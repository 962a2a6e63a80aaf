"""What a journal keeps: the newest messages, and older ones as long as something is planned or owed."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.message_state import MessageState as M
from smppkit.pdus import EnquireLink, SubmitSm
from smsc.journal import alive, retention
from smsc.journal.journal import MEMORY, Journal
from smsc.journal.records import Message, Owed, Pending
from smsc.journal.retention import Keep
from smsc.scenario.decisions import Fate, Plan
from tests.smsc.journal.test_log import run_of

PLAN = Plan(Fate("DELIVRD", "000", M.DELIVERED), 5.0)
SUBMIT = SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=b"hello")
KEPT = 10


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "MOST_HELD", 4)
    monkeypatch.setattr(alive, "SETTLED_AT_ONCE", 1)
    monkeypatch.setattr(retention, "AT_ONCE", 5)
    monkeypatch.setattr(retention, "AGAIN", 2)


def journal_of(keep: Keep) -> Journal:
    return Journal.open(MEMORY, clock=Clock(), logged=True, keep=keep)


def submit(journal: Journal, number: int) -> int:
    at = 1000.0 + number
    journal.pdu(1, "in", encode(EnquireLink(sequence_number=number)), at)
    row = journal.message(Message(at, "op", "shop", 1, SUBMIT, 0, number, str(number), "DELIVRD", "000", "ENROUTE"))
    journal.flush()
    return row


def submit_run(journal: Journal, number: int, until: float | None = 0.0) -> int:
    run = run_of(3, number, 1000.0 + number, until=until)
    journal.pdus(1, "in", 3, run.octets, run.at)
    row = journal.messages(run)
    journal.flush()
    return row


def rows(journal: Journal) -> list[int]:
    journal.expand(lambda error: None)
    return [row for (row,) in journal.connection.execute("SELECT row FROM messages ORDER BY row")]


@pytest.mark.parametrize("looked_at", [0, 1, 7])
def test_the_newest_are_kept(looked_at: int) -> None:
    """Whether or not somebody reads them all the while; the file holds no more than some that are on their way out."""
    journal = journal_of(Keep(KEPT))
    for number in range(1, 101):
        submit(journal, number)
        if looked_at and not number % looked_at:
            assert len(rows(journal)) <= KEPT + 6
    kept = rows(journal)
    assert kept == list(range(101 - len(kept), 101))
    assert KEPT <= len(kept) <= KEPT + 6
    assert journal.dropped == 100 - len(kept)
    ((pdus, last),) = journal.connection.execute("SELECT count(*), max(row) FROM pdus").fetchall()
    assert pdus <= len(kept) + 6
    assert last == (100 if looked_at else pdus)
    assert journal.connection.execute("SELECT count(*) FROM log").fetchone()[0] <= 6
    journal.close()


@pytest.mark.parametrize("looked_at", [0, 7])
def test_what_came_as_one_is_dropped_as_others_are(looked_at: int) -> None:
    """And kept as they are, if something is planned or owed."""
    journal = journal_of(Keep(KEPT))
    planned = submit_run(journal, 1, None)
    waiting = submit_run(journal, 4)
    owed = [Owed(waiting + 1, "shop", b"octets"), Owed(waiting + 2, "shop", b"octets")]
    journal.owe_all("op", 1002.0, owed)
    for number in range(7, 121, 3):
        submit_run(journal, number)
        if number == 31:
            journal.ended([planned, planned + 1], 1031.0, "UNDELIV", "001")
            journal.settled_all(owed[:1], 1031.0)
        if looked_at and not number % looked_at:
            rows(journal)
    kept = rows(journal)
    assert kept[:2] == [planned + 2, waiting + 2]
    assert kept[2:] == list(range(123 - len(kept), 121))
    assert KEPT <= len(kept) <= KEPT + 10
    assert [one.row for one in journal.unfinished("op", 1200.0)] == [planned + 2]
    assert [one.row for _, one in journal.owed("op")] == [waiting + 2]
    journal.close()


@pytest.mark.parametrize("looked_at", [0, 7])
def test_what_is_planned_or_owed_is_never_dropped(looked_at: int) -> None:
    journal = journal_of(Keep(KEPT))
    planned, receipt = submit(journal, 1), submit(journal, 2)
    ended = journal.message(Message(1003.0, "op", "shop", 1, SUBMIT, 0, 3, "3", "DELIVRD", "000", "ENROUTE"))
    journal.plan(Pending(ended, "op", None, 0x34, PLAN, SUBMIT))
    owed = Owed(receipt, "shop", b"octets")
    journal.owe("op", 1002.0, owed)
    for number in range(4, 60):
        submit(journal, number)
        if looked_at and not number % looked_at:
            rows(journal)
    assert planned not in rows(journal)
    assert rows(journal)[:2] == [receipt, ended]
    assert [one.row for _, one in journal.owed("op")] == [receipt]
    assert [one.row for one in journal.unfinished("op", 1060.0)] == [ended]
    journal.reached(ended, 1061.0, "UNDELIV", "001")
    journal.settled(owed, 1062.0)
    journal.flush()
    rows(journal)
    told = journal.connection.execute("SELECT state, acknowledged_at FROM messages ORDER BY row LIMIT 2").fetchall()
    assert told == [("ENROUTE", 1062.0), ("UNDELIV", None)]
    journal.over(ended)
    for number in range(60, 120):
        submit(journal, number)
    assert rows(journal)[0] > 100  # nothing holds them any longer
    journal.close()


def test_what_becomes_of_one_that_is_kept_is_not_dropped_with_others() -> None:
    journal = journal_of(Keep(KEPT))
    row = journal.message(Message(1000.0, "op", "shop", 1, SUBMIT, 0, 1, "1", "DELIVRD", "000", "ENROUTE"))
    journal.plan(Pending(row, "op", None, 0x34, PLAN, SUBMIT))
    for number in range(2, 40):
        submit(journal, number)
    journal.reached(row, 1040.0, "UNDELIV", "001")  # and a notice of it is still to come
    for number in range(40, 100):
        submit(journal, number)
    assert rows(journal)[0] == row
    found = journal.connection.execute("SELECT state, final_at FROM messages WHERE row = ?", (row,)).fetchone()
    assert found == ("UNDELIV", 1040.0)
    journal.close()


@pytest.mark.parametrize("looked_at", [0, 7])
def test_what_is_too_old_is_dropped(looked_at: int) -> None:
    journal = journal_of(Keep(seconds=30.0))
    for number in range(1, 400):
        submit(journal, number)
        if looked_at and not number % looked_at:
            rows(journal)
    kept = rows(journal)
    assert kept[-1] == 399
    assert 30 <= len(kept) <= 30 + retention.OFTEN + 6
    journal.close()


def test_what_dropping_costs_does_not_depend_on_how_much_is_kept() -> None:
    """Counted in instructions of SQLite's machine, by the hundred."""
    costs = []
    for kept in (20, 400):
        journal = journal_of(Keep(kept))
        for number in range(1, kept + 12):
            submit(journal, number)
        rows(journal)
        steps = [0]

        def counted(steps: list[int] = steps) -> int:
            steps[0] += 1
            return 0

        journal.connection.set_progress_handler(counted, 100)
        before = journal.dropped
        for number in range(kept + 12, kept + 40):
            submit(journal, number)
        assert journal.dropped - before > 20
        costs.append(steps[0])
        journal.close()
    assert costs[1] < 1.5 * costs[0]
