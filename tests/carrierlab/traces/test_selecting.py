"""What is shown of a trace."""

from __future__ import annotations

from typing import Any

import pytest

from carrierlab.traces.reading import entries
from carrierlab.traces.selecting import Selection, around
from tests.carrierlab.traces.small import TO, TRACE

ENTRIES = entries(TRACE)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, len(ENTRIES)),
        ({"links": ("1",)}, 11),
        ({"links": ("1<",)}, 5),
        ({"links": ("2", "1>")}, 6),
        ({"commands": ("submit_sm",)}, 3),
        ({"commands": ("submit_sm*", "fault")}, 7),
        ({"to": TO}, 13),
        ({"to": "*9"}, 2),
        ({"after": 2.0}, 5),
        ({"until": 0.04}, 4),
        ({"pdus_only": True}, 9),
        ({"pdus_only": True, "to": TO, "after": 1.0}, 4),
    ],
)
def test_every_filter_takes_what_it_says(wanted: dict[str, Any], count: int) -> None:
    assert sum(Selection(**wanted).takes(entry) for entry in ENTRIES) == count


def test_around_counts_what_is_shown() -> None:
    pdus = [entry for entry in ENTRIES if entry.fate is not None]
    assert around(pdus, pdus[3], 1) == pdus[2:5]
    assert around(pdus, pdus[0], 2) == pdus[:3]
