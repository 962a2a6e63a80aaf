"""Messages in: submit_multi, data_sm, transactions, replacing, long messages, refusals with a receipt or a body."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smppkit.message_state import MessageState as M
from smppkit.pdus import (
    CancelSm,
    DataSm,
    DeliverSm,
    DistributionList,
    QuerySm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
)
from smppkit.receipts import parse_receipt
from smppkit.segments import UDHI
from smppkit.status import CommandStatus as S
from smppkit.tlvs import MESSAGE_PAYLOAD
from smsc.centre import deliveries
from tests.smsc.conftest import Esme, Lab

ANYBODY = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 1s}}}'
LISTS = """
operators:
  op:
    listen: tcp:2775
    submit: {distribution_lists: {friends: ["77010000001", "77010000002"]}}
    rules: [{when: {to: "77059*"}, respond: ESME_RINVDSTADR}]
"""


def multi(*destinations: str | DistributionList, **more: Any) -> SubmitMulti:
    return SubmitMulti(
        source_addr="SHOP",
        dest_addresses=tuple(SmeAddress(1, 1, to) if isinstance(to, str) else to for to in destinations),
        short_message=b"hello",
        **more,
    )


def data(**more: Any) -> DataSm:
    values: dict[str, Any] = {"source_addr": "SHOP", "destination_addr": "77051234567"}
    return DataSm(tlvs=(MESSAGE_PAYLOAD.of(b"hello"),), **values | more)


def states(esme: Esme) -> list[tuple[str, str]]:
    receipts = [(delivery, parse_receipt(delivery)) for delivery in esme.deliveries]
    return [(delivery.source_addr, receipt.stat) for delivery, receipt in receipts if receipt is not None]


# --- submit_multi --------------------------------------------------------------------------------------


def test_a_submit_multi_is_a_message_for_each_destination_under_one_id(lab: Lab) -> None:
    """C73."""
    esme = lab.start(LISTS).bound()
    esme.send(multi("77050000001", "77059000001", DistributionList("friends"), registered_delivery=1))
    lab.run(2)
    response = esme.responses[0]
    assert isinstance(response, SubmitMultiResp)
    assert [(sme.destination_addr, sme.error_status_code) for sme in response.unsuccess_smes] == [
        ("77059000001", S.ESME_RINVDSTADR)
    ]
    receipts = [parse_receipt(delivery) for delivery in esme.deliveries]
    assert {receipt.message_id for receipt in receipts if receipt} == {response.message_id}
    assert states(esme) == [(to, "DELIVRD") for to in ("77050000001", "77010000001", "77010000002")]
    assert (lab.stats.submitted, lab.stats.accepted, lab.stats.book.taken) == (1, 1, 3)
    assert [message.status for message in lab.inbox().messages()] == [0, S.ESME_RINVDSTADR, 0, 0]


def test_a_list_that_nobody_knows_refuses_all_of_it(lab: Lab) -> None:
    """C73."""
    esme = lab.start(LISTS).bound()
    esme.send(multi("77050000001", DistributionList("enemies")))
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [S.ESME_RINVDLNAME]
    assert lab.stats.book.taken == 0


def test_a_submit_multi_of_which_nothing_is_accepted_is_refused(lab: Lab) -> None:
    esme = lab.start(LISTS).bound()
    esme.send(multi("77059000001", "77059000002"))
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [S.ESME_RINVDSTADR]


def test_a_submit_multi_is_cancelled_for_one_destination_or_for_all(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.send(multi("1", "2", "3", registered_delivery=1))
    lab.settle()
    message_id = esme.responses[0].message_id
    esme.send(CancelSm(message_id=message_id, source_addr="SHOP", destination_addr="2"))
    lab.settle()
    esme.send(CancelSm(message_id=message_id, source_addr="SHOP"))
    lab.run(2)
    assert states(esme) == [("2", "DELETED"), ("1", "DELETED"), ("3", "DELETED")]


# --- data_sm -------------------------------------------------------------------------------------------


def test_a_data_sm_has_its_receipt_in_a_data_sm_where_the_operator_sends_such(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {carrier: data_sm}}}')
    esme = lab.bound()
    esme.send(data(registered_delivery=1))
    lab.run(2)
    response, receipt = esme.heard
    assert isinstance(receipt, DataSm)
    assert parse_receipt(receipt).message_id == response.message_id
    assert lab.stats.receipts.acknowledged == 1


def test_a_transaction_is_answered_when_its_outcome_is_known(lab: Lab) -> None:
    """C77."""
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {delay: 3s}, rules: ['
        '{when: {to: "7702*"}, receipt: {stat: UNDELIV}}]}}'
    )
    esme = lab.bound()
    for to in ("77010000001", "77020000001"):
        esme.send(data(esm_class=0x02, destination_addr=to))
    lab.run(2.9)
    assert esme.responses == []
    lab.run(0.2)
    assert [pdu.command_status for pdu in esme.responses] == [0, S.ESME_RDELIVERYFAILURE]
    assert (lab.stats.answered, lab.stats.accepted) == (2, 2)


def test_a_transaction_that_is_cancelled_has_failed(lab: Lab) -> None:
    esme = lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 60s}}}').bound()
    esme.send(data(esm_class=0x02))
    lab.settle()
    cancel = CancelSm(source_addr="SHOP", destination_addr="77051234567")
    esme.send(cancel)
    lab.run(0.1)
    assert [(pdu.name, pdu.command_status) for pdu in esme.responses] == [
        ("cancel_sm_resp", 0),
        ("data_sm_resp", S.ESME_RDELIVERYFAILURE),
    ]


def test_a_transaction_of_which_nothing_is_ever_heard_fails_with_its_validity(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {outcome: {none: 100%}}, submit: {schedule: {validity: 20s}}}}'
    )
    esme = lab.bound()
    esme.send(data(esm_class=0x02))
    lab.run(19, step=1)
    assert esme.responses == []
    lab.run(2, step=1)
    assert [pdu.command_status for pdu in esme.responses] == [S.ESME_RDELIVERYFAILURE]


def test_a_transaction_waits_longer_than_its_validity_where_the_outcome_does(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {delay: 30s}, submit: {schedule: {validity: 20s}},'
        " timers: {enquire_link: null}}}"
    )
    esme = lab.bound()
    esme.send(data(esm_class=0x02))
    lab.run(29, step=1)
    assert esme.responses == []
    lab.run(2, step=1)
    assert [pdu.command_status for pdu in esme.responses] == [0]


@pytest.mark.parametrize("pdu", [SubmitSm(destination_addr="7705", esm_class=2), multi("7705", esm_class=2)])
def test_only_data_sm_may_be_a_transaction(lab: Lab, pdu: SubmitSm | SubmitMulti) -> None:
    """C77."""
    esme = lab.start(ANYBODY).bound()
    esme.send(pdu)
    lab.settle()
    assert [answer.command_status for answer in esme.responses] == [S.ESME_RINVESMCLASS]


# --- replace_if_present --------------------------------------------------------------------------------


def test_a_new_message_takes_the_place_of_the_last_one_alike(lab: Lab) -> None:
    """C52: where there is none it is an ordinary one."""
    esme = lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 10s}}}').bound()
    for text, more in [
        ("first", {}),
        ("other way", {"service_type": "WAP"}),
        ("second", {"replace_if_present_flag": 1}),
        ("nothing there", {"replace_if_present_flag": 1, "to": "7706"}),
    ]:
        esme.submit(text=text, **more)
        lab.run(0.1)
    lab.run(12, step=1)
    texts = [(parse_receipt(delivery).text, parse_receipt(delivery).stat) for delivery in esme.deliveries]
    assert texts == [
        ("first", "DELETED"),
        ("other way", "DELIVRD"),
        ("second", "DELIVRD"),
        ("nothing there", "DELIVRD"),
    ]
    assert (lab.stats.book.taken, lab.stats.book.replaced) == (4, 1)


# --- long messages -------------------------------------------------------------------------------------

REASSEMBLES = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 1s, reassembly: 10s}}}'


def part(esme: Esme, number: int, total: int = 2) -> None:
    esme.send(
        SubmitSm(
            source_addr="SHOP",
            destination_addr="77051234567",
            esm_class=UDHI,
            registered_delivery=1,
            short_message=bytes((5, 0, 3, 9, total, number)) + b"part",
        )
    )


@pytest.mark.parametrize("journal", [None, ":memory:"])
def test_a_long_message_waits_for_its_parts(lab: Lab, journal: str | None) -> None:
    esme = lab.start(REASSEMBLES, journal).bound()
    part(esme, 1)
    lab.run(5, step=1)
    assert esme.deliveries == []
    part(esme, 2)
    lab.run(1.5)
    assert [parse_receipt(delivery).stat for delivery in esme.deliveries] == ["DELIVRD"] * 2
    lab.run(20, step=1)
    assert len(esme.deliveries) == 2
    if journal:
        assert [message.state for message in lab.inbox().messages()] == ["DELIVRD"] * 2


def test_a_long_message_that_never_becomes_whole_fails(lab: Lab) -> None:
    esme = lab.start(REASSEMBLES).bound()
    part(esme, 1, total=3)
    lab.run(2, step=1)
    part(esme, 3, total=3)
    lab.run(10, step=1)
    assert [parse_receipt(delivery).stat for delivery in esme.deliveries] == ["UNDELIV"] * 2


def test_parts_that_wait_go_on_waiting_after_a_restart(labs: Callable[[], Lab], tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = labs().start(REASSEMBLES, path)
    part(first.bound(), 1)
    first.settle()
    first.kill()
    second = labs().start(REASSEMBLES, path)
    esme = second.bound()
    second.run(11, step=1)
    assert [parse_receipt(delivery).stat for delivery in esme.deliveries] == ["UNDELIV"]


# --- refusals ------------------------------------------------------------------------------------------


def test_a_refused_message_may_have_a_receipt(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {rejected: true}, rules: [{respond: ESME_RINVDSTADR}]}}')
    esme = lab.bound()
    esme.submit()
    lab.run(5, step=0.5)
    response, receipt = esme.heard
    assert (response.command_status, parse_receipt(receipt).stat) == (S.ESME_RINVDSTADR, "REJECTD")
    assert (lab.stats.book.taken, lab.stats.receipts.acknowledged) == (0, 1)
    esme.send(QuerySm(message_id=parse_receipt(receipt).message_id, source_addr="SHOP"))
    lab.settle()
    assert esme.responses[-1].command_status == S.ESME_RINVMSGID


def test_the_receipt_of_a_refused_message_survives_a_restart(labs: Callable[[], Lab], tmp_path: Path) -> None:
    habits = "receipts: {rejected: true, delay: 5s}, rules: [{respond: ESME_RINVDSTADR}]"
    scenario = f'operators: {{op: {{listen: "tcp:2775", {habits}}}}}'
    path = tmp_path / "journal.sqlite"
    first = labs().start(scenario, path)
    first.bound().submit()
    first.settle()
    first.kill()
    second = labs().start(scenario, path)
    esme = second.bound()
    second.run(6, step=1)
    assert [parse_receipt(delivery).stat for delivery in esme.deliveries] == ["REJECTD"]
    assert list(second.journal.unfinished("op", 1e12)) == []


def test_a_refusal_may_have_something_behind_its_header(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", submit: {error_body: nul}, rules: [{respond: ESME_RINVDSTADR}]}}')
    esme = lab.bound()
    esme.submit()
    lab.esmes[0].reads = False
    lab.settle()
    unread = esme.wire.unread
    assert (unread[:4], unread[8:12], unread[16:]) == (b"\0\0\0\x11", b"\0\0\0\x0b", b"\0")
    esme.reads = True
    lab.settle()
    assert [pdu.command_status for pdu in esme.responses] == [S.ESME_RINVDSTADR]


def test_a_scheduled_message_comes_when_it_is_time(lab: Lab) -> None:
    esme = lab.start(ANYBODY).bound()
    esme.submit(schedule_delivery_time="000000000030000R")
    lab.run(30.5, step=0.5)
    assert esme.deliveries == []
    lab.run(1)
    assert states(esme) == [("77051234567", "DELIVRD")]
    assert all(isinstance(delivery, DeliverSm) for delivery in esme.deliveries)
    assert M.DELIVERED is parse_receipt(esme.deliveries[0]).state


# --- what a hostile submit may not bring about -----------------------------------------------------------


def test_a_refused_destination_of_a_submit_multi_has_its_receipt(lab: Lab) -> None:
    """C73: where an operator sends receipts for what it refuses; for all of it too."""
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {rejected: true, delay: 1s},'
        ' rules: [{when: {to: "77059*"}, respond: ESME_RINVDSTADR}]}}'
    )
    esme = lab.bound()
    esme.send(multi("77050000001", "77059000001", registered_delivery=1))
    lab.run(2)
    assert sorted(states(esme)) == [("77050000001", "DELIVRD"), ("77059000001", "REJECTD")]
    esme.heard.clear()
    esme.send(multi("77059000001", "77059000002", registered_delivery=1))
    lab.run(2)
    assert states(esme) == [("77059000001", "REJECTD"), ("77059000002", "REJECTD")]
    assert lab.stats.receipts.waiting == 0
    lab.inbox()
    assert lab.journal is not None
    assert lab.journal.connection.execute("SELECT count(*) FROM pending").fetchone() == (0,)


def test_a_submit_multi_of_which_more_fails_than_a_response_can_name_is_answered(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", submit: {distribution_lists: {bad: ["77059000001", "77059000002"]}},'
        ' rules: [{when: {to: "77059*"}, respond: ESME_RINVDSTADR}]}}'
    )
    esme = lab.bound()
    esme.send(multi("77050000001", *[DistributionList("bad")] * 200))
    lab.settle()
    (response,) = esme.responses
    assert isinstance(response, SubmitMultiResp)
    assert (response.command_status, len(response.unsuccess_smes)) == (0, 255)


@pytest.mark.parametrize(
    ("keys", "more"),
    [
        ("receipts: {unasked: true, delay: 0s}", {}),
        ("receipts: {delay: 0s, notices: [{stat: ENROUTE, after: 0s}]}", {"registered": 0x10}),
        ("commands: true", {"text": 'hi #mo="yes" #mo-after=0s #delay=0s'}),
    ],
    ids=["unasked receipts", "notices", "answers"],
)
def test_what_nobody_asked_for_cannot_fill_the_memory_either(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, keys: str, more: dict[str, Any]
) -> None:
    monkeypatch.setattr(deliveries, "MOST_OWED", 5)
    lab.start(f'operators: {{op: {{listen: "tcp:2775", {keys}}}}}')
    esme = lab.bound(kind="transmitter")
    for _ in range(20):
        esme.submit(**{"registered": 0} | more)
        lab.run(0.02)
    assert [pdu.command_status for pdu in esme.responses].count(S.ESME_RMSGQFUL) >= 10
    assert len(lab.emulator.operators["op"].centre.mailbox("shop")) <= 5
