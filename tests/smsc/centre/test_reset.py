"""A reset forgets an account: nothing of it arrives any more, and whoever is bound stays so."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from smppkit.pdus import DataSm, QuerySm, SubmitSm
from smppkit.status import CommandStatus as S
from smppkit.tlvs import MESSAGE_PAYLOAD
from tests.smsc.conftest import Esme, Lab

TWO = """
operators:
  op:
    listen: tcp:2775
    accounts:
      - {system_id: shop, password: secret, window: 3, senders: [SHOP]}
      - {system_id: bank, password: secret, numbers: ["14*"], senders: [BANK]}
    timers: {enquire_link: null}
    submit: {latency: 1s}
    receipts: {delay: 2s, notices: [{stat: ENROUTE, after: 500ms, asked: false}]}
    mobile_originated: {replies: [{say: {"YES": 100%}, after: 5s}]}
"""


def submit_as_bank(bank: Esme) -> None:
    bank.send(SubmitSm(source_addr="BANK", destination_addr="77051234567", registered_delivery=1))


def failure(deferred: Deferred[Any]) -> list[Any]:
    results: list[Any] = []
    deferred.addBoth(results.append)
    return results


@pytest.mark.parametrize("journal", [None, ":memory:"])
@pytest.mark.parametrize("at", [0.0, 0.5, 0.7, 1.5, 2.9, 3.05, 6.0])
def test_nothing_of_a_forgotten_message_arrives_whenever_it_was_forgotten(lab: Lab, at: float, journal: Any) -> None:
    """The response, the notice, the receipt and the answer of its reader are all still to come, or some of them."""
    lab.start(TWO, journal)
    shop, bank = lab.bound(), lab.bound("bank")
    shop.submit()
    submit_as_bank(bank)
    lab.run(at)
    heard = len(shop.heard)
    lab.emulator.reset("shop")
    lab.run(20)
    assert len(shop.heard) == heard
    assert len(bank.heard) == 4  # the response, the notice, the receipt, and the answer of its reader
    assert shop.open


def test_the_window_of_who_waited_for_a_response_is_free_again(lab: Lab) -> None:
    lab.start(TWO)
    shop = lab.bound()
    for _ in range(3):
        shop.submit()
    lab.settle()
    lab.emulator.reset("shop")
    shop.submit()
    lab.run(1.1)
    assert [pdu.command_status for pdu in shop.responses] == [S.ESME_ROK]


def test_what_was_sent_and_not_acknowledged_is_not_sent_again(lab: Lab) -> None:
    lab.start(TWO)
    shop = lab.bound()
    shop.acknowledge = lambda pdu: None
    shop.submit()
    lab.run(4)
    sent = len(shop.deliveries)
    lab.emulator.reset("shop")
    shop.drop()
    again = lab.bound()
    lab.run(70)
    assert (sent, again.deliveries) == (2, [])
    assert lab.stats.receipts.waiting == 0
    assert lab.stats.receipts.forgotten == 2


def test_what_waited_in_the_mailbox_is_gone(lab: Lab) -> None:
    lab.start(TWO)
    shop = lab.bound()
    shop.submit()
    lab.settle()
    shop.drop()
    lab.run(4)
    lab.emulator.reset("shop")
    assert lab.stats.receipts.forgotten == 2
    later = lab.bound()
    lab.run(5)
    assert later.deliveries == []


def test_forgotten_messages_are_not_known_any_more(lab: Lab) -> None:
    lab.start(TWO)
    shop = lab.bound()
    shop.submit()
    lab.run(10)
    (response, *_) = shop.responses
    lab.emulator.reset("shop")
    shop.heard.clear()
    shop.send(QuerySm(message_id=response.message_id, source_addr="SHOP"))
    lab.run(1)
    assert [pdu.command_status for pdu in shop.responses] == [S.ESME_RINVMSGID]
    assert lab.inbox().messages() == []
    assert {pdu.command_id for pdu in lab.inbox().pdus()} == {3, 0x80000003}  # what was said since


def test_a_forgotten_message_does_not_reach_the_esme_that_it_was_for(lab: Lab) -> None:
    """Nor is what another account sent to a forgotten one delivered: it expires there."""
    lab.start(TWO)
    shop = lab.bound()
    shop.submit(to="1401")
    lab.run(2)
    lab.emulator.reset("shop")
    bank = lab.bound("bank")
    lab.run(5)
    assert bank.deliveries == []
    assert (lab.stats.messages.withdrawn, lab.stats.messages.waiting) == (1, 0)
    shop.submit(to="1401")
    bank.drop()
    lab.run(2)
    lab.emulator.reset("bank")
    bank = lab.bound("bank")
    lab.run(5)
    assert bank.deliveries == []
    assert (lab.stats.messages.forgotten, lab.stats.messages.waiting) == (1, 0)


def test_a_request_that_waits_for_the_end_of_its_message_gets_no_answer(lab: Lab) -> None:
    lab.start(TWO)
    shop = lab.bound()
    payload = (MESSAGE_PAYLOAD.of(b"hello"),)
    shop.send(DataSm(source_addr="SHOP", destination_addr="7701", esm_class=2, tlvs=payload))
    lab.run(0.5)
    lab.emulator.reset("shop")
    lab.run(10)
    assert shop.heard == []
    stats = lab.stats
    assert (stats.submitted, stats.answered, stats.answered_late) == (1, 0, 1)


def test_null_forgets_everybody(lab: Lab) -> None:
    lab.start(TWO)
    shop, bank = lab.bound(), lab.bound("bank")
    shop.submit()
    submit_as_bank(bank)
    lab.run(1.5)
    heard = len(shop.heard) + len(bank.heard)
    lab.emulator.reset()
    lab.run(20)
    assert len(shop.heard) + len(bank.heard) == heard
    assert lab.inbox().messages() == []
    shop.submit()
    lab.run(1.1)
    assert shop.responses[-1].command_status == 0


def test_what_is_forgotten_stays_so_after_a_restart(labs: Any, tmp_path: Any) -> None:
    first: Lab = labs()
    first.start(TWO, tmp_path / "journal")
    shop, bank = first.bound(), first.bound("bank")
    shop.submit()
    submit_as_bank(bank)
    first.run(1.5)
    first.emulator.reset("shop")
    first.kill()
    second: Lab = labs()
    second.start(TWO, tmp_path / "journal")
    shop, bank = second.bound(), second.bound("bank")
    second.run(10)
    assert [pdu for pdu in shop.deliveries if pdu.esm_class] == []
    assert len([pdu for pdu in bank.deliveries if pdu.esm_class]) == 1


def test_a_journal_that_cannot_be_written_fails_the_reset(lab: Lab) -> None:
    lab.start(TWO)
    lab.bound().submit()
    lab.settle()
    assert lab.journal is not None
    lab.journal.connection.execute("PRAGMA query_only = ON")
    (failed,) = failure(lab.emulator.reset("shop"))
    assert failed.type.__name__ == "OperationalError"
    lab.journal.connection.execute("PRAGMA query_only = OFF")
