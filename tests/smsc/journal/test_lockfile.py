"""One owner at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smsc.journal.lockfile import LockedElsewhereError, LockFile

HOLD = """
import sys
from pathlib import Path
from smsc.journal.lockfile import LockFile
lock = LockFile(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_owner_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "file")
    with pytest.raises(LockedElsewhereError):
        LockFile(tmp_path / "file")
    lock.release()
    LockFile(tmp_path / "file").release()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", HOLD, str(tmp_path / "file")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedElsewhereError):
            LockFile(tmp_path / "file")
        holder.kill()
    LockFile(tmp_path / "file").release()
