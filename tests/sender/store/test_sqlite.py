"""Opening a store: whose file it is, which version, and that one process has it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sender.domain.message import State
from sender.store import schema
from sender.store.records import StoreError
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Desk, check_i4, directly, rows

HOLD = """
import sys
from sender.store.sqlite import SqliteStore
store = SqliteStore.open(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


SEND_AND_TELL = """
import sys
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import Desk, directly
store = SqliteStore.open(sys.argv[1])
desk = Desk(store, directly(store), messages=5000)
while sent := desk.sent(limit=3):
    print("submitting", *sent, flush=True)
    desk.accept({message: f"a{message}" for message in sent[1:]})
    print("accepted", *sent[1:], flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.sqlite"


def test_a_new_store_waits_for_the_disk_at_every_commit_i9(path):
    store = SqliteStore.open(path)
    assert rows(store, "PRAGMA journal_mode") == [("wal",)]
    assert rows(store, "PRAGMA synchronous") == [(2,)]  # FULL
    store.close()


def test_states_are_named_in_the_file_for_those_who_read_it_with_other_tools(path):
    store = SqliteStore.open(path)
    assert dict(rows(store, "SELECT state, name FROM states")) == {int(state): state.label for state in State}
    store.close()


def test_what_was_committed_is_there_after_reopening(path):
    store = SqliteStore.open(path)
    desk = Desk(store, directly(store), messages=3)
    desk.sent(limit=1)
    store.close()
    store = SqliteStore.open(path)
    assert store.counts(desk.campaign)[State.QUEUED] == 2
    assert store.counts(desk.campaign)[State.SUBMITTING] == 1
    store.close()


def test_what_was_not_committed_is_not(path):
    store = SqliteStore.open(path)
    desk = Desk(store, directly(store), messages=3)
    store.database.begin()
    store.claim("beeline-kz", 3, 2000.0)
    store.close()
    store = SqliteStore.open(path)
    assert store.counts(desk.campaign)[State.QUEUED] == 3
    store.close()


def test_a_second_opener_is_told_which_process_has_the_store(path):
    store = SqliteStore.open(path)
    with pytest.raises(StoreError, match=rf"in use by another sender .process {os.getpid()}.") as caught:
        SqliteStore.open(path)
    assert str(path) in str(caught.value)
    store.close()
    SqliteStore.open(path).close()


def test_the_lock_of_a_killed_process_is_gone(path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD,
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=f"process {holder.pid}"):
            SqliteStore.open(path)
        holder.kill()
        holder.wait(timeout=30)
        SqliteStore.open(path).close()


def test_a_reader_needs_no_lock_and_sees_what_is_committed(path):
    store = SqliteStore.open(path)
    desk = Desk(store, directly(store), messages=2)
    reader = SqliteStore.open(path, read_only=True)
    assert reader.counts(desk.campaign)[State.QUEUED] == 2
    desk.sent(limit=1)
    assert reader.counts(desk.campaign)[State.SUBMITTING] == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.new_epoch()
    reader.close()
    store.close()


def test_a_store_in_memory_needs_no_file():
    first, second = SqliteStore.open(":memory:"), SqliteStore.open(":memory:")
    Desk(first, directly(first))
    assert second.unfinished_campaigns() == []
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"phone,name\n" * 400), "file is not a database"),
        (lambda path: foreign(path, "CREATE TABLE notes (x)"), "a database of another program"),
        (lambda path: foreign(path, "PRAGMA application_id = 7"), "a database of another program"),
        (
            lambda path: foreign(path, f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = 99"),
            "newer",
        ),
    ],
)
def test_a_file_that_is_no_store_of_ours_is_refused_and_left_alone(path, prepare, words):
    prepare(path)
    before = path.read_bytes() if path.is_file() else None
    for _ in range(2):  # the lock is given back
        with pytest.raises(StoreError, match=words):
            SqliteStore.open(path)
    assert before is None or path.read_bytes() == before


def foreign(path: Path, script: str) -> None:
    conn = sqlite3.connect(path)
    conn.executescript(script)
    conn.close()


def test_an_empty_file_is_a_new_store(path):
    path.touch()
    SqliteStore.open(path).close()


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"there is no directory .*nowhere"):
        SqliteStore.open(tmp_path / "nowhere" / "campaign.sqlite")


def test_a_missing_store_cannot_be_read(path):
    with pytest.raises(StoreError, match="does not exist"):
        SqliteStore.open(path, read_only=True)
    assert not path.exists()


@pytest.mark.parametrize("guest", [{"read_only": True}, {"beside": True}])
def test_a_store_that_another_process_is_making_is_no_older_one(path, guest):
    path.touch()
    with pytest.raises(StoreError, match="is not made yet"):
        SqliteStore.open(path, **guest)


def test_a_path_with_odd_characters_is_a_path(tmp_path):
    path = tmp_path / "50% off? #1 ünï.sqlite"
    SqliteStore.open(path).close()
    assert path.exists()


def test_migrations_bring_an_older_file_forward_and_keep_its_contents(path, monkeypatch):
    store = SqliteStore.open(path)
    desk = Desk(store, directly(store), messages=2)
    store.close()
    second = (*schema.MIGRATIONS, lambda db: db.execute("ALTER TABLE campaigns ADD COLUMN note TEXT"))
    monkeypatch.setattr(schema, "MIGRATIONS", second)
    with pytest.raises(StoreError, match="older version"):
        SqliteStore.open(path, read_only=True)
    store = SqliteStore.open(path)
    assert rows(store, "PRAGMA user_version") == [(len(second),)]
    assert rows(store, "SELECT id, note FROM campaigns") == [(desk.campaign, None)]
    store.close()
    monkeypatch.undo()
    with pytest.raises(StoreError, match="newer version"):
        SqliteStore.open(path)


def test_a_migration_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    SqliteStore.open(path).close()

    def broken(db):
        db.execute("CREATE TABLE half_done (x)")
        db.execute("CREATE TABLE campaigns (x)")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(StoreError, match="campaigns already exists"):
        SqliteStore.open(path)
    monkeypatch.undo()
    store = SqliteStore.open(path)
    assert rows(store, "SELECT name FROM sqlite_master WHERE name = 'half_done'") == []
    store.close()


@pytest.mark.parametrize("lines", [1, 2, 25])
def test_what_a_killed_process_had_told_is_in_the_file_i9(path, lines):
    worker = subprocess.Popen(
        [sys.executable, "-c", SEND_AND_TELL, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    with worker:
        assert worker.stdout is not None
        told = [worker.stdout.readline() for _ in range(lines)]
        worker.kill()
        told += worker.stdout.readlines()
    promised = {State.SUBMITTING: set(), State.ACCEPTED: set()}
    for line in told:
        if line.endswith("\n"):
            word, *ids = line.split()
            promised[State[word.upper()]] |= {int(message) for message in ids}
    store = SqliteStore.open(path)
    submitted = {message for (message,) in rows(store, "SELECT message FROM all_parts")}
    accepted = {message for (message,) in rows(store, "SELECT message FROM all_parts WHERE smsc_id IS NOT NULL")}
    assert promised[State.SUBMITTING] <= submitted
    assert promised[State.ACCEPTED] <= accepted
    with store.database.transaction():
        recovery = store.recover(3000.0)
    assert recovery.requeued == len(submitted - accepted)
    check_i4(store)
    store.close()
