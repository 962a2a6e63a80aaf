"""What operators do on the wire: each behaviour is a scenario file, and is seen by a client that only speaks octets."""

from __future__ import annotations

import pytest

_THEMES = (
    "limits",
    "statuses",
    "texts",
    "parts",
    "latencies",
    "sessions",
    "network",
    "garbage",
    "mobile",
    "receipts",
    "rules",
)
for _theme in _THEMES:
    pytest.register_assert_rewrite(f"tests.smsc.behaviours.{_theme}")

from tests.smsc.behaviours import (  # noqa: E402 - after their assertions have been made to speak
    garbage,
    latencies,
    limits,
    mobile,
    network,
    parts,
    receipts,
    rules,
    sessions,
    statuses,
    texts,
)
from tests.smsc.behaviours.table import BEHAVIOURS  # noqa: E402
from tests.smsc.behaviours.world import SCENARIOS, World  # noqa: E402

THEMES = (limits, statuses, texts, parts, latencies, sessions, network, garbage, mobile, receipts, rules)
GROUPS = {
    "throttle",
    "queue full",
    "window",
    "vendor statuses",
    "error response body",
    "TLVs in responses",
    "vendor TLVs collide",
    "default alphabet",
    "sender rules",
    "content rules",
    "long messages",
    "latency",
    "bind limits",
    "credentials",
    "timers",
    "SMSC-side unbind, outbind",
    "TCP",
    "garbage",
    "congestion",
    "USSD",
    "MO",
    "receipts: timing",
    "receipts: route",
    "receipts: retry",
    "receipts: multipart",
    "rules",
    "templates",
    "files",
}


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
def test_the_behaviour_of_the_file_is_on_the_wire(name: str) -> None:
    world = World(name)
    BEHAVIOURS[name].proof(world)
    world.stop()


def test_every_file_is_shown_and_says_what_it_is() -> None:
    files = {path.stem: path for path in SCENARIOS.glob("*.yaml")}
    assert sorted(files) == sorted(BEHAVIOURS)
    assert [name for name, path in files.items() if not path.read_text().startswith("# ")] == []


def test_no_group_is_left_out() -> None:
    assert {behaviour.group for behaviour in BEHAVIOURS.values()} == GROUPS
