"""Each kind of expectation holds where things are as they should be, and fails when what it is about is not so."""

from __future__ import annotations

import pytest

from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_virtual
from carrierlab.scenario import LabScenario
from yamlmodel.loader import loads

FILE = """
seed: 5
operators:
  alpha:
    listen: tcp:2775
    price: 2.50 KZT
    accounts: [{system_id: shop, password: secret, window: 10, rate: 100/s}]
    submit: {latency: 20ms}
    receipts: {delay: 500ms}
timeline:
  - {when: 100 accepted, name: storm, for: 3s, fault: throttle, rate: 5/s}
phases: {calm: 0s-3s, storm: during storm}
workload:
  load:
    rate: 20/s
    for: 10s
    binds: 2
    window: 10
    mix: [{to: "7701000000#", text: "Your code is {digits:4}"}]
"""

# What is expected, what is changed in the file, and into what; all but the first hold in the file as it is.
CASES = {
    "a count in a phase": ("{metric: throttled, at_least: 20, phase: storm}", "rate: 5/s}", "rate: 50/s}"),
    "a phase that is quiet": ("{metric: throttled, equals: 0, phase: calm}", "when: 100 accepted", "at: 1s"),
    "a phase that comes": ("{metric: submits, at_least: 1, phase: storm}", "when: 100 accepted", "when: 9000 accepted"),
    "a percentile": (
        "{metric: submit_latency, percentile: 99.5, at_most: 40ms}",
        "latency: 20ms",
        "latency: spike 20ms to 1s 2%",
    ),
    "a time since it was due": (
        "{metric: response_time, percentile: 90, at_most: 200ms}",
        "timeline:",
        "timeline:\n  - {at: 2s, for: 3s, fault: stall, direction: both}",
    ),
    "a time until it was sent": (
        "{metric: send_lag, percentile: 99, at_most: 100ms}",
        "    rate: 20/s",
        "    rate: 20/s\n    arrival: burst\n    burst: 200",
    ),
    "what could not be sent": (
        "{metric: unsent, equals: 0}",
        "timeline:",
        "timeline:\n  - {at: 1s, for: 1m, fault: outage}",
    ),
    "the order of messages": (
        "{metric: out_of_order, equals: 0}",
        "timeline:",
        "timeline:\n  - {at: 1s, fault: delay, direction: in, by: uniform 0s 2s}",
    ),
    "money": ("{metric: cost, at_most: 400}", "price: 2.50 KZT", "price: 2.75 KZT"),
    "money for what arrived": (
        "{metric: cost_per_delivered, equals: 2.5}",
        "delay: 500ms",
        "delay: 500ms, outcome: {UNDELIV: 50%, DELIVRD: 50%}",
    ),
    "what the client did wrong": (
        "{metric: lint_findings, severity: error, equals: 0}",
        "window: 10\n    mix",
        "window: 50\n    arrival: burst\n    burst: 100\n    mix",
    ),
    "a message": ('{message: {to: "77010000001", text: "Your code is *"}}', "Your code is", "Your cod is"),
    "a count of messages": ('{message: {text: "/code/"}, at_least: 150}', "    for: 10s", "    for: 5s"),
    "an account": ("{metric: submits, at_least: 100, account: shop}", "    rate: 20/s", "    rate: 2/s"),
}  # fmt: skip


def played(text: str, expected: str) -> Outcome:
    outcome = run_virtual(Job(loads(f"{text}expect:\n  - {expected}\n", LabScenario, "x.yaml"), "x.yaml"))
    assert outcome.trouble == ()
    return outcome


@pytest.mark.parametrize("name", CASES)
def test_it_holds_and_fails_when_what_it_is_about_is_not_so(name: str) -> None:
    expected, found, changed = CASES[name]
    assert FILE.count(found) == 1, "the change changes something"
    before = played(FILE, expected)
    assert before.passed, before.verdicts
    after = played(FILE.replace(found, changed), expected)
    assert not after.passed, after.verdicts


def test_a_trace_holds_until_anything_at_all_is_different() -> None:
    trace = played(FILE, "{metric: lost, equals: 0}").trace
    assert trace is not None
    assert played(FILE, f"{{trace: {trace}}}").passed
    assert not played(FILE.replace("latency: 20ms", "latency: 21ms"), f"{{trace: {trace}}}").passed
