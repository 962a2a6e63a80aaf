"""Real disks that are full: a file system of a few megabytes, and a process that may write no larger files."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sender.store.records import StoreUnavailable
from sender.store.sqlite import SqliteStore
from sender.store.writer import ThreadWriter
from tests.sender.store.kit import CalledReactor, campaign, check_i4, new, outcome_of, rows

MEGABYTE = 1 << 20
BATCH = 500


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class Filling:
    """A store on a disk that gets full, written by the writer thread."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore.open(path)
        self.reactor = CalledReactor()
        self.writer = ThreadWriter(self.store, self.reactor)
        created, _ = outcome_of(self.writer.call(self.store.create_campaign, campaign()))
        self.until(created)
        self.told = 0  # batches
        self.next = 0

    def until(self, *lists: list[object]) -> None:
        while not any(lists):
            self.reactor.turn()

    def add(self) -> tuple[list[object], list[object]]:
        batch = [new(row) for row in range(self.next, self.next + BATCH)]
        self.next += BATCH
        return outcome_of(self.writer.call(self.store.add_messages, 1, batch))

    def fill(self) -> list[object]:
        """Add messages until the disk refuses; the result of the batch that waits."""
        while True:
            results, failures = self.add()
            while not results and self.writer.trouble is None:
                self.reactor.turn()
            assert failures == []
            if not results:
                return results
            self.told += 1

    def check(self) -> None:
        """What was told is there, and nothing else but whole batches."""
        assert rows(self.store, "SELECT count(*) FROM messages") == [(self.told * BATCH,)]
        assert list(self.store.maintenance.faults()) == []
        check_i4(self.store)

    def close(self) -> None:
        closed, _ = outcome_of(self.writer.close())
        self.until(closed)
        self.store.close()


def test_a_full_disk_refuses_nothing_that_was_told_and_is_used_again_when_there_is_room_i9(small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (6 * MEGABYTE))
    filling = Filling(small_disk / "campaign.sqlite")
    waiting = filling.fill()
    assert filling.writer.trouble is not None
    assert "full" in filling.writer.trouble
    _, refused = outcome_of(filling.writer.attempt(filling.store.new_epoch))
    filling.until(refused)
    assert refused[0].check(StoreUnavailable)
    filler.unlink()
    filling.until(waiting)
    filling.told += 1
    more, _ = filling.add()
    filling.until(more)
    filling.told += 1
    assert filling.writer.trouble is None
    filling.check()
    filling.close()


def test_a_process_that_is_killed_on_a_full_disk_loses_nothing_that_was_told_i9(small_disk):
    (small_disk / "filler").write_bytes(b"x" * (6 * MEGABYTE))
    path = small_disk / "campaign.sqlite"
    filling = Filling(path)
    filling.fill()
    octets = {file.name: file.read_bytes() for file in small_disk.glob("campaign.sqlite*")}
    filling.close()
    (small_disk / "filler").unlink()
    for name, content in octets.items():  # as it was at that moment
        (small_disk / name).write_bytes(content)
    store = SqliteStore.open(path)
    assert rows(store, "SELECT count(*) FROM messages") == [(filling.told * BATCH,)]
    assert list(store.maintenance.faults()) == []
    store.close()


LIMITED = """
import sys
from pathlib import Path
from tests.sender.store.test_disk_full import limited
limited(Path(sys.argv[1]))
"""


def limited(path: Path) -> None:
    """The child: may write files of two megabytes, until it is allowed more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MEGABYTE, resource.RLIM_INFINITY))
    filling = Filling(path)
    waiting = filling.fill()
    sys.stdout.write(f"trouble: {filling.writer.trouble}\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    filling.until(waiting)
    filling.told += 1
    filling.check()
    sys.stdout.write(f"told: {filling.told} trouble: {filling.writer.trouble}\n")
    filling.close()


def test_a_file_that_may_not_grow_is_waited_for(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "campaign.sqlite")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith("trouble: the store cannot be written: ")
    assert last.endswith("trouble: None")
    assert int(last.split()[1]) > 5
