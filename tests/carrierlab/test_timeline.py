"""The timeline in words."""

from __future__ import annotations

import pytest

from carrierlab.report.result import Fault
from carrierlab.timeline import faults_of, last_mo, never_begun
from smsc.scenario.model import Scenario
from smsc.scenario.timeline_model import TimelineEntry
from smsc.timeline import Played, Spell
from yamlmodel.loader import loads

TEXT = """
operators: {alpha: {}}
timeline:
  - {at: 1m, for: 30s, operator: alpha, fault: throttle, rate: 80/m}
  - {at: 2s, fault: reset}
  - {at: 3s, fault: reset, binds: 1}
  - {at: 4s, fault: outage}
  - {at: 5s, for: 1s, fault: outage}
  - {at: 6s, mo: {from: "7705", to: SHOP, text: "A text that is longer than thirty characters"}}
"""


def test_every_kind_of_entry_that_began_is_described() -> None:
    ends = [90, 2, 3, None, 6, 6]
    entries = loads(TEXT, Scenario).timeline
    assert faults_of(Spell(entry, float(entry.at or 0), end) for entry, end in zip(entries, ends, strict=True)) == [
        Fault(60, 90, "alpha", "throttle", "throttled to 1.33/s"),
        Fault(2, None, None, "reset", "all connections reset"),
        Fault(3, None, None, "reset", "1 connection reset"),
        Fault(4, None, None, "outage", "out of service"),
        Fault(5, 6, None, "outage", "out of service"),
        Fault(6, None, None, "mo", 'a handset writes "A text that is longer than th…"'),
    ]


def test_what_never_began_is_told_with_what_it_waited_for() -> None:
    entries = timeline("{at: 10s, fault: reset}", "{when: 1000 accepted, name: late, fault: slice, size: 1}")
    played = [Played(entry, index) for index, entry in enumerate(entries)]
    assert never_begun(played) == [
        "entry 1 never began: all connections reset, at 10 s",
        "late never began: slice, when 1,000 accepted",
    ]
    played[0].times = 1
    assert len(never_begun(played)) == 1


def timeline(*entries: str) -> list[TimelineEntry]:
    return loads("operators: {alpha: {}}\ntimeline: [" + ", ".join(entries) + "]", Scenario).timeline


MO = "mo: {from: '7705', to: SHOP, text: STOP}"


@pytest.mark.parametrize(
    ("entries", "last"),
    [
        (["{at: 2s, fault: reset}"], None),
        (["{at: 2s, %s}", "{at: 1s, %s}"], 2),
        (["{at: 2s, for: 5s, name: a, fault: stall}", "{after: 1s, %s}"], 3),
        (["{at: 2s, for: 5s, name: a, fault: stall}", "{after: {end_of: a, delay: 1s}, %s}"], 8),
        (["{every: {period: 2s, times: 4}, %s}"], 8),
        (["{at: 1s, every: {period: 2s, until: 7s}, %s}"], 5),
        (["{every: 2s, %s}"], None),
        (["{when: 5 accepted, %s}", "{after: 1s, %s}"], None),
    ],
)
def test_the_last_message_of_a_handset_is_known_where_it_can_be(entries: list[str], last: float | None) -> None:
    assert last_mo(timeline(*(entry.replace("%s", MO) for entry in entries))) == last
