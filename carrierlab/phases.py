"""Phases: named spans of a run that expectations and reports can look at alone.

```yaml
phases: {calm: 0s-30s, storm: during throttled, after: 60s-}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

import msgspec

from smsc.timeline import Spell
from yamlmodel.scalars import Duration

_DURING = re.compile(r"during\s+(\S.*)")
_SPAN = re.compile(r"([^-]+?)\s*-\s*([^-]*)")


class PhaseSpan(msgspec.Struct, frozen=True):
    """A span, written `0s-30s`, `60s-` for the rest, or `during NAME` for the span of an entry of the timeline."""

    start: float = 0.0
    """Seconds from the start."""
    end: float | None = None
    """The same, not included; None is the end of the run."""
    entry: str | None = None
    """From when this entry first begins to when it last ends."""

    expected: ClassVar[str] = "a span such as 0s-30s, 60s- or during storm"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        text = text.strip()
        during = _DURING.fullmatch(text)
        if during is not None:
            return cls(entry=during[1])
        span = _SPAN.fullmatch(text)
        if span is None:
            raise ValueError(f"expected {cls.expected}")
        start = float(Duration.parse(span[1]))
        end = float(Duration.parse(span[2])) if span[2] else None
        if end is not None and end <= start:
            raise ValueError(f"it ends before it begins; expected {cls.expected}")
        return cls(start, end)


class Phase(msgspec.Struct, frozen=True):
    """A phase as it was, in seconds from the start."""

    name: str
    start: float
    end: float


def phases_of(spans: Mapping[str, PhaseSpan], spells: Iterable[Spell], length: float) -> dict[str, Phase]:
    """When each phase was, in a run of so many seconds; one whose entry never began is not there."""
    spells = tuple(spells)
    phases = {}
    for name, span in spans.items():
        start, end = span.start, span.end
        if span.entry is not None:
            those = [spell for spell in spells if spell.entry.name == span.entry]
            if not those:
                continue
            start = those[0].began
            ends = [spell.ended for spell in those]
            end = max(at for at in ends if at is not None) if None not in ends else None
        if start <= length:
            phases[name] = Phase(name, start, length if end is None else min(end, length))
    return phases
