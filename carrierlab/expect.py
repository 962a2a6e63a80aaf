"""Expectations: what a scenario file says must be true at the end, and whether it is.

::

    expect:
      - {metric: delivered, at_least: 93%}              # of the recipients
      - {metric: lost, equals: 0}
      - {metric: duplicates, at_most: resends}          # another metric as the limit
      - {metric: duration, between: [20s, 2m], operator: kcell}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import msgspec

from carrierlab.metrics import METRICS, Finding, Unit
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

Findings = Mapping[str, Finding]
"""Every metric, by name."""


class MetricName(str):
    """The name of a metric."""

    __slots__ = ()
    expected: ClassVar[str] = "a metric such as delivered, lost or duplicates"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the name; ValueError names the nearest one."""
        if text not in METRICS:
            hint = did_you_mean(text, METRICS) or "; known: " + ", ".join(METRICS)
            raise ValueError(f"unknown metric{hint}")
        return cls(text)


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
        raise ValueError(f"expected {cls.expected}{did_you_mean(text, METRICS)}")

    def value(self, findings: Findings) -> float:
        """Return the limit as a number to compare a metric with."""
        if self.metric is not None:
            return findings[self.metric].value
        return self.number * findings["recipients"].value if self.share else self.number

    def shown(self, findings: Findings) -> str:
        """Return the limit as written, with its value where the writing does not say it."""
        if self.metric is not None:
            return f"{self.written} ({show(self.value(findings), METRICS[self.metric].unit)})"
        return self.written


_FORMS = ("equals", "at_least", "at_most", "between")
_COUNTS = frozenset({Unit.MESSAGES, Unit.COUNT})


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``expect``: a metric, and exactly one of equals, at_least, at_most and between."""

    metric: MetricName
    operator: str | None = None
    """Judge what concerns this operator only; percentages are of its recipients."""
    equals: Quantity | None = None
    at_least: Quantity | None = None
    at_most: Quantity | None = None
    between: tuple[Quantity, ...] | None = None
    """Two limits, both allowed."""
    note: str = ""
    """Why this is expected: shown when it is not met."""

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what the types of the fields cannot say."""
        given = [form for form in _FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            written = " and ".join(given) or "none"
            yield (), f"found {written}; expected exactly one of {', '.join(_FORMS)}"
        if self.between is not None and len(self.between) != 2:
            yield ("between",), f"found {len(self.between)} values; expected two, the lowest and the highest"
        unit = METRICS[self.metric].unit
        for form, quantity in self._limits():
            if not _fits(quantity, unit):
                path = (form,)
                yield path, f'found "{quantity.written}"; {self.metric} is compared with {_WRITTEN[unit]}'

    def check(self, findings: Findings) -> Verdict:
        """Compare with what was found."""
        finding = findings[self.metric]
        low, high = self._bounds(findings)
        return Verdict(
            metric=str(self.metric),
            operator=self.operator,
            note=self.note,
            met=low <= finding.value <= high,
            found=show_share(finding.value, METRICS[self.metric].unit, findings),
            wanted=self._wanted(findings),
            examples=finding.others if finding.value < low else finding.examples if finding.value > high else (),
        )

    def _limits(self) -> list[tuple[str, Quantity]]:
        single = [(form, getattr(self, form)) for form in _FORMS[:3]]
        pair = [("between", quantity) for quantity in self.between or ()]
        return [(form, quantity) for form, quantity in [*single, *pair] if quantity is not None]

    def _bounds(self, findings: Findings) -> tuple[float, float]:
        values = [quantity.value(findings) for _, quantity in self._limits()]
        low, high = min(values), max(values)
        if self.at_least is not None:
            high = float("inf")
        if self.at_most is not None:
            low = float("-inf")
        if any(quantity.share for _, quantity in self._limits()) and self.equals is not None:
            # A share of a count is seldom whole: equal means the nearest whole number of messages.
            low, high = round(low), round(high)
        return low, high

    def _wanted(self, findings: Findings) -> str:
        shown = [quantity.shown(findings) for _, quantity in self._limits()]
        form = next(form for form in _FORMS if getattr(self, form) is not None)
        return f"{form.replace('_', ' ')} {' and '.join(shown)}"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation, judged. Holds what reports say of it, and no types of scenario files: a report is read back."""

    metric: str
    operator: str | None
    """None: all of them together."""
    note: str
    """Why it is expected, as the file says."""
    met: bool
    found: str
    wanted: str
    examples: tuple[str, ...]
    """Some of the cases that are too many, or of those that are missing; none when it is met."""

    @property
    def name(self) -> str:
        """What is expected, in a line: ``delivered (kcell) at least 93%``."""
        of = f" ({self.operator})" if self.operator else ""
        return f"{self.metric}{of} {self.wanted}"


_WRITTEN = {
    Unit.MESSAGES: "a number, a percentage of the recipients, or another count",
    Unit.COUNT: "a number or another count",
    Unit.SECONDS: "a time such as 20s or 500ms",
    Unit.PER_SECOND: "a rate such as 50/s",
}


def _fits(quantity: Quantity, unit: Unit) -> bool:
    if quantity.share:
        return unit is Unit.MESSAGES
    if quantity.kind is None:
        return quantity.number.is_integer() if unit in _COUNTS else True
    return quantity.kind is unit or {quantity.kind, unit} <= _COUNTS


def show(value: float, unit: Unit) -> str:
    """Write a value as people do: ``9,412``, ``1.3 s``, ``41 ms``, ``118/s``."""
    if unit is Unit.SECONDS:
        return show_duration(value)
    if unit is Unit.PER_SECOND:
        return f"{value:,.1f}/s" if value < 100 else f"{value:,.0f}/s"
    return f"{value:,.0f}"


def show_share(value: float, unit: Unit, findings: Findings) -> str:
    """Write a value, with its share of the recipients where that says more."""
    total = findings["recipients"].value
    text = show(value, unit)
    if unit is Unit.MESSAGES and value and total and value != total:
        return f"{text} ({show_percent(value / total)})"
    return text


def show_percent(share: float) -> str:
    """Write a share: ``94.1 %``; one that is not nothing never reads as nothing."""
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def show_duration(seconds: float) -> str:
    """Write a time span: ``41 ms``, ``1.3 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds < 0.0005:
        return "0 s" if seconds < 5e-7 else f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
