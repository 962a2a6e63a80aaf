"""The timeline's faults in a whole emulator: those of the operator, and those of its connections."""

from __future__ import annotations

from typing import Any

import pytest

import smsc.timeline
from smppkit.pdus import SubmitSmResp
from smppkit.status import CommandStatus as S
from smsc.stats import OperatorStats
from smsc.timeline import EntryState, Timeline
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


# --- when entries begin -----------------------------------------------------------------------------------


def timeline(lab: Lab) -> Timeline:
    assert lab.emulator is not None
    return lab.emulator.timeline


def begun(lab: Lab) -> list[tuple[int, float, float | None]]:
    """What has begun: which entry of the file, when, and when it ended."""
    played = {id(entry.entry): entry.index for entry in timeline(lab).entries}
    return [
        (played[id(spell.entry)], round(spell.began, 1), None if spell.ended is None else round(spell.ended, 1))
        for spell in timeline(lab).history
    ]


def start(lab: Lab, *entries: str) -> None:
    lab.start(OPERATORS + "timeline:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))


def test_an_entry_may_come_after_the_one_before_it(lab: Lab) -> None:
    start(lab, "at: 1s, for: 5s, fault: stall", "after: 2s, fault: reset", "after: 500ms, fault: reset")
    lab.run(10)
    assert begun(lab) == [(0, 1, 6), (1, 3, 3), (2, 3.5, 3.5)]


def test_an_entry_may_come_after_the_start_or_the_end_of_a_named_one(lab: Lab) -> None:
    start(
        lab,
        "at: 1s, for: 5s, name: storm, fault: stall",
        "after: {end_of: storm, delay: 1s}, fault: reset",
        "after: {start_of: storm}, fault: reset",
    )
    lab.run(10)
    assert begun(lab) == [(0, 1, 6), (2, 1, 1), (1, 7, 7)]


def test_the_end_of_what_is_over_at_once_is_its_start(lab: Lab) -> None:
    start(lab, "at: 1s, name: cut, fault: reset", "after: {end_of: cut, delay: 1s}, fault: reset")
    lab.run(3)
    assert begun(lab) == [(0, 1, 1), (1, 2, 2)]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("every: 3s", [3, 6, 9]),
        ("at: 1s, every: 4s", [1, 5, 9]),
        ("at: 0s, every: {period: 2s, times: 3}", [0, 2, 4]),
        ("every: {period: 2s, until: 6s}", [2, 4]),
    ],
)
def test_an_entry_may_come_again_and_again(lab: Lab, every: str, expected: list[float]) -> None:
    start(lab, every + ", for: 1s, fault: stall")
    lab.run(10.5)
    assert begun(lab) == [(0, at, at + 1) for at in expected]


def test_what_follows_an_entry_that_comes_again_comes_again(lab: Lab) -> None:
    start(lab, "every: {period: 3s, times: 2}, fault: reset", "after: 1s, fault: reset")
    lab.run(10)
    assert begun(lab) == [(0, 3, 3), (1, 4, 4), (0, 6, 6), (1, 7, 7)]


def test_repetitions_choose_anew(lab: Lab) -> None:
    start(lab, "every: 1s, fault: reset, binds: 1")
    order = []
    for turn in range(6):
        binds = [lab.bound() for _ in range(8)]
        lab.run(turn + 1.05 - lab.clock.seconds())
        order.append(next(index for index, esme in enumerate(binds) if not esme.open))
        for esme in binds:
            if esme.open:
                esme.drop()
    assert len(set(order)) > 1


@pytest.mark.parametrize(
    ("when", "fulfil"),
    [
        ("3 accepted", lambda lab, esme: statuses(lab, esme, 3)),
        ("3 submitted", lambda lab, esme: statuses(lab, esme, 3)),
        ("2 binds", lambda lab, esme: lab.bound()),
    ],
)
def test_an_entry_may_wait_for_an_event(lab: Lab, when: str, fulfil: Any) -> None:
    start(lab, f"when: {when}, operator: one, fault: reset")
    esme = lab.bound()
    lab.run(5)
    assert begun(lab) == []
    assert timeline(lab).entries[0].state is EntryState.TO_COME
    before = lab.clock.seconds()
    fulfil(lab, esme)
    lab.run(1)
    ((entry, began, _),) = begun(lab)
    assert entry == 0
    assert before <= began + timeline(lab).began_at <= before + 0.1
    assert not esme.open
    assert timeline(lab).entries[0].state is EntryState.PAST


def test_an_entry_may_wait_for_refusals_and_for_receipts(lab: Lab) -> None:
    lab.start(
        'operators: {one: {listen: "tcp:2775", rules: [{when: {text: "*bad*"}, respond: 88}]}}\n'
        "timeline:\n  - {when: {refused: 2, delay: 1s}, fault: stall}\n  - {when: a receipt, fault: reset}\n"
    )
    esme = lab.bound()
    for _ in range(2):
        esme.submit(text="bad", registered=0)
    lab.settle()
    assert begun(lab) == []
    lab.run(1.1)
    assert [entry for entry, *_ in begun(lab)] == [0]
    timeline(lab).end(timeline(lab).entries[0])
    esme.submit(registered=1)
    lab.run(3)
    assert [entry for entry, *_ in begun(lab)] == [0, 1]


def test_an_event_may_be_that_of_another_operator_and_come_again(lab: Lab) -> None:
    start(lab, "when: {submitted: 2, operator: two, times: 2}, operator: one, for: 1s, fault: no-response")
    one, two = lab.bound(), lab.bound(port=2776)
    statuses(lab, one, 5)
    lab.run(1)
    assert begun(lab) == []
    for turns in (1, 2, 2):
        statuses(lab, two, 2)
        lab.run(2)
        assert len(begun(lab)) == turns


def test_without_events_nothing_is_watched(lab: Lab) -> None:
    start(lab, "at: 1s, fault: reset")
    assert type(lab.stats) is OperatorStats


# --- at run time ------------------------------------------------------------------------------------------


def test_the_states_of_entries(lab: Lab) -> None:
    start(
        lab,
        "at: 1s, for: 2s, name: storm, fault: stall",
        "after: {end_of: storm}, fault: reset",
        "when: 9 mo, fault: reset",
    )
    seen = []
    for seconds in (0.5, 1, 2):
        lab.run(seconds)
        seen.append([played.state.value for played in timeline(lab).entries])
    assert seen == [["to come"] * 3, ["on", "to come", "to come"], ["past", "past", "to come"]]
    assert [played.name for played in timeline(lab).entries] == ["storm", "entry 2", "entry 3"]
    lab.stop()
    assert [played.state for played in timeline(lab).entries] == [EntryState.PAST] * 3


def test_an_entry_may_be_begun_and_ended_by_hand(lab: Lab) -> None:
    start(lab, "at: 1h, for: 5s, fault: no-response, operator: one")
    esme = lab.bound()
    (entry,) = timeline(lab).entries
    assert not timeline(lab).end(entry)
    timeline(lab).start(entry)
    assert statuses(lab, esme, 1) == []
    assert timeline(lab).end(entry)
    assert statuses(lab, esme, 1) == [0]
    timeline(lab).start(entry)
    lab.run(3)
    timeline(lab).start(entry)
    lab.run(4)
    assert entry.on, "its time counts from its last beginning"
    lab.run(2)
    assert not entry.on
    assert entry.state is EntryState.TO_COME


def test_only_so_many_beginnings_are_remembered_and_the_others_counted(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smsc.timeline, "MOST_REMEMBERED", 2)
    start(lab, "every: 1s, fault: reset")
    lab.run(5.5)
    assert (len(timeline(lab).history), timeline(lab).unremembered) == (2, 3)


def test_a_timeline_may_begin_again(lab: Lab) -> None:
    lab.start(
        'operators: {one: {listen: "tcp:2775", faults: [{fault: generic-nack, until: 1s}]}}\n'
        "timeline: [{at: 2s, fault: outage}, {when: 2 accepted, fault: reset}]"
    )
    lab.run(5)
    assert lab.network.ports == {}
    timeline(lab).begin()
    assert list(lab.network.ports) == [2775], "what was on has ended"
    esme = lab.bound()
    assert statuses(lab, esme, 1) == [S.ESME_RINVCMDLEN], "habits begin again"
    assert begun(lab) == []
    lab.run(2.5)
    assert begun(lab) == [(0, 2, None)]
    assert lab.network.ports == {}
