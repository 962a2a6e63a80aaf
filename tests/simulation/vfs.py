# ruff: noqa: N802 - the method names are those of SQLite's VFS
"""SQLite on a simulated disk, with the face of the standard library's `sqlite3` that the store knows.

One VFS serves a process; the first word of a path says which disk a file is on. There is no shared memory: connections
lock exclusively, which is how WAL goes without it.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import apsw

from tests.simulation.disk import Disk, DiskFailedError, DiskFullError, File

NAME = "simulated"
_POWERSAFE_OVERWRITE = 0x1000  # SQLITE_IOCAP_POWERSAFE_OVERWRITE, which SQLite assumes of every disk of today


class _Handle:
    """An open file, as SQLite sees it."""

    __slots__ = ("_file", "_refuses")

    def __init__(self, file: File, refuses: Callable[[], None]) -> None:
        """`refuses` is called when the disk does."""
        self._file = file
        self._refuses = refuses

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.data[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        with self._told():
            self._file.write(data, offset)

    def xTruncate(self, size: int) -> None:
        with self._told():
            self._file.truncate(size)

    def xSync(self, flags: int) -> None:
        with self._told():
            self._file.sync()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the disk refuses, in the words of SQLite."""
        try:
            yield
        except DiskFullError:
            self._refuses()
            raise apsw.FullError("the simulated disk is full") from None
        except DiskFailedError:
            self._refuses()
            raise apsw.IOError("the simulated disk fails") from None

    def xFileSize(self) -> int:
        return len(self._file.data)

    def xLock(self, level: int) -> None:
        """One process at a time is what the simulation has."""

    def xUnlock(self, level: int) -> None:
        """See xLock."""

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None:
        """Nothing is held."""

    def xFileControl(self, operation: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return _POWERSAFE_OVERWRITE


class _Vfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, "")
        self.disks: dict[str, Disk] = {}
        self.refused = ""
        """Which file the disk refused something of, last."""

    def _find(self, path: str) -> tuple[Disk, str]:
        disk, _, name = path.partition("/")
        return self.disks[disk], name

    def xFullPathname(self, name: str) -> str:
        return name

    def xOpen(self, name: Any, flags: list[int]) -> _Handle:
        flags[1] = flags[0]
        if name is None:
            return _Handle(File(Disk({})), lambda: self._refuses(""))
        path = name if isinstance(name, str) else name.filename()
        disk, key = self._find(path)
        if key not in disk.files:
            disk.files[key] = File(disk)
        return _Handle(disk.files[key], lambda: self._refuses(path))

    def _refuses(self, path: str) -> None:
        self.refused = path

    def xDelete(self, name: str, sync: bool) -> None:
        disk, key = self._find(name)
        disk.files.pop(key, None)

    def xAccess(self, name: str, flags: int) -> bool:
        disk, key = self._find(name)
        return key in disk.files

    def xRandomness(self, amount: int) -> bytes:
        return bytes(amount)  # salts of the log: the same in every run

    def xCurrentTime(self) -> float:
        return 2461041.5

    def xCurrentTimeInt64(self) -> int:
        return 212634000000000

    def xSleep(self, microseconds: int) -> int:
        return microseconds

    def xGetLastError(self) -> tuple[int, str]:
        return 0, ""


_VFS = _Vfs()
_NUMBERS = itertools.count(1)


@contextmanager
def mounted(disk: Disk) -> Iterator[str]:
    """Mount a disk; gives what the paths of its files begin with."""
    name = f"disk{next(_NUMBERS)}"
    _VFS.disks[name] = disk
    try:
        yield name
    finally:
        del _VFS.disks[name]


class Cursor:
    """What `execute` returns: rows that are read already."""

    __slots__ = ("_rows", "lastrowid", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int, lastrowid: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def fetchmany(self, size: int = 1) -> list[Any]:
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def __next__(self) -> Any:
        return next(self._rows)

    def close(self) -> None:
        """Nothing is held."""


class Connection:
    """As `sqlite3.Connection` in autocommit mode, on a mounted disk; `committed` hears of every COMMIT."""

    isolation_level = None

    def __init__(self, path: str, committed: Callable[[], None]) -> None:
        self._path = path
        self.raw = apsw.Connection(path, vfs=NAME, statementcachesize=256)
        self.raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._committed = committed

    @property
    def in_transaction(self) -> bool:
        return self.raw.in_transaction

    @property
    def total_changes(self) -> int:
        return self.raw.total_changes()

    def execute(self, statement: str, parameters: Any = ()) -> Cursor:
        rows: list[Any] = []
        _VFS.refused = ""
        try:
            rows = self.raw.execute(statement, parameters).fetchall()
        except apsw.Error as error:
            # The file itself is written by a checkpoint only: a COMMIT is in the log then, and SQLite says so. It is
            # APSW that raises what the file system has raised all the same.
            if statement != "COMMIT" or _VFS.refused != self._path:
                raise _translated(error) from None
        if statement == "COMMIT":
            self._committed()
        return Cursor(rows, self.raw.changes(), self.raw.last_insert_rowid())

    def executemany(self, statement: str, rows: Iterable[Any]) -> Cursor:
        before = self.raw.total_changes()
        try:
            self.raw.executemany(statement, _as_sequences(rows)).fetchall()
        except apsw.Error as error:
            raise _translated(error) from None
        return Cursor([], self.raw.total_changes() - before, self.raw.last_insert_rowid())

    def executescript(self, script: str) -> Cursor:
        return self.execute(script)

    def cursor(self) -> Connection:
        return self

    def commit(self) -> None:
        if self.raw.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.raw.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        # A disk that fails at the last writes has been told so; the log has what they would have saved.
        with suppress(apsw.Error):
            self.raw.close(True)


def _as_sequences(rows: Iterable[Any]) -> Iterator[Sequence[Any] | dict[str, Any]]:
    for row in rows:
        yield row if isinstance(row, tuple | list | dict) else tuple(row)


_CODES: dict[type[apsw.Error], int] = {
    apsw.FullError: sqlite3.SQLITE_FULL,
    apsw.IOError: sqlite3.SQLITE_IOERR,
}
_BY_CODE: dict[type[apsw.Error], type[sqlite3.Error]] = {
    apsw.ConstraintError: sqlite3.IntegrityError,
    apsw.MismatchError: sqlite3.IntegrityError,
    apsw.CorruptError: sqlite3.DatabaseError,
    apsw.NotADBError: sqlite3.DatabaseError,
    apsw.BindingsError: sqlite3.ProgrammingError,
    apsw.MisuseError: sqlite3.ProgrammingError,
    apsw.ConnectionClosedError: sqlite3.ProgrammingError,
    apsw.TooBigError: sqlite3.DataError,
}


def _translated(error: apsw.Error) -> sqlite3.Error:
    translated = _BY_CODE.get(type(error), sqlite3.OperationalError)(str(error))
    # An error that was raised by the file system itself carries no code of SQLite's.
    translated.sqlite_errorcode = getattr(error, "extendedresult", None) or _CODES.get(
        type(error), sqlite3.SQLITE_ERROR
    )
    return translated
