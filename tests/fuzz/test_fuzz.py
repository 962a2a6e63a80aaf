"""The script that damages PDUs: it repeats itself, finds what is wrong, and says what the slowest cost."""

from __future__ import annotations

import re

import pytest

from smppkit.codec import CODECS
from tests.fuzz.scripts import script

fuzz = script("fuzz")


def test_a_case_is_the_same_for_the_same_numbers() -> None:
    one, same, other = fuzz.make_case(1, 17), fuzz.make_case(1, 17), fuzz.make_case(2, 17)
    assert (one.octets, one.version) == (same.octets, same.version)
    assert one.octets != other.octets


def test_long_pdus_are_sound_before_they_are_damaged() -> None:
    for version, pdus in fuzz.LONG_SOUND.items():
        for octets in pdus:
            assert CODECS[version].encode(CODECS[version].decode(octets)) == octets


def test_it_says_what_the_slowest_cost_and_what_memory_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--count", "60", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "seed 1, 60 cases, " in printed
    for name in ("decoding", "texts", "session"):
        assert re.search(rf"fuzz: {name}: at most \d+\.\d\d ms, case \d+ of \d+ octets", printed), printed
    assert re.search(r"memory of a process: [\d.]+, [\d.]+, [\d.]+ MiB", printed), printed


def test_a_case_that_fails_is_printed_with_its_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(fuzz, "talk", broken)
    assert fuzz.main(["--count", "5", "--jobs", "1"]) == 1
    printed = capsys.readouterr().err
    assert "KeyError: 'planted'" in printed
    assert f"case 0 of seed 1 failed: {fuzz.make_case(1, 0).octets.hex()}" in printed


def test_only_the_slowest_cases_are_kept() -> None:
    slow: list[object] = []
    for number in range(100):
        fuzz.keep(slow, fuzz.Slowest(number % 17 / 10, number, 16))
    assert len(slow) == fuzz.MOST_SLOW
    assert slow == sorted(slow, reverse=True)
    assert slow[0].seconds == 1.6  # type: ignore[attr-defined]
