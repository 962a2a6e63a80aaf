"""The timeline's faults: throttle, reset, outage."""

from __future__ import annotations

import pytest

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
