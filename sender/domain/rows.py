"""What every kind of recipients file comes down to: titles, then rows of cells, each with the line it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

MAX_CELL: Final = 2_000
"""Characters; far beyond what any template can use, far below what exhausts memory."""
MAX_RAW: Final = 10_000


class HeaderError(ValueError):
    """The file cannot be read as recipients at all."""


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that is left out."""

    line: int
    """1-based line of the file on which the row begins."""
    raw: str
    """The row as it stands in the file, without its line end, at most `MAX_RAW` characters.

    Undecodable octets are surrogates (PEP 383): write it with ``errors="surrogateescape"`` to get them back.
    """
    reason: str


class RowSource(Protocol):
    """The rows of one file; iterate once. Every row comes out exactly once, empty ones not at all."""

    @property
    def titles(self) -> list[str]:
        """The cells of the header, as written."""
        ...

    @property
    def described(self) -> str:
        """What the file was taken for: ``CSV, UTF-8, separated by semicolons``."""
        ...

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        """Line and cells of each row, or why it cannot be read. A row may have too few or too many cells."""
        ...

    def raw(self) -> str:
        """The row that came last, as it stands in the file."""
        ...
