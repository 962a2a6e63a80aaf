"""A scenario as a whole: what it expects can be judged, and what it names is there."""

from __future__ import annotations

import pytest

from carrierlab.scenario import LabScenario
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

FILE = """operators:
  alpha: {listen: "tcp:2775", accounts: [{system_id: shop, password: secret}]%s}
  beta: {listen: "tcp:2776"%s}
timeline: [{at: 5s, for: 5s, name: storm, fault: outage}]
phases: {calm: 0s-5s, storm: during storm}
"""
LOAD = "workload: {load: {rate: 1/s, count: 1}}\n"
CLIENT = "workload: {client: {for: 10s}}\n"
CAMPAIGN = "workload: {campaign: {recipients: x.csv, template: Hi, sender: SHOP}}\n"


def read(text: str, alpha: str = "", beta: str = "") -> LabScenario:
    return loads(FILE % (alpha, beta) + text, LabScenario, "x.yaml")


def problem(text: str, alpha: str = "", beta: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, alpha, beta)
    return str(caught.value)


def test_what_can_be_judged_is_taken() -> None:
    expect = (
        "expect:\n"
        "  - {metric: delivered, at_least: 1, phase: storm, operator: alpha, account: shop}\n"
        "  - {metric: submit_latency, percentile: 99.9, at_most: 1s}\n"
        "  - {metric: response_time, percentile: 50, at_most: 1s}\n"
        "  - {metric: cost, at_most: 12.5}\n"
        "  - {metric: lint_findings, severity: warning, equals: 0}\n"
        "  - {message: {to: '7701'}, phase: calm}\n"
        "  - {trace: 0123456789ab}\n"
    )
    assert len(read(LOAD + expect, ", price: 4.00 KZT").expect) == 7


def test_after_a_client_what_operators_see_can_be_judged() -> None:
    names = ["submits", "throttled", "binds", "mo_received", "throughput", "peak_rate", "duration", "lint_findings"]
    lines = "".join(
        f"  - {{metric: {name}, at_most: {'1/s' if 'rate' in name or 'put' in name else 1}}}\n" for name in names
    )
    assert read(CLIENT + "expect:\n" + lines.replace("duration, at_most: 1", "duration, at_most: 1s")).expect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expect: []", 'the key "workload" is missing'),
        ("workload: {}", "found none; expected exactly one of campaign, load, client"),
        (LOAD.replace("}}", "}, client: {for: 1s}}"), "found load and client; expected exactly one"),
        (
            CLIENT + "expect: [{metric: delivered, equals: 1}]",
            "x.yaml:7:19: expect[0].metric: delivered needs the book",
        ),
        (CLIENT + "expect: [{metric: lost, at_most: 5%}]", "recipients needs the book of whoever sends"),
        (CLIENT + "expect: [{metric: submits, at_least: accepted}]", "accepted needs the book of whoever sends"),
        (CLIENT + "expect: [{trace: 0123456789ab}]", "an external client knows no virtual time"),
        (CLIENT.replace("10s}", "10s, until: {}}"), "it waits for nothing; expected accepted, or unbound: true"),
        (LOAD + "expect: [{metric: rejected_rows, equals: 1}]", "rejected_rows needs the book of a campaign"),
        (
            CAMPAIGN + "expect: [{metric: unsent, equals: 1}]",
            "unsent needs the book of a load; the workload of this file",
        ),
        (
            LOAD + "expect: [{metric: submit_latency, at_most: 1s}]",
            "submit_latency is many times; expected the key percent",
        ),
        (LOAD + "expect: [{metric: lost, percentile: 5, equals: 1}]", "lost is one number; remove the key"),
        (LOAD + "expect: [{metric: submit_latency, percentile: 0, at_most: 1s}]", "expected above 0"),
        (LOAD + "expect: [{metric: lost, severity: error, equals: 0}]", "lost has none; remove the key"),
        (LOAD + "expect: [{metric: lint_findings, phase: calm, equals: 0}]", "belong to the whole run"),
        (
            LOAD + "expect: [{metric: lost, phase: strom, equals: 0}]",
            "expected a phase of this file (calm, storm); did you",
        ),
        (
            LOAD + "expect: [{metric: lost, operator: gamma, equals: 0}]",
            "expected an operator of this file (alpha, beta)",
        ),
        (LOAD + "expect: [{metric: lost, operator: alpha, account: shpo, equals: 0}]", "expected one of shop"),
        (LOAD + "expect: [{metric: cost, at_most: 5}]", "no operator has a price"),
        (LOAD.replace("count: 1", "count: 1, operator: gamma"), "x.yaml:6:"),
        (LOAD.replace("count: 1", "count: 1, account: bank"), 'found "bank"; expected an account of alpha (shop)'),
        (LOAD.replace("count: 1", "count: 1, mix: [{operator: gamma}]"), "expected an operator of this file"),
    ],
)
def test_mistakes_are_named(text: str, expected: str) -> None:
    assert expected in problem(text)


def test_money_of_two_currencies_is_not_added() -> None:
    cost = "expect: [{metric: cost, at_most: 5%s}]"
    prices = (", price: 4 KZT", ", price: 5 UZS")
    assert "prices are in KZT and UZS; expected the key operator" in problem(LOAD + cost % "", *prices)
    assert read(LOAD + cost % ", operator: beta", *prices)
    assert "cost is compared with an amount such as 1200.50" in problem(LOAD + cost % "s", *prices)


def test_a_phase_is_during_an_entry_that_is_there() -> None:
    text = FILE.replace("during storm", "during strom") % ("", "") + LOAD
    with pytest.raises(ConfigError, match='found "strom"; expected one of storm; did you mean "storm"'):
        loads(text, LabScenario)
