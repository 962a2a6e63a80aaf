"""What goes out to ESMEs: retried by status, stopped, given up, withdrawn, forgotten, and always counted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import encode
from smppkit.pdus import AlertNotification, CancelSm, DataSm, GenericNack, Pdu, SmeAddress, SubmitMulti
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus as S
from smppkit.tlvs import MESSAGE_PAYLOAD, MS_AVAILABILITY_STATUS
from smsc.stats import DeliveryStats
from tests.smsc.conftest import Esme, Lab

ANYBODY = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 1s}}}'


def settled(stats: DeliveryStats) -> int:
    return (
        stats.waiting
        + stats.acknowledged
        + sum(stats.refused.values())
        + stats.given_up
        + stats.stopped
        + stats.withdrawn
        + stats.forgotten
    )


def retrying(**more: Any) -> str:
    retry = ", ".join(f"{name}: {value}" for name, value in more.items())
    return f'operators: {{op: {{listen: "tcp:2775", receipts: {{delay: 1s, retry: {{{retry}}}}}}}}}'


# --- statuses (C75) ------------------------------------------------------------------------------------


def test_0x64_is_tried_again_and_0x66_is_not(lab: Lab) -> None:
    """C75."""
    esme = lab.start(ANYBODY).bound()
    answers = iter([S.ESME_RX_T_APPN, 0, S.ESME_RX_R_APPN])
    esme.acknowledge = lambda pdu: next(answers)
    esme.submit()
    lab.run(3)
    assert len(esme.deliveries) == 2
    esme.submit()
    lab.run(30, step=1)
    assert len(esme.deliveries) == 3
    assert (lab.stats.receipts.acknowledged, lab.stats.receipts.refused) == (1, {S.ESME_RX_R_APPN: 1})


def test_0x65_drops_what_waits_for_that_address_and_nothing_else(lab: Lab) -> None:
    """C75: what comes later is tried again."""
    transmitter = lab.start(ANYBODY).bound(kind="transmitter")
    for _ in range(3):
        transmitter.submit()
    transmitter.send(SubmitMulti(source_addr="BANK", dest_addresses=(SmeAddress(1, 1, "7705"),), registered_delivery=1))
    lab.run(2)
    receiver = lab.esme()
    receiver.acknowledge = lambda pdu: S.ESME_RX_P_APPN if pdu.destination_addr == "SHOP" else 0
    receiver.bind(kind="receiver")
    lab.run(5, step=0.5)
    stats = lab.stats.receipts
    assert stats.acknowledged == 1
    assert stats.refused[S.ESME_RX_P_APPN] + stats.stopped == 3
    receiver.acknowledge = lambda pdu: 0
    transmitter.submit()
    lab.run(2)
    assert lab.stats.receipts.acknowledged == 2
    assert settled(lab.stats.receipts) == lab.stats.receipts.planned == 5


def test_the_statuses_that_are_tried_again_and_the_waits_are_the_operators(lab: Lab) -> None:
    esme = lab.start(retrying(on="[0x400]", first="4s", longest="6s")).bound()
    times: list[float] = []

    def refuse(pdu: Pdu) -> int:
        times.append(lab.now)
        return 0x400 if len(times) < 4 else S.ESME_RTHROTTLED

    esme.acknowledge = refuse
    esme.submit()
    lab.run(60, step=0.5)
    waits = [later - sooner for sooner, later in pairwise(times)]
    assert waits == [pytest.approx(wait, abs=0.6) for wait in (4, 6, 6)]
    assert lab.stats.receipts.refused == {S.ESME_RTHROTTLED: 1}


def test_attempts_are_limited_and_giving_up_is_counted(lab: Lab) -> None:
    esme = lab.start(retrying(attempts=3)).bound()
    esme.acknowledge = lambda pdu: S.ESME_RTHROTTLED
    esme.submit()
    lab.run(60, step=0.5)
    assert len(esme.deliveries) == 3
    assert (lab.stats.receipts.given_up, lab.stats.receipts.repeated, lab.stats.receipts.waiting) == (1, 2, 0)
    assert list(lab.journal.owed("op")) == []


def test_a_bind_that_is_lost_counts_as_an_attempt(lab: Lab) -> None:
    esme = lab.start(retrying(attempts=1)).bound()
    esme.acknowledge = lambda pdu: None
    esme.submit()
    lab.run(1.5)
    esme.drop()
    again = lab.bound()
    lab.run(1)
    assert again.deliveries == []
    assert lab.stats.receipts.given_up == 1


# --- how many, and where -------------------------------------------------------------------------------


def test_copies_of_a_receipt_are_all_sent_and_all_counted(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 1s, copies: 3}}}')
    esme = lab.bound()
    esme.submit()
    lab.run(2)
    assert len({delivery.short_message for delivery in esme.deliveries}) == 1
    assert (len(esme.deliveries), lab.stats.receipts.planned, lab.stats.receipts.acknowledged) == (3, 3, 3)


@pytest.mark.parametrize(
    ("route", "expected"),
    [("same-bind", (4, 0, 0)), ("sibling", (0, 2, 2)), ("receivers", (0, 0, 4)), ("round-robin", None)],
)
def test_receipts_take_the_route_of_the_operator(lab: Lab, route: str, expected: tuple[int, ...] | None) -> None:
    """I3."""
    lab.start(f'operators: {{op: {{listen: "tcp:2775", receipts: {{delay: 1s, route: {route}}}}}}}')
    binds = [lab.bound(), lab.bound(), lab.bound(kind="receiver")]
    for _ in range(4):
        binds[0].submit()
    lab.run(2)
    counts = tuple(len(esme.deliveries) for esme in binds)
    assert sum(counts) == 4
    assert counts == expected or (expected is None and min(counts) == 1)


def test_a_receipt_for_a_bind_that_is_gone_goes_to_a_sibling(lab: Lab) -> None:
    """I3."""
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 1s, route: same-bind}}}')
    first, second = lab.bound(), lab.bound()
    first.submit()
    lab.settle()
    first.drop()
    lab.run(2)
    assert len(second.deliveries) == 1


def test_receipts_that_a_lost_bind_has_not_acknowledged_go_to_a_sibling(lab: Lab) -> None:
    """I3."""
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 1s, route: same-bind}}}')
    first, second = lab.bound(), lab.bound()
    first.acknowledge = lambda pdu: None
    first.submit()
    lab.run(2)
    first.drop()
    lab.settle()
    assert (len(first.deliveries), len(second.deliveries)) == (1, 1)


# --- notices -------------------------------------------------------------------------------------------

NOTICES = """
operators:
  op:
    listen: tcp:2775
    receipts:
      delay: 5s
      notices:
        - {stat: ACCEPTD, asked: false, esm_class: 0x04}
        - {stat: ENROUTE, after: 2s}
        - {stat: ENROUTE, after: 3s, late: true, asked: false}
"""


@pytest.mark.parametrize("journal", [None, ":memory:"])
def test_notices_come_around_the_final_receipt(lab: Lab, journal: str | None) -> None:
    """C50: the bit 0x10 asks for the intermediate one."""
    esme = lab.start(NOTICES, journal).bound()
    esme.submit(registered=0x11)
    lab.run(10, step=0.5)
    assert [(parse_receipt(d).stat, d.esm_class) for d in esme.deliveries] == [
        ("ACCEPTD", 0x04),
        ("ENROUTE", 0x20),
        ("DELIVRD", 0x04),
        ("ENROUTE", 0x20),
    ]
    assert lab.stats.receipts.acknowledged == lab.stats.receipts.planned == 4
    if journal:
        assert list(lab.journal.unfinished("op", 0.0)) == []


def test_a_message_that_is_cancelled_has_no_more_notices(lab: Lab) -> None:
    esme = lab.start(NOTICES).bound()
    esme.submit(registered=0x11)
    lab.run(1)
    esme.send(CancelSm(message_id=esme.responses[0].message_id, source_addr="SHOP"))
    lab.run(10, step=0.5)
    assert [parse_receipt(delivery).stat for delivery in esme.deliveries] == ["ACCEPTD", "DELETED", "ENROUTE"]
    assert settled(lab.stats.receipts) == lab.stats.receipts.planned


# --- alerts --------------------------------------------------------------------------------------------


def test_an_alert_reaches_every_bind_that_receives(lab: Lab) -> None:
    """C36, C76."""
    lab.start(ANYBODY + "\ntimeline: [{at: 1s, alert: '+77051234567', status: 2}]")
    receiver, transceiver, old = lab.bound(kind="receiver"), lab.bound("bank"), lab.bound("old", interface_version=0x33)
    transmitter = lab.bound(kind="transmitter")
    for esme in lab.esmes:
        esme.acknowledge = lambda pdu: None  # there is no response to an alert
    lab.run(2)
    for esme in (receiver, transceiver):
        (alert,) = (pdu for pdu in esme.heard if isinstance(pdu, AlertNotification))
        assert (alert.source_addr, alert.tlv(MS_AVAILABILITY_STATUS)) == ("77051234567", 2)
        assert len(alert.esme_addr) <= 64
    assert (transmitter.heard, old.heard) == ([], [])
    assert (lab.stats.alerts.sent, lab.stats.alerts.unheard) == (2, 1)


# --- everything adds up --------------------------------------------------------------------------------

RANDOM = """
seed: 3
operators:
  op:
    listen: tcp:2775
    accounts:
      - {system_id: shop, password: secret}
      - {system_id: poll, password: secret, numbers: ["14*"]}
    timers: {response: 3s, enquire_link: null}
    submit: {latency: uniform 1ms 300ms}
    receipts:
      delay: uniform 10ms 3s
      outcome: {DELIVRD: 60%, UNDELIV: 20%, EXPIRED: 10%, none: 10%}
      copies: 2
      rejected: true
      route: sibling
      notices: [{stat: ENROUTE, after: 500ms, asked: false}]
      retry: {attempts: 3}
    rules: [{when: {to: "*7"}, respond: ESME_RINVDSTADR}, {when: {to: "*8"}, respond: none}]
    mobile_originated:
      replies: [{say: {"YES": 50%}, after: 1s}]
      traffic: [{rate: 5/s, from: "7701#######", to: "1414", texts: [hi, "yes"], most: 10}]
"""
RESETS = {"reset shop": "shop", "reset poll": "poll", "reset": None}
STEPS = st.sampled_from(
    ["submit", "submit", "multi", "data", "cancel", "other", "wait", "wait", "drop", "bind", "forget", *RESETS]
)
ANSWERS = st.lists(st.sampled_from([0, 0, 0, S.ESME_RTHROTTLED, S.ESME_RX_P_APPN, 0x400, None]), min_size=1)


def perform(lab: Lab, step: str, esme: Esme, number: int) -> None:
    if step == "submit":
        esme.submit(to=f"7705{number:07}", registered=number % 3)
    elif step == "multi":
        destinations = tuple(SmeAddress(1, 1, f"7706{number + n:07}") for n in range(3))
        esme.send(SubmitMulti(source_addr="SHOP", dest_addresses=destinations, registered_delivery=1))
    elif step == "data":
        payload = (MESSAGE_PAYLOAD.of(b"hello"),)
        to = f"7707{number:07}"
        esme.send(DataSm(source_addr="SHOP", destination_addr=to, esm_class=2, registered_delivery=1, tlvs=payload))
    elif step == "other":
        esme.submit(to="1401", registered=1)
    elif step == "cancel":
        esme.send(CancelSm(source_addr="SHOP", destination_addr="1401"))
    elif step == "drop":
        esme.drop()
    elif step == "bind":
        lab.bound("poll")
    elif step == "forget":
        lab.emulator.operators["op"].centre.forget()
    elif step in RESETS:
        lab.emulator.reset(RESETS[step])


@pytest.mark.parametrize("journal", [None, ":memory:"])
def test_every_number_adds_up_whatever_happens(journal: str | None) -> None:
    """I4, I8: what is taken is answered, delivered, kept or counted."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(STEPS, max_size=30), ANSWERS)
    def run(steps: list[str], answers: list[int | None]) -> None:
        lab = Lab()
        lab.start(RANDOM, journal)
        esme = lab.bound()
        for number, step in enumerate(steps):
            if not esme.open:
                esme = lab.bound()
            for one in lab.esmes:
                one.acknowledge = lambda pdu, n=number: answers[n % len(answers)]  # type: ignore[misc]
            perform(lab, step, esme, number)
            lab.run(0.4, step=0.1)
        check(lab, drained=False)
        for one in lab.esmes:
            one.acknowledge = lambda pdu: 0
        lab.bound()
        lab.bound("poll")
        lab.run(2 * 86400 + 100, step=4000)
        lab.run(200, step=4)
        check(lab, drained=True)
        lab.stop()
        assert lab.clock.getDelayedCalls() == []

    run()


def check(lab: Lab, *, drained: bool) -> None:
    stats = lab.stats
    for deliveries in (stats.receipts, stats.mo, stats.messages):
        assert settled(deliveries) == deliveries.planned
        assert deliveries.waiting >= 0
        assert not drained or deliveries.waiting == 0
    assert stats.submitted == stats.accepted + sum(stats.refused.values())
    answered = stats.answered + stats.answered_late + stats.unanswered
    assert answered <= stats.submitted + stats.operations
    assert not drained or answered == stats.submitted + stats.operations
    if lab.journal is not None and drained:
        assert list(lab.journal.owed("op")) == []


# --- who is gone, or says nothing -----------------------------------------------------------------------


def test_an_esme_that_is_being_unbound_gets_no_alert(lab: Lab) -> None:
    """Its session is not over, and takes none any more."""
    esme = lab.start(ANYBODY).bound()
    esme.acknowledge = lambda pdu: None
    esme.submit()
    lab.run(1.5)
    operator = lab.emulator.operators["op"]
    operator.unbind_all()
    operator.centre.alert("77051234567")
    assert (lab.stats.alerts.sent, lab.stats.alerts.unheard) == (0, 1)


def test_where_anybody_may_bind_idle_mailboxes_are_not_kept(lab: Lab) -> None:
    lab.start(ANYBODY)
    owed = lab.bound("owed")
    owed.submit()
    lab.settle()
    owed.drop()
    for number in range(10):
        lab.bound(f"esme{number}").drop()
    lab.run(2)
    assert list(lab.emulator.operators["op"].centre.mailboxes) == ["owed"]
    assert len(lab.bound("owed").deliveries) == 1


def test_a_generic_nack_without_status_is_no_acknowledgement(lab: Lab) -> None:
    """Not of a message from one ESME to another either: that has not arrived."""
    lab.start(
        'operators: {op: {listen: "tcp:2775", accounts: [{system_id: a, password: secret},'
        ' {system_id: b, password: secret, numbers: ["1414"]}]}}'
    )
    sender, taker = lab.bound("a"), lab.bound("b")
    taker.acknowledge = lambda pdu: None
    sender.submit(to="1414")
    lab.settle()
    (message,) = taker.deliveries
    taker.link.dataReceived(encode(GenericNack(sequence_number=message.sequence_number)))
    lab.run(1)
    receipts = [parse_receipt(delivery) for delivery in sender.deliveries]
    assert [receipt.stat for receipt in receipts if receipt] == ["UNDELIV"]
