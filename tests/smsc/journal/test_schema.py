"""The tables of a journal: an older one is brought up to date, with what is in it."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

import msgspec
from sqlite_utils import Database
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.message_state import MessageState
from smppkit.pdus import DeliverSm, SubmitSm, SubmitSmResp
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from smsc.journal.messages import Messages
from smsc.journal.records import Kind, plain, plan_octets, submit_octets
from smsc.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from smsc.scenario.decisions import Fate, Plan
from tests.smsc.conftest import EPOCH, Lab

RECEIPT = DeliverSm(source_addr="77051234567", destination_addr="SHOP", esm_class=4, short_message=b"id:8 stat:DELIVRD")
MO = DeliverSm(source_addr="77051234567", destination_addr="1414", short_message=b"STOP")


def journal_of_the_first_version(path: Path) -> None:
    """Three messages: delivered and acknowledged, on the way with its receipt owed, and an MO that is owed."""
    connection = sqlite3.connect(path)
    MIGRATIONS[0](Database(connection))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    columns = (
        "row, at, operator, system_id, connection, command, source, destination, text, data_coding, part, parts,"
        " status, number, message_id, outcome, err, state, final_at, acknowledged_at"
    )
    for values in [
        (1, "submit_sm", "SHOP", "77051234567", 7, "7", "DELIVRD", "000", "DELIVRD", EPOCH + 1, EPOCH + 2),
        (2, "submit_sm", "SHOP", "77051234567", 8, "8", "DELIVRD", "000", "ENROUTE", None, None),
        (3, "deliver_sm", "77051234567", "1414", 9, "9", None, None, "ENROUTE", None, None),
    ]:
        row, command, source, destination, number, *rest = values
        connection.execute(
            f"INSERT INTO messages ({columns}) VALUES (?,?,'op','shop',1,?,?,?,'hello',0,1,1,0,?,?,?,?,?,?,?)",  # noqa: S608 - our names
            (row, EPOCH, command, source, destination, number, *rest),
        )
    for row, due, pdu in [(2, EPOCH + 5, RECEIPT), (3, EPOCH, MO)]:
        connection.execute("INSERT INTO owed VALUES (?, 'op', 'shop', ?, ?)", (row, due, encode(pdu)))
    connection.execute(
        "INSERT INTO connections (connection, operator, peer, opened_at) VALUES (1, 'op', '127.0.0.1:4000', ?)",
        (EPOCH,),
    )
    connection.commit()
    connection.close()


def test_a_journal_of_the_first_version_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal_of_the_first_version(path)
    journal = Journal.open(path, clock=Clock())
    assert journal.connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    owed = [(due, delivery.row, delivery.kind, delivery.octets) for due, delivery in journal.owed("op")]
    assert owed == [(EPOCH, 3, Kind.MO, encode(MO)), (EPOCH + 5, 2, Kind.RECEIPT, encode(RECEIPT))]
    assert (journal.last_number("op"), list(journal.unfinished("op", EPOCH))) == (9, [])
    found = journal.find("op", "shop", "7", EPOCH + 10)
    assert found is not None
    assert (found.state, found.final_at) == ("DELIVRD", EPOCH + 1)
    journal.close()
    with Inbox(path) as inbox:
        assert [(m.row, m.state, m.acknowledged_at) for m in inbox.messages()] == [
            (1, "DELIVRD", EPOCH + 2),
            (2, "ENROUTE", None),
            (3, "ENROUTE", None),
        ]
        assert inbox.operators() == ["op"]


def test_what_it_owes_is_delivered_when_it_is_due(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal_of_the_first_version(path)
    lab.start('operators: {op: {listen: "tcp:2775"}}', path)
    esme = lab.bound()
    lab.run(1)
    assert [delivery.short_message for delivery in esme.deliveries] == [b"STOP"]
    lab.run(5, step=0.5)
    assert esme.deliveries[1].short_message == b"id:8 stat:DELIVRD"
    assert [message.state for message in lab.inbox().messages()] == ["DELIVRD"] * 3
    assert list(lab.journal.owed("op")) == []
    esme.submit()
    lab.settle()
    assert int(esme.responses[0].message_id) > 9


def test_an_emptied_file_of_this_version_is_the_same_as_a_new_one(tmp_path: Path) -> None:
    tables: list[set[str]] = []
    for name in ("old.sqlite", "new.sqlite"):
        path = tmp_path / name
        if name == "old.sqlite":
            journal_of_the_first_version(path)
        journal = Journal.open(path, clock=Clock())
        rows = journal.connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        tables.append({" ".join(sql.split()) for (sql,) in rows})
        journal.close()
    assert tables[0] == tables[1]


def test_parts_of_an_older_journal_find_each_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal_of_the_first_version(path)
    connection = sqlite3.connect(path)
    columns = (
        "row, at, operator, system_id, command, source, destination, text, reference, part, parts, status, data_coding"
    )
    for row, part in ((4, 2), (5, 1), (6, 1)):  # and a part of the next message under the same reference
        connection.execute(
            f"INSERT INTO messages ({columns}) VALUES (?,?,'op','shop','submit_sm','SHOP','7705',?,7,?,2,0,0)",  # noqa: S608
            (row, EPOCH, f"part {part} ", part),
        )
    connection.commit()
    connection.close()
    journal = Journal.open(path, clock=Clock())
    found = journal.connection.execute("SELECT row, first FROM messages WHERE row > 3 ORDER BY row").fetchall()
    assert found == [(4, None), (5, 4), (6, None)]
    assert Messages(journal.connection).of_rows([5], EPOCH)[0].text == "part 1 part 2 "
    journal.close()


def test_what_a_journal_of_the_third_version_has_planned_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    for migrate in MIGRATIONS[:3]:
        migrate(Database(connection))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 3")
    columns = "row, at, operator, system_id, connection, status, number, message_id, outcome, err, state, final_at"
    marks = ",".join("?" * 12)
    for values in [
        (1, EPOCH, "op", "shop", 3, 0, 7, "7", "DELIVRD", "000", "ENROUTE", None),
        (2, EPOCH, "op", "shop", 3, 0, 8, "8", "DELIVRD", "001", "UNDELIV", EPOCH + 1),  # notices of it are to come
    ]:
        connection.execute(f"INSERT INTO messages ({columns}) VALUES ({marks})", values)  # noqa: S608 - our names
    plan = Plan(Fate("DELIVRD", "000", MessageState.DELIVERED), 5.0)
    for row in (1, 2):
        connection.execute(
            "INSERT INTO pending VALUES (?, 'op', NULL, 52, 0, ?, ?)",
            (row, plan_octets(plan), submit_octets(SubmitSm(destination_addr="7705"))),
        )
    connection.close()
    journal = Journal.open(path, clock=Clock())
    first, second = journal.unfinished("op", EPOCH)
    assert (first.row, first.number, first.message_id, first.connection, first.final) == (1, 7, "7", 3, None)
    assert (first.plan, first.submit) == (plan, SubmitSm(destination_addr="7705"))
    assert second.final == (EPOCH + 1, "UNDELIV", "001")
    assert journal.last_number("op") == 8
    journal.close()


def test_a_journal_of_the_fourth_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    for migrate in MIGRATIONS[:4]:
        migrate(Database(connection))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 4")
    connection.execute("INSERT INTO numbers VALUES ('op', 41)")
    connection.close()
    journal = Journal.open(path, clock=Clock(), logged=True)
    assert journal.last_number("op") == 41
    indexes = [
        name for (name,) in journal.connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'")
    ]
    assert sorted(indexes) == ["idx_messages_first", "idx_messages_message_id"]
    journal.close()


def test_the_log_of_a_journal_of_the_fifth_version_goes_on(tmp_path: Path) -> None:
    """Whose messages were over with their ends, since all receipts were written down."""
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    for migrate in MIGRATIONS[:5]:
        migrate(Database(connection))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 5")
    submits, answers = encode(SubmitSm(0, 1, destination_addr="7705")), encode(SubmitSmResp(0, 1, (), "7"))
    plan = Plan(Fate("DELIVRD", "000", MessageState.DELIVERED), 5.0, wanted=1 << MessageState.DELIVERED)
    run = (1, 3, EPOCH, "op", "shop", 1, 0x34, submits * 3, answers * 3, 7, plan, None, "gsm7", None)
    owed = (1, "op", EPOCH + 5, "shop", 1, [1, 2], ["SHOP", "SHOP"], [encode(RECEIPT), encode(RECEIPT)])
    ended, settled = ([1, 2], EPOCH + 5, "DELIVRD", "000"), ([1], [1], EPOCH + 6, None)
    encoded = partial(msgspec.msgpack.encode, enc_hook=plain)
    connection.execute(
        "INSERT INTO log VALUES (1, 3, 2, ?, 12, ?, ?, '')",
        (EPOCH + 5, encoded([[], [], [], [], [], [ended], [settled]]), encoded([[], b"", [], [], [run], [owed]])),
    )
    connection.close()
    journal = Journal.open(path, clock=Clock(), logged=True)
    assert journal.connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert [one.row for one in journal.unfinished("op", EPOCH + 7)] == [3]
    assert [(owed.number, owed.row, owed.octets) for _, owed in journal.owed("op")] == [(2, 2, encode(RECEIPT))]
    journal.expand(lambda error: None)
    rows = journal.connection.execute("SELECT state, final_at, acknowledged_at FROM messages").fetchall()
    assert rows == [("DELIVRD", EPOCH + 5, EPOCH + 6), ("DELIVRD", EPOCH + 5, None), ("ENROUTE", None, None)]
    journal.close()
