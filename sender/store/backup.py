"""A copy of a store, made while it is in use, complete and checked before it bears its name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from sender.store.records import StoreError


def backup(conn: sqlite3.Connection, target: Path) -> int:
    """Copy the database behind `conn`, as it is committed, to `target`; its size in octets.

    It is written beside its place, checked and brought to the disk before it is named, so that there is either a good
    copy or none. StoreError, with a text for people, when that cannot be done, or `target` exists.
    """
    if target.exists():
        raise StoreError(f"{target} exists; name a file that does not")
    beside = target.with_name(target.name + ".partial")
    try:
        try:
            _copy(conn, beside)
            os.link(beside, target)  # unlike a rename, it never takes the place of another file
        finally:
            for name in (beside, *(beside.with_name(beside.name + end) for end in ("-wal", "-shm", "-journal"))):
                with contextlib.suppress(FileNotFoundError):
                    name.unlink()
        _sync(target.parent)
        return target.stat().st_size
    except sqlite3.Error as error:
        raise StoreError(f"{target} cannot be written: {error}") from error
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from error


def _copy(conn: sqlite3.Connection, target: Path) -> None:
    target.touch(mode=0o600)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        fault = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise StoreError(f"the copy is damaged, and so is the store: {fault}")
    finally:
        copy.close()
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
