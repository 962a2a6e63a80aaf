"""Journal files: opened by the one who writes them, or by whoever reads them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from smsc.journal.lockfile import LockedElsewhereError, LockFile
from smsc.journal.schema import JournalError, check, prepare

WHERE_JOURNALS_COME_FROM: Final = "smsc serve makes one, and --journal names another"

_NOT_WRITABLE: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def connect(path: str) -> sqlite3.Connection:
    """A connection in autocommit mode, which any thread may use; sqlite3.Error."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def connect_readonly(path: str) -> sqlite3.Connection:
    """The same file once more, for one thread that only reads; sqlite3.Error."""
    uri = Path(path).absolute().as_uri() + "?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def set_up(connection: sqlite3.Connection) -> None:
    """What a connection that writes a journal promises, and how it goes about it; sqlite3.Error."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = FAST")  # pages that are free are written when they are used again


def open_file(path: Path) -> tuple[sqlite3.Connection, LockFile]:
    """Open or create a journal to write it, and keep others from doing so; JournalError."""
    lock = _lock(path)
    try:
        return _open(path), lock
    except BaseException:
        lock.release()
        raise


def _lock(path: Path) -> LockFile:
    if path.is_dir():  # before a lock is made beside it; "." has no name to derive one from
        raise JournalError(f"{path} cannot be opened: Is a directory")
    try:
        return LockFile(path)
    except LockedElsewhereError:
        raise JournalError(f"{path} is in use by another smsc; choose another file with --journal") from None
    except OSError as error:
        raise JournalError(f"{path} cannot be opened: {error.strerror}") from error


def _open(path: Path) -> sqlite3.Connection:
    try:
        # It holds people's numbers and texts: nobody else's to read.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = connect(str(path))
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise JournalError(f"{path} cannot be opened: {reason}") from error
    try:
        prepare(connection, str(path))
        connection.execute("PRAGMA journal_mode = WAL")
        set_up(connection)
    except sqlite3.Error as error:
        connection.close()
        raise JournalError(f"{path} cannot be used: {error}") from error
    except JournalError:
        connection.close()
        raise
    return connection


def open_readonly(path: Path, remedy: str = WHERE_JOURNALS_COME_FROM, *, shared: bool = False) -> sqlite3.Connection:
    """A journal for reading, also one that is being written, with all that it has now in its tables; JournalError.

    With `shared` another thread may close it.
    """
    if path.is_dir():
        raise JournalError(f"{path} is a directory; {remedy}")
    if not path.is_file():
        raise JournalError(f"{path} does not exist; {remedy}")
    try:
        connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, check_same_thread=not shared)
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be opened: {error}") from error
    try:
        check(connection, str(path))
        return _expanded(path, connection, shared=shared)
    except BaseException:
        connection.close()
        raise


def _expanded(path: Path, connection: sqlite3.Connection, *, shared: bool) -> sqlite3.Connection:
    if not connection.execute("SELECT 1 FROM log WHERE entry > (SELECT expanded FROM progress) LIMIT 1").fetchone():
        return connection
    from smsc.journal.expansion import expand_file, expanded_copy  # most journals have been read before

    try:
        try:
            expand_file(path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE:
                raise
            copy = expanded_copy(connection, shared=shared)
            connection.close()
            return copy
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be read: {error}") from error
    return connection
