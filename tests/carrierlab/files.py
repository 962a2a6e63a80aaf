"""Small scenario files for tests."""

from __future__ import annotations

from pathlib import Path

PEOPLE = """phone,name,order
+77050001001,Әсем,1
+77050001002,Жәнібек,2
8 705 000 10 03,Marat,3
+905050001004,Çiğdem,4
nonsense,Nobody,5
"""

SCENARIO = """scenario: Small
seed: 1
operators:
  alpha:
    listen: tcp:2775
    accounts: [{system_id: shop, password: secret, window: 5, rate: 100/s}]
    submit: {latency: uniform 5ms 20ms}
    receipts: {delay: 100ms}
  beta:
    listen: tcp:2776
workload:
  campaign:
    recipients: people.csv
    template: "{name|Client}, order {order} is ready"
    sender: SHOP
    routes: [{prefix: "77", operator: alpha}, {operator: beta}]
    receipt_wait: 2s
expect:
  - {metric: delivered, equals: 100%}
  - {metric: rejected_rows, equals: 1}
  - {metric: lost, equals: 0}
"""


def write(directory: Path, scenario: str = SCENARIO, people: str = PEOPLE) -> Path:
    """Write both files; returns the scenario's path."""
    (directory / "people.csv").write_text(people, encoding="utf-8")
    path = directory / "small.yaml"
    path.write_text(scenario, encoding="utf-8")
    return path
