"""Many seeds: which ones fail, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.run import Job
from carrierlab.scenario import load_scenario
from carrierlab.seeds import SeedRange, run_seeds, why_failed
from tests.carrierlab.files import SCENARIO, write


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", (7,)), ("1..4", (1, 2, 3, 4)), ("1, 5..6,5", (1, 5, 6)), ("0..0", (0,))]
)
def test_seeds_are_written_as_ranges_and_lists(text: str, seeds: tuple[int, ...]) -> None:
    assert SeedRange.parse(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "-1", "4..1", "1..", "1...3", "1..99999999999"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected seeds such as 1\.\.20"):
        SeedRange.parse(text)


def test_each_seed_is_played_and_a_failure_is_told_in_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO.replace("{metric: delivered, equals: 100%}", "{metric: delivered, equals: 3}"))
    outcomes = list(run_seeds(Job(load_scenario(path), str(path)), (4, 5)))
    assert [outcome.seed for outcome in outcomes] == [4, 5]
    assert outcomes[0].trace != outcomes[1].trace
    assert why_failed(outcomes[0]) == "delivered equals 3, found 4"
