"""Seeds as they are written."""

from __future__ import annotations

import pytest

from carrierlab.seeds import SeedRange


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", (7,)), ("1..4", (1, 2, 3, 4)), ("1, 5..6,5", (1, 5, 6)), ("0..0", (0,))]
)
def test_seeds_are_written_as_ranges_and_lists(text: str, seeds: tuple[int, ...]) -> None:
    assert SeedRange.parse(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "-1", "4..1", "1..", "1...3", "1..99999999999"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected seeds such as 1\.\.20"):
        SeedRange.parse(text)
