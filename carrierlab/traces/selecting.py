"""Which entries of a trace are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

import msgspec

from carrierlab.traces.reading import Entry


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What must be true of an entry to be shown; what is None or empty asks nothing."""

    links: tuple[str, ...] = ()
    """``3`` for both directions of a connection, ``3>`` for one."""
    commands: tuple[str, ...] = ()
    """Globs such as ``submit_sm*``."""
    to: str | None = None
    """A number, as digits or a glob: all that a message to it, or from it, went through."""
    after: float | None = None
    until: float | None = None
    pdus_only: bool = False

    def takes(self, entry: Entry) -> bool:
        """Return whether an entry is shown."""
        return all(test(self, entry) for test in _TESTS)


def around(entries: Sequence[Entry], middle: Entry, count: int) -> list[Entry]:
    """Return ``count`` entries before and after one of ``entries``, and itself."""
    at = next((index for index, entry in enumerate(entries) if entry.number >= middle.number), len(entries))
    return list(entries[max(0, at - count) : at + count + 1])


_TESTS: tuple[Callable[[Selection, Entry], bool], ...] = (
    lambda wanted, entry: not wanted.links or entry.link in wanted.links or entry.link[:-1] in wanted.links,
    lambda wanted, entry: not wanted.commands or any(fnmatchcase(entry.command, glob) for glob in wanted.commands),
    lambda wanted, entry: wanted.to is None or any(fnmatchcase(number, wanted.to) for number in entry.about),
    lambda wanted, entry: wanted.after is None or entry.at >= wanted.after,
    lambda wanted, entry: wanted.until is None or entry.at <= wanted.until,
    lambda wanted, entry: not wanted.pdus_only or entry.fate is not None,
)
