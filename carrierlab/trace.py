"""The trace of a simulation: everything that any program could have noticed, hashed in order."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Happening(NamedTuple):
    """One line of a trace: ``octets`` arrived (or a connection changed) at one end of a link."""

    at: float
    link: str
    what: str
    octets: bytes


class Trace:
    """A running SHA-256 over every delivery. Two runs that differ anywhere differ here.

    With ``keep=True`` the happenings are kept too (``.happenings``), which is how two runs that should have
    been the same are compared; it costs the memory of all traffic.
    """

    def __init__(self, keep: bool = False) -> None:
        self._hash = hashlib.sha256()
        self.happenings: list[Happening] | None = [] if keep else None
        self.count = 0

    def note(self, at: float, link: str, what: str, octets: bytes = b"") -> None:
        """Record one happening (``at`` in simulated seconds)."""
        self.count += 1
        self._hash.update(f"{at:.9f} {link} {what} {len(octets)}\n".encode())
        self._hash.update(octets)
        if self.happenings is not None:
            self.happenings.append(Happening(at, link, what, octets))

    def digest(self) -> str:
        """Return the hash so far, as 64 hexadecimal digits."""
        return self._hash.hexdigest()
