"""Which network a number belongs to: ported numbers, imported plans, phonenumbers, built-in prefixes, a default.

Everything is compiled into sorted arrays before the first message: a look-up is a bisection or two, about a
microsecond, whatever the size of the plan. A ported number costs 12 octets, so that ten millions of them can be held.
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

import msgspec

from sender.domain.networks import PREFIXES, Aliases, country_of

LONGEST: Final = 15
"""Digits of the longest number (ITU-T E.164 §6)."""


class Source(Enum):
    """How a network was found."""

    PORTED = "ported number"
    PLAN = "numbering plan"
    DIRECTORY = "phonenumbers"
    BUILT_IN = "built-in prefix"
    DEFAULT = "default"


class Range(msgspec.Struct, frozen=True, gc=False):
    """Numbers from `first` to `last`, both included: E.164 digits filled up to `LONGEST`, read as integers.

    `first` is filled with zeros and `last` with nines, so that a prefix is a range, and lengths need not be known.
    """

    first: int
    last: int
    operator: str
    """As the source of the plan has it."""
    region: str = ""

    @property
    def span(self) -> str:
        """As people write it: ``79000000-79000061``, or the prefix when it is one."""
        return _span(self.first, self.last)


class Found(msgspec.Struct, frozen=True):
    """The network of a number, and where that is known from."""

    network: str
    source: Source
    detail: str = ""
    """The operator as its source names it, with the range or prefix."""
    region: str = ""


class OverlapError(ValueError):
    """Two ranges claim one number; `later` and `earlier` are their places among the ranges given."""

    def __init__(self, later: int, earlier: int, text: str) -> None:
        super().__init__(text)
        self.later = later
        self.earlier = earlier


def check_overlaps(ranges: list[Range]) -> None:
    """OverlapError for the first two ranges that share a number."""
    order = sorted(range(len(ranges)), key=lambda index: ranges[index].first)
    for before, after in itertools.pairwise(order):
        if ranges[after].first <= ranges[before].last:
            later, earlier = max(before, after), min(before, after)
            a, b = ranges[later], ranges[earlier]
            raise OverlapError(later, earlier, f"{a.span} and {b.span} share numbers")


def _span(first: int, last: int) -> str:
    low, high = str(first), str(last)
    filled = min(len(low) - len(low.rstrip("0")), len(high) - len(high.rstrip("9")))
    low, high = (it[: len(it) - filled] for it in (low, high))
    return low if low == high else f"{low}-{high}"


class _Ranges:
    """Disjoint ranges, each with a value."""

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        """`ranges` as (first, last, value), in order."""
        self.firsts: list[int] = []  # lists: bisecting an array makes an int at every step
        self.lasts: list[int] = []
        self.values: list[int] = []
        for first, last, value in ranges:
            self.firsts.append(first)
            self.lasts.append(last)
            self.values.append(value)


class _Prefixes:
    """Nested prefixes flattened: where each begins to hold, among numbers filled up to `LONGEST` digits."""

    def __init__(self, prefixes: Iterable[tuple[str, int]]) -> None:
        spans = _flatten(dict(prefixes))
        self._starts = [start for start, _ in spans]
        self._values = [value for _, value in spans]

    def find(self, number: int) -> int:
        """The value of the longest prefix of a number that is filled up with zeros, or -1."""
        index = bisect_right(self._starts, number) - 1
        return self._values[index] if index >= 0 else -1


_FILL: Final = tuple(10 ** (LONGEST - digits) for digits in range(LONGEST + 1))


def _flatten(prefixes: Mapping[str, int]) -> list[tuple[int, int]]:
    """Consecutive spans, each with its start and the value that holds from there on; -1 where none does."""
    starts: dict[int, int] = {}  # where one ends and another begins, the later entry holds
    holding: list[tuple[str, int]] = []  # the prefixes that hold at this point, the longest last

    def close() -> None:
        prefix, _ = holding.pop()
        starts[int(prefix.ljust(LONGEST, "9")) + 1] = holding[-1][1] if holding else -1

    for prefix in sorted(prefixes):
        while holding and not prefix.startswith(holding[-1][0]):
            close()
        holding.append((prefix, prefixes[prefix]))
        starts[int(prefix.ljust(LONGEST, "0"))] = prefixes[prefix]
    while holding:
        close()
    return sorted(starts.items())


class Numbering:
    """Networks by number. Make a new one when the data changes; nothing here does."""

    def __init__(
        self,
        ranges: Iterable[Range] = (),
        ported: Iterable[tuple[int, str]] = (),
        directory: Iterable[tuple[str, str]] = (),
        *,
        aliases: Aliases | None = None,
        default: str = "",
    ) -> None:
        """`ranges` disjoint; `ported` as (number, operator); `directory` as (prefix, operator), nested at will."""
        self._aliases = aliases or Aliases()
        self._names: list[str] = []  # operators, as their sources name them
        self._networks: list[str] = []  # and the networks they are
        self._known: dict[tuple[str, str], int] = {}
        plan = sorted(ranges, key=lambda it: it.first)
        self._regions: list[str] = [it.region for it in plan]
        self._plan = _Ranges((it.first, it.last, self._operator(it.operator, str(it.first))) for it in plan)
        overrides = dict(ported)
        numbers = sorted(overrides)
        self._ported = array("Q", numbers)
        self._ported_to = array("L", [self._operator(overrides[it], str(it)) for it in numbers])
        self._directory = _Prefixes((prefix, self._operator(name, prefix)) for prefix, name in directory)
        self._built_in = _Prefixes(
            (prefix, self._operator(network, prefix)) for network, prefixes in PREFIXES.items() for prefix in prefixes
        )
        self._default = default

    def network(self, number: str) -> str:
        """The network of E.164 digits; the default, or empty, when nothing tells. The quick way: about 1 µs."""
        value = int(number)
        ported = self._ported
        if ported:
            index = bisect_right(ported, value) - 1
            if index >= 0 and ported[index] == value:
                return self._networks[self._ported_to[index]]
        plan = self._plan
        value *= _FILL[len(number)]
        index = bisect_right(plan.firsts, value) - 1
        if index >= 0 and value <= plan.lasts[index]:
            return self._networks[plan.values[index]]
        index = self._directory.find(value)
        if index < 0:
            index = self._built_in.find(value)
        return self._networks[index] if index >= 0 else self._default

    def look(self, number: str) -> Found:
        """The same with the reasons, for people."""
        value = int(number)
        index = bisect_right(self._ported, value) - 1
        if index >= 0 and self._ported[index] == value:
            return self._found(self._ported_to[index], Source.PORTED)
        plan = self._plan
        value *= _FILL[len(number)]
        index = bisect_right(plan.firsts, value) - 1
        if index >= 0 and value <= plan.lasts[index]:
            span = _span(plan.firsts[index], plan.lasts[index])
            return self._found(plan.values[index], Source.PLAN, span, self._regions[index])
        index = self._directory.find(value)
        if index >= 0:
            return self._found(index, Source.DIRECTORY)
        index = self._built_in.find(value)
        if index >= 0:
            return self._found(index, Source.BUILT_IN)
        return Found(self._default, Source.DEFAULT)

    def _found(self, index: int, source: Source, span: str = "", region: str = "") -> Found:
        name = self._names[index]
        return Found(self._networks[index], source, f"{name}, {span}" if span else name, region)

    def _operator(self, name: str, number: str) -> int:
        country = country_of(number)
        index = self._known.get((name, country))
        if index is None:
            index = self._known[name, country] = len(self._names)
            self._names.append(name)
            self._networks.append(self._aliases.network(name, country))
        return index
