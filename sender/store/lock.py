"""One process owns a store: a lock that the operating system drops when the process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sender.store.records import StoreError


class FileLock:
    """An exclusive lock on `path`, held from construction to `release`; StoreError names the holder's process id."""

    def __init__(self, path: Path, name: str) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{name} cannot be locked: {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreError(f"{name} is in use by another sender (process {holder})") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes lock two different files."""
        os.close(self._descriptor)
