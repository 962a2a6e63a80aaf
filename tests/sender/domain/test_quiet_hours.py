"""Quiet hours by the clock on the wall, changes of summer time included (I7)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender.domain.quiet_hours import QuietHours, allowed_from, allowed_until

ALMATY, BERLIN = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(21 * 60, 9 * 60)
WEEKEND = QuietHours(21 * 60, 9 * 60, frozenset({5, 6}))
SIESTA = QuietHours(13 * 60, 15 * 60)


def at(zone: ZoneInfo, text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def due(quiet: QuietHours, zone: ZoneInfo, text: str) -> str:
    found = allowed_from(quiet, at(zone, text), [zone])
    assert found is not None
    return datetime.fromtimestamp(found, zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("quiet", "now", "then"),
    [
        (NIGHT, "2026-06-01 12:00", "2026-06-01 12:00"),
        (NIGHT, "2026-06-01 20:59", "2026-06-01 20:59"),
        (NIGHT, "2026-06-01 21:00", "2026-06-02 09:00"),
        (NIGHT, "2026-06-02 03:00", "2026-06-02 09:00"),
        (NIGHT, "2026-06-02 08:59:59", "2026-06-02 09:00"),
        (WEEKEND, "2026-06-05 22:00", "2026-06-08 09:00"),  # Friday night
        (WEEKEND, "2026-06-06 12:00", "2026-06-08 09:00"),
        (WEEKEND, "2026-06-08 00:30", "2026-06-08 09:00"),
        (SIESTA, "2026-06-01 13:30", "2026-06-01 15:00"),
        (SIESTA, "2026-06-01 23:30", "2026-06-01 23:30"),
    ],
)
def test_it_waits_until_the_next_time_that_is_allowed(quiet: QuietHours, now: str, then: str) -> None:
    assert due(quiet, ALMATY, now) == then


def test_the_recipients_clock_counts() -> None:
    now = at(UTC, "2026-06-01 18:00")  # type: ignore[arg-type] # 23:00 in Almaty, 20:00 in Berlin
    assert allowed_from(NIGHT, now, [BERLIN]) == now
    assert allowed_from(NIGHT, now, [ALMATY]) == at(ALMATY, "2026-06-02 09:00")


def test_all_zones_that_a_number_may_be_in_must_be_awake() -> None:
    kaliningrad, omsk = ZoneInfo("Europe/Kaliningrad"), ZoneInfo("Asia/Omsk")
    now = at(omsk, "2026-06-01 10:00")
    assert allowed_from(NIGHT, now, [omsk]) == now
    assert allowed_from(NIGHT, now, [omsk, kaliningrad]) == at(kaliningrad, "2026-06-01 09:00")


def test_zones_that_are_never_awake_together_have_no_hour() -> None:
    short = QuietHours(10 * 60, 9 * 60)  # one hour a day is allowed
    assert allowed_from(short, 0.0, [ALMATY, BERLIN]) is None


def test_an_hour_that_summer_time_skips_never_comes() -> None:
    early = QuietHours(21 * 60, 2 * 60 + 30)
    assert due(early, BERLIN, "2026-03-29 00:00") == "2026-03-29 03:00"  # 02:30 does not exist that day


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = QuietHours(21 * 60, 2 * 60 + 30)
    assert due(quiet, BERLIN, "2026-10-25 00:00") == "2026-10-25 02:30"
    second = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1).timestamp()
    found = allowed_from(quiet, second, [BERLIN])
    assert found == second + 20 * 60


def test_the_night_of_a_change_has_its_real_length() -> None:
    for evening, morning, hours in (
        ("2026-03-28 21:00", "2026-03-29 09:00", 11),
        ("2026-10-24 21:00", "2026-10-25 09:00", 13),
    ):
        assert due(NIGHT, BERLIN, evening) == morning
        assert at(BERLIN, morning) - at(BERLIN, evening) == hours * 3600


ZONES = [ALMATY, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1_767_225_600 // 60, 1_798_761_600 // 60),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.frozensets(st.integers(0, 6), max_size=3),
    st.sampled_from(ZONES),
)
def test_it_is_the_first_minute_that_is_allowed(
    minute: int, start: int, end: int, days: frozenset[int], zone: ZoneInfo
) -> None:
    """As a walk minute by minute finds it."""
    quiet = QuietHours(start, end, days)
    now = minute * 60.0
    walk = now
    while quiet.quiet_at(datetime.fromtimestamp(walk, zone)):
        walk += 60.0
    assert allowed_from(quiet, now, [zone]) == walk
    if walk == now:
        until = allowed_until(quiet, now, [zone])
        assert until > now
        for step in range(0, int(min(until - now, 7200)), 60):
            assert not quiet.quiet_at(datetime.fromtimestamp(now + step, zone))
