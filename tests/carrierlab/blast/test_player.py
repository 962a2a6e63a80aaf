"""A blast in virtual time: every message is counted once, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from carrierlab.blast.book import Book
from carrierlab.blast.meters import Meters, Reading
from carrierlab.blast.plan import Plan, Receipts
from carrierlab.blast.player import Measured, Player, Unusable
from carrierlab.blast.report import Report, report, to_json, to_text
from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from smppkit.errors import SmppError
from smppkit.text import Alphabet
from smppkit.tls import ClientTls, TlsClient
from smsc.app import Emulator
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.model import Scenario
from tests.certificates import Authority
from yamlmodel.loader import loads

OPERATOR = "listen: 'tcp:2775', accounts: [{system_id: shop, password: secret, binds: 9, window: 1000}]"
CALM = "submit: {latency: 20ms}, receipts: {delay: 300ms}"


def plan(**changed: Any) -> Plan:
    settings = {"messages": 400, "warm_up": 50, "connections": 3, "window": 7, "system_id": "shop"} | changed
    return Plan(**{"host": "127.0.0.1", "port": 2775, "password": "secret"} | settings)


def blasted(
    wanted: Plan,
    operator: str = CALM,
    harm: Callable[[SimClock, SimNetwork], None] = lambda clock, network: None,
    conditions: Conditions = Conditions(),  # noqa: B008 - a frozen value
    tls: TlsClient | None = None,
) -> tuple[Measured, Report]:
    """What a blast at an emulated operator measures. Nothing is left on the clock then."""
    clock = SimClock()
    network = SimNetwork(clock, 1, conditions)
    journal = Journal.open(MEMORY, clock=clock)
    scenario = loads(f"operators: {{alpha: {{{OPERATOR}, {operator}}}}}", Scenario)
    emulator = Emulator(scenario, clock=clock, network=network, journal=journal, epoch=0.0)
    meters = Meters(lambda: clock.seconds() / 2, lambda: clock.seconds() / 4)

    async def play() -> Measured:
        await emulator.start()
        try:
            harm(clock, network)
            return await Player(wanted, clock, network, meters, tls).run()
        finally:
            await emulator.stop()

    try:
        measured = clock.wait_for(Deferred.fromCoroutine(play()), 10_000.0)
        clock.advance(1.0)  # what is on the wire arrives
        assert clock.getDelayedCalls() == []
        return measured, report(measured)
    finally:
        journal.close()


def test_a_closed_loop_has_every_message_answered_and_its_latency_counted() -> None:
    measured, found = blasted(plan())
    assert found.passed
    assert (found.written, found.answered, found.outcomes["accepted"]) == (400, 400, 400)
    assert measured.book.latency.count == 400
    assert 20 < (found.latency_ms["p50"] or 0) < 40
    assert found.loop == "closed"
    assert found.generator.share == pytest.approx(0.5, abs=0.01)
    assert found.server is not None
    assert found.limit == "round trip"
    assert found.stray == found.unanswered == found.incoming == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": "\N{SNOWMAN}"}, "gsm7 has no"),
        ({"destination": 10**20}, "destination_addr: has 21 characters, at most 20"),
        ({"system_id": "shop-of-a-town-{n}"}, "system_id: has 16 characters, at most 15"),
        ({"password": "too-long-for-it"}, "password: has 15 characters, at most 8"),
    ],
)
def test_what_cannot_be_encoded_is_told_before_there_is_a_connection(changed: dict[str, Any], said: str) -> None:
    with pytest.raises((SmppError, ValueError), match=said) as caught:
        blasted(plan(**changed))
    assert "too-long-for-it" not in str(caught.value)


@pytest.mark.parametrize("receipts", [Receipts.COUNT, Receipts.MATCH])
def test_receipts_are_waited_for(receipts: Receipts) -> None:
    measured, found = blasted(plan(receipts=receipts))
    assert found.passed
    assert found.receipts is not None
    assert found.receipts["came"] == 400
    assert found.seconds_with_receipts > found.seconds + 0.2
    if receipts is Receipts.MATCH:
        assert found.receipts["matched"] == measured.book.receipt_latency.count == 400
        assert found.receipt_ms is not None
        assert 290 < (found.receipt_ms["p50"] or 0) < 330


def test_an_open_loop_keeps_its_rate_and_its_times() -> None:
    _, found = blasted(plan(rate=200.0, messages=None, seconds=4.0))
    assert found.passed
    assert found.answered == 800
    assert found.seconds == pytest.approx(4.0, abs=0.1)
    assert found.limit == "rate"


def test_what_waits_for_a_window_is_late_from_the_time_it_was_due() -> None:
    """No coordinated omission: three binds with a window of one and 20 ms an answer take some 130 a second, not 400."""
    _, found = blasted(plan(rate=400.0, messages=400, window=1, warm_up=0))
    assert found.answered == 400
    assert found.limit == "behind"
    assert found.most_behind > 200
    assert (found.latency_ms["p99"] or 0) > 1_500


def test_refusals_are_counted_by_status_and_by_class() -> None:
    refusing = "submit: {refuse: {ESME_RTHROTTLED: 20%, ESME_RINVDSTADR: 10%, ESME_RSYSERR: 10%}}"
    _, found = blasted(plan(), refusing)
    assert not found.passed
    assert found.complete
    assert sum(found.outcomes.values()) == found.answered == 400
    assert found.statuses["ESME_RTHROTTLED"] == found.outcomes["throttled"] > 0
    assert found.statuses["ESME_RINVDSTADR"] == found.outcomes["refused"] > 0
    assert found.statuses["ESME_RSYSERR"] == found.outcomes["temporary"] > 0


def test_what_is_never_answered_ends_the_run_and_is_counted() -> None:
    silent = "submit: {latency: 20ms}, faults: [{fault: no-response, probability: 2%}]"
    _, found = blasted(plan(stall=3.0, warm_up=0), silent)
    assert not found.complete
    assert found.unanswered > 0
    assert found.answered + found.unanswered == found.written


def _abort_first(network: SimNetwork) -> None:
    network.connections[0].client.abortConnection()


def test_a_connection_that_is_lost_is_counted_and_the_others_go_on() -> None:
    def reset(clock: SimClock, network: SimNetwork) -> None:
        clock.callLater(0.5, _abort_first, network)

    _, found = blasted(plan(messages=1000, warm_up=0), harm=reset)
    assert found.lost_connections == 1
    assert found.unanswered == 7
    assert found.written == 1000
    assert not found.passed


def test_when_every_connection_is_lost_it_is_over() -> None:
    def reset(clock: SimClock, network: SimNetwork) -> None:
        clock.callLater(0.5, lambda: [each.client.abortConnection() for each in network.connections])

    _, found = blasted(plan(warm_up=0, messages=5000), harm=reset)
    assert found.lost_connections == sum(found.lost_because.values()) == 3
    assert found.unanswered == 21
    assert not found.complete
    assert found.limit == "incomplete"
    assert "    the connection ended: " in to_text(found)


def test_a_rate_that_was_kept_until_the_connections_were_lost_was_not_kept() -> None:
    def reset(clock: SimClock, network: SimNetwork) -> None:
        clock.callLater(2.0, lambda: [each.client.abortConnection() for each in network.connections])

    _, found = blasted(plan(warm_up=0, rate=100.0, messages=500), harm=reset)
    assert found.not_written > 0
    assert found.limit == "incomplete"


def test_without_a_connection_after_the_warm_up_there_is_nothing_to_measure() -> None:
    def reset(clock: SimClock, network: SimNetwork) -> None:
        clock.callLater(0.5, lambda: [each.client.abortConnection() for each in network.connections])

    with pytest.raises(Unusable, match="no connection was left after the warm-up: the connection ended"):
        blasted(plan(warm_up=5000), harm=reset)


def test_a_small_rate_is_no_zero() -> None:
    _, found = blasted(plan(warm_up=0, rate=0.5, messages=3))
    lines = to_text(found).splitlines()
    assert lines[0].startswith("open loop, 0.5/s, ")
    assert lines[1].endswith("  0.744/s")


def test_a_refused_bind_and_a_closed_port_are_told() -> None:
    with pytest.raises(Unusable, match=r"ESME_R(INVPASWD|BINDFAIL)"):
        blasted(plan(password="wrong"))
    with pytest.raises(Unusable, match="cannot be reached"):
        blasted(plan(port=2776))


def test_over_tls_the_certificate_has_to_be_trusted(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    certificate, key = ca.signs("op")
    operator = f"{CALM}, tls: {{certificate: {certificate}, key: {key}}}"
    _, found = blasted(plan(), operator, tls=TlsClient(ClientTls(ca=ca.path)))
    assert found.passed
    stranger = Authority(tmp_path, "another-ca")
    with pytest.raises(Unusable, match="issuer is not trusted here"):
        blasted(plan(), operator, tls=TlsClient(ClientTls(ca=stranger.path)))


def test_long_texts_and_ranges_of_addresses_arrive() -> None:
    long = plan(length=300, alphabet=Alphabet.UCS2, source_range=3, destination_range=5, warm_up=0)
    _, found = blasted(long, "submit: {latency: 1ms}")
    assert found.passed


def test_a_message_of_a_subscriber_is_answered_and_is_no_receipt() -> None:
    talking = CALM + ", rules: [{when: {to: '*'}, reply: {text: hello, after: 10ms}}]"
    _, found = blasted(plan(receipts=Receipts.MATCH, warm_up=0), talking)
    assert found.incoming > 0
    assert found.receipts is not None
    assert found.receipts["matched"] == 400


@pytest.mark.parametrize(
    ("own", "server", "waited", "limit"),
    [
        (0.9, 0.2, 0.0, "generator"),
        (0.2, 0.9, 0.0, "server"),
        (0.9, 0.9, 0.0, "both"),
        (0.2, 0.5, 0.5, "others"),
        (0.2, 0.5, 0.01, "round trip"),
    ],
)
def test_who_was_the_limit_is_said(own: float, server: float, waited: float, limit: str) -> None:
    begin, end = Reading(0.0, 0.0, 0.0, 0.0), Reading(1.0, own, server, waited)
    found = report(Measured(plan(), Book(match=False), begin, end, end, complete=True))
    assert found.limit == limit
    assert ("waited for a processor" in to_text(found)) is (limit == "others")


def test_the_report_says_how_it_measured_and_keeps_the_password() -> None:
    measured, found = blasted(plan(receipts=Receipts.MATCH))
    text = to_text(found)
    assert text.startswith("closed loop, 3 × window 7")
    assert "of one core" in text
    assert "secret" not in text + to_json(found).decode() + repr(measured.plan)
