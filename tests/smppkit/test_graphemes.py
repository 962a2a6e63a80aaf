"""Where a text may be cut; the cases are those of Unicode's UAX #29 for each of its rules."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.graphemes import is_boundary


def clusters(text: str) -> list[str]:
    cuts = [0, *(at for at in range(1, len(text)) if is_boundary(text, at)), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(cuts)]


@pytest.mark.parametrize(
    "whole",
    [
        "\r\n",
        "e\u0301",
        "n\u0303\u0320",
        "👍🏽",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "❤️",
        "1\ufe0f\u20e3",
        "🇰🇿",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "각",  # an LVT syllable
        "\u1100\u1161\u11a8",  # the same in jamo
        "가\u11a8",
        "\u1100\u1100\u1161",
        "नि",
        "क्ष",
        "क्\u200dष",
        "স্ত্রী",
        "ക്ഷ",
        "త్స",
        "กำ",
        "த்",
        "\u0600\u0661",
    ],
)
def test_what_a_reader_sees_as_one_is_one(whole: str) -> None:
    assert clusters(f"a{whole}b") == ["a", whole, "b"]
    assert clusters(whole * 3) == [whole] * 3


def test_neighbours_are_apart() -> None:
    assert clusters("🇰🇿🇹🇷🇷") == ["🇰🇿", "🇹🇷", "🇷"]
    assert clusters("각가나") == ["각", "가", "나"]
    assert clusters("\u11a8\u1100") == ["\u11a8", "\u1100"]
    assert clusters("कष") == ["क", "ष"]
    assert clusters("a\n\u0301") == ["a", "\n", "\u0301"]
    assert clusters("👍👍🏽") == ["👍", "👍🏽"]
    assert clusters("கதா") == ["க", "தா"]


@given(st.text(max_size=60))
def test_cutting_loses_nothing(text: str) -> None:
    assert "".join(clusters(text)) == text
