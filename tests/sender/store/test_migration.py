"""A store of an earlier version: copied first, brought forward, and used as if it had always been of this one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from sender.domain.message import MessageClass, State
from sender.store import schema
from sender.store.records import Accepted, CampaignKind, CampaignState, Intent, ReceiptFate, Refused, StoreError
from sender.store.sqlite import SqliteStore
from sender.store.tables import fourth
from tests.sender.store.kit import ACCOUNT, FIRST, check_i4, receipt, rows

VERSION_1 = Path(__file__).parents[2] / "data" / "store-version-1.db"
"""Made by the program when it wrote version 1: two campaigns, and messages in every state that a run can be cut in."""

VERSION_2 = VERSION_1.with_name("store-version-2.db")
"""Made by the program when it wrote version 2: every state, a message of two parts, three receipts of one."""

VERSION_3 = VERSION_1.with_name("store-version-3.db")
"""Made by the program when it wrote version 3: every state, an intent for eight, and two messages that are paid for."""


VERSION_4 = VERSION_1.with_name("store-version-4.db")
"""Made by the program when it wrote version 4: ids in order and without any, an intent for twelve, a second receipt."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    copy = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_1, copy)
    return copy


def version_of(path: Path) -> int:
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])
    finally:
        conn.close()


def dump(path: Path) -> list[str]:
    conn = sqlite3.connect(path)
    try:
        return list(conn.iterdump())
    finally:
        conn.close()


def test_a_store_of_version_1_is_copied_and_brought_forward(path):
    before = dump(VERSION_1)
    SqliteStore.open(path).close()
    assert version_of(path) == len(schema.MIGRATIONS)
    copy = path.with_name("campaign.sqlite.version-1")
    assert version_of(copy) == 1
    assert dump(copy) == before
    assert copy.stat().st_mode & 0o077 == 0  # numbers and texts are for nobody else
    assert not list(path.parent.glob("*.partial*"))


def test_nothing_of_it_is_lost_and_the_run_goes_on(path):
    store = SqliteStore.open(path)
    check_i4(store)
    counts = {state: count for state, count in store.counts(1).items() if count}
    assert counts == {
        State.QUEUED: 6,
        State.CLAIMED: 1,
        State.SUBMITTING: 1,
        State.ACCEPTED: 2,
        State.IN_DOUBT: 1,
        State.DELIVERED: 1,
        State.UNDELIVERED: 1,
        State.REJECTED: 1,
    }
    first, second = store.campaign(1), store.campaign(2)
    assert (first.priority, second.priority) == (MessageClass.SERVICE.priority, MessageClass.CODE.priority)
    assert (first.paused, first.cancelled, first.starts_at, first.expires_at) == (False, False, None, None)
    assert (first.kind, second.state) == (CampaignKind.FILE, CampaignState.IMPORTING)
    with store.database.transaction():
        recovery = store.recover(3000.0)
        assert (recovery.released, recovery.requeued, recovery.importing) == (1, 1, (2,))
        claimed = store.claim(ACCOUNT, 100, 4000.0)
        assert {it.fields["name"] for it in claimed} == {"n7", "n9", "n10", "n11"}
        [result] = store.record_receipts([receipt("id3", "77050000004")])
        assert result.state is State.DELIVERED
    assert rows(store, "SELECT smsc_id FROM parked_receipts") == [("unheard",)]
    check_i4(store)
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]
    assert rows(store, "PRAGMA foreign_key_check") == []
    store.close()


def test_a_store_of_version_2_shows_the_same_and_goes_on(tmp_path):
    path = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_2, path)
    shown = "SELECT message, part, state, submits, smsc_id, stat, receipts, repeated FROM {} ORDER BY message, part"
    told = "SELECT * FROM {} ORDER BY message, part, n"
    conn = sqlite3.connect(path)
    before = conn.execute(shown.format("parts")).fetchall(), conn.execute(told.format("receipts")).fetchall()
    conn.close()
    store = SqliteStore.open(path)
    assert (rows(store, shown.format("all_parts")), rows(store, told.format("all_receipts"))) == before
    assert len(before[1]) == 4
    assert version_of(path.with_name("campaign.sqlite.version-2")) == 2
    assert list(store.maintenance.faults()) == []
    with store.database.transaction():
        recovery = store.recover(3000.0)
        assert (recovery.released, recovery.requeued) == (3, 2)
        [late, again] = store.record_receipts([receipt("id3", str(FIRST + 2)), receipt("id1", str(FIRST))])
        assert (late.state, again.fate) == (State.DELIVERED, ReceiptFate.REPEATED)
        epoch = store.new_epoch()
        taken = [it.message_id for it in store.claim(ACCOUNT, 100, 4000.0) if not it.parts]
        assert store.mark_submitting([Intent(it, 1, 1, ACCOUNT, epoch, it, 4000.0) for it in taken]) == []
        store.record_outcomes([Accepted(it, 1, f"new{it}", 4001.0) for it in taken])
        for message in taken:
            number = rows(store, "SELECT number FROM messages WHERE id = ?", message)[0][0]
            [result] = store.record_receipts([receipt(f"new{message}", number)])
            assert result.state is State.DELIVERED
    check_i4(store)
    assert list(store.maintenance.faults()) == []
    store.close()


def test_a_store_of_version_3_finds_its_parts_by_id_and_settles_what_they_cost(tmp_path):
    path = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_3, path)
    store = SqliteStore.open(path)
    assert version_of(path.with_name("campaign.sqlite.version-3")) == 3
    assert rows(store, "SELECT run, ids FROM part_runs") == [(1, 23)]
    assert list(store.maintenance.faults()) == []
    with store.database.transaction():
        recovery = store.recover(3000.0)
        assert (recovery.released, recovery.in_doubt + recovery.requeued) == (2, 2)
        told = [receipt("ID22", str(FIRST + 21)), receipt("9F3A77C2-40AA", str(FIRST + 21)), receipt("id1", str(FIRST))]
        assert [it.fate for it in store.record_receipts(told)] == [
            ReceiptFate.PARKED, ReceiptFate.MATCHED, ReceiptFate.REPEATED,
        ]  # fmt: skip
        epoch = store.new_epoch()
        paid = [it.message_id for it in store.claim(ACCOUNT, 100, 4000.0) if it.number >= str(FIRST + 100)]
        assert len(paid) == 2
        assert store.mark_submitting([Intent(it, 1, 1, ACCOUNT, epoch, it, 4000.0) for it in paid]) == []
        store.record_outcomes([Accepted(paid[0], 1, "paid", 4001.0), Refused(paid[1], 1, 0x0B, 4001.0)])
        store.record_receipts([receipt("paid", str(FIRST + 100))])
    balance = store.access.balance("w")
    assert (balance.charged, balance.reserved) == (10, 0)
    assert list(store.maintenance.faults()) == []
    store.close()


def test_a_store_of_version_4_has_what_it_had_and_goes_on(tmp_path):
    path = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_4, path)
    shown = "SELECT * FROM {} ORDER BY message, part"
    old = sqlite3.connect(VERSION_4)
    before = [old.execute(shown.format(it)).fetchall() for it in ("all_parts", "all_receipts")]
    fields = old.execute("SELECT message, fields FROM message_fields ORDER BY 1").fetchall()
    old.close()
    store = SqliteStore.open(path)
    assert version_of(path.with_name("campaign.sqlite.version-4")) == 4
    assert [rows(store, shown.format(it)) for it in ("all_parts", "all_receipts")] == before
    assert rows(store, "SELECT message, fields FROM all_fields ORDER BY 1") == fields
    assert list(store.maintenance.faults()) == []
    with store.database.transaction():
        recovery = store.recover(3000.0)
        assert (recovery.released, recovery.in_doubt + recovery.requeued) == (4, 3)
        told = [receipt(str(900000000 + message), str(FIRST + message - 1)) for message in range(1, 26)]
        assert [it.fate for it in store.record_receipts(told)] == [ReceiptFate.REPEATED] * 22 + [
            ReceiptFate.MATCHED
        ] * 3
        scattered = f"u{26 * 0x9E3779B97F4A7C15 % (1 << 64):016x}"
        [found] = store.record_receipts([receipt(scattered, str(FIRST + 25))])
        assert found.fate is ReceiptFate.MATCHED
        epoch = store.new_epoch()
        claimed = store.claim(ACCOUNT, 100, 9000.0)
        assert all(it.fields == {"name": f"n{it.message_id - 1}"} for it in claimed)
        ids = [it.message_id for it in claimed if not it.parts]
        assert store.mark_submitting([Intent(it, 1, 1, ACCOUNT, epoch, it, 9000.0) for it in ids]) == []
        store.record_outcomes([Accepted(it, 1, str(900001000 + it), 9001.0) for it in ids])
        told = [receipt(str(900001000 + it), str(FIRST + it - 1)) for it in ids]
        assert {it.fate for it in store.record_receipts(told)} == {ReceiptFate.MATCHED}
    assert rows(store, "SELECT state FROM packed") == [(State.DELIVERED,)]
    check_i4(store)
    assert list(store.maintenance.faults()) == []
    store.close()


def test_a_migration_that_would_lose_an_id_is_not_made(tmp_path, monkeypatch):
    path = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_3, path)
    monkeypatch.setattr(fourth, "_FILL", fourth._FILL.replace("message > ?", "message > 5 + ?"))
    with pytest.raises(StoreError, match=r"5 of 23 ids of parts were not brought forward"):
        SqliteStore.open(path)
    assert version_of(path) == 3


def test_ids_are_brought_forward_in_runs(tmp_path, monkeypatch):
    path = tmp_path / "campaign.sqlite"
    shutil.copy(VERSION_3, path)
    monkeypatch.setattr(fourth, "_RUN", 10)
    store = SqliteStore.open(path)
    assert len(rows(store, "SELECT run, ids FROM part_runs")) == 3
    with store.database.transaction():
        told = store.record_receipts([receipt(f"id{message}", str(FIRST + message - 1)) for message in range(1, 22)])
    assert {it.fate for it in told} == {ReceiptFate.REPEATED, ReceiptFate.MATCHED}
    assert list(store.maintenance.faults()) == []
    store.close()


def test_a_new_store_and_one_that_was_brought_forward_have_the_same_tables(path, tmp_path):
    brought, made = SqliteStore.open(path), SqliteStore.open(tmp_path / "new.sqlite")
    statement = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    assert rows(brought, statement) == rows(made, statement)
    brought.close()
    made.close()


def test_a_new_store_needs_no_copy(tmp_path):
    SqliteStore.open(tmp_path / "new.sqlite").close()
    assert not list(tmp_path.glob("*version*"))


def test_a_copy_that_is_there_already_is_kept(path):
    earlier = path.with_name("campaign.sqlite.version-1")
    earlier.write_text("kept", encoding="utf-8")
    SqliteStore.open(path).close()
    assert earlier.read_text(encoding="utf-8") == "kept"
    assert version_of(path.with_name("campaign.sqlite.version-1.2")) == 1


def test_without_room_for_the_copy_nothing_is_changed(path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(StoreError, match=r"version-1 cannot be written: No space left on device"):
        SqliteStore.open(path)
    assert version_of(path) == 1
    assert not list(path.parent.glob("*version*"))


def test_a_migration_that_fails_leaves_the_store_as_it_was(path, monkeypatch):
    def broken(db: object) -> None:
        raise sqlite3.OperationalError("no such luck")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS[:1], broken))
    with pytest.raises(StoreError, match="no such luck"):
        SqliteStore.open(path)
    assert version_of(path) == 1
    assert dump(path) == dump(VERSION_1)


@pytest.mark.parametrize("how", [{"read_only": True}, {"beside": True}])
def test_who_may_not_bring_it_forward_says_who_does(path, how):
    with pytest.raises(StoreError, match="older version of the sender; `sender resume` brings it forward"):
        SqliteStore.open(path, **how)
    assert version_of(path) == 1
