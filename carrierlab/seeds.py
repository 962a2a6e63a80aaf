"""Seeds as they are written on the command line."""

from __future__ import annotations

import re
from typing import ClassVar, Self


class SeedRange(tuple[int, ...]):
    """Seeds written ``1..20``, ``7`` or ``1,5,9``."""

    __slots__ = ()
    expected: ClassVar[str] = "seeds such as 1..20, 7 or 1,5,9"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        seeds: list[int] = []
        for part in text.split(","):
            match = re.fullmatch(r"\s*([0-9]{1,18})(?:\.\.([0-9]{1,18}))?\s*", part)
            if match is None:
                raise ValueError(f"expected {cls.expected}")
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first or last - first > _MOST:
                raise ValueError(f"expected {cls.expected}, from low to high, at most {_MOST:,} at once")
            seeds += range(first, last + 1)
        return cls(dict.fromkeys(seeds))


_MOST = 1_000_000
