"""The scenario as it is played, and how it begins again."""

from __future__ import annotations

import pytest

from smsc.control.timetable import Timetable
from tests.smsc.conftest import EPOCH, Lab

PLAYED = """
scenario: An evening
seed: 7
operators: {op: {listen: "tcp:2775"}}
timeline:
  - {at: 1s, for: 5s, fault: throttle, rate: 5/s}
  - {at: 2s, mo: {from: "7701", to: "1234", text: hi}}
  - {at: 3s, for: 2s, fault: outage}
  - {at: 30s, fault: crlf}
  - {at: 40s, alert: "7701"}
  - {at: 50s, ussd: {from: "7701", dials: "*100#"}}
"""


@pytest.fixture
def timetable(lab: Lab) -> Timetable:
    lab.start(PLAYED, steered=True)
    clock = lab.steering
    return Timetable(lab.emulator, lambda: EPOCH + clock.seconds(), clock.seconds, "evening.yaml")


def test_it_says_what_was_is_and_is_to_come(lab: Lab, timetable: Timetable) -> None:
    lab.run(4, step=0.5)
    view = timetable.view()
    assert (view.scenario, view.file, view.seed, view.operators) == ("An evening", "evening.yaml", 7, ["op"])
    assert (view.began_at, view.now, view.elapsed) == pytest.approx((EPOCH, EPOCH + 4, 4))
    assert [(entry.kind, entry.state, entry.at, entry.began) for entry in view.timeline[:4]] == [
        ("throttle", "on", 1, pytest.approx(1)),
        ("mo", "past", 2, pytest.approx(2)),
        ("outage", "on", 3, pytest.approx(3)),
        ("crlf", "to come", 30, None),
    ]
    assert [entry.words for entry in view.timeline] == [
        "throttle (rate 5/s)",
        '7701 writes to 1234: "hi"',
        "outage",
        "crlf",
        "7701 can be reached again",
        "7701 dials *100#",
    ]


def test_it_begins_again(lab: Lab, timetable: Timetable) -> None:
    lab.run(4, step=0.5)
    state = lab.emulator.operators["op"].state
    assert state.throttle == 5
    timetable.begin()
    view = timetable.view()
    assert {entry.state for entry in view.timeline} == {"to come"}
    assert (state.throttle, state.outage) == (None, False)
    assert view.elapsed == pytest.approx(0)
    assert state.began == pytest.approx(4)
    lab.run(1.1, step=0.1)
    assert state.throttle == 5
