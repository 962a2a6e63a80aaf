"""Quiet hours at the gate: a message that would come at night waits for the morning of its recipient (I7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import phonenumbers
from phonenumbers import timezone

from sender.channels.results import Hold, Later, Never, Submit
from sender.config.quiet import QuietConfig
from sender.domain.message import MessageClass, State
from sender.domain.quiet_hours import RECIPIENT, QuietHours, allowed_from, allowed_until
from sender.store.records import Campaign

_PREFIX: Final = 8
"""Digits of a number that decide where it is: as many as the metadata tell apart for nearly all numbers."""
_UNKNOWN: Final = "Etc/Unknown"

Zones = tuple[ZoneInfo, ...]
ZonesOf = Callable[[str], Zones]


@lru_cache(maxsize=65_536)
def zones_of_prefix(prefix: str) -> Zones:
    """The time zones of numbers that begin so (E.164 digits), by the metadata of phone numbers; () when unknown."""
    try:
        number = phonenumbers.parse("+" + prefix.ljust(11, "0"), None)
    except phonenumbers.NumberParseException:
        return ()
    zones = []
    for name in timezone.time_zones_for_geographical_number(number):
        if name != _UNKNOWN:
            try:
                zones.append(ZoneInfo(name))
            except ZoneInfoNotFoundError:
                continue
    return tuple(zones)


def zones_of_number(number: str) -> Zones:
    """The time zones that a number may be in."""
    return zones_of_prefix(number[:_PREFIX])


class _Span(msgspec.Struct, gc=False):
    """What holds for some zones for a while: from `since` to `until`, allowed (`due` None) or not before `due`."""

    since: float
    until: float
    due: float | None


class Quiet:
    """The quiet hours of a configuration, and those that campaigns have of their own.

    `fallback` is the zone of numbers that may be anywhere; without it, all zones they may be in must be awake.
    """

    def __init__(
        self,
        default: QuietHours | None,
        *,
        fallback: str | None = None,
        zones_of: ZonesOf = zones_of_number,
        exempt: Callable[[], Container[int]] = frozenset,
    ) -> None:
        self.held = 0
        """Submits that were put off."""
        self._default = default
        self._fallback: Zones = () if fallback is None else (ZoneInfo(fallback),)
        self._zones_of = zones_of
        self._exempt = exempt
        self._of_campaign: dict[int, QuietHours] = {}
        self._spans: dict[tuple[QuietHours, Zones], _Span] = {}

    @classmethod
    def of(cls, config: QuietConfig | None, exempt: Callable[[], Container[int]]) -> Quiet:
        """The quiet hours that a configuration describes."""
        if config is None:
            return cls(None, exempt=exempt)
        return cls(config.hours(), fallback=config.fallback, exempt=exempt)

    def of_campaign(self, campaign: int, quiet: QuietHours) -> None:
        """A campaign has quiet hours of its own."""
        self._of_campaign[campaign] = quiet

    def hear_of(self, campaign: Campaign) -> None:
        """A campaign is about to be sent."""
        if campaign.quiet is not None:
            self.of_campaign(campaign.id, QuietHours.from_json(campaign.quiet))

    def concerns(self, _submits: Sequence[Submit], _now: float) -> bool:
        """For the gate: whether there are any quiet hours."""
        return self._default is not None or bool(self._of_campaign)

    def check(self, submit: Submit, now: float) -> Hold | None:
        """For the gate: whether it is quiet where the number is."""
        quiet = self._of_campaign.get(submit.campaign_id, self._default)
        if quiet is None or submit.message_class not in quiet.classes:
            return None
        span = self._span(quiet, submit.destination_addr, now)
        if span is None or submit.campaign_id in self._exempt():
            return None
        self.held += 1
        if span.due is None:
            return Never(State.BLOCKED, "no hour of the week is allowed in all time zones of the number")
        if submit.expires is not None and span.due >= submit.expires:
            return Never(State.BLOCKED, "quiet hours until after its deadline")
        return Later(span.due, "quiet hours")

    def dues(self, campaign: Campaign, numbers: Sequence[str], now: float) -> list[float]:
        """The due times of messages that are made now: the end of the quiet hours at each recipient, else 0.

        What would then be too late is left to the gate, which says so.
        """
        self.hear_of(campaign)
        if self._default is None and campaign.id not in self._of_campaign:
            return [0.0] * len(numbers)
        end = math.inf if campaign.expires_at is None else campaign.expires_at
        dues = [self.earliest(campaign.id, campaign.message_class, number, now) for number in numbers]
        return [due if now < due < end else 0.0 for due in dues]

    def earliest(self, campaign: int, message_class: MessageClass, number: str, now: float) -> float:
        """When a message to `number` may go out at the earliest: what its due time is to be, or `now`."""
        quiet = self._of_campaign.get(campaign, self._default)
        if quiet is None or message_class not in quiet.classes:
            return now
        span = self._span(quiet, number, now)
        return now if span is None or span.due is None else span.due

    def _span(self, quiet: QuietHours, number: str, now: float) -> _Span | None:
        """The span of quiet that `now` is in; None when it is allowed."""
        zones = self._zones(quiet, number)
        span = self._spans.get((quiet, zones))
        if span is None or not span.since <= now < span.until:
            span = self._spans[quiet, zones] = _look(quiet, zones, now)
        return None if span.due is not None and span.due <= now else span

    def _zones(self, quiet: QuietHours, number: str) -> Zones:
        if quiet.timezone != RECIPIENT:
            return (_zone(quiet.timezone),)
        zones = self._zones_of(number)
        if len(zones) == 1:
            return zones
        return self._fallback or zones or (_zone("UTC"),)


def _look(quiet: QuietHours, zones: Zones, now: float) -> _Span:
    due = allowed_from(quiet, now, zones)
    if due is None:
        return _Span(now, now + 3600.0, None)
    if due > now:
        return _Span(now, due, due)
    return _Span(now, allowed_until(quiet, now, zones), now)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
