"""Which of several accounts a number goes through: always the same one, and each gets its share."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32


def shared(number: str, weights: Mapping[str, int]) -> str:
    """The account for E.164 digits, of `weights` by account. The same number goes through the same account, so that
    the parts and the repetitions of a message meet the same operator and the same limits.
    """
    if len(weights) == 1:
        return next(iter(weights))
    place = crc32(number.encode("ascii")) % sum(weights.values())
    for account, weight in weights.items():
        place -= weight
        if place < 0:
            return account
    raise ValueError("no account has any weight")
