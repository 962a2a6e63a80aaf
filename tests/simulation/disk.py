"""A disk in memory that can lose power: what was synced stays, and of the rest a random part.

Every file has two images: what the kernel shows, and what is certain to be on the platter. A sync makes them the same.
When the power fails, each file falls back to its certain image and a drawn part of the writes since, in whole or torn
at the border of a sector. When only a process dies, nothing is lost: the kernel goes on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

SECTOR = 512

Change = tuple[int, bytes | None]
"""A write (offset, octets), or a truncation (size, None)."""


class DiskFullError(Exception):
    """No octet fits any more."""


class DiskFailedError(Exception):
    """The device answers every write and sync with an error."""


def _apply(image: bytearray, change: Change) -> None:
    offset, octets = change
    if octets is None:
        del image[offset:]
        return
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(octets)] = octets


class File:
    """One file: `data` is what readers see."""

    __slots__ = ("_disk", "_synced", "_unsynced", "data")

    def __init__(self, disk: Disk, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self._disk = disk
        self._synced = bytearray(data)
        self._unsynced: list[Change] = []

    def write(self, octets: bytes, offset: int) -> None:
        self._disk.before_write(len(self.data) < offset + len(octets))
        change = (offset, bytes(octets))
        _apply(self.data, change)
        self._unsynced.append(change)

    def truncate(self, size: int) -> None:
        self._disk.before_write(False)
        del self.data[size:]
        self._unsynced.append((size, None))

    def sync(self) -> None:
        self._disk.before_sync()
        for change in self._unsynced:
            _apply(self._synced, change)
        self._unsynced.clear()

    def after_power_loss(self, draw: random.Random) -> bytes:
        """What a reader finds when the power is back."""
        image = bytearray(self._synced)
        pending = self._unsynced
        match draw.choice(("none", "all", "first", "some", "some")):
            case "none":
                kept: list[Change] = []
            case "all":
                kept = list(pending)
            case "first":
                kept = pending[: draw.randint(0, len(pending))]
            case _:
                share = draw.random()
                kept = [change for change in pending if draw.random() < share]
        if kept and draw.random() < 0.3:
            offset, octets = kept[-1]
            if octets is not None:
                kept[-1] = (offset, octets[: draw.randrange(0, len(octets) + 1, SECTOR)])
        for change in kept:
            _apply(image, change)
        return bytes(image)


class Disk:
    """The files of one machine. `crash_in` operations from now on, `crashed` is called and nothing more is real."""

    def __init__(self, files: dict[str, bytes], seconds: Callable[[], float] = lambda: 0.0) -> None:
        self.files = {name: File(self, data) for name, data in files.items()}
        self.operations = 0
        self.full = False
        self.failing = False
        self._seconds = seconds
        self._refused_at = -math.inf
        self.dead = False
        """The machine has crashed: what is written now, nobody will read."""
        self._countdown: int | None = None
        self._crashed: Callable[[], None] | None = None
        self._after: dict[str, bytes] | None = None

    def crash_in(self, operations: int, crashed: Callable[[], None]) -> None:
        """Plan a crash before the n-th write or sync from now on; `crashed` decides which, by one of the two below."""
        self._countdown, self._crashed = operations, crashed

    def calm(self) -> None:
        """Take back a planned crash."""
        self._countdown = None

    def kill_process(self) -> None:
        """The process is gone, the kernel has all that it wrote."""
        self._after = {name: bytes(file.data) for name, file in self.files.items()}
        self._dies()

    def lose_power(self, draw: random.Random) -> None:
        """The machine is gone."""
        self._after = {name: file.after_power_loss(draw) for name, file in sorted(self.files.items())}
        self._dies()

    def boot(self) -> None:
        """Begin again with what is left; only after a crash."""
        assert self._after is not None
        after, self._after = self._after, None
        self.files = {name: File(self, data) for name, data in after.items()}
        self.dead = False

    def _dies(self) -> None:
        self.dead = True
        self._countdown = None

    @property
    def well_for(self) -> float:
        """Seconds since it last refused something."""
        return self._seconds() - self._refused_at

    def before_write(self, grows: bool) -> None:
        self.before_sync()
        if self.full and grows:
            self._refused_at = self._seconds()
            raise DiskFullError

    def before_sync(self) -> None:
        self._operation()
        if self.failing:
            self._refused_at = self._seconds()
            raise DiskFailedError

    def _operation(self) -> None:
        self.operations += 1
        if self._countdown is not None and not self.dead:
            self._countdown -= 1
            if self._countdown <= 0 and self._crashed is not None:
                self._countdown = None
                self._crashed()
