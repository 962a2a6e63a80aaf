"""What subscribers send: answers, traffic, USSD."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smppkit.pdus import DataSm, DeliverSm, SubmitSm
from smppkit.tlvs import ITS_SESSION_INFO, MESSAGE_PAYLOAD, SET_DPF, USER_MESSAGE_REFERENCE, USSD_SERVICE_OP
from smsc.centre.ussd import LONGEST_SESSION, Operation
from smsc.scenario.model import Scenario
from tests.smsc.conftest import Esme, Lab
from yamlmodel.loader import loads

ACCOUNTS = """
operators:
  op:
    listen: tcp:2775
    accounts:
      - {system_id: shop, password: secret, senders: [SHOP, "*100#"]}
      - {system_id: poll, password: secret, numbers: ["14*"]}
"""


def texts(esme: Esme) -> list[bytes]:
    return [delivery.short_message for delivery in esme.deliveries]


# --- answers and traffic -------------------------------------------------------------------------------


RULE = """
operators:
  op:
    listen: tcp:2775
    receipts: {delay: 2s}
    rules:
      - {when: {text: "/code (?P<code>[0-9]+)/"}, reply: {text: "{code} from {to}", after: 3s}}
    mobile_originated: {replies: [{say: {STOP: 100%}, after: 1s}]}
"""


def test_what_a_rule_has_them_answer_outlives_a_restart(labs: Callable[[], Lab], tmp_path: Path) -> None:
    first = labs().start(RULE, tmp_path / "journal.sqlite")
    first.bound().submit(registered=0, to="77051", text="code 4711")
    first.run(1)
    first.kill()
    second = labs().start(RULE, tmp_path / "journal.sqlite")
    esme = second.bound()
    second.run(5)
    assert texts(esme) == [b"4711 from 77051"]


def test_rules_that_are_added_have_readers_answer_too(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 2s}}}')
    (rule,) = loads(RULE, Scenario).operators["op"].rules
    lab.emulator.operators["op"].state.rulebook.add(rule)
    esme = lab.bound()
    esme.submit(registered=0, to="77051", text="code 4711")
    esme.submit(registered=0, to="77052", text="hello")
    lab.run(6)
    assert texts(esme) == [b"4711 from 77051"]


def test_readers_answer_what_was_delivered_to_them(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {delay: 2s},'
        " mobile_originated: {replies: [{say: {STOP: 100%}, text: /hello/, after: 3s}]}}}"
    )
    esme = lab.bound()
    esme.submit(registered=0)
    esme.submit(registered=0, text="nothing to answer")
    lab.run(4.5, step=0.5)
    assert esme.deliveries == []
    lab.run(1)
    (answer,) = esme.deliveries
    assert (answer.source_addr, answer.destination_addr, answer.short_message) == ("77051234567", "SHOP", b"STOP")


def test_nobody_answers_what_was_not_delivered(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {outcome: {UNDELIV: 100%}},'
        " mobile_originated: {replies: [{say: {STOP: 100%}}]}}}"
    )
    esme = lab.bound()
    esme.submit(registered=0)
    lab.run(20, step=1)
    assert esme.deliveries == []


def traffic(most: str = "") -> str:
    entry = f'{{rate: 5/s, from: "7701#######", to: "1414", texts: [one, two]{most}}}'
    return ACCOUNTS + f"    mobile_originated: {{traffic: [{entry}]}}\n"


def test_subscribers_write_at_a_rate_to_the_account_that_has_the_number(lab: Lab) -> None:
    shop, poll = lab.start(traffic()).bound("shop"), lab.bound("poll")
    lab.run(60, step=0.5)
    assert shop.deliveries == []
    assert 240 < len(poll.deliveries) < 360
    assert set(texts(poll)) == {b"one", b"two"}
    numbers = {delivery.source_addr for delivery in poll.deliveries}
    assert len(numbers) > 200
    assert all(number.startswith("7701") and len(number) == 11 and number.isdigit() for number in numbers)
    assert lab.stats.mo.planned == lab.stats.mo.acknowledged == len(poll.deliveries)


def test_traffic_ends_when_it_was_enough_and_is_the_same_every_time(lab: Lab) -> None:
    poll = lab.start(traffic(", most: 7")).bound("poll")
    lab.run(30, step=0.5)
    other = Lab()
    other.start(traffic(", most: 7"))
    again = other.bound("poll")
    other.run(30, step=0.5)
    other.stop()
    assert [(d.source_addr, d.short_message) for d in poll.deliveries] == [
        (d.source_addr, d.short_message) for d in again.deliveries
    ]
    assert len(poll.deliveries) == 7
    assert len(lab.emulator.operators["op"].centre._shared.wheel) == 0


def test_traffic_needs_one_timer_and_goes_on_without_memory(lab: Lab) -> None:
    """I8."""
    poll = lab.start(traffic()).bound("poll")
    lab.run(5, step=0.5)
    centre = lab.emulator.operators["op"].centre
    assert len(centre._shared.wheel) == 1
    before = len(poll.deliveries)
    centre.forget()
    lab.run(5, step=0.5)
    assert len(centre._shared.wheel) == 1
    assert len(poll.deliveries) > before


def test_what_cannot_be_written_is_left_out_and_counted(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    mo = "{from: '77051234567', to: '1414', text: '" + "x" * 40_000 + "'}"
    poll = lab.start(ACCOUNTS + f"timeline: [{{at: 1s, mo: {mo}}}]\n").bound("poll")
    lab.run(2)
    assert poll.deliveries == []
    assert (lab.stats.mo.planned, lab.stats.mo.withdrawn) == (1, 1)
    assert "cannot be cut into segments" in caplog.text


# --- who can be reached again --------------------------------------------------------------------------


def test_an_esme_is_told_when_a_subscriber_who_was_off_is_on_again(lab: Lab) -> None:
    """C76."""
    lab.start(
        'operators: {op: {listen: "tcp:2775", subscribers: ['
        '{numbers: "7701*", over_time: [{is: off, for: 20s}, {is: off, for: 10s}]}]}}'
    )
    esme = lab.bound()
    esme.acknowledge = lambda pdu: None
    asks, text = SET_DPF.of(1), MESSAGE_PAYLOAD.of(b"hello")
    for to, tlvs in [("77010000001", (asks, text)), ("77010000001", (asks, text)), ("77010000002", (text,))]:
        esme.send(DataSm(source_addr="SHOP", destination_addr=to, tlvs=tlvs))
    esme.send(DataSm(source_addr="SHOP", destination_addr="77020000001", tlvs=(asks, text)))
    lab.run(29, step=1)
    assert [pdu.name for pdu in esme.heard] == ["data_sm_resp"] * 4
    lab.run(2, step=0.5)
    assert [(pdu.name, pdu.source_addr) for pdu in esme.heard[4:]] == [("alert_notification", "77010000001")]
    assert lab.stats.alerts.sent == 1


# --- USSD ----------------------------------------------------------------------------------------------


def dialling(answers: str = "['1', '2']", more: str = "") -> str:
    session = f'{{from: "+77051234567", dials: "*100#", answers: {answers}, after: 2s{more}}}'
    return ACCOUNTS + f"timeline: [{{at: 1s, ussd: {session}}}]\n"


def screen(esme: Esme, seen: DeliverSm, text: str, operation: Operation = Operation.USSR_REQUEST) -> None:
    session = [tlv for tlv in seen.tlvs if tlv.tag in (ITS_SESSION_INFO.number, USER_MESSAGE_REFERENCE.number)]
    esme.send(
        SubmitSm(
            service_type="USSD",
            source_addr="*100#",
            destination_addr=seen.source_addr,
            short_message=text.encode(),
            tlvs=(USSD_SERVICE_OP.of(int(operation)), *session),
        )
    )


def operation_of(pdu: DeliverSm) -> int | None:
    return pdu.tlv(USSD_SERVICE_OP)


def test_a_subscriber_dials_answers_each_screen_and_hangs_up(lab: Lab) -> None:
    esme = lab.start(dialling()).bound("shop")
    lab.run(1.1)
    (dialled,) = esme.deliveries
    assert (dialled.service_type, dialled.source_addr, dialled.destination_addr) == ("USSD", "77051234567", "*100#")
    assert (dialled.short_message, operation_of(dialled)) == (b"*100#", Operation.PSSR_INDICATION)
    for answer in (b"1", b"2"):
        screen(esme, esme.deliveries[-1], "1 Balance 2 Help")
        lab.run(1.9)
        assert esme.deliveries[-1].short_message != answer
        lab.run(0.2)
        assert esme.deliveries[-1].short_message == answer
        assert operation_of(esme.deliveries[-1]) == Operation.USSR_CONFIRM
    infos = [delivery.tlv(ITS_SESSION_INFO) for delivery in esme.deliveries]
    assert infos == [b"\x01\x00", b"\x01\x02", b"\x01\x04"]
    screen(esme, esme.deliveries[-1], "3 Again")
    lab.run(3)
    assert esme.deliveries[-1].tlv(ITS_SESSION_INFO) == b"\x01\x07"
    assert (lab.stats.ussd_sessions, lab.stats.ussd_ended) == (1, 1)
    screen(esme, esme.deliveries[-1], "too late")
    lab.run(3)
    assert len(esme.deliveries) == 4


def test_the_last_screen_ends_a_session(lab: Lab) -> None:
    esme = lab.start(dialling(more=", session_id: user_message_reference")).bound("shop")
    lab.run(1.1)
    assert esme.deliveries[0].tlv(USER_MESSAGE_REFERENCE) == 1
    screen(esme, esme.deliveries[0], "Your balance is 7", Operation.PSSR_RESPONSE)
    lab.run(5)
    assert len(esme.deliveries) == 1
    assert (lab.stats.ussd_sessions, lab.stats.ussd_ended) == (1, 1)


def test_a_screen_of_no_session_is_a_message_like_any_other(lab: Lab) -> None:
    esme = lab.start(dialling()).bound("shop")
    lab.run(1.1)
    stranger = DeliverSm(source_addr="77059999999", tlvs=esme.deliveries[0].tlvs)
    screen(esme, stranger, "hello")
    screen(esme, DeliverSm(source_addr="77051234567", tlvs=(ITS_SESSION_INFO.of(b"\x09\x00"),)), "hello")
    lab.run(5)
    assert [pdu.command_status for pdu in esme.responses] == [0, 0]
    assert len(esme.deliveries) == 1


def test_a_session_that_the_esme_forgets_is_ended_by_the_network(lab: Lab) -> None:
    esme = lab.start(dialling()).bound("shop")
    lab.run(LONGEST_SESSION - 1, step=1)
    screen(esme, esme.deliveries[0], "1 Balance")
    lab.run(10, step=1)
    assert lab.stats.ussd_ended == 0
    lab.run(LONGEST_SESSION, step=1)
    assert esme.deliveries[-1].tlv(ITS_SESSION_INFO) == b"\x01\x05"
    assert lab.stats.ussd_ended == 1


def test_sessions_end_in_a_restart_without_memory(lab: Lab) -> None:
    lab.start(dialling()).bound("shop")
    lab.run(2)
    lab.emulator.operators["op"].centre.forget()
    assert (lab.stats.ussd_sessions, lab.stats.ussd_ended) == (1, 1)


def test_a_subscriber_who_never_answers_a_screen_is_no_fault(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775"}}\n'
        'timeline: [{at: 1s, ussd: {from: "77051234567", dials: "*100#", answers: ["1"], after: never}}]'
    )
    esme = lab.bound()
    lab.run(2)
    (dialled,) = esme.deliveries
    session = next(tlv for tlv in dialled.tlvs if tlv.tag != USSD_SERVICE_OP.number)
    tlvs = (USSD_SERVICE_OP.of(int(Operation.USSR_REQUEST)), session)
    esme.send(SubmitSm(source_addr="*100#", destination_addr="77051234567", short_message=b"menu", tlvs=tlvs))
    lab.run(LONGEST_SESSION + 5, step=1)
    assert esme.responses[0].command_status == 0
    assert (lab.stats.ussd_sessions, lab.stats.ussd_ended) == (1, 1)
