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


class Meters:
    """`own` and `server` give seconds of processor time, user and system."""

    def __init__(self, own: Callable[[], float], server: Callable[[], float] | None = None) -> None:
        self._own = own
        self._server = server

    def read(self, now: float) -> Reading:
        """What they show."""
        return Reading(now, self._own(), None if self._server is None else self._server())


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used, with all its threads; ValueError where that is not known.

    Counted in ticks of mostly 10 ms: measure seconds, not moments. Source: proc(5).
    """
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError) as error:
        raise ValueError(f"the processor time of process {pid} is not known: {error}") from None
