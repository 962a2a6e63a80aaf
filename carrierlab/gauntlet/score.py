"""The score of a client: one line per variant, and what went wrong with the octets that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from carrierlab.gauntlet.plan import Course


class Verdict(Enum):
    """What a client made of a variant."""

    MATCHED = "matched"
    FAILED = "FAILED"
    UNTRIED = "not tried"


class Miss(msgspec.Struct, frozen=True):
    """One message that the client has wrong."""

    number: str
    expected: str
    believed: str
    ids: tuple[str, ...] = ()
    """As the responses gave them, one for each part."""
    receipts: tuple[bytes, ...] = ()
    """What was sent to the client about it: whole PDUs."""


class VariantScore(msgspec.Struct, frozen=True):
    """What a client made of one variant."""

    course: Course
    messages: int
    """How many there were."""
    misses: tuple[Miss, ...] = ()
    trouble: tuple[str, ...] = ()
    """What else was wrong, about no message in particular."""

    @property
    def matched(self) -> int:
        """Messages that the client has right."""
        return self.messages - len(self.misses)

    @property
    def verdict(self) -> Verdict:
        """Matched when nothing at all was wrong."""
        if not self.messages and not self.trouble:
            return Verdict.UNTRIED
        return Verdict.FAILED if self.misses or self.trouble else Verdict.MATCHED


class Score(msgspec.Struct, frozen=True):
    """What a client made of all of them."""

    client: str
    variants: tuple[VariantScore, ...]

    @property
    def passed(self) -> bool:
        """Every variant was tried and matched."""
        return bool(self.variants) and all(score.verdict is Verdict.MATCHED for score in self.variants)

    @property
    def headline(self) -> str:
        """The total in words."""
        variants, messages = self.variants, sum(score.messages for score in self.variants)
        good = sum(score.verdict is Verdict.MATCHED for score in variants)
        matched = sum(score.matched for score in variants)
        return f"{good} of {len(variants)} variants and {matched} of {messages} messages matched"


def untried(scores: Sequence[VariantScore]) -> list[str]:
    """The names of the variants that the client sent nothing to."""
    return [score.course.name for score in scores if score.verdict is Verdict.UNTRIED]
