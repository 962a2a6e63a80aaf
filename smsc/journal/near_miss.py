"""What came closest to what somebody waited for, and why it was not that: so that nobody has to guess.

Pure: for the control API, and for what a scenario expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

import msgspec

from smsc.journal.checks import LETTERS, Check
from smsc.journal.whole import WholeMessage

MOST_COMPARED: Final = 50  # of the messages that meet the most conditions, how many are compared letter by letter


class Mismatch(msgspec.Struct, frozen=True):
    """One condition that a message does not meet."""

    field: str
    wanted: Any
    found: Any
    why: str


class NearMiss(msgspec.Struct, frozen=True):
    """A message, and every condition that it does not meet."""

    message: WholeMessage
    mismatches: list[Mismatch]


def near_misses(checks: Sequence[Check], messages: Iterable[WholeMessage], most: int = 3) -> list[NearMiss]:
    """The messages that do not match and come closest to it, the closest first.

    First by how many conditions are not met, then by how far they are from it, then the newest.
    """
    failed = [
        (message, missed) for message in messages if (missed := [each for each in checks if not each.fits(message)])
    ]
    failed.sort(key=lambda entry: (len(entry[1]), -entry[0].at, -entry[0].id))
    compared = [
        (len(missed), sum(_distance(each.wanted, each.found(message)) for each in missed), message, missed)
        for message, missed in failed[: max(most, MOST_COMPARED)]
    ]
    compared.sort(key=lambda entry: (entry[0], entry[1], -entry[2].at, -entry[2].id))
    return [
        NearMiss(message, [_mismatch(each, message) for each in missed]) for _, _, message, missed in compared[:most]
    ]


def _distance(wanted: Any, found: Any) -> float:
    """How far a value is from the wanted one: 0 the same, 1 nothing in common."""
    if isinstance(wanted, str) and isinstance(found, str):
        return 1 - SequenceMatcher(None, wanted[:LETTERS], found[:LETTERS], autojunk=False).ratio()
    return 1.0


def _mismatch(check: Check, message: WholeMessage) -> Mismatch:
    found = check.found(message)
    return Mismatch(check.field, check.wanted, found, check.why(check.wanted, message, found))
