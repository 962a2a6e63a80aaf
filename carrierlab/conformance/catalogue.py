"""All the checks in the order of their numbers, and how people name some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from carrierlab.conformance import ancillary, binding, broadcast, framing, receipts, submit, times, tlvs
from carrierlab.conformance.check import Check

_MODULES = (framing, binding, submit, times, tlvs, ancillary, receipts, broadcast)
_NAMED = re.compile(r"[cC]?(\d{1,2})(?:-[cC]?(\d{1,2}))?")

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (value for module in _MODULES for value in vars(module).values() if isinstance(value, Check)),
        key=lambda check: check.number,
    )
)
BY_NUMBER = {check.number: check for check in CHECKS}


class Selection(frozenset[int]):
    """Numbers of checks, written "C15,C37-C54"."""

    @classmethod
    def parse(cls, text: str) -> Selection:
        """Read the written form; ValueError says what was found and what is expected."""
        numbers: set[int] = set()
        for part in re.split(r"[,\s]+", text.strip()):
            match = _NAMED.fullmatch(part)
            if match is None:
                raise ValueError(f'found "{part}"; expected checks such as C15 or C37-C54')
            first = int(match[1])
            last = int(match[2] or first)
            if first > last or not {first, last} <= BY_NUMBER.keys():
                raise ValueError(f'found "{part}"; there are the checks {CHECKS[0].id} to {CHECKS[-1].id}')
            numbers.update(range(first, last + 1))
        return cls(numbers)


def select(only: Iterable[int] | None = None, skip: Iterable[int] = ()) -> list[Check]:
    """The checks with the numbers `only` (None: all) but for those to `skip`, in order."""
    wanted = set(BY_NUMBER if only is None else only) - set(skip)
    return [check for check in CHECKS if check.number in wanted]
