"""One scenario under many seeds: the search for the run that breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual


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


def run_seeds(job: Job, seeds: Iterable[int]) -> Iterator[Outcome]:
    """Play in virtual time, one seed after the other."""
    for seed in seeds:
        yield run_virtual(job.seeded(seed))


def why_failed(outcome: Outcome) -> str:
    """Return in one line what was wrong with a run."""
    unmet = [
        f"{verdict.expectation.metric} {verdict.wanted}, found {verdict.found}"
        for verdict in outcome.verdicts
        if not verdict.met
    ]
    return "; ".join([*outcome.trouble, *unmet])
