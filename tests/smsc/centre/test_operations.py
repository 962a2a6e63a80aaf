"""query_sm, cancel_sm, replace_sm and the queries of SMPP 3.3, over real sessions, with a journal and without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smppkit.message_state import MessageState as M
from smppkit.pdus import CancelSm, Pdu, QueryLastMsgs, QueryMsgDetails, QuerySm, ReplaceSm
from smppkit.receipts import parse_receipt
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import CommandStatus as S
from smsc.centre import book
from tests.smsc.conftest import Esme, Lab

SLOW = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 10s}}}'
IN_AN_HOUR = "000000010000000R"
IN_A_MINUTE = "000000000100000R"

JOURNALS = pytest.mark.parametrize("journal", [None, ":memory:"], ids=["without journal", "with journal"])


def ask(esme: Esme, pdu: Pdu) -> Any:
    esme.heard.clear()
    esme.send(pdu)
    esme.lab.settle()
    (answer,) = esme.responses
    return answer


def both(lab: Lab) -> Esme:
    """A transmitter, which alone may replace in SMPP 3.4; what comes for it is among what it heard."""
    esme, receiver = lab.bound(kind="transmitter"), lab.bound(kind="receiver")
    receiver.heard = esme.heard
    return esme


def submitted(esme: Esme, **more: Any) -> str:
    esme.heard.clear()
    esme.submit(**more)
    esme.lab.settle()
    (response,) = esme.responses
    assert response.command_status == 0
    return str(response.message_id)


def state_of(esme: Esme, message_id: str) -> int:
    return int(ask(esme, QuerySm(message_id=message_id, source_addr="SHOP")).message_state)


# --- query_sm ------------------------------------------------------------------------------------------


@JOURNALS
def test_query_sm_tells_the_state_of_the_moment(lab: Lab, journal: str | None) -> None:
    """C69."""
    esme = lab.start(SLOW, journal).bound()
    message_id = submitted(esme, registered=0)
    assert state_of(esme, message_id) == M.ENROUTE
    lab.run(10, step=1)
    answer = ask(esme, QuerySm(message_id=message_id, source_addr="SHOP"))
    assert (answer.message_state, answer.final_date, answer.error_code) == (M.DELIVERED, "260101000010000+", 0)
    assert ask(esme, QuerySm(message_id="77", source_addr="SHOP")).command_status == S.ESME_RINVMSGID
    assert ask(esme, QuerySm(message_id=message_id, source_addr="BANK")).command_status == S.ESME_RQUERYFAIL


def test_a_query_of_another_account_finds_nothing(lab: Lab) -> None:
    esme, other = lab.start(SLOW).bound(), lab.bound("other")
    message_id = submitted(esme)
    assert ask(other, QuerySm(message_id=message_id, source_addr="SHOP")).command_status == S.ESME_RINVMSGID


@pytest.mark.parametrize(("version", "state"), [(0x34, M.ENROUTE), (0x50, M.SCHEDULED)])
def test_a_scheduled_message_is_told_as_the_version_knows_it(lab: Lab, version: int, state: M) -> None:
    """C70."""
    esme = lab.start(SLOW).bound(interface_version=version)
    message_id = submitted(esme, schedule_delivery_time=IN_A_MINUTE)
    assert state_of(esme, message_id) == state
    lab.run(61, step=1)
    assert state_of(esme, message_id) == M.ENROUTE
    lab.run(10, step=1)
    assert state_of(esme, message_id) == M.DELIVERED


def test_the_code_of_a_failure_is_told(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", rules: [{receipt: {stat: UNDELIV, err: "069"}}]}}')
    esme = lab.bound()
    message_id = submitted(esme)
    lab.run(2)
    answer = ask(esme, QuerySm(message_id=message_id, source_addr="SHOP"))
    assert (answer.message_state, answer.error_code) == (M.UNDELIVERABLE, 69)


def test_the_journal_knows_what_the_book_has_let_go_of(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book.Book.__init__, "__defaults__", (None, 2, 100))
    esme = both(lab.start(SLOW))
    message_id = submitted(esme, registered=0)
    lab.run(11, step=1)
    for _ in range(5):
        submitted(esme, registered=0)
    assert lab.stats.book.evicted > 0
    assert state_of(esme, message_id) == M.DELIVERED
    assert ask(esme, CancelSm(message_id=message_id, source_addr="SHOP")).command_status == S.ESME_RCANCELFAIL
    assert ask(esme, ReplaceSm(message_id=message_id, source_addr="SHOP")).command_status == S.ESME_RREPLACEFAIL


# --- cancel_sm -----------------------------------------------------------------------------------------


@JOURNALS
def test_a_cancelled_message_is_deleted_for_good(lab: Lab, journal: str | None) -> None:
    """C71, I1."""
    esme = lab.start(SLOW, journal).bound()
    message_id = submitted(esme)
    cancel = CancelSm(message_id=message_id, source_addr="SHOP", destination_addr="77051234567")
    assert ask(esme, CancelSm(message_id=message_id, source_addr="BANK")).command_status == S.ESME_RCANCELFAIL
    assert ask(esme, cancel).command_status == 0
    assert state_of(esme, message_id) == M.DELETED
    assert ask(esme, cancel).command_status == S.ESME_RCANCELFAIL
    assert ask(esme, CancelSm(message_id="77", source_addr="SHOP")).command_status == S.ESME_RINVMSGID
    lab.run(20, step=1)
    assert state_of(esme, message_id) == M.DELETED
    assert (lab.stats.book.cancelled, lab.stats.operations_refused) == (
        1,
        {S.ESME_RCANCELFAIL: 2, S.ESME_RINVMSGID: 1},
    )
    if journal:
        assert [message.state for message in lab.inbox().messages()] == ["DELETED"]


@pytest.mark.parametrize(("registered", "receipts"), [(0, []), (1, [M.DELETED]), (2, [M.DELETED])])
def test_a_cancelled_message_has_the_receipt_that_was_asked_for(lab: Lab, registered: int, receipts: list[M]) -> None:
    """C49: failures include what was cancelled."""
    esme = lab.start(SLOW).bound()
    message_id = submitted(esme, registered=registered)
    esme.heard.clear()
    esme.send(CancelSm(message_id=message_id, source_addr="SHOP"))
    lab.run(20, step=1)
    assert [parse_receipt(delivery).state for delivery in esme.deliveries] == receipts
    stats = lab.stats.receipts
    assert stats.planned == stats.acknowledged + stats.withdrawn


@JOURNALS
def test_a_message_that_came_to_a_state_that_is_not_final_is_cancelled_all_the_same(
    lab: Lab, journal: str | None
) -> None:
    esme = lab.start('operators: {op: {listen: "tcp:2775", receipts: {outcome: {ACCEPTD: 100%}}}}', journal).bound()
    message_id = submitted(esme)
    lab.run(2)
    assert state_of(esme, message_id) == M.ACCEPTED
    esme.heard.clear()
    esme.send(CancelSm(message_id=message_id, source_addr="SHOP"))
    lab.run(1)
    assert [parse_receipt(delivery).state for delivery in esme.deliveries] == [M.DELETED]
    assert state_of(esme, message_id) == M.DELETED
    assert (lab.stats.receipts.planned, lab.stats.receipts.acknowledged) == (2, 2)
    if journal:
        assert [message.state for message in lab.inbox().messages()] == ["DELETED"]


def test_a_group_is_what_has_the_same_way_and_is_not_final(lab: Lab) -> None:
    """C71."""
    esme = lab.start(SLOW).bound()
    done = submitted(esme, service_type="CMT")
    lab.run(11, step=1)
    group = [submitted(esme, service_type="CMT") for _ in range(3)]
    others = [submitted(esme, service_type="WAP"), submitted(esme, service_type="CMT", to="7706")]
    cancel = CancelSm(service_type="CMT", source_addr="SHOP", destination_addr="77051234567")
    assert ask(esme, cancel).command_status == 0
    assert [state_of(esme, message_id) for message_id in (done, *group, *others)] == [2, 4, 4, 4, 1, 1]
    assert ask(esme, cancel).command_status == S.ESME_RCANCELFAIL


# --- replace_sm ----------------------------------------------------------------------------------------


@JOURNALS
def test_a_replaced_message_keeps_its_id_and_says_something_else(lab: Lab, journal: str | None) -> None:
    """C72."""
    esme = both(lab.start(SLOW, journal))
    message_id = submitted(esme, registered=0)
    replace = ReplaceSm(message_id=message_id, source_addr="SHOP", short_message=b"another", registered_delivery=1)
    assert ask(esme, replace).command_status == 0
    if journal:
        assert [message.text for message in lab.inbox().messages()] == ["another"]
    lab.run(11, step=1)
    (receipt,) = esme.deliveries
    assert parse_receipt(receipt).message_id == message_id
    assert parse_receipt(receipt).text.startswith("another")
    assert ask(esme, replace).command_status == S.ESME_RREPLACEFAIL


def test_a_receipt_that_is_not_wanted_any_more_is_not_sent(lab: Lab) -> None:
    esme = both(lab.start(SLOW))
    message_id = submitted(esme)
    assert ask(esme, ReplaceSm(message_id=message_id, source_addr="SHOP")).command_status == 0
    lab.run(20, step=1)
    assert esme.deliveries == []
    assert (lab.stats.receipts.planned, lab.stats.receipts.withdrawn, lab.stats.receipts.waiting) == (1, 1, 0)


def test_replace_sm_gives_new_times(lab: Lab) -> None:
    esme = both(lab.start(SLOW))
    message_id = submitted(esme, registered=1)
    later = ReplaceSm(
        message_id=message_id, source_addr="SHOP", schedule_delivery_time=IN_A_MINUTE, registered_delivery=1
    )
    assert ask(esme, later).command_status == 0
    lab.run(65, step=1)
    assert state_of(esme, message_id) == M.ENROUTE
    assert esme.deliveries == []
    sooner = ReplaceSm(
        message_id=message_id, source_addr="SHOP", validity_period="000000000002000R", registered_delivery=1
    )
    assert ask(esme, sooner).command_status == 0
    lab.run(3, step=0.5)
    assert state_of(esme, message_id) == M.EXPIRED


def test_replace_sm_that_cannot_be_done_changes_nothing(lab: Lab) -> None:
    """C52: none is created either."""
    esme = both(lab.start(SLOW))
    message_id = submitted(esme)
    for change, status in [
        ({"message_id": "77"}, S.ESME_RINVMSGID),
        ({"source_addr": "BANK"}, S.ESME_RREPLACEFAIL),
        ({"sm_default_msg_id": 7}, S.ESME_RINVDFTMSGID),
        ({"schedule_delivery_time": "260230000000000+"}, S.ESME_RINVSCHED),
        ({"validity_period": "260102000000049+"}, S.ESME_RINVEXPIRY),
    ]:
        values: dict[str, Any] = {"message_id": message_id, "source_addr": "SHOP", **change}
        assert ask(esme, ReplaceSm(**values)).command_status == status, change
    assert [message.text for message in lab.inbox().messages()] == ["hello"]
    assert lab.stats.book.replaced == 0


def test_replace_sm_may_name_a_predefined_text(lab: Lab) -> None:
    lab.start(
        'operators: {op: {listen: "tcp:2775", receipts: {delay: 10s}, submit: {default_messages: {7: "Your order"}}}}'
    )
    esme = both(lab)
    message_id = submitted(esme)
    replace = ReplaceSm(message_id=message_id, source_addr="SHOP", sm_default_msg_id=7, registered_delivery=1)
    assert ask(esme, replace).command_status == 0
    lab.run(11, step=1)
    assert parse_receipt(esme.deliveries[0]).text == "Your order"


# --- SMPP 3.3 ------------------------------------------------------------------------------------------


def test_an_esme_of_33_asks_for_its_last_messages_and_for_everything_about_one(lab: Lab) -> None:
    esme = lab.start(SLOW).bound(interface_version=0x33)
    ids = [submitted(esme, text=f"number {n}") for n in range(3)]
    answer = ask(esme, QueryLastMsgs(source_addr="SHOP", num_of_messages=2))
    assert [reference.message_id for reference in answer.messages] == [ids[2], ids[1]]
    details = ask(esme, QueryMsgDetails(message_id=ids[0], source_addr="SHOP", sm_length=6))
    assert (details.short_message, details.message_state) == (b"number", M.ENROUTE)
    assert details.dest_addresses[0].destination_addr == "77051234567"
    unknown = ask(esme, QueryMsgDetails(message_id="77", source_addr="SHOP"))
    assert unknown.command_status == S.ESME_RINVMSGID


# --- after a restart -----------------------------------------------------------------------------------


def test_operations_go_on_after_a_restart(labs: Callable[[], Lab], tmp_path: Path) -> None:
    """I1, I9: what is not final is taken up again, what is final stays so."""
    path = tmp_path / "journal.sqlite"
    first = labs().start(SLOW, path)
    esme = both(first)
    done = submitted(esme, registered=0)
    cancelled = submitted(esme)
    first.run(10, step=1)
    ids = [submitted(esme, text=text) for text in ("one", "two", "three")]
    assert ask(esme, CancelSm(message_id=cancelled, source_addr="SHOP")).command_status == S.ESME_RCANCELFAIL
    assert ask(esme, CancelSm(message_id=ids[0], source_addr="SHOP")).command_status == 0
    replace = ReplaceSm(message_id=ids[1], source_addr="SHOP", short_message=b"new", registered_delivery=1)
    assert ask(esme, replace).command_status == 0
    first.kill()

    second = labs().start(SLOW, path)
    again = second.bound()
    second.settle()
    states = [state_of(again, message_id) for message_id in (done, *ids)]
    assert states == [M.DELIVERED, M.DELETED, M.ENROUTE, M.ENROUTE]
    again.heard.clear()
    assert ask(again, CancelSm(message_id=ids[2], source_addr="SHOP")).command_status == 0
    second.run(11, step=1)
    receipts = {parse_receipt(delivery).message_id: parse_receipt(delivery) for delivery in again.deliveries}
    assert receipts[ids[1]].state is M.DELIVERED
    assert receipts[ids[1]].text == "new"
    assert receipts[ids[2]].state is M.DELETED
    states = [message.state for message in second.inbox().messages()]
    assert states == ["DELIVRD", "DELIVRD", "DELETED", "DELIVRD", "DELETED"]


def test_a_restart_without_memory_knows_nothing(lab: Lab) -> None:
    esme = lab.start(SLOW).bound()
    ids = [submitted(esme), submitted(esme)]
    lab.run(10.1, step=1)
    ids.append(submitted(esme))
    lab.emulator.operators["op"].centre.forget()
    for message_id in ids:
        answer = ask(esme, QuerySm(message_id=message_id, source_addr="SHOP"))
        assert answer.command_status == S.ESME_RINVMSGID
    lab.run(30, step=1)
    stats = lab.stats
    assert esme.deliveries == []
    assert (stats.book.forgotten, stats.receipts.forgotten, stats.receipts.waiting) == (1, 1, 0)
    assert stats.receipts.planned == stats.receipts.acknowledged + stats.receipts.forgotten == 3
    assert int(submitted(esme)) > int(ids[-1])
    assert len(lab.inbox().messages()) == 4


def test_query_last_msgs_leaves_out_ids_that_33_has_no_room_for(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", ids: uuid}}')
    new, old = lab.bound(), lab.esme()
    old.session = Session(Role.ESME, SessionConfig(enquire_link_interval=None, interface_version=0x33), 0.0)
    assert old.bind(kind="transmitter", interface_version=0x33) == 0
    submitted(new)
    short = submitted(old)
    assert [entry.message_id for entry in ask(old, QueryLastMsgs(source_addr="SHOP", num_of_messages=5)).messages] == [
        short
    ]


def test_a_replaced_time_keeps_to_the_validity(lab: Lab) -> None:
    """A delivery that is put off beyond the validity never comes."""
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 10s}}}')
    esme = both(lab)
    late = submitted(esme, validity_period=IN_A_MINUTE)
    assert (
        ask(esme, ReplaceSm(message_id=late, source_addr="SHOP", schedule_delivery_time=IN_AN_HOUR)).command_status == 0
    )
    lab.run(61, step=1)
    assert state_of(esme, late) == M.EXPIRED


def test_a_longer_validity_is_used(lab: Lab) -> None:
    lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 2h}}}')
    esme = both(lab)
    message_id = submitted(esme, validity_period=IN_A_MINUTE)
    assert (
        ask(esme, ReplaceSm(message_id=message_id, source_addr="SHOP", validity_period=IN_AN_HOUR)).command_status == 0
    )
    lab.run(70, step=1)
    assert state_of(esme, message_id) == M.ENROUTE
    lab.run(3600, step=30)
    assert state_of(esme, message_id) == M.EXPIRED


def test_a_message_that_is_put_off_and_asked_for_no_validity_comes_when_it_is_to(lab: Lab) -> None:
    esme = both(lab.start(SLOW))
    message_id = submitted(esme)
    replacing = ReplaceSm(message_id=message_id, source_addr="SHOP", schedule_delivery_time="000005000000000R")
    assert ask(esme, replacing).command_status == 0
    lab.run(3 * 86400, step=86400)
    assert state_of(esme, message_id) == M.ENROUTE
    lab.run(2 * 86400 + 20, step=86400)
    assert state_of(esme, message_id) == M.DELIVERED
