"""The timeline's faults in a whole emulator: those of the operator, and those of its connections."""

from __future__ import annotations

import pytest

from smppkit.pdus import SubmitSmResp
from smppkit.status import CommandStatus as S
from tests.smsc.conftest import Lab

OPERATORS = """
operators:
  one: {listen: "tcp:2775"}
  two: {listen: "tcp:2776"}
"""


def statuses(lab: Lab, esme, count: int) -> list[int]:
    esme.heard.clear()
    for _ in range(count):
        esme.submit(registered=0)
    lab.settle()
    return [pdu.command_status for pdu in esme.responses]


def test_throttle_lasts_its_time(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, for: 2s, operator: one, fault: throttle, rate: 1/s}]")
    one, two = lab.bound(), lab.bound(port=2776)
    assert statuses(lab, one, 3) == [0, 0, 0]
    lab.run(1.5)
    assert statuses(lab, one, 3) == [0, S.ESME_RTHROTTLED, S.ESME_RTHROTTLED]
    assert statuses(lab, two, 3) == [0, 0, 0]
    lab.run(2)
    assert statuses(lab, one, 3) == [0, 0, 0]


def test_reset_cuts_every_bind(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, operator: one, fault: reset, binds: all}]")
    one, also_one, two, not_bound = lab.bound(), lab.bound(), lab.bound(port=2776), lab.esme()
    lab.run(1.1)
    assert [esme.open for esme in (one, also_one, two, not_bound)] == [False, False, True, True]
    assert one.wire.aborted
    assert lab.stats.resets == 2
    assert lab.esme().bind() == 0


def test_reset_chooses_by_the_seed(lab: Lab) -> None:
    lab.start("seed: 3\n" + OPERATORS + "timeline: [{at: 1s, fault: reset, binds: 2}]")
    binds = [lab.bound() for _ in range(6)]
    lab.run(1.1)
    cut = [index for index, esme in enumerate(binds) if not esme.open]
    assert len(cut) == 2
    again = Lab().start("seed: 3\n" + OPERATORS + "timeline: [{at: 1s, fault: reset, binds: 2}]")
    others = [again.bound() for _ in range(6)]
    again.run(1.1)
    assert [index for index, esme in enumerate(others) if not esme.open] == cut
    again.stop()


def test_an_outage_cuts_and_refuses_for_its_time(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, for: 2s, operator: one, fault: outage}]")
    one, two = lab.bound(), lab.bound(port=2776)
    lab.run(1.1)
    assert (one.open, two.open) == (False, True)
    assert list(lab.network.ports) == [2776]
    lab.run(2)
    assert lab.esme().bind() == 0


def test_outages_may_overlap(lab: Lab) -> None:
    lab.start(
        OPERATORS + "timeline: [{at: 1s, for: 2s, operator: one, fault: outage}, {at: 2s, for: 2s, fault: outage}]"
    )
    lab.run(3.5)
    assert list(lab.network.ports) == []
    lab.run(1)
    assert sorted(lab.network.ports) == [2775, 2776]


def test_an_operator_whose_port_was_taken_meanwhile_tries_again(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, for: 1s, operator: one, fault: outage}]")
    lab.run(1.5)
    lab.network.taken.add(2775)
    lab.run(1)
    assert "one: cannot listen again, will retry" in caplog.text
    lab.network.taken.clear()
    lab.run(1)
    assert lab.esme().bind() == 0


def test_receipts_that_fall_due_in_an_outage_come_after_it(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 500ms, for: 2s, fault: outage}]")
    lab.bound().submit()
    lab.run(3)
    assert len(lab.bound().deliveries) == 1


def test_stopping_in_an_outage_stays_stopped(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, for: 1s, fault: outage}]")
    lab.run(1.5)
    lab.stop()
    lab.run(5)
    assert lab.network.ports == {}


# --- faults of connections ------------------------------------------------------------------------------


def test_a_fault_of_connections_lasts_its_time_and_befalls_its_operator(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, for: 2s, operator: one, fault: no-response}]")
    one, two = lab.bound(), lab.bound(port=2776)
    assert statuses(lab, one, 2) == [0, 0]
    lab.run(1.5)
    assert statuses(lab, one, 2) == []
    assert statuses(lab, two, 2) == [0, 0]
    lab.run(2)
    assert statuses(lab, one, 2) == [0, 0]
    faults = lab.emulator.operators["one"].faults
    assert faults is not None
    assert faults.counts == {"no-response": 2}


def test_a_habit_needs_no_entry(lab: Lab) -> None:
    lab.start('operators: {one: {listen: "tcp:2775", faults: [{fault: generic-nack, skip: 1, until: 5s}]}}')
    esme = lab.bound()
    assert statuses(lab, esme, 2) == [0, S.ESME_RINVCMDLEN]
    lab.run(6)
    assert statuses(lab, esme, 2) == [0, 0]


def test_a_fault_may_be_for_some_accounts(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 0s, fault: no-response, account: 'shop*'}]")
    lab.run(0)
    shop, bank = lab.bound("shop2"), lab.bound("bank")
    assert (statuses(lab, shop, 1), statuses(lab, bank, 1)) == ([], [0])


def test_a_reset_at_a_stage_cuts_the_connection_that_is_there(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, fault: reset, stage: submit, account: shop}]")
    shop, bank = lab.bound("shop"), lab.bound("bank")
    lab.run(1.1)
    assert statuses(lab, bank, 1) == [0]
    assert statuses(lab, shop, 1) == []
    assert (shop.open, bank.open) == (False, True)
    assert lab.stats.submitted == 1


def test_the_message_centre_unbinds_in_the_middle_of_a_window(lab: Lab) -> None:
    lab.start(
        'operators: {one: {listen: "tcp:2775", submit: {latency: 500ms}}}\n'
        "timeline: [{at: 1s, fault: unbind, binds: 1}]"
    )
    first, second = lab.bound(), lab.bound()
    lab.run(0.8)
    for esme in (first, second):
        esme.submit(registered=0)
    lab.run(2)
    assert (first.open, second.open) == (False, True)
    assert [pdu.command_status for pdu in first.responses if isinstance(pdu, SubmitSmResp)] == [0]


@pytest.mark.parametrize(("memory", "receipts"), [("true", 1), ("false", 0)])
def test_a_restart_with_memory_still_owes_its_receipts(lab: Lab, memory: str, receipts: int) -> None:
    lab.start(OPERATORS + f"timeline: [{{at: 500ms, for: 2s, operator: one, fault: restart, memory: {memory}}}]")
    esme = lab.bound()
    esme.submit()
    lab.run(1)
    assert not esme.open
    assert 2775 not in lab.network.ports
    lab.run(5)
    again = lab.bound()
    lab.run(1)
    assert len(again.deliveries) == receipts


def test_stopping_ends_the_faults_of_connections(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, operator: one, fault: stall, direction: both}]")
    esme = lab.bound()
    lab.run(1.1)
    assert statuses(lab, esme, 1) == []
    lab.stop()
    assert not esme.open
    assert "did not unbind in time" not in caplog.text


def test_stopping_leaves_no_connection_half_open(lab: Lab) -> None:
    lab.start(OPERATORS + "timeline: [{at: 1s, operator: one, fault: half-open}]")
    esme = lab.bound()
    lab.run(1.1)
    assert statuses(lab, esme, 1) == []
    lab.stop()
    assert esme.wire.aborted
