"""Phases: how they are written, and when they were."""

from __future__ import annotations

import pytest

from carrierlab.phases import Phase, PhaseSpan, phases_of
from smsc.scenario.timeline_model import OutageFault
from smsc.timeline import Spell


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s-30s", PhaseSpan(0, 30)),
        ("1m - 1h", PhaseSpan(60, 3600)),
        ("60s-", PhaseSpan(60, None)),
        ("during storm", PhaseSpan(entry="storm")),
        ("during the bad hour", PhaseSpan(entry="the bad hour")),
    ],
)
def test_how_a_span_is_written(text: str, span: PhaseSpan) -> None:
    assert PhaseSpan.parse(text) == span


@pytest.mark.parametrize("text", ["", "30s", "30s-10s", "10s-10s", "a-b", "during"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        PhaseSpan.parse(text)


def spell(name: str, began: float, ended: float | None) -> Spell:
    return Spell(OutageFault(name=name), began, ended)


def test_when_phases_were() -> None:
    spans = {
        "calm": PhaseSpan(0, 30),
        "late": PhaseSpan(50, 500),
        "rest": PhaseSpan(90),
        "after": PhaseSpan(101, 200),
        "storm": PhaseSpan(entry="storm"),
        "endless": PhaseSpan(entry="endless"),
        "never": PhaseSpan(entry="never"),
    }
    spells = [spell("storm", 10, 20), spell("storm", 40, 45), spell("endless", 60, 61), spell("endless", 70, None)]
    assert list(phases_of(spans, spells, 100).values()) == [
        Phase("calm", 0, 30),
        Phase("late", 50, 100),
        Phase("rest", 90, 100),
        Phase("storm", 10, 45),
        Phase("endless", 60, 100),
    ]
