"""One process at a time owns a file: an advisory lock that the kernel drops with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class LockedElsewhereError(Exception):
    """Another process holds the lock."""


class LockFile:
    """A lock beside the file it guards (`PATH-lock`), held until ``release``.

    Not on the file itself: SQLite's own locks on a file vanish when any descriptor of it is closed.
    """

    def __init__(self, guarded: Path) -> None:
        """Take the lock; LockedElsewhereError when somebody has it, OSError when it cannot be made."""
        self.path = guarded.with_name(guarded.name + "-lock")
        while True:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._descriptor)
                raise LockedElsewhereError(str(guarded)) from error
            if self._is_still_there():
                return
            os.close(self._descriptor)  # its last owner removed it between our open and our lock

    def release(self) -> None:
        """Give the lock back and remove the file."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _is_still_there(self) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        held = os.fstat(self._descriptor)
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
