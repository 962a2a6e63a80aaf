"""Limits of expectations as people write them: a number, a share of the recipients, a time, a rate, another metric."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Self

import msgspec

from carrierlab.metrics import METRICS, Finding, Unit
from carrierlab.showing import show
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

Findings = Mapping[str, Finding]
"""Every metric, by name."""

_COUNTS = frozenset({Unit.MESSAGES, Unit.COUNT})
_WRITTEN = {
    Unit.MESSAGES: "a number, a percentage of the recipients, or another count",
    Unit.COUNT: "a number or another count",
    Unit.SECONDS: "a time such as 20s or 500ms",
    Unit.PER_SECOND: "a rate such as 50/s",
    Unit.MONEY: "an amount such as 1200.50, without its currency",
}


class Quantity(msgspec.Struct, frozen=True):
    """A limit as written: a number, a share of the recipients, a time, a rate, or another metric's name."""

    written: str
    kind: Unit | None
    """The unit that the way of writing implies; None for a bare number or a name."""
    number: float = 0.0
    metric: str | None = None
    share: bool = False
    """Whether ``number`` is a share of the recipients."""

    expected: ClassVar[str] = "a number, a percentage, a time such as 20s, a rate such as 50/s, or a metric's name"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the forms that are expected."""
        text = text.strip()
        if text in METRICS:
            if METRICS[text].find is None:
                raise ValueError(f"{text} is many times, and no limit; expected {cls.expected}")
            return cls(text, METRICS[text].unit, metric=text)
        if text.replace("_", "").isdecimal() and text.isascii():
            return cls(text, None, number=float(text))
        if text.endswith("%"):
            return cls(text, Unit.MESSAGES, number=Percent.parse(text), share=True)
        if "/" in text:
            return cls(text, Unit.PER_SECOND, number=Rate.parse(text))
        if text[:1].isdigit():
            try:
                return cls(text, None, number=float(text))
            except ValueError:
                return cls(text, Unit.SECONDS, number=Duration.parse(text))
        limits = [name for name, metric in METRICS.items() if metric.find is not None]
        raise ValueError(f"expected {cls.expected}{did_you_mean(text, limits)}")

    def exceeds(self, other: Quantity) -> bool:
        """Whether it is more than ``other``, as far as what is written alone tells."""
        if self.metric is not None or other.metric is not None:
            return False
        return (self.kind, self.share) == (other.kind, other.share) and self.number > other.number

    def value(self, findings: Findings, unit: Unit) -> float | Decimal:
        """Return the limit as a number to compare a metric of this unit with; of money it is exact."""
        if self.metric is not None:
            return findings[self.metric].value
        if self.share:
            return self.number * float(findings["recipients"].value)
        return Decimal(self.written) if unit is Unit.MONEY else self.number

    def shown(self, findings: Findings) -> str:
        """Return the limit as written, with its value where the writing does not say it."""
        if self.metric is not None:
            unit = METRICS[self.metric].unit
            return f"{self.written} ({show(self.value(findings, unit), unit)})"
        return self.written

    def problem(self, unit: Unit, name: str) -> str | None:
        """Why it cannot be compared with what has this unit and name, in words; None when it can."""
        return None if self._fits(unit) else f'found "{self.written}"; {name} is compared with {_WRITTEN[unit]}'

    def _fits(self, unit: Unit) -> bool:
        if self.share:
            return unit is Unit.MESSAGES
        if self.kind is not None:
            return self.kind is unit or {self.kind, unit} <= _COUNTS
        if unit is Unit.MONEY:
            return _is_exact(self.written)
        return self.number.is_integer() if unit in _COUNTS else True


def _is_exact(written: str) -> bool:
    try:
        return Decimal(written).is_finite()
    except InvalidOperation:
        return False
