"""The shared strings of a workbook: by number, in memory while they are few, in a file of their own when many."""

from __future__ import annotations

import mmap
import tempfile
from array import array
from typing import IO, Final

_IN_MEMORY: Final = 4 << 20
"""Characters."""


class Strings:
    """Append all, then `seal`, then get."""

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._limit = in_memory
        self._size = 0
        self._list: list[str] = []
        self._file: IO[bytes] | None = None
        self._offsets = array("Q", (0,))
        self._map: mmap.mmap | None = None

    def append(self, text: str) -> None:
        """The next one."""
        if self._file is not None:
            self._write(text)
            return
        self._list.append(text)
        self._size += len(text)
        if self._size > self._limit:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
            self._offsets = array("Q", (0,))
            for earlier in self._list:
                self._write(earlier)
            self._list.clear()

    def seal(self) -> None:
        """There are no more."""
        if self._file is not None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, index: int) -> str:
        """IndexError when there is none."""
        if self._map is None:
            return self._list[index]
        return self._map[self._offsets[index] : self._offsets[index + 1]].decode()

    def close(self) -> None:
        """Let go of the file."""
        if self._map is not None:
            self._map.close()
        if self._file is not None:
            self._file.close()

    def _write(self, text: str) -> None:
        octets = text.encode(errors="replace")
        assert self._file is not None  # noqa: S101
        self._file.write(octets)
        self._offsets.append(self._offsets[-1] + len(octets))
