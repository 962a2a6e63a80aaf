"""A load is played: in virtual time as over sockets, in time or not at all."""

from __future__ import annotations

import pytest
import pytest_twisted

from carrierlab.report.result import Outcome
from carrierlab.run import Job, run_over_sockets, run_virtual
from carrierlab.scenario import LabScenario
from yamlmodel.loader import loads

OPERATOR = "{listen: 'tcp:2775', submit: {latency: 20ms}, receipts: {delay: 100ms}%s}"


def job(load: str, operator: str = "", more: str = "", seed: int = 1) -> Job:
    text = f"seed: {seed}\noperators: {{alpha: {OPERATOR % operator}}}\nworkload: {{load: {{{load}}}}}\n{more}"
    return Job(loads(text, LabScenario), "load.yaml")


def played(load: str, operator: str = "", more: str = "", seed: int = 1) -> Outcome:
    outcome = run_virtual(job(load, operator, more, seed))
    assert outcome.trouble == ()
    for metric in ("lost", "mismatched", "garbled", "duplicates", "unmatched_receipts"):
        assert outcome.metrics[metric] == 0
    return outcome


def test_all_of_it_is_delivered_when_nothing_is_in_the_way() -> None:
    metrics = played("rate: 50/s, for: 4s, mix: [{}, {length: 300}]").metrics
    assert metrics["recipients"] == metrics["delivered"] == 200
    assert metrics["segments"] > 200
    assert metrics["send_lag_p99"] < 0.1
    assert metrics["response_time_p50"] == pytest.approx(0.023, abs=0.01)


@pytest_twisted.ensureDeferred
async def test_over_sockets_too() -> None:
    from twisted.internet import reactor  # noqa: TID251 - the test's own

    seen: list[int] = []
    outcome = await run_over_sockets(
        job("rate: 100/s, count: 30, receipt_wait: 5s"), reactor, lambda progress: seen.append(progress.total)
    )
    assert outcome.metrics["delivered"] == 30
    assert outcome.metrics["lost"] == outcome.metrics["mismatched"] == 0
    assert seen
    assert set(seen) == {30}


def test_a_seed_gives_the_same_trace_and_another_seed_another() -> None:
    text = "rate: 20/s, for: 3s, arrival: poisson"
    assert played(text).trace == played(text).trace
    assert played(text).trace != played(text, seed=2).trace


def test_latency_counts_from_when_a_message_was_due() -> None:
    """No coordinated omission: an operator that stands still for 5 s is felt by all that was due meanwhile."""
    stall = "timeline: [{at: 2s, for: 5s, fault: stall, direction: both}]"
    metrics = played("rate: 10/s, for: 10s, window: 1, mix: [{registered: false}]", more=stall).metrics
    assert metrics["delivered"] + metrics["awaiting_receipt"] == 100
    assert metrics["response_time_p99"] > 4.5
    assert metrics["response_time_p50"] > 0.5
    assert metrics["send_lag_p99"] > 4
    assert metrics["submit_latency_p50"] < 0.1, "the operator itself knows nothing of it"


def test_what_cannot_be_written_in_time_is_given_up_and_counted() -> None:
    outage = "timeline: [{at: 1s, for: 6s, fault: outage}]"
    metrics = played("rate: 10/s, for: 5s, give_up: 2s", more=outage).metrics
    assert metrics["unsent"] > 20
    assert metrics["recipients"] == 50
    assert metrics["delivered"] + metrics["unsent"] + metrics["in_doubt"] == 50


def test_nobody_bound_means_nothing_sent() -> None:
    metrics = played("rate: 10/s, count: 5, give_up: 3s, account: shop", ", access: {allow: [10.0.0.0/8]}").metrics
    assert metrics["unsent"] == metrics["recipients"] == 5


def test_a_refusal_is_an_end_in_an_open_loop() -> None:
    metrics = played("rate: 20/s, for: 5s", ", accounts: [{system_id: shop, password: x, rate: 5/s}]").metrics
    assert metrics["refused"] == metrics["throttled"] > 50
    assert metrics["refused"] + metrics["delivered"] == 100


def test_receipts_that_never_come_are_waited_for_as_long_as_the_load_says() -> None:
    text = (
        "operators: {alpha: {listen: 'tcp:2775', receipts: {outcome: {none: 100%}}}}\n"
        "workload: {load: {rate: 10/s, count: 5, receipt_wait: 7s}}"
    )
    outcome = run_virtual(Job(loads(text, LabScenario), "load.yaml"))
    assert outcome.metrics["awaiting_receipt"] == 5
    assert 7 <= outcome.duration < 9


def test_pairs_of_binds_and_several_operators() -> None:
    text = (
        "operators: {alpha: {listen: 'tcp:2775'}, beta: {listen: 'tcp:2776'}, idle: {listen: 'tcp:2777'}}\n"
        "workload: {load: {rate: 20/s, count: 40, binds: 2, bind: transmitter+receiver, mix: [{}, {operator: beta}]}}"
    )
    outcome = run_virtual(Job(loads(text, LabScenario), "load.yaml"))
    assert outcome.metrics["delivered"] == 40
    assert {name: values["binds"] for name, values in outcome.operators.items()} == {"alpha": 4, "beta": 4, "idle": 0}
    assert outcome.metrics["reconnects"] == 0


def test_messages_to_one_number_arrive_in_the_order_they_were_due() -> None:
    mix = "mix: [{to: '77010000001', text: '{n}'}]"
    assert played(f"rate: 50/s, for: 2s, {mix}").metrics["out_of_order"] == 0


def test_what_is_refused_beyond_the_window_of_an_account_is_throttled() -> None:
    account = ", accounts: [{system_id: shop, password: secret, window: 5}]"
    metrics = played("rate: 1000/s, count: 100, window: 50", account).metrics
    assert metrics["throttled"] == metrics["refused"] > 0
    assert metrics["submits"] == 100
