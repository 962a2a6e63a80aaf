from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.times import TimeError, delivery_window, format_absolute, format_relative, parse_time

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
RINVSCHED, RINVEXPIRY = 0x61, 0x62


def test_an_absolute_time_keeps_its_offset_and_tenths():
    parsed = parse_time("260203153045720+", NOW)
    assert parsed == datetime(2026, 2, 3, 15, 30, 45, 700_000, timezone(timedelta(hours=5)))
    assert parsed.utcoffset() == timedelta(hours=5)
    assert parse_time("260203153045720-", NOW).utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("text", ["", "0", "26020315304572+", "2602031530457200+", "260203153045720+\0"])
def test_a_length_other_than_sixteen_is_an_error(text):  # C55
    with pytest.raises(TimeError, match="is not a time: 16 characters"):
        parse_time(text, NOW)


def test_a_bad_length_earns_the_status_of_its_field():  # C55
    with pytest.raises(TimeError) as caught:
        delivery_window("26020315304572+", "", NOW)
    assert caught.value.status == RINVSCHED
    with pytest.raises(TimeError) as caught:
        delivery_window("", "26020315304572+", NOW)
    assert caught.value.status == RINVEXPIRY


def test_the_offset_is_0_to_48_quarter_hours():  # C56
    assert parse_time("260203153045048+", NOW).utcoffset() == timedelta(hours=12)
    with pytest.raises(TimeError, match="49 quarter hours"):
        parse_time("260203153045049+", NOW)


@pytest.mark.parametrize("sign", ["r", "P", " ", "0"])
def test_the_last_character_is_plus_minus_or_r(sign):  # C56
    with pytest.raises(TimeError, match="is not a time"):
        parse_time(f"260203153045000{sign}", NOW)


@pytest.mark.parametrize("digits", ["26x203153045000+", "²60203153045000+", "٢60203153045000+", "-60203153045000+"])
def test_the_rest_is_ascii_digits(digits):
    with pytest.raises(TimeError, match="is not a time"):
        parse_time(digits, NOW)


def test_the_relative_vector_of_the_specification():  # C57
    # 2 years, 6 months, 10 days, 23 hours, 34 minutes and 29 seconds from now.
    now = datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC)
    assert parse_time("020610233429000R", now) == datetime(2028, 7, 11, 23, 34, 29, tzinfo=UTC)


def test_tenths_and_offset_of_a_relative_time_are_ignored():  # C57
    assert parse_time("000000010000999R", NOW) == NOW + timedelta(hours=1)


def test_a_relative_time_keeps_the_zone_of_the_smsc_clock():  # C57
    now = NOW.astimezone(timezone(timedelta(hours=3)))
    assert parse_time("000001000000000R", now).utcoffset() == timedelta(hours=3)


def test_a_month_after_31_january_is_the_last_of_february():
    assert parse_time("000100000000000R", NOW) == datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)
    assert parse_time("020100000000000R", NOW) == datetime(2028, 2, 29, 12, 0, 0, tzinfo=UTC)
    assert parse_time("001200000000000R", NOW) == datetime(2027, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "260230000000000+",  # 30 February
        "270229000000000+",  # no leap year
        "260203240000000+",
        "260203006000000+",
        "260203000060000+",
        "261303000000000+",
        "260003000000000+",
        "260200000000000+",
        "000000240000000R",
        "000000006000000R",
        "000000000060000R",
        "001300000000000R",
        "000032000000000R",
    ],
)
def test_moments_and_spans_no_calendar_has_are_errors(text):  # C58
    with pytest.raises(TimeError):
        parse_time(text, NOW)


def test_29_february_of_a_leap_year_is_one():  # C58
    assert parse_time("280229000000000+", NOW) == datetime(2028, 2, 29, tzinfo=UTC)


def test_a_relative_time_past_the_calendar_is_an_error():
    with pytest.raises(TimeError, match="past the end of the calendar"):
        parse_time("990000000000000R", datetime(9950, 1, 1, tzinfo=UTC))
    with pytest.raises(TimeError, match="past the end of the calendar"):
        parse_time("000001000000000R", datetime(9999, 12, 31, tzinfo=UTC))


def test_validity_before_schedule_is_refused():  # C59
    with pytest.raises(TimeError, match="expire before it is due") as caught:
        delivery_window("000002000000000R", "000001000000000R", NOW)
    assert caught.value.status == RINVEXPIRY


def test_a_window_holds_what_was_asked():
    assert delivery_window("", "", NOW) == delivery_window("", "", NOW, longest=timedelta(0))
    window = delivery_window("000001000000000R", "000002000000000R", NOW)
    assert window.schedule == NOW + timedelta(days=1)
    assert window.validity == NOW + timedelta(days=2)


def test_a_time_past_the_operators_limit_is_clamped_or_refused():  # C60
    longest = timedelta(days=3)
    assert delivery_window("", "000007000000000R", NOW, longest=longest).validity == NOW + longest
    with pytest.raises(TimeError, match="past the operator's limit") as caught:
        delivery_window("", "000007000000000R", NOW, longest=longest, clamp=False)
    assert caught.value.status == RINVEXPIRY
    with pytest.raises(TimeError) as caught:
        delivery_window("000007000000000R", "", NOW, longest=longest, clamp=False)
    assert caught.value.status == RINVSCHED


def test_an_absolute_time_is_written_with_its_offset():
    almaty = timezone(timedelta(hours=5))
    assert format_absolute(datetime(2026, 2, 3, 15, 30, 45, 789_000, almaty)) == "260203153045720+"
    assert format_absolute(datetime(2026, 2, 3, 15, 30, 45, 0, timezone(-timedelta(hours=3, minutes=30)))) == (
        "260203153045014-"
    )


@pytest.mark.parametrize("offset", [timedelta(hours=13), timedelta(minutes=7), timedelta(hours=-12, minutes=-15)])
def test_an_offset_smpp_cannot_write_becomes_utc(offset):
    moment = datetime(2026, 2, 3, 15, 30, 45, tzinfo=timezone(offset))
    assert format_absolute(moment).endswith("00+")
    assert parse_time(format_absolute(moment), NOW) == moment


def test_a_naive_time_or_another_century_cannot_be_written():
    with pytest.raises(TimeError, match="no time zone"):
        format_absolute(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(TimeError, match="1999"):
        format_absolute(datetime(1999, 1, 1, tzinfo=UTC))


def test_a_span_is_written_in_days_and_smaller_units():
    assert format_relative(timedelta(days=10, hours=23, minutes=34, seconds=29)) == "000010233429000R"
    assert format_relative(timedelta(0)) == "000000000000000R"


@pytest.mark.parametrize("span", [timedelta(seconds=-1), timedelta(days=32)])
def test_a_span_that_needs_months_or_is_negative_cannot_be_written(span):
    with pytest.raises(TimeError, match="cannot be written exactly"):
        format_relative(span)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001
    st.integers(-48, 48),
)
def test_absolute_times_survive_the_round_trip(moment, quarters):
    zone = timezone(timedelta(minutes=15 * quarters))
    aware = moment.replace(microsecond=moment.microsecond // 100_000 * 100_000, tzinfo=zone)
    assert parse_time(format_absolute(aware), NOW) == aware
    assert parse_time(format_absolute(aware), NOW).utcoffset() == aware.utcoffset()


@given(st.integers(0, 32 * 86_400 - 1))
def test_relative_times_survive_the_round_trip(seconds):
    span = timedelta(seconds=seconds)
    assert parse_time(format_relative(span), NOW) == NOW + span


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{15}[-+R]", fullmatch=True))
def test_reading_raises_nothing_but_its_own_error(text):
    with suppress(TimeError):
        assert parse_time(text, NOW).utcoffset() is not None
