"""A text file of numbers alone: one a line, and nothing that names them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from sender.domain.delimited import LIKE_A_NUMBER
from sender.domain.rows import MAX_CELL, MAX_RAW, BadRow

_LOOK: Final = 1 << 16


class NumbersAlone:
    """Lines as rows of one column, which is called ``phone``."""

    titles: list[str]

    def __init__(self, text: io.TextIOWrapper, encoding: str) -> None:
        self.titles = ["phone"]
        self._text = text
        self._encoding = encoding
        self._raw = ""

    @staticmethod
    def fits(text: io.TextIOWrapper) -> bool:
        """Whether the first line is a number. Leaves the file at its beginning."""
        first = text.readline(_LOOK).removeprefix("\ufeff").strip()
        text.seek(0)
        return bool(LIKE_A_NUMBER.fullmatch(first))

    @property
    def described(self) -> str:
        """See `RowSource.described`."""
        return f"numbers, one a line, {self._encoding}"

    def raw(self) -> str:
        """See `RowSource.raw`."""
        return self._raw

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        for line, text in enumerate(self._text, 1):
            self._raw = text.rstrip("\r\n")
            written = self._raw.removeprefix("\ufeff").strip(" \t,;")
            if len(written) > MAX_CELL:
                yield BadRow(line, self._raw[:MAX_RAW], f"the line has {len(written)} characters; at most {MAX_CELL}")
            elif written:
                yield line, [written]
