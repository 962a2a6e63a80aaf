"""The timeline in words."""

from __future__ import annotations

from carrierlab.report.faults import Fault
from carrierlab.timeline import faults_of
from smsc.scenario.model import Scenario
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


def test_every_kind_of_entry_is_described() -> None:
    assert faults_of(loads(TEXT, Scenario).timeline) == [
        Fault(60, 90, "alpha", "throttle", "throttled to 1.33/s"),
        Fault(2, None, None, "reset", "all connections reset"),
        Fault(3, None, None, "reset", "1 connection reset"),
        Fault(4, None, None, "outage", "out of service"),
        Fault(5, 6, None, "outage", "out of service"),
        Fault(6, None, None, "mo", 'a handset writes "A text that is longer than th…"'),
    ]
