"""SMPP times: `YYMMDDhhmmsstnnp`, sixteen characters (SMPP 3.4 §7.1.1).

Absolute times carry tenths of a second and the local offset from UTC in quarter hours with its sign; relative ones end
in "R" and count from the SMSC's clock. All datetimes here are aware.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from smppkit.status import CommandStatus

_SHAPE = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])", re.ASCII)
_QUARTER = timedelta(minutes=15)
_MOST_QUARTERS = 48
_LONGEST_RELATIVE = timedelta(days=32)
_RELATIVE_RANGES = (("months", 12), ("days", 31), ("hours", 23), ("minutes", 59), ("seconds", 59))


class TimeError(ValueError):
    """A time that SMPP cannot mean. `status` is the command_status it earns when the field is known, else 0."""

    def __init__(self, reason: str, status: int = 0) -> None:
        self.status = status
        super().__init__(reason)


class DeliveryWindow(msgspec.Struct, frozen=True):
    """When a message may be delivered: not before `schedule`, not after `validity`; None where nothing was asked."""

    schedule: datetime | None
    validity: datetime | None


def parse_time(text: str, now: datetime) -> datetime:
    """Read an absolute or relative time (sixteen characters, without its NUL); relative ones count from `now`.

    An absolute time comes back in the offset it was written in. TimeError for anything else than SMPP 3.4 §7.1.1
    allows; the empty string, "no time given", is the caller's business.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise TimeError(f"{text!r} is not a time: 16 characters YYMMDDhhmmsstnnp were expected, p one of + - R")
    *digits, sign = shape.groups()
    year, month, day, hour, minute, second, tenth, quarters = map(int, digits)
    if sign == "R":
        return _later(text, now, year, (month, day, hour, minute, second))
    if quarters > _MOST_QUARTERS:
        raise TimeError(f"{text!r}: the offset is {quarters} quarter hours; 00 to 48 were expected")
    offset = quarters * _QUARTER
    zone = timezone(-offset if sign == "-" else offset)
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tenth * 100_000, zone)
    except ValueError as error:
        raise TimeError(f"{text!r} is no moment of the calendar: {error}") from None


def _later(text: str, now: datetime, years: int, rest: tuple[int, int, int, int, int]) -> datetime:
    for (name, most), number in zip(_RELATIVE_RANGES, rest, strict=True):
        if number > most:
            raise TimeError(f"{text!r}: {number} {name}; at most {most} were expected")
    months, days, hours, minutes, seconds = rest
    ahead = now.month - 1 + months
    year, month = now.year + years + ahead // 12, ahead % 12 + 1
    try:
        # A month later than 31 January is the last of February: the calendar has no better answer.
        day = min(now.day, calendar.monthrange(year, month)[1])
        moved = now.replace(year=year, month=month, day=day)
        return moved + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        raise TimeError(f"{text!r} from {now:%Y-%m-%d} is past the end of the calendar") from None


def delivery_window(
    schedule_delivery_time: str,
    validity_period: str,
    now: datetime,
    *,
    longest: timedelta | None = None,
    clamp: bool = True,
) -> DeliveryWindow:
    """Read the two time fields of a submit; "" means not given.

    `longest` is how far ahead the operator lets a time lie; past it the time is clamped to it, or refused when `clamp`
    is false (SMPP 3.4 §7.1.1.2 leaves the choice). TimeError carries ESME_RINVSCHED for the first field and
    ESME_RINVEXPIRY for the second, the latter too when the message would expire before it is due.
    """
    limit = None if longest is None else now + longest
    schedule = _field(schedule_delivery_time, now, limit, clamp, CommandStatus.ESME_RINVSCHED)
    validity = _field(validity_period, now, limit, clamp, CommandStatus.ESME_RINVEXPIRY)
    if schedule is not None and validity is not None and validity < schedule:
        raise TimeError("the message would expire before it is due", CommandStatus.ESME_RINVEXPIRY)
    return DeliveryWindow(schedule, validity)


def _field(text: str, now: datetime, limit: datetime | None, clamp: bool, status: int) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_time(text, now)
    except TimeError as error:
        raise TimeError(str(error), status) from None
    if limit is None or moment <= limit:
        return moment
    if clamp:
        return limit
    raise TimeError(f"{text!r} lies past the operator's limit, {limit:%Y-%m-%d %H:%M:%S}", status)


def format_absolute(moment: datetime) -> str:
    """Write an aware datetime of the years 2000–2099, tenths of a second kept, finer digits dropped.

    Offsets SMPP cannot write (beyond 12 hours, or not of quarter hours) are turned into UTC. TimeError for a naive
    datetime or another century.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise TimeError(f"{moment} has no time zone; SMPP writes one")
    if offset % _QUARTER or abs(offset) > _MOST_QUARTERS * _QUARTER:
        moment, offset = moment.astimezone(UTC), timedelta()
    if not 2000 <= moment.year <= 2099:
        raise TimeError(f"the year {moment.year} has no two digits in SMPP; 2000 to 2099 were expected")
    sign = "-" if offset < timedelta() else "+"
    tenth = moment.microsecond // 100_000
    return f"{moment:%y%m%d%H%M%S}{tenth}{abs(offset) // _QUARTER:02}{sign}"


def format_relative(span: timedelta) -> str:
    """Write a span from 0 to less than 32 days as days, hours, minutes and seconds; fractions of a second are dropped.

    Longer spans would need months, whose length depends on the SMSC's date: TimeError; write those as absolute times.
    """
    if not timedelta() <= span < _LONGEST_RELATIVE:
        raise TimeError(f"a span of {span} cannot be written exactly; 0 to 31 days 23:59:59 were expected")
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"0000{span.days:02}{hours:02}{minutes:02}{seconds:02}000R"
