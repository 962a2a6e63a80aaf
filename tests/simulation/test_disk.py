"""The disk that loses power, alone and under SQLite."""

import random
import sqlite3
from collections.abc import Iterator

import pytest

from tests.simulation.disk import SECTOR, Disk
from tests.simulation.vfs import Connection, mounted


def test_what_was_synced_survives_and_of_the_rest_anything_may() -> None:
    seen = set()
    for seed in range(200):
        disk = Disk({"file": b""})
        file = disk.files["file"]
        file.write(b"a" * SECTOR, 0)
        file.sync()
        file.write(b"b" * SECTOR, SECTOR)
        file.write(b"c" * SECTOR * 2, SECTOR * 2)
        disk.lose_power(random.Random(seed))
        disk.boot()
        data = bytes(disk.files["file"].data)
        assert data.startswith(b"a" * SECTOR)
        seen.add(bytes(data[at : at + 1][0] for at in range(0, len(data), SECTOR)))
    assert {b"a", b"ab", b"abcc", b"abc", b"a\0cc"} <= seen


def test_a_process_that_dies_loses_nothing_that_it_wrote() -> None:
    disk = Disk({"file": b""})
    disk.files["file"].write(b"written", 0)
    disk.kill_process()
    disk.files["file"].write(b"nobody will read this", 0)
    disk.boot()
    assert bytes(disk.files["file"].data) == b"written"


def test_a_crash_comes_before_the_operation_it_was_planned_for() -> None:
    disk = Disk({"file": b""})
    disk.crash_in(2, disk.kill_process)
    disk.files["file"].write(b"first", 0)
    assert not disk.dead
    disk.files["file"].write(b"later", 0)
    assert disk.dead
    disk.boot()
    assert bytes(disk.files["file"].data) == b"first"


@pytest.fixture
def disk() -> Disk:
    return Disk({})


@pytest.fixture
def path(disk: Disk) -> Iterator[str]:
    with mounted(disk) as mount:
        yield f"{mount}/store"


def _open(path: str) -> Connection:
    connection = Connection(path, lambda: None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@pytest.mark.parametrize("seed", range(20))
def test_a_committed_transaction_survives_a_power_cut_i9(disk: Disk, path: str, seed: int) -> None:
    connection = _open(path)
    connection.execute("CREATE TABLE numbers (number INTEGER)")
    draw, committed = random.Random(seed), 0
    disk.crash_in(draw.randint(1, 60), lambda: disk.lose_power(draw))
    while not disk.dead:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO numbers VALUES (?)", (committed,))
        connection.execute("COMMIT")
        committed += not disk.dead
    connection.close()
    disk.boot()
    connection = _open(path)
    assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    found = [row[0] for row in connection.execute("SELECT number FROM numbers ORDER BY number")]
    assert found in (list(range(committed)), list(range(committed + 1)))
    connection.close()


def test_errors_are_those_of_the_standard_library_with_their_codes(disk: Disk, path: str) -> None:
    connection = _open(path)
    connection.execute("CREATE TABLE numbers (number INTEGER UNIQUE) STRICT")
    connection.execute("INSERT INTO numbers VALUES (?)", (1,))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO numbers VALUES (?)", (1,))
    disk.full = True
    with pytest.raises(sqlite3.OperationalError) as full:
        connection.execute("INSERT INTO numbers VALUES (?)", (2,))
    assert full.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
    disk.full, disk.failing = False, True
    with pytest.raises(sqlite3.OperationalError) as failing:
        connection.execute("INSERT INTO numbers VALUES (?)", (3,))
    assert failing.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR
    disk.failing = False
    connection.execute("INSERT INTO numbers VALUES (?)", (4,))
    assert connection.executemany("UPDATE numbers SET number = number + ?", [(10,), (10,)]).rowcount == 4
    assert connection.execute("SELECT number FROM numbers ORDER BY 1").fetchall() == [(21,), (24,)]
    connection.close()


def test_a_commit_is_there_where_the_disk_refuses_its_checkpoint(disk: Disk, path: str) -> None:
    connection = _open(path)
    connection.execute("PRAGMA wal_autocheckpoint = 1")
    connection.execute("CREATE TABLE numbers (number INTEGER, text TEXT) STRICT")
    connection.executemany("INSERT INTO numbers VALUES (?, ?)", [(number, "x" * 900) for number in range(100)])
    connection.execute("BEGIN")
    connection.execute("UPDATE numbers SET text = text || text")
    connection.execute("COMMIT")  # a long log, which is written over from here on, while the file grows
    disk.full = True
    committed = 0
    for number in range(100, 200):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO numbers VALUES (?, ?)", (number, "x" * 900))
        try:
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            break
        committed += 1
    assert disk.well_for == 0.0  # it has refused something, in vain
    assert committed > 4
    disk.full = False
    assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (100 + committed,)
    connection.close()
