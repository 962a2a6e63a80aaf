"""The log: whatever was recorded, and whenever the emulator was killed, the tables say the same as without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.message_state import MessageState as M
from smppkit.pdus import DataSm, DeliverSm, EnquireLink, SubmitSm, SubmitSmResp
from smppkit.tlvs import Tlv
from smsc.journal import alive, expansion
from smsc.journal.commits import Commits
from smsc.journal.expansion import expand_file, is_behind
from smsc.journal.file import open_readonly
from smsc.journal.inbox import Inbox
from smsc.journal.journal import MEMORY, Journal
from smsc.journal.records import BY_PLAN, Kind, Message, Owed, Pending
from smsc.journal.together import MessageRun
from smsc.scenario.decisions import Fate, Plan, PlannedNotice

PLAN = Plan(
    Fate("DELIVRD", "000", M.DELIVERED), 5.0, notices=(PlannedNotice(1.0, Fate("ENROUTE", "0", M.ENROUTE), 32),)
)
SUBMIT = SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=b"\xff\0", tlvs=(Tlv(0x1400, b"id"),))
PART = b"\x05\x00\x03\x07\x02"


def logged(path: Path | str = MEMORY, *, logged: bool = True) -> Journal:
    return Journal.open(path, clock=Clock(), logged=logged)


def run_of(count: int, number: int, at: float, system_id: str = "shop", until: float | None = None) -> MessageRun:
    submits = [encode(SubmitSm(0, 100 + number + index, destination_addr="7705")) for index in range(count)]
    answers = [encode(SubmitSmResp(0, 100 + number + index, (), str(number + index))) for index in range(count)]
    plan = Plan(Fate("DELIVRD", "000", M.DELIVERED), 5.0)
    return MessageRun(
        0, count, at, "op", system_id, 1, 0x34, b"".join(submits), b"".join(answers), number, plan, until, "gsm7"
    )


def submitted(number: int, **more: Any) -> Message:
    values = {
        "at": 1000.0 + number,
        "operator": "op",
        "system_id": "shop",
        "connection": 1,
        "pdu": SUBMIT,
        "number": number,
        "message_id": str(number),
        "outcome": "DELIVRD",
        "err": "000",
        "state": "ENROUTE",
    }
    return Message(**values | more)


class Story:
    """What happens to a journal, drawn from a seed; the same whatever the journal is."""

    def __init__(self, seed: int, *, logged: bool) -> None:
        self.random = Random(seed)
        self.logged = logged
        self.journal = Journal.open(MEMORY, clock=Clock(), logged=logged)
        self.at = 1000.0
        self.number = 0
        self.planned: list[int] = []
        self.ended: set[int] = set()
        self.messages: dict[int, Message] = {}
        self.owed: list[Owed] = []
        self.deeds: list[Callable[[], None]] = [
            *[self.take] * 8,
            *[self.take_part] * 2,
            *[self.end] * 5,
            *[self.owe] * 3,
            *[self.settle] * 4,
            *[self.talk] * 3,
            *[self.flush] * 3,
            *[self.take_run] * 4,
            *[self.end_run] * 3,
            *[self.owe_run] * 2,
            *[self.settle_run] * 2,
            self.talk_together,
            self.notice,
            self.replace,
            self.refuse,
            self.read,
            self.die,
            self.forget,
            self.erase,
        ]

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.at += self.random.random()
            self.random.choice(self.deeds)()

    def take(self, pdu: Any = SUBMIT) -> None:
        self.number += 1
        until = self.random.choice([None, self.at + 3.0])
        system_id = self.random.choice(["shop", "bank"])
        message = submitted(self.number, at=self.at, system_id=system_id, settles_at=until, pdu=pdu)
        row = self.journal.message(message)
        judged = pdu if isinstance(pdu, SubmitSm) else SUBMIT
        self.journal.plan(Pending(row, "op", until, 0x34, PLAN, judged))
        self.planned.append(row)
        self.messages[row] = message

    def take_part(self) -> None:
        body = PART + bytes([self.random.choice([1, 2])]) + b"text"
        kind = self.random.choice([SubmitSm, DataSm])
        text: dict[str, Any] = {"short_message": body}
        if kind is DataSm:
            text = {"tlvs": (Tlv(0x0424, body),)}
        self.take(kind(source_addr="A", destination_addr="7705", esm_class=0x40, **text))

    def refuse(self) -> None:
        self.journal.message(Message(self.at, "op", "shop", 1, SUBMIT, 88))

    def end(self) -> None:
        if self.planned:
            row = self.random.choice(self.planned)
            self.ended.add(row)
            again = self.random.random() < 0.2
            self.journal.reached(row, self.at, self.random.choice(["UNDELIV", "DELIVRD"]), "001", again=again)
            if self.random.random() < 0.8:
                self.journal.over(row)
                self.planned.remove(row)

    def take_run(self) -> None:
        until = self.random.choice([None, self.at + 3.0])
        run = run_of(self.random.randrange(1, 5), self.number + 1, self.at, self.random.choice(["shop", "bank"]), until)
        self.number += run.count
        row = self.journal.messages(run)
        self.planned += range(row, row + run.count)
        self.messages |= {row: message for row, message, _ in run.members()}
        self.journal.pdus(1, "in", run.count, run.octets, self.at)

    def end_run(self) -> None:
        rows = self.some([row for row in self.planned if row not in self.ended])
        if rows:
            self.journal.ended(rows, self.at, "DELIVRD", "000")
            self.planned = [row for row in self.planned if row not in rows]

    def owe_run(self) -> None:
        rows = self.some(self.planned)
        owed = [Owed(row, "shop", encode(DeliverSm(0, row)), to=str(row), bind=3) for row in rows]
        self.journal.owe_all("op", self.at, owed)
        self.owed += owed

    def settle_run(self) -> None:
        kind = self.random.choice([Kind.MO, Kind.RECEIPT])
        deliveries = self.some([owed for owed in self.owed if owed.kind is kind])
        if deliveries:
            self.journal.settled_all(deliveries, self.at, "DELIVRD" if kind is Kind.MO else None)
            self.owed = [owed for owed in self.owed if owed not in deliveries]

    def some(self, these: list[Any]) -> list[Any]:
        first = self.random.randrange(len(these) + 1)
        return these[first : first + self.random.randrange(5)]

    def talk_together(self) -> None:
        self.journal.pdus(1, "out", 2, encode(EnquireLink(0, 8)) + encode(DeliverSm(0, 9)), self.at)

    def notice(self) -> None:
        if self.planned:
            self.journal.told(self.random.choice(self.planned), self.random.randrange(4))

    def replace(self) -> None:
        alive = [row for row in self.planned if (self.messages[row].settles_at or self.at + 1) > self.at]
        if alive:
            row = self.random.choice(alive)
            new = SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=b"new")
            message = replace(self.messages[row], pdu=new, outcome="EXPIRED", err="002")
            self.journal.replaced(Pending(row, "op", None, 0x34, PLAN, new), message)
            self.journal.flush()  # a group keeps no order between a replacement and an end

    def owe(self) -> None:
        pdu = DeliverSm(source_addr="7705", destination_addr="1414")
        kind = self.random.choice([Kind.MO, Kind.RECEIPT])
        row = self.journal.message(Message(self.at, "op", "shop", 0, pdu, state="ENROUTE"))
        owed = Owed(row, self.random.choice(["shop", "bank"]), encode(pdu), kind, "1414")
        self.journal.owe("op", self.at, owed)
        self.owed.append(owed)

    def settle(self) -> None:
        if self.owed:
            owed = self.owed.pop(self.random.randrange(len(self.owed)))
            at, state = self.random.choice([None, self.at]), self.random.choice([None, "DELIVRD"])
            # The receipt of a message that comes to an end of its own does not say what that is.
            self.journal.settled(owed, at, None if owed.row in self.messages else state)

    def talk(self) -> None:
        self.journal.pdu(1, "in", encode(EnquireLink(sequence_number=9)), self.at)

    def flush(self) -> None:
        self.journal.flush()

    def read(self) -> None:
        self.journal.expand(lambda error: None)

    def die(self) -> None:
        self.journal.flush()
        if self.journal._timer is not None:
            self.journal._timer.cancel()
        connection = self.journal.connection
        self.journal = Journal(MEMORY, connection, None, Clock(), threaded=False, logged=self.logged)

    def forget(self) -> None:
        if self.random.random() < 0.3:
            self.journal.forget("op")
            self.planned, self.owed = [], []

    def erase(self) -> None:
        system_id = self.random.choice([None, "shop", "bank"])
        if self.random.random() < 0.3:
            self.journal.erase(system_id, lambda error: None)
            self.planned, self.owed = [], []

    def told(self) -> dict[str, object]:
        """All that a reader, and the next run, can see of it."""
        self.die()
        self.journal.expand(lambda error: None)
        rows = self.journal.connection.execute
        return {
            "messages": rows("SELECT * FROM messages ORDER BY row").fetchall(),
            "pdus": rows("SELECT * FROM pdus ORDER BY row").fetchall(),
            "forgotten": rows("SELECT * FROM forgotten").fetchall(),
            "unfinished": list(self.journal.unfinished("op", self.at)),
            "owed": [(due, owed.row, owed.octets, owed.kind) for due, owed in self.journal.owed("op")],
            "number": self.journal.last_number("op"),
        }


@pytest.mark.parametrize("held", [3, 1000])
@pytest.mark.parametrize("seed", range(6))
def test_the_tables_come_to_say_the_same(seed: int, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "MOST_HELD", held)
    monkeypatch.setattr(alive, "SETTLED_AT_ONCE", 2)
    monkeypatch.setattr(expansion, "OPERATIONS_AT_ONCE", 20)
    stories = [Story(seed, logged=logged) for logged in (False, True)]
    for _ in range(3):
        for story in stories:
            story.go_on(60)
        without, within = (story.told() for story in stories)
        assert within == without
    for story in stories:
        story.journal.close()


def test_a_message_is_found_before_it_is_in_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """And after; with what has happened to it since, wherever that stands."""
    for read_at in (None, "taken", "ended"):
        journal = logged()
        monkeypatch.setattr(journal, "expand", lambda callback: None)
        rows = [journal.message(submitted(number, starts_at=1500.0)) for number in (1, 2, 3)]
        journal.flush()
        if read_at == "taken":
            Journal.expand(journal, lambda error: None)
        assert found(journal, "2", 1400.0) == (rows[1], "SCHEDLD", None)
        assert found(journal, "2", 1600.0) == (rows[1], "ENROUTE", None)
        journal.reached(rows[1], 1700.0, "UNDELIV", "001")
        journal.reached(rows[2], 1700.0, "EXPIRED", "002")
        journal.flush()
        if read_at == "ended":
            Journal.expand(journal, lambda error: None)
        assert found(journal, "2", 1800.0) == (rows[1], "UNDELIV", 1700.0)
        assert found(journal, "4", 1800.0) is None
        assert journal.find("op", "bank", "2", 1800.0) is None
        journal.forget("op")
        assert found(journal, "2", 1800.0) is None
        journal.close()


def test_a_message_of_a_run_is_found_before_it_is_in_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = logged()
    monkeypatch.setattr(journal, "expand", lambda callback: None)
    row = journal.messages(run_of(3, 7, 1000.0))
    journal.flush()
    assert found(journal, "8", 1400.0) == (row + 1, "ENROUTE", None)
    journal.ended([row, row + 1, row + 2], 1500.0, "UNDELIV", "001")
    journal.flush()
    assert found(journal, "9", 1600.0) == (row + 2, "UNDELIV", 1500.0)
    assert found(journal, "10", 1600.0) is None
    journal.close()


def receipts_by_plan(rows: list[int]) -> list[Owed]:
    return [Owed(row, "shop", b"octets", number=BY_PLAN) for row in rows]


@pytest.mark.parametrize("kept_in_log", [True, False])
@pytest.mark.parametrize("held", [1, 1000])
def test_a_receipt_by_plan_is_made_again_until_it_is_settled(
    kept_in_log: bool, held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks sees the end at once; the plan stays as long as the receipt may not have come."""
    monkeypatch.setattr(alive, "MOST_HELD", held)
    monkeypatch.setattr(alive, "SETTLED_AT_ONCE", 1)
    path = tmp_path / "journal.sqlite"
    journal = logged(path, logged=kept_in_log)
    row = journal.messages(run_of(6, 1, 1000.0))
    journal.flush()
    journal.ended([row, row + 1, row + 2, row + 3], [1004.0, 1005.0, 1006.0, 1007.0], over=False)
    journal.flush()
    journal.settled_all(receipts_by_plan([row + 1]), 1008.0)
    journal.settled(*receipts_by_plan([row + 2]), None)  # given up
    journal.settled(*receipts_by_plan([row + 3]), 1009.0)
    journal.flush()
    with closing(sqlite3.connect(tmp_path / "left.sqlite")) as copy:
        journal.connection.backup(copy)
    journal.close()
    for file in (path, tmp_path / "left.sqlite"):
        after = logged(file)
        assert [one.row for one in after.unfinished("op", 2000.0)] == [row, row + 4, row + 5]
        assert list(after.owed("op")) == []
        after.expand(lambda error: None)
        assert after.connection.execute("SELECT state, final_at, acknowledged_at FROM messages").fetchall() == [
            ("DELIVRD", 1004.0, None),
            ("DELIVRD", 1005.0, 1008.0),
            ("DELIVRD", 1006.0, None),
            ("DELIVRD", 1007.0, 1009.0),
            ("ENROUTE", None, None),
            ("ENROUTE", None, None),
        ]
        after.close()


def test_receipts_by_plan_and_others_are_settled_together() -> None:
    journal = logged()
    row = journal.messages(run_of(3, 1, 1000.0))
    owed = [Owed(row + 2, "shop", b"octets")]
    journal.owe_all("op", 1005.0, owed)
    journal.ended([row, row + 1], 1005.0, over=False)
    journal.ended([row + 2], 1005.0)
    journal.flush()
    journal.settled_all([*receipts_by_plan([row]), *owed, *receipts_by_plan([row + 1])], 1006.0)
    journal.flush()
    Commits.end(journal._commits)
    assert (list(journal.unfinished("op", 2000.0)), list(journal.owed("op"))) == ([], [])
    assert Inbox(journal.connection).summary()["op"].acknowledged == 3
    journal.close()


def test_an_end_that_could_not_be_written_is_known_from_the_acknowledgement() -> None:
    journal = logged()
    rows = [journal.messages(run_of(1, number, 1000.0)) for number in (1, 2)]
    journal.settled_all(receipts_by_plan(rows[:1]), 1006.0)
    journal.settled(*receipts_by_plan(rows[1:]), 1007.0)
    journal.flush()
    journal.expand(lambda error: None)
    states = journal.connection.execute("SELECT state, final_at FROM messages").fetchall()
    assert states == [("DELIVRD", 1006.0), ("DELIVRD", 1007.0)]
    journal.close()


def test_the_octets_of_a_run_are_written_once() -> None:
    """They are the messages, and the PDUs that brought them."""
    journal = logged()
    run = run_of(5, 1, 1000.0)
    journal.messages(run)
    journal.pdus(1, "in", 5, run.octets, 1000.0)
    journal.flush()
    ((messages, pdus),) = journal.connection.execute("SELECT messages, pdus FROM log").fetchall()
    assert run.octets in messages
    assert len(pdus) < 30
    journal.expand(lambda error: None)
    octets = [one for (one,) in journal.connection.execute("SELECT octets FROM pdus ORDER BY row")]
    assert b"".join(octets) == run.octets
    assert len(octets) == 5
    journal.close()


def test_the_numbers_of_messages_stand_in_the_log_until_it_is_let_go(tmp_path: Path) -> None:
    """A commit of messages writes its entry alone; who opens the file after a crash uses no number again."""
    path, left = tmp_path / "journal.sqlite", tmp_path / "left.sqlite"
    journal = logged(path)
    journal.message(submitted(3))
    journal.messages(run_of(5, 4, 1000.0))
    journal.message(submitted(1, operator="other"))
    journal.flush()
    assert journal.connection.execute("SELECT * FROM numbers").fetchall() == []
    with closing(sqlite3.connect(left)) as copy:
        journal.connection.backup(copy)
    journal.close()
    for file in (path, left):
        after = logged(file)
        assert [after.last_number(name) for name in ("op", "other", "third")] == [8, 1, 0]
        after.close()


def test_whoever_writes_a_file_waits_for_the_disk(tmp_path: Path) -> None:
    """Each commit (2: FULL); pages that become free are not written once more (2: FAST)."""
    journal = logged(tmp_path / "journal.sqlite")
    for name in ("synchronous", "secure_delete"):
        assert journal.connection.execute(f"PRAGMA {name}").fetchone() == (2,)
    journal.close()


def test_whoever_watches_is_told_of_each_message_of_a_run() -> None:
    journal, told = logged(), list[frozenset[int]]()
    journal.watch(lambda rows, error: told.append(rows))
    row = journal.messages(run_of(2, 1, 1000.0))
    journal.flush()
    journal.ended([row], 1001.0, "DELIVRD", "000")
    journal.flush()
    owed = [Owed(row + 1, "shop", b"octets")]
    journal.owe_all("op", 1001.0, owed)
    journal.settled_all(owed, 1002.0)
    journal.flush()
    assert told == [{row, row + 1}, {row}, {row + 1}]
    journal.close()


def found(journal: Journal, message_id: str, now: float) -> tuple[int, str, float | None] | None:
    it = journal.find("op", "shop", message_id, now)
    return None if it is None else (it.row, it.state, it.final_at)


def test_whoever_opens_a_file_reads_all_of_it(tmp_path: Path) -> None:
    """Beside the emulator that writes it, and after it was killed; what that has planned is there for the next run."""
    path = tmp_path / "journal.sqlite"
    journal = logged(path)
    row = journal.message(submitted(1))
    journal.plan(Pending(row, "op", None, 0x34, PLAN, SUBMIT))
    journal.pdu(1, "in", encode(EnquireLink()), 1001.0)
    journal.flush()
    assert texts(path) == ["1"]
    journal.message(submitted(2))
    journal.flush()
    assert texts(path) == ["1", "2"]
    journal.message(submitted(3))
    journal.flush()
    left = tmp_path / "left.sqlite"
    with closing(sqlite3.connect(left)) as copy:
        journal.connection.backup(copy)
    journal.close()
    after = logged(left)
    assert [one.row for one in after.unfinished("op", 1001.0)] == [row]
    assert after.last_number("op") == 3
    after.close()
    assert texts(left) == ["1", "2", "3"]


def texts(path: Path) -> list[str | None]:
    with Inbox(path) as inbox:
        return [message.message_id for message in inbox.messages()]


def test_a_file_that_nobody_may_write_is_read_in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite"
    journal = logged(path)
    journal.message(submitted(1))
    journal.flush()

    def refused(path: Path) -> None:
        with closing(sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
            connection.execute("DELETE FROM log")

    monkeypatch.setattr(expansion, "expand_file", refused)
    assert texts(path) == ["1"]
    assert is_behind(journal.connection)
    journal.close()


def test_a_short_log_is_empty_once_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = logged(path)
    journal.message(submitted(1))
    journal.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM log").fetchone() == (0,)
        assert connection.execute("SELECT message_id FROM messages").fetchall() == [("1",)]


def test_what_is_read_beside_the_writer_counts_long_messages_right(tmp_path: Path) -> None:
    """Each of two who fill the tables in turn knows the parts that the other one has put there."""
    path = tmp_path / "journal.sqlite"
    journal = logged(path)
    for part, who in ((1, "other"), (2, "journal")):
        pdu = SubmitSm(destination_addr="7705", esm_class=0x40, short_message=PART + bytes([part]) + b"text")
        journal.message(submitted(part, pdu=pdu))
        journal.flush()
        if who == "other":
            expand_file(path)
        else:
            journal.expand(lambda error: None)
    with closing(open_readonly(path)) as connection:
        assert connection.execute("SELECT row, first FROM messages ORDER BY row").fetchall() == [(1, None), (2, 1)]
    journal.close()
