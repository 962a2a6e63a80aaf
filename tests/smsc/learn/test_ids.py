"""How ids are written, from samples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc.learn.ids import style_of, styles_of
from smsc.learn.twin import ids
from smsc.scenario.id_style import IdStyle

STYLES = [
    "decimal",
    "decimal 12",
    "decimal large",
    "hex",
    "hex lower",
    "hex lower 10",
    "hex 8",
    "uuid",
    "uuid upper",
    "decimal SMS-{}",
    "hex lower X/{}/y",
]


def written(style: str, numbers: list[int]) -> list[str]:
    write = IdStyle.parse(style).writer()
    return [write(number) for number in numbers]


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_recognised(style: str) -> None:
    numbers = list(range(10_000_001, 10_000_200))
    found = style_of(written(style, numbers))
    assert found is not None
    assert IdStyle.parse(ids(found).strip("'")) == IdStyle.parse(style)


@pytest.mark.parametrize("there", STYLES)
@pytest.mark.parametrize("here", ["decimal", "hex", "hex lower 10", "decimal 12"])
def test_two_styles_are_recognised_by_their_numbers(here: str, there: str) -> None:
    numbers = list(range(10_000_001, 10_000_200))
    one, other = styles_of(list(zip(written(here, numbers), written(there, numbers), strict=True)))
    assert one is not None
    assert IdStyle.parse(ids(one)) == IdStyle.parse(here)
    if here == there:
        assert other is None
    else:
        assert other is not None
        assert IdStyle.parse(ids(other).strip("'")) == IdStyle.parse(there)


def test_decimals_that_stand_for_hexadecimals_are_seen_through() -> None:
    numbers = [0x10000001, 0x10000002, 0x10000003]  # no letter in any of them
    one, other = styles_of([(f"{number:x}", str(number)) for number in numbers])
    assert one is not None
    assert other is not None
    assert (one.base.value, other.base.value) == ("hex", "decimal")


def test_ids_without_a_common_style_have_none() -> None:
    assert style_of(["one", "two"]) is None
    assert style_of([]) is None


@settings(deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20), min_size=1))
def test_any_ids_have_a_style_that_can_be_written_or_none(samples: list[str]) -> None:
    style_of(samples)
    styles_of([(sample, sample[::-1]) for sample in samples])
