"""The ends of messages: from one ESME to another, and what a restart goes on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smppkit.message_state import MessageState as M
from smppkit.pdus import CancelSm, QuerySm
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus as S
from tests.smsc.conftest import Esme, Lab

TWO = """
operators:
  op:
    listen: tcp:2775
    accounts:
      - {system_id: shop, password: secret, numbers: ["SHOP"]}
      - {system_id: bank, password: secret, numbers: ["14*", "77000000001"]}
    receipts: {delay: 1s}
"""


def state_of(esme: Esme, message_id: str) -> int:
    esme.heard.clear()
    esme.send(QuerySm(message_id=message_id, source_addr="SHOP"))
    esme.lab.settle()
    return int(esme.responses[0].message_state)


def receipts(esme: Esme) -> list[str]:
    found = [parse_receipt(delivery) for delivery in esme.deliveries]
    return [receipt.stat for receipt in found if receipt is not None]


# --- from one ESME to another --------------------------------------------------------------------------


@pytest.mark.parametrize("journal", [None, ":memory:"])
def test_a_message_to_another_accounts_number_is_delivered_to_it(lab: Lab, journal: str | None) -> None:
    shop, bank = lab.start(TWO, journal).bound("shop"), lab.bound("bank")
    shop.submit(to="1401", text="to the bank", priority_flag=2)
    lab.run(0.1)
    (message,) = bank.deliveries
    assert (message.source_addr, message.destination_addr, message.short_message) == ("SHOP", "1401", b"to the bank")
    assert (message.priority_flag, message.esm_class, message.registered_delivery) == (2, 0, 0)
    assert receipts(shop) == ["DELIVRD"]
    assert (lab.stats.messages.acknowledged, lab.stats.receipts.acknowledged, lab.stats.mo.planned) == (1, 1, 0)
    if journal:
        (row,) = lab.inbox().messages()
        assert (row.state, row.err, row.acknowledged_at is not None) == ("DELIVRD", "000", True)


def test_a_message_to_ones_own_number_is_for_a_subscriber(lab: Lab) -> None:
    shop = lab.start(TWO).bound("shop")
    shop.submit(to="SHOP")
    lab.run(2)
    assert (receipts(shop), lab.stats.messages.planned) == (["DELIVRD"], 0)


def test_it_waits_for_an_esme_that_is_not_bound(lab: Lab) -> None:
    shop = lab.start(TWO).bound("shop")
    shop.submit(to="1401")
    lab.run(100, step=1)
    assert receipts(shop) == []
    bank = lab.bound("bank")
    lab.settle()
    assert (len(bank.deliveries), receipts(shop)) == (1, ["DELIVRD"])


def test_it_expires_when_the_esme_never_comes(lab: Lab) -> None:
    """I1: what comes later changes nothing."""
    shop = lab.start(TWO).bound("shop")
    shop.submit(to="1401", validity_period="000000000100000R")
    lab.run(61, step=1)
    message_id = shop.responses[0].message_id
    assert receipts(shop) == ["EXPIRED"]
    bank = lab.bound("bank")
    lab.run(1)
    assert bank.deliveries == []
    assert state_of(shop, message_id) == M.EXPIRED
    assert (lab.stats.messages.withdrawn, lab.stats.messages.waiting) == (1, 0)


def test_an_answer_after_the_validity_changes_nothing(lab: Lab) -> None:
    """I1."""
    shop, bank = lab.start(TWO).bound("shop"), lab.bound("bank")
    bank.acknowledge = lambda pdu: None
    shop.submit(to="1401", validity_period="000000000020000R")
    lab.run(30, step=1)
    assert receipts(shop) == ["EXPIRED"]
    bank.session.respond(bank.deliveries[0].response(), lab.now)
    lab.run(2)
    assert receipts(shop) == ["EXPIRED"]
    assert (lab.stats.messages.withdrawn, lab.stats.messages.acknowledged) == (1, 0)


def test_an_esme_that_refuses_makes_it_undeliverable_after_the_passing_statuses(lab: Lab) -> None:
    shop, bank = lab.start(TWO).bound("shop"), lab.bound("bank")
    answers = iter([S.ESME_RX_T_APPN, S.ESME_RX_R_APPN])
    bank.acknowledge = lambda pdu: next(answers)
    shop.submit(to="1401")
    lab.run(5, step=0.5)
    assert (len(bank.deliveries), receipts(shop)) == (2, ["UNDELIV"])


def test_it_is_scheduled_and_cancelled_like_any_other(lab: Lab) -> None:
    shop, bank = lab.start(TWO).bound("shop"), lab.bound("bank")
    for _ in range(2):
        shop.submit(to="1401", schedule_delivery_time="000000000020000R")
    lab.run(10, step=1)
    kept, cancelled = (pdu.message_id for pdu in shop.responses)
    shop.send(CancelSm(message_id=cancelled, source_addr="SHOP"))
    lab.run(5, step=1)
    assert (bank.deliveries, receipts(shop)) == ([], ["DELETED"])
    lab.run(6, step=1)
    assert (len(bank.deliveries), receipts(shop)) == (1, ["DELETED", "DELIVRD"])
    assert state_of(shop, kept) == M.DELIVERED


def test_one_that_waits_is_cancelled_where_it_waits(lab: Lab) -> None:
    shop = lab.start(TWO).bound("shop")
    shop.submit(to="1401")
    lab.run(1)
    shop.send(CancelSm(message_id=shop.responses[0].message_id, source_addr="SHOP"))
    lab.run(1)
    bank = lab.bound("bank")
    lab.run(1)
    assert (bank.deliveries, receipts(shop), lab.stats.messages.withdrawn) == ([], ["DELETED"], 1)


def test_it_waits_over_a_restart(labs: Callable[[], Lab], tmp_path: Path) -> None:
    """I9."""
    path = tmp_path / "journal.sqlite"
    first = labs().start(TWO, path)
    first.bound("shop").submit(to="1401", text="over the restart")
    first.settle()
    first.kill()
    second = labs().start(TWO, path)
    shop, bank = second.bound("shop"), second.bound("bank")
    second.run(1)
    assert ([delivery.short_message for delivery in bank.deliveries], receipts(shop)) == (
        [b"over the restart"],
        ["DELIVRD"],
    )
    assert list(second.journal.unfinished("op", 0.0)) == []


# --- what a restart goes on with -----------------------------------------------------------------------

NOTICES = """
operators:
  op:
    listen: tcp:2775
    receipts:
      delay: 5s
      notices:
        - {stat: ACCEPTD, asked: false, esm_class: 0x04}
        - {stat: ENROUTE, after: 10s, late: true, asked: false}
"""


def test_notices_go_on_after_a_restart_and_none_comes_twice(labs: Callable[[], Lab], tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = labs().start(NOTICES, path)
    esme = first.bound()
    esme.submit()
    first.run(1)
    esme.submit()
    first.run(5)
    assert receipts(esme) == ["ACCEPTD", "ACCEPTD", "DELIVRD"]
    first.kill()
    second = labs().start(NOTICES, path)
    again = second.bound()
    second.run(30, step=1)
    assert receipts(again) == ["DELIVRD", "ENROUTE", "ENROUTE"]
    assert list(second.journal.unfinished("op", 0.0)) == []


def test_a_receipt_that_fell_due_while_nobody_was_there_comes_at_once(labs: Callable[[], Lab], tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    scenario = 'operators: {op: {listen: "tcp:2775", receipts: {delay: 5s}}}'
    first = labs().start(scenario, path)
    first.bound().submit()
    first.settle()
    first.kill()
    second = labs()
    second.clock.advance(3600)
    esme = second.start(scenario, path).bound()
    second.run(0.1)
    assert receipts(esme) == ["DELIVRD"]
    (row,) = second.inbox().messages()
    assert row.final_at is not None
    assert row.final_at - row.at == pytest.approx(5, abs=0.01)


def test_many_without_a_receipt_cost_no_timer(lab: Lab) -> None:
    """I8."""
    esme = lab.start('operators: {op: {listen: "tcp:2775", receipts: {delay: 60s}}}', None).bound()
    for number in range(100):
        esme.submit(registered=0, to=f"7705{number:07}")
    lab.settle()
    assert len(esme.responses) == 100
    assert len(lab.emulator.operators["op"].centre._shared.wheel) == 0
