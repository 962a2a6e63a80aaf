"""Expectations are read strictly, judged exactly, and shown in words."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from carrierlab.expect import Expectation
from carrierlab.metrics import METRICS, Finding
from carrierlab.showing import show_duration
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

FINDINGS = {name: Finding(0) for name in METRICS} | {
    "recipients": Finding(1000),
    "delivered": Finding(940, ("delivered one",), ("expired one",)),
    "duplicates": Finding(3, ("one", "two")),
    "resends": Finding(3),
    "duration": Finding(61.5),
    "throughput": Finding(99.95),
}


class File(msgspec.Struct, frozen=True):
    expect: list[Expectation]


def read(text: str) -> Expectation:
    (expectation,) = loads(f"expect:\n  - {text}\n", File, "lab.yaml").expect
    return expectation


@pytest.mark.parametrize(
    ("text", "met", "wanted", "found"),
    [
        ("{metric: delivered, at_least: 93%}", True, "at least 93%", "940 (94.0 %)"),
        ("{metric: delivered, at_least: 94.1%}", False, "at least 94.1%", "940 (94.0 %)"),
        ("{metric: delivered, equals: 94%}", True, "equals 94%", "940 (94.0 %)"),
        ("{metric: delivered, equals: 940}", True, "equals 940", "940 (94.0 %)"),
        ("{metric: delivered, equals: 941}", False, "equals 941", "940 (94.0 %)"),
        ("{metric: delivered, between: [90%, 950]}", True, "between 90% and 950", "940 (94.0 %)"),
        ("{metric: delivered, between: [95%, 100%]}", False, "between 95% and 100%", "940 (94.0 %)"),
        ("{metric: delivered, at_most: recipients}", True, "at most recipients (1,000)", "940 (94.0 %)"),
        ("{metric: duplicates, at_most: resends}", True, "at most resends (3)", "3"),
        ("{metric: duplicates, equals: 0}", False, "equals 0", "3"),
        ("{metric: lost, equals: 0}", True, "equals 0", "0"),
        ("{metric: duration, at_most: 1m}", False, "at most 1m", "1 min 2 s"),
        ("{metric: duration, between: [1m, 90s]}", True, "between 1m and 90s", "1 min 2 s"),
        ("{metric: throughput, at_least: 99.9/s}", True, "at least 99.9/s", "100.0/s"),
        ("{metric: throughput, at_least: 100/s}", False, "at least 100/s", "100.0/s"),
    ],
)
def test_it_is_judged_and_shown(text: str, met: bool, wanted: str, found: str) -> None:
    verdict = read(text).check(FINDINGS)
    assert (verdict.met, verdict.wanted, verdict.found) == (met, wanted, found)


def test_an_unmet_expectation_names_examples() -> None:
    assert read("{metric: duplicates, equals: 0}").check(FINDINGS).examples == ("one", "two")
    assert read("{metric: delivered, at_least: 95%}").check(FINDINGS).examples == ("expired one",), "what is missing"
    assert read("{metric: delivered, at_least: 94%}").check(FINDINGS).examples == ()


def test_a_share_of_a_count_that_is_not_whole_equals_the_nearest() -> None:
    findings = FINDINGS | {"recipients": Finding(3), "delivered": Finding(1)}
    assert read("{metric: delivered, equals: 33%}").check(findings).met


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{metric: delivred, equals: 1}", 'unknown metric; did you mean "delivered"?'),
        ("{metric: zzz, equals: 1}", "unknown metric; known: recipients, "),
        ("{metric: lost}", "found none; expected exactly one of equals, at_least, at_most, between"),
        ("{metric: lost, equals: 0, at_most: 1}", "found equals and at_most; expected exactly one"),
        ("{metric: lost, equal: 0}", 'unknown key "equal"; did you mean "equals"?'),
        ("{metric: delivered, between: [1]}", "found 1 values; expected two"),
        ("{metric: delivered, between: [97%, 90%]}", "found 97% and 90%; expected the lowest first"),
        (
            "{metric: throttled, at_most: submit_latency}",
            "submit_latency is many times, and no limit; expected a number",
        ),
        ("{metric: duration, at_most: 5%}", "duration is compared with a time such as 20s or 500ms"),
        ("{metric: duration, at_most: resends}", "duration is compared with a time"),
        ("{metric: delivered, at_most: 20s}", "delivered is compared with a number, a percentage"),
        ("{metric: duplicates, at_most: 1%}", "duplicates is compared with a number or another count"),
        ("{metric: delivered, at_least: 1.5}", "delivered is compared with a number, a percentage"),
        ("{metric: delivered, at_least: 101%}", "at most 100%"),
        ("{metric: duplicates, at_most: resend}", 'did you mean "resends"?'),
        ("{metric: throughput, at_least: 5/x}", "a rate such as 100/s"),
        ("{metric: duration, at_most: 5 parsecs}", "a duration such as"),
    ],
)
def test_mistakes_are_named_in_their_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert "lab.yaml:2:" in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0000421, "42 µs"),
        (0.0412, "41 ms"),
        (0.9999, "1 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3720, "1 h 2 min"),
    ],
)
def test_times_are_written_as_people_do(seconds: float, text: str) -> None:
    assert show_duration(seconds) == text


def test_a_percentile_is_said_with_its_limit() -> None:
    findings = FINDINGS | {"submit_latency_p99.9": Finding(0.5)}
    verdict = read("{metric: submit_latency, percentile: 99.9, at_most: 400ms, phase: storm, account: shop}").check(
        findings
    )
    assert (verdict.met, verdict.found) == (False, "500 ms")
    assert verdict.name == "submit_latency (shop, in storm) p99.9 at most 400ms"


def test_money_is_compared_exactly_and_shown_with_its_currency() -> None:
    findings = FINDINGS | {
        "cost": Finding(Decimal("1200.30"), currency="KZT"),
        "cost_per_delivered": Finding(Decimal(1) / 3),
    }
    assert read("{metric: cost, equals: 1200.3}").check(findings).met
    verdict = read("{metric: cost, at_most: 1200.29}").check(findings)
    assert (verdict.met, verdict.wanted, verdict.found) == (False, "at most 1200.29", "1,200.30 KZT")
    assert read("{metric: cost_per_delivered, at_most: 1}").check(findings).found == "0.333333"


def test_findings_of_the_lint_may_be_bad_enough() -> None:
    findings = FINDINGS | {"lint_findings_warning": Finding(1, ("it did",))}
    verdict = read("{metric: lint_findings, severity: warning, equals: 0}").check(findings)
    assert (verdict.met, verdict.wanted, verdict.examples) == (False, "warning or worse equals 0", ("it did",))
