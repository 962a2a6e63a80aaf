"""Quiet hours in the configuration, and on the command line."""

import enum
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from sender.domain.message import MessageClass
from sender.domain.quiet_hours import RECIPIENT, QuietHours

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Day(enum.Enum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_DAYS = list(Day)


class ClockTime(int):
    """A time of day in minutes after midnight, written `21:00`."""

    expected: ClassVar[str] = "a time of day such as 21:00"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(int(match[1]) * 60 + int(match[2]))


class ZoneName(str):
    """A time zone by its name, written `Asia/Almaty`."""

    __slots__ = ()
    expected: ClassVar[str] = "a time zone such as Asia/Almaty"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        if not _is_zone(text.strip()):
            raise ValueError(f"expected {cls.expected}")
        return cls(text.strip())


class RecipientOrZone(ZoneName):
    """`recipient`, or a time zone by its name."""

    __slots__ = ()
    expected: ClassVar[str] = "recipient, or a time zone such as Asia/Almaty"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        if text.strip() == RECIPIENT:
            return cls(RECIPIENT)
        return super().parse(text)


class QuietConfig(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """When messages of some classes must not be sent; they wait for the next hour that is allowed."""

    start: Annotated[ClockTime, Meta(description="It is quiet from this time of day", examples=["21:00"])]
    end: Annotated[ClockTime, Meta(description="To this one, the next day where it is earlier", examples=["09:00"])]
    days: Annotated[list[Day], Meta(description="Days that are quiet as a whole", max_length=6)] = msgspec.field(
        default_factory=list
    )
    timezone: Annotated[
        RecipientOrZone, Meta(description="Whose clock counts: that of the recipient's number, or of a place")
    ] = RecipientOrZone(RECIPIENT)
    fallback: (
        Annotated[
            ZoneName,
            Meta(description="Zone of numbers that may be in several; omitted: it must be allowed in all of these"),
        ]
        | None
    ) = None
    classes: Annotated[list[MessageClass], Meta(description="Classes of messages that wait", min_length=1)] = (
        msgspec.field(default_factory=lambda: [MessageClass.ADVERTISING])
    )

    def problems(self) -> Problems:
        """An interval has an inside, and days are named once."""
        if self.start == self.end:
            yield ("to",), "the same time as from; expected another one"
        if len(set(self.days)) < len(self.days):
            yield ("days",), "the same day twice"
        elif len(self.days) == len(_DAYS):
            yield ("days",), "no day is left to send on"

    def hours(self) -> QuietHours:
        """What it says, for the gate."""
        return QuietHours(
            start=int(self.start),
            end=int(self.end),
            days=frozenset(_DAYS.index(day) for day in self.days),
            timezone=str(self.timezone),
            classes=frozenset(self.classes),
        )


_RANGE = re.compile(r"\s*(\S+?)\s*-\s*(\S+?)(?:\s+(.*\S))?\s*")


def read_quiet(text: str, message_class: MessageClass) -> QuietHours:
    """Quiet hours as an option has them, ``21:00-09:00 sat,sun Asia/Almaty``; ValueError says how they are written."""
    match = _RANGE.fullmatch(text)
    wanted = 'expected hours such as "21:00-09:00", and after them days (sat,sun) or a time zone, or both'
    if match is None:
        raise ValueError(f'found "{text}"; {wanted}')
    try:
        start, end = ClockTime.parse(match[1]), ClockTime.parse(match[2])
        days: list[Day] = []
        zone = RecipientOrZone(RECIPIENT)
        for word in (match[3] or "").split():
            if all(part in {day.value for day in Day} for part in word.split(",")):
                days += [Day(part) for part in word.split(",")]
            else:
                zone = RecipientOrZone.parse(word)
    except ValueError as error:
        raise ValueError(f'found "{text}"; {error}') from None
    config = QuietConfig(start=start, end=end, days=days, timezone=zone, classes=[message_class])
    for _, problem in config.problems():
        raise ValueError(f'found "{text}"; {problem}')
    return config.hours()


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
