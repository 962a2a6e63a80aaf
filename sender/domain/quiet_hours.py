"""Hours and days on which messages of a class must not be sent, in the recipient's own time. Pure.

``quiet`` from 21:00 to 09:00 with the days sat and sun: a message that comes up on Friday at 22:00 waits until Monday
09:00, where its recipient is. The clock on the wall decides, so an hour that a change of summer time repeats is judged
twice, and one that it skips never comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Final, Self

import msgspec

from sender.domain.message import MessageClass

RECIPIENT: Final = "recipient"
"""In place of the name of a time zone: that of the recipient's number."""

_FURTHEST: Final = 9
"""Days to look ahead: a week of quiet days, and the ends of it."""
_STEP: Final = 60.0


class QuietHours(msgspec.Struct, frozen=True):
    """When not to send. Times are minutes after midnight; ``start == end``: no hours, only days."""

    start: int
    end: int
    days: frozenset[int] = frozenset()
    """Days that are quiet as a whole; Monday is 0."""
    timezone: str = RECIPIENT
    classes: frozenset[MessageClass] = frozenset({MessageClass.ADVERTISING})

    def to_json(self) -> str:
        """As a campaign keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def quiet_at(self, local: datetime) -> bool:
        """Whether it is quiet when the clock on the wall shows `local`."""
        if local.weekday() in self.days:
            return True
        minute = local.hour * 60 + local.minute
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def allowed_from(quiet: QuietHours, now: float, zones: Sequence[tzinfo]) -> float | None:
    """The first unix time from `now` on at which it is quiet in none of `zones`; None when there is none in sight."""
    due = now
    for _ in range(_FURTHEST * 2):
        later = due
        for zone in zones:
            found = _allowed_in(quiet, later, zone)
            if found is None:
                return None
            later = found
        if later == due:
            return due
        due = later
    return None


def allowed_until(quiet: QuietHours, now: float, zones: Iterable[tzinfo]) -> float:
    """A unix time until which it stays as it is at `now`, allowed: no later than the next moment of quiet."""
    return min((_next_change(quiet, now, zone) for zone in zones), default=now + 86_400.0)


def _allowed_in(quiet: QuietHours, now: float, zone: tzinfo) -> float | None:
    if not quiet.quiet_at(datetime.fromtimestamp(now, zone)):
        return now
    for moment in _edges(quiet, now, zone):
        if moment > now and not quiet.quiet_at(datetime.fromtimestamp(moment, zone)):
            return moment
    return None


def _next_change(quiet: QuietHours, now: float, zone: tzinfo) -> float:
    return next((moment for moment in _edges(quiet, now, zone) if moment > now), now + 86_400.0)


def _edges(quiet: QuietHours, now: float, zone: tzinfo) -> Iterator[float]:
    """Every moment from the day of `now` on at which quiet may begin or end, in order."""
    today = datetime.fromtimestamp(now, zone).date()
    walls = sorted({0, quiet.start, quiet.end})
    for offset in range(_FURTHEST + 1):
        day = today + timedelta(days=offset)
        moments: set[float] = set()
        for minute in walls:
            moments.update(_moments(datetime.combine(day, time(minute // 60, minute % 60)), zone))
        yield from sorted(moments)


def _moments(wall: datetime, zone: tzinfo) -> list[float]:
    """The unix times at which a clock shows `wall`: one, two when it is repeated; when skipped, that of the jump."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    early, late = sorted((first.timestamp(), second.timestamp()))
    if early == late:
        return [early]
    if datetime.fromtimestamp(first.timestamp(), zone).replace(tzinfo=None) == wall:
        # Repeated; where the clock is set back is an edge too: what was over may begin again.
        return [early, _jump(early, late, zone), late]
    return [_jump(early, late, zone)]


def _jump(early: float, late: float, zone: tzinfo) -> float:
    """The moment between the two at which the offset of the zone changes."""
    before = datetime.fromtimestamp(early, zone).utcoffset()
    moment = early
    while moment < late and datetime.fromtimestamp(moment, zone).utcoffset() == before:
        moment += _STEP
    return moment
