"""The processor time of the generator, and of a server on the same machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec


class Reading(msgspec.Struct, frozen=True):
    """What the meters show at one instant; all in seconds."""

    at: float
    own: float
    server: float | None
    waited: float
    """How long the generator was ready, and waited for a processor; 0 where that is not known."""


class Meters:
    """`own` and `server` give seconds of processor time, user and system, `waited` those of waiting for a processor."""

    def __init__(
        self,
        own: Callable[[], float],
        server: Callable[[], float] | None = None,
        waited: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._own = own
        self._server = server
        self._waited = waited

    def read(self, now: float) -> Reading:
        """What they show."""
        return Reading(now, self._own(), None if self._server is None else self._server(), self._waited())


def waiting_time() -> float:
    """Seconds that this process was ready and waited for a processor; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used, with all its threads; ValueError where that is not known.

    Of its threads that live, to the nanosecond where the kernel says that; of all there were, in ticks of mostly 10 ms.
    Source: proc(5).
    """
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError) as error:
        raise ValueError(f"the processor time of process {pid} is not known: {error}") from None
    try:
        exact = sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:  # a thread has ended meanwhile
        return ticks
    return max(ticks, exact)
