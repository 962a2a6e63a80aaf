"""Binding, submitting and what else an ESME asks: over sessions in memory."""

from __future__ import annotations

import pytest

from smppkit.codec import encode
from smppkit.events import Closing, NoResponse
from smppkit.pdus import BindTransceiver, DataSm, EnquireLink, QuerySm
from smppkit.pdus import Unbind as UnbindPdu
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus as S
from smppkit.tlvs import MESSAGE_PAYLOAD, SC_INTERFACE_VERSION, Tlv
from smsc.centre import deliveries
from smsc.server import server
from tests.smsc.conftest import Lab

ANYBODY = """
operators:
  op: {listen: "tcp:2775", receipts: {delay: 1s}}
"""
ACCOUNTS = """
operators:
  op:
    listen: tcp:2775
    accounts:
      - {system_id: shop, password: secret, binds: 2}
      - {system_id: sink, password: secret, bind_types: [receiver]}
      - {system_id: tight, password: secret, window: 2}
    submit: {latency: 100ms}
"""


@pytest.mark.parametrize(
    ("system_id", "password", "kind", "status"),
    [
        ("shop", "secret", "transceiver", S.ESME_ROK),
        ("shop", "secret", "transmitter", S.ESME_ROK),
        ("shop", "wrong", "transceiver", S.ESME_RBINDFAIL),
        ("nobody", "secret", "transceiver", S.ESME_RBINDFAIL),
        ("sink", "secret", "receiver", S.ESME_ROK),
        ("sink", "secret", "transceiver", S.ESME_RINVCMDID),
    ],
)
def test_credentials_and_bind_types(lab: Lab, system_id: str, password: str, kind: str, status: int) -> None:
    """C20: one status for a wrong name and a wrong password."""
    assert lab.start(ACCOUNTS).esme().bind(system_id, password, kind) == status


def test_an_account_has_so_many_binds_at_once(lab: Lab) -> None:
    lab.start(ACCOUNTS)
    first, _ = lab.bound(), lab.bound()
    third = lab.esme()
    assert third.bind() == S.ESME_RALYBND
    first.drop()
    assert third.bind() == S.ESME_ROK
    assert (lab.stats.binds, lab.stats.binds_refused) == (3, {S.ESME_RALYBND: 1})


@pytest.mark.parametrize(("version", "told"), [(0x34, 0x50), (0x50, 0x50), (0x33, None), (0, None)])
def test_only_those_who_know_tlvs_are_told_the_version(lab: Lab, version: int, told: int | None) -> None:
    """C24, C25."""
    esme = lab.start(ANYBODY).esme()
    assert esme.bind(interface_version=version, kind="transmitter") == 0
    response = esme.events[-2].response
    assert response.tlv(SC_INTERFACE_VERSION) == told
    assert response.system_id == "op"


def test_a_submit_is_answered_and_its_receipt_follows(lab: Lab) -> None:
    """C74: addresses swapped, esm_class 0x04, the id in text and TLV."""
    esme = lab.start(ANYBODY).bound()
    sequence = esme.submit(text="hello you")
    lab.settle()
    (response,) = esme.heard
    assert (response.sequence_number, response.command_status) == (sequence, 0)
    lab.run(0.99)
    assert esme.deliveries == []
    lab.run(0.02)
    (delivery,) = esme.deliveries
    receipt = parse_receipt(delivery)
    assert receipt is not None
    assert (receipt.message_id, receipt.stat, receipt.text) == (response.message_id, "DELIVRD", "hello you")
    assert (delivery.source_addr, delivery.destination_addr) == ("77051234567", "SHOP")
    (message,) = lab.inbox().messages()
    assert (message.state, message.final_at, message.acknowledged_at) == (
        "DELIVRD",
        pytest.approx(lab.now + 1_767_225_600, abs=0.02),
        pytest.approx(lab.now + 1_767_225_600, abs=0.02),
    )
    assert (lab.stats.accepted, lab.stats.receipts.acknowledged, lab.stats.receipts.waiting) == (1, 1, 0)


def test_no_receipt_unless_asked_for(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.submit(registered=0)
    lab.run(3)
    assert len(esme.heard) == 1
    assert lab.inbox().messages()[0].state == "DELIVRD"


def test_responses_come_after_their_latency(lab: Lab) -> None:
    esme = lab.start(ACCOUNTS).bound()
    esme.submit()
    lab.run(0.095)
    assert esme.heard == []
    lab.run(0.01)
    assert len(esme.heard) == 1


def test_more_than_the_window_is_throttled(lab: Lab) -> None:
    """C35."""
    esme = lab.start(ACCOUNTS).bound("tight")
    for _ in range(3):
        esme.submit()
    lab.run(0.2)
    assert sorted(pdu.command_status for pdu in esme.responses) == [0, 0, S.ESME_RTHROTTLED]


def test_the_rate_of_an_account_is_throttled(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", accounts: [{system_id: s, password: p, rate: 2/s}]}}')
    esme = lab.bound("s", "p")
    for _ in range(3):
        esme.submit()
    lab.run(0.1)
    assert sorted(pdu.command_status for pdu in esme.responses) == [0, 0, S.ESME_RTHROTTLED]
    assert lab.stats.refused == {S.ESME_RTHROTTLED: 1}
    assert lab.inbox().messages(status=S.ESME_RTHROTTLED)[0].state is None


def test_a_rule_may_leave_a_submit_without_an_answer(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", rules: [{respond: none}]}}')
    esme = lab.bound()
    esme.submit()
    lab.run(2)
    assert esme.responses == []
    assert len(esme.deliveries) == 1
    assert (lab.stats.submitted, lab.stats.accepted, lab.stats.unanswered) == (1, 1, 1)


def test_receipts_may_come_before_their_response(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", submit: {latency: 40ms}, receipts: {delay: 39ms, before_response: true}}}'
    )
    esme = lab.bound()
    for _ in range(5):
        esme.submit()
    lab.run(0.2)
    assert [pdu.name for pdu in esme.heard] == ["deliver_sm"] * 5 + ["submit_sm_resp"] * 5


@pytest.mark.parametrize("journal", [":memory:", None])
def test_receipts_come_first_also_where_all_is_due_at_once(lab: Lab, journal: str | None) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 0ms, before_response: true}}}', journal)
    esme = lab.bound()
    esme.submit()
    lab.run(0.01)
    assert [pdu.name for pdu in esme.heard] == ["deliver_sm", "submit_sm_resp"]


@pytest.mark.parametrize("journal", [":memory:", None])
def test_responses_come_first_where_nothing_else_is_said(lab: Lab, journal: str | None) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 0ms}}}', journal)
    esme = lab.bound()
    esme.submit()
    lab.run(0.01)
    assert [pdu.name for pdu in esme.heard] == ["submit_sm_resp", "deliver_sm"]


def test_an_answer_that_is_due_on_a_lost_connection_is_counted(lab: Lab) -> None:
    esme = lab.start(ACCOUNTS).bound()
    esme.submit()
    lab.settle()
    esme.drop()
    lab.run(0.2)
    assert (lab.stats.accepted, lab.stats.answered, lab.stats.answered_late) == (1, 0, 1)


def test_data_sm_is_a_message_like_any_other(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    payload = MESSAGE_PAYLOAD.of(b"by data_sm")
    esme.send(DataSm(tlvs=(payload,), source_addr="SHOP", destination_addr="7705", registered_delivery=1))
    esme.send(DataSm(tlvs=(payload,), source_addr="S" * 30, destination_addr="7705"))
    lab.run(1.1)
    accepted, refused = esme.responses
    assert (accepted.name, refused.command_status) == ("data_sm_resp", S.ESME_RINVSRCADR)
    assert len(esme.deliveries) == 1
    assert lab.inbox().messages(text="BY DATA")[0].message_id == accepted.message_id


def test_query_sm_tells_the_state(lab: Lab) -> None:
    """C69."""
    esme = lab.start(ANYBODY).bound()
    esme.submit()
    lab.settle()
    message_id = esme.heard.pop().message_id
    esme.send(QuerySm(message_id=message_id, source_addr="SHOP"))
    lab.run(1.1)
    esme.send(QuerySm(message_id=message_id, source_addr="SHOP"))
    esme.send(QuerySm(message_id=message_id, source_addr="OTHER"))
    esme.send(QuerySm(message_id="77", source_addr="SHOP"))
    lab.settle()
    on_the_way, delivered, of_another, unknown = esme.responses
    assert (on_the_way.message_state, on_the_way.final_date) == (1, "")
    assert (delivered.message_state, delivered.final_date) == (2, "260101000001000+")
    assert (of_another.command_status, unknown.command_status) == (S.ESME_RQUERYFAIL, S.ESME_RINVMSGID)


def test_the_esme_unbinds(lab: Lab) -> None:
    """C32: what is in flight is answered first."""
    esme = lab.start(ACCOUNTS).bound()
    esme.submit()
    esme.session.unbind(lab.now)
    lab.run(0.3)
    assert [pdu.command_status for pdu in esme.responses] == [0]
    assert isinstance(esme.events[-1], Closing)
    assert esme.events[-1].reason == "unbound"
    assert not esme.open
    assert lab.emulator.operators["op"].connections == {}


def test_the_emulator_unbinds_when_it_stops(lab: Lab) -> None:
    """C32: what is in flight is answered first."""
    esme = lab.start(ACCOUNTS).bound()
    esme.submit()
    lab.settle()
    lab.stop()
    assert [pdu.command_status for pdu in esme.responses] == [0]
    assert esme.events[-1].reason == "the peer unbound"


def test_an_esme_that_never_pauses_is_unbound_in_the_middle_of_its_window(lab: Lab) -> None:
    """C32: and has the answers to all it has sent."""
    esme = lab.start(ACCOUNTS).bound()
    stopped: list[object] = []
    sent = 0
    for step in range(300):
        if esme.session.bound:  # it goes on until it is told
            esme.submit(registered=0)
            sent += 1
        if step == 10:
            lab.emulator.stop().addBoth(stopped.append)
        lab.run(0.01)
    assert stopped
    assert sent > 200
    assert [pdu.command_status for pdu in esme.responses] == [0] * sent
    assert esme.events[-1].reason == "the peer unbound"


def test_an_esme_that_does_not_unbind_is_cut(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.reads = False
    lab.stop()
    assert esme.wire.aborted or esme.wire.closing
    assert not esme.open


def test_garbage_is_answered_and_the_connection_closed(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.submit()
    esme.session._wire.write_octets(b"GET / HTTP/1.1\r\n\r\n")
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [0]
    assert not esme.open


def test_a_connection_that_says_nothing_is_closed(lab: Lab) -> None:
    """C28."""
    esme = lab.start(ANYBODY).esme()
    lab.run(31, step=1)
    assert not esme.open
    assert lab.stats.connections == 1


def test_the_link_is_tested_in_silence(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    lab.run(40, step=1)
    assert [row.direction for row in lab.inbox().pdus(command_id=EnquireLink.command_id)] == ["out"]
    assert esme.open


def test_connections_are_bounded(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", access: {connections: 2}}}')
    assert [lab.esme().refused for _ in range(3)] == [False, False, True]
    assert lab.stats.connections_refused == 1


def test_a_full_message_centre_says_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts that nobody fetches cannot fill the memory."""
    monkeypatch.setattr(deliveries, "MOST_OWED", 2)
    esme = lab.start(ANYBODY).bound(kind="transmitter")
    for _ in range(3):
        esme.submit()
        lab.settle()
    esme.submit(registered=0)
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [0, 0, S.ESME_RMSGQFUL, 0]


def test_an_esme_that_does_not_read_is_not_read_from(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.wire.producer.pauseProducing()
    assert not esme.wire.reading
    esme.submit()
    lab.run(2)
    assert lab.stats.submitted == 0
    esme.wire.producer.resumeProducing()
    assert esme.wire.reading


def test_a_receipt_waits_for_an_esme_that_does_not_read(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.submit()
    lab.settle()
    esme.wire.producer.pauseProducing()
    lab.run(2)
    assert esme.deliveries == []
    esme.wire.producer.resumeProducing()
    lab.settle()
    assert len(esme.deliveries) == 1


def test_an_esme_that_never_reads_our_last_words_is_cut(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.reads = False
    esme.session._wire.write_octets(b"GET / HTTP/1.1\r\n\r\n")
    lab.run(server.CLOSE_SECONDS + 0.5, step=0.1)
    assert esme.wire.aborted
    assert not esme.open


def test_unbinding_before_binding_is_refused(lab: Lab) -> None:
    """C33."""
    esme = lab.start(ANYBODY).esme()
    esme.link.dataReceived(bytes.fromhex("00000010000000060000000000000001"))
    esme.session.receive_bytes(b"", lab.now)
    assert esme.wire.unread[8:12] == int(S.ESME_RINVBNDSTS).to_bytes(4, "big")
    assert UnbindPdu.command_id == 6


def test_logs_hold_no_numbers_of_people(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.start(ANYBODY + "timeline: [{at: 1s, mo: {from: '77051234567', to: '1234', text: hello}}]")
    lab.bound().submit()
    lab.run(2)
    assert "7705*****67" in caplog.text
    assert "77051234567" not in caplog.text
    assert not any(isinstance(event, NoResponse) for event in lab.esmes[0].events)


def test_nobody_is_bound_whose_next_octets_break_the_stream(lab: Lab) -> None:
    esme = lab.start(ANYBODY).esme()
    esme.link.dataReceived(encode(BindTransceiver(system_id="shop", sequence_number=1)) + b"GET / HTTP/1.1\r\n\r\n")
    assert (lab.stats.binds, lab.stats.sessions.broken_streams) == (0, 0)
    lab.settle()
    assert not esme.open
    assert (lab.stats.binds, lab.stats.sessions.broken_streams) == (0, 1)
    assert lab.bound().open


def test_a_response_that_has_no_room_for_what_is_to_be_in_it_is_cut_down(lab: Lab) -> None:
    echo = "{tag: 0x1400, echo: true}"
    lab.start(f'operators: {{op: {{listen: "tcp:2775", submit: {{tlvs: [{echo}, {echo}]}}}}}}')
    esme = lab.bound()
    esme.submit(tlvs=(Tlv(0x1400, b"x"),) * 300)
    lab.settle()
    (response,) = esme.responses
    assert (response.command_status, response.tlvs) == (0, ())
    assert response.message_id
