"""Expectations: what a scenario file says must be true at the end, and whether it is.

::

    expect:
      - {metric: delivered, at_least: 93%}              # of the recipients
      - {metric: lost, equals: 0}
      - {metric: duplicates, at_most: resends}          # another metric as the limit
      - {metric: duration, between: [20s, 2m], operator: kcell}
      - {metric: submit_latency, percentile: 99.9, at_most: 1s, phase: storm}
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from carrierlab.evidence import Scope
from carrierlab.metrics import METRICS, Book, Metric, percentile_name
from carrierlab.quantity import Findings, Quantity
from carrierlab.showing import show, show_share
from yamlmodel.suggest import did_you_mean

Problems = Iterator[tuple[tuple[str | int, ...], str]]


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


class LeastSeverity(enum.Enum):
    """How bad a finding of the lint is at least."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


FORMS = ("equals", "at_least", "at_most", "between")


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What expectations of a number have: exactly one of equals, at_least, at_most and between, and whom they judge."""

    operator: Annotated[str, Meta(description="Judge only what concerns this operator")] | None = None
    account: Annotated[str, Meta(description="… and this account: a system_id")] | None = None
    phase: Annotated[str, Meta(description="… and this [phase](scenario-guide.md#phases)")] | None = None
    equals: Annotated[Quantity, Meta(description="It is this")] | None = None
    at_least: Annotated[Quantity, Meta(description="It is this or more")] | None = None
    at_most: Annotated[Quantity, Meta(description="It is this or less")] | None = None
    between: Annotated[tuple[Quantity, ...], Meta(description="It lies between these two, both allowed")] | None = None
    note: Annotated[str, Meta(description="Why it is expected, shown when it is not met")] = ""

    @property
    def scope(self) -> Scope:
        """Whom it judges."""
        return Scope(self.operator, self.account, self.phase)

    def limits(self) -> list[tuple[str, Quantity]]:
        """Its limits, each with the key it stands under."""
        single = [(form, getattr(self, form)) for form in FORMS[:3]]
        pair = [("between", quantity) for quantity in self.between or ()]
        return [(form, quantity) for form, quantity in [*single, *pair] if quantity is not None]

    def form_problems(self) -> Problems:
        """Yield what is wrong with the way its limits are said."""
        given = [form for form in FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            written = " and ".join(given) or "none"
            yield (), f"found {written}; expected exactly one of {', '.join(FORMS)}"
        if self.between is not None and len(self.between) != 2:
            yield ("between",), f"found {len(self.between)} values; expected two, the lowest and the highest"
        elif self.between is not None and self.between[0].exceeds(self.between[1]):
            low, high = (quantity.written for quantity in self.between)
            yield ("between",), f"found {low} and {high}; expected the lowest first"

    def form_words(self, findings: Findings) -> str:
        """Its limits in words: "at least 93%"."""
        shown = [quantity.shown(findings) for _, quantity in self.limits()]
        form = next(form for form in FORMS if getattr(self, form) is not None)
        return f"{form.replace('_', ' ')} {' and '.join(shown)}"


class Expectation(Compared, frozen=True, kw_only=True):
    """A metric, and exactly one of equals, at_least, at_most and between."""

    metric: Annotated[MetricName, Meta(description="One of the [metrics](#metrics)", examples=["delivered"])]
    percentile: (
        Annotated[float, Meta(description="Of a metric of many times: which of them, in order", gt=0, le=100)] | None
    ) = None
    severity: (
        Annotated[LeastSeverity, Meta(description="Of `lint_findings`: those that are as bad, or worse")] | None
    ) = None

    @property
    def definition(self) -> Metric:
        """The metric it names."""
        return METRICS[self.metric]

    @property
    def finding(self) -> str:
        """What it compares, as findings are called: ``submit_latency_p99.9``."""
        if self.percentile is not None:
            return percentile_name(self.metric, self.percentile)
        return self.metric if self.severity is None else f"{self.metric}_{self.severity.value}"

    def metrics(self) -> Iterator[tuple[str, Metric]]:
        """Every metric that it names, with the key it stands under."""
        yield "metric", self.definition
        for form, quantity in self.limits():
            if quantity.metric is not None:
                yield form, METRICS[quantity.metric]
            elif quantity.share:
                yield form, METRICS["recipients"]

    def problems(self) -> Problems:
        """Yield what the types of the fields cannot say."""
        yield from self.form_problems()
        metric = self.definition
        if metric.values is not None and self.percentile is None:
            yield (), f"{self.metric} is many times; expected the key percentile, such as percentile: 99"
        if metric.values is None and self.percentile is not None:
            yield ("percentile",), f"{self.metric} is one number; remove the key"
        if metric.book is not Book.LINT and self.severity is not None:
            yield ("severity",), f"{self.metric} has none; remove the key, or expect lint_findings"
        if metric.book is Book.LINT and self.phase is not None:
            yield ("phase",), "findings of the lint belong to the whole run; remove the key"
        for form, quantity in self.limits():
            problem = quantity.problem(metric.unit, self.metric)
            if problem is not None:
                yield (form,), problem

    def check(self, findings: Findings) -> Verdict:
        """Compare with what was found."""
        finding, unit = findings[self.finding], self.definition.unit
        values = [quantity.value(findings, unit) for _, quantity in self.limits()]
        low, high = min(values), max(values)
        if any(quantity.share for _, quantity in self.limits()) and self.equals is not None:
            # A share of a count is seldom whole: equal means the nearest whole number of messages.
            low, high = round(low), round(high)
        few = self.at_most is None and finding.value < low
        many = self.at_least is None and finding.value > high
        found = (
            show(finding.value, unit, finding.currency)
            if finding.currency
            else show_share(finding.value, unit, findings)
        )
        return Verdict(
            metric=str(self.metric),
            operator=self.operator,
            account=self.account,
            phase=self.phase,
            note=self.note,
            met=not (few or many),
            found=found,
            wanted=self._which() + self.form_words(findings),
            examples=finding.others if few else finding.examples if many else (),
        )

    def _which(self) -> str:
        if self.percentile is not None:
            return f"p{self.percentile:g} "
        return "" if self.severity is None else f"{self.severity.value} or worse "


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation, judged. Holds what reports say of it, and no types of scenario files: a report is read back."""

    metric: str
    operator: str | None
    """None: all of them together."""
    account: str | None = None
    """system_id; None: all of them."""
    phase: str | None = None
    """None: the whole run."""
    note: str
    """Why it is expected, as the file says."""
    met: bool
    found: str
    wanted: str
    examples: tuple[str, ...]
    """Some of the cases that are too many, or of those that are missing; none when it is met."""

    @property
    def whom(self) -> str:
        """Whom it judges, for people: ``kcell, shop, in storm``; nothing when that is the whole run."""
        return ", ".join(filter(None, (self.operator, self.account, self.phase and f"in {self.phase}")))

    @property
    def name(self) -> str:
        """What is expected, in a line: ``delivered (kcell, in storm) at least 93%``."""
        whom = f" ({self.whom})" if self.whom else ""
        return f"{self.metric}{whom} {self.wanted}"
