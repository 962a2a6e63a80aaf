"""Quiet hours at the gate (I7)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from sender.channels.results import Later, Never, Submit
from sender.domain.message import MessageClass, State
from sender.domain.quiet_hours import QuietHours
from sender.pipeline.quiet import Quiet, zones_of_number
from sender.store.records import Campaign, CampaignKind, CampaignState

NIGHT = QuietHours(21 * 60, 9 * 60)
ALMATY, ISTANBUL = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Istanbul")
KAZAKH, TURKISH = "77051234567", "905321234567"


def at(text: str, zone: ZoneInfo = ALMATY) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def submit(
    number: str = KAZAKH,
    kind: MessageClass = MessageClass.ADVERTISING,
    *,
    expires: float | None = None,
    campaign: int = 1,
) -> Submit:
    return Submit(1, campaign, 1, 1, "SHOP", number, b"", 1, kind, 0, 0, None, expires)


@pytest.mark.parametrize(
    ("number", "zone"),
    [("77051234567", "Asia/Almaty"), ("905321234567", "Europe/Istanbul"), ("79161234567", "Europe/Moscow"),
     ("12125551234", "America/New_York"), ("998901234567", "Asia/Tashkent")],
)  # fmt: skip
def test_a_number_says_where_it_is(number: str, zone: str) -> None:
    assert zone in [found.key for found in zones_of_number(number)]


@pytest.mark.parametrize("number", ["", "0", "999999999999"])
def test_a_number_from_nowhere_has_no_zone(number: str) -> None:
    assert zones_of_number(number) == ()


def test_without_quiet_hours_nothing_waits() -> None:
    assert Quiet(None).check(submit(), at("2026-06-01 23:00")) is None


def test_advertising_waits_for_the_morning_where_its_recipient_is() -> None:
    quiet = Quiet(NIGHT)
    evening = at("2026-06-01 22:00")  # 20:00 in Istanbul
    assert quiet.check(submit(), evening) == Later(at("2026-06-02 09:00"), "quiet hours")
    assert quiet.check(submit(TURKISH), evening) is None
    later = at("2026-06-01 21:30", ISTANBUL)
    assert quiet.check(submit(TURKISH), later) == Later(at("2026-06-02 09:00", ISTANBUL), "quiet hours")
    assert quiet.check(submit(), at("2026-06-02 09:00")) is None
    assert quiet.held == 2


def test_every_minute_of_two_days_is_judged_by_the_clock() -> None:
    quiet, start = Quiet(NIGHT), at("2026-06-01 00:00")
    for minute in range(0, 2 * 1440, 7):
        hour = minute // 60 % 24
        held = quiet.check(submit(), start + minute * 60) is not None
        assert held == (hour >= 21 or hour < 9), minute


def test_other_classes_go_out_at_any_hour() -> None:
    quiet = Quiet(NIGHT)
    for kind in (MessageClass.SERVICE, MessageClass.CODE):
        assert quiet.check(submit(kind=kind), at("2026-06-01 23:00")) is None


def test_what_would_come_too_late_in_the_morning_is_blocked() -> None:
    quiet, evening, morning = Quiet(NIGHT), at("2026-06-01 22:00"), at("2026-06-02 09:00")
    assert quiet.check(submit(expires=morning), evening) == Never(State.BLOCKED, "quiet hours until after its deadline")
    assert quiet.check(submit(expires=morning + 1), evening) == Later(morning, "quiet hours")


def test_a_zone_of_its_own_holds_for_all_numbers() -> None:
    quiet = Quiet(QuietHours(21 * 60, 9 * 60, timezone="Asia/Almaty"))
    assert quiet.check(submit(TURKISH), at("2026-06-01 22:00")) is not None


def test_a_campaign_has_quiet_hours_of_its_own() -> None:
    quiet = Quiet(NIGHT)
    own = QuietHours(12 * 60, 13 * 60, frozenset({5, 6}))
    quiet.of_campaign(2, QuietHours.from_json(own.to_json()))
    assert quiet.check(submit(campaign=2), at("2026-06-01 23:00")) is None
    assert quiet.check(submit(campaign=2), at("2026-06-01 12:30")) == Later(at("2026-06-01 13:00"), "quiet hours")
    assert quiet.check(submit(campaign=1), at("2026-06-01 23:00")) is not None


def test_a_number_that_may_be_anywhere_is_where_the_fallback_says() -> None:
    nowhere = "999999999999"
    assert Quiet(NIGHT, fallback="Asia/Almaty").check(submit(nowhere), at("2026-06-01 22:00")) is not None
    assert Quiet(NIGHT).check(submit(nowhere), at("2026-06-01 22:00")) is None  # 17:00 UTC
    both = Quiet(NIGHT, zones_of=lambda _: (ALMATY, ISTANBUL))
    assert both.check(submit(), at("2026-06-01 10:30")) == Later(at("2026-06-01 11:00"), "quiet hours")


def test_zones_that_are_never_awake_together_block() -> None:
    quiet = Quiet(QuietHours(10 * 60, 9 * 60), zones_of=lambda _: (ALMATY, ISTANBUL))
    hold = quiet.check(submit(), at("2026-06-01 09:30"))
    assert isinstance(hold, Never)
    assert hold.state is State.BLOCKED


def test_answers_to_subscribers_do_not_wait() -> None:
    quiet = Quiet(QuietHours(21 * 60, 9 * 60, classes=frozenset(MessageClass)), exempt=lambda: {1})
    night = at("2026-06-01 23:00")
    assert quiet.check(submit(kind=MessageClass.SERVICE), night) is None
    assert quiet.check(submit(kind=MessageClass.SERVICE, campaign=2), night) is not None


def test_the_due_time_of_a_new_message_is_known_before() -> None:
    quiet, night = Quiet(NIGHT), at("2026-06-01 23:00")
    assert quiet.earliest(1, MessageClass.ADVERTISING, KAZAKH, night) == at("2026-06-02 09:00")
    assert quiet.earliest(1, MessageClass.CODE, KAZAKH, night) == night


def test_a_message_that_is_made_at_night_is_due_in_the_morning() -> None:
    quiet, night = Quiet(NIGHT), at("2026-06-01 23:00")
    advertising = Campaign(
        1, "spring", CampaignState.RUNNING, "hi", "SHOP", MessageClass.ADVERTISING, "", "", night, 1, 0, 1, 2,
        False, False, None, None, None, CampaignKind.FILE, "{}",
    )  # fmt: skip
    assert quiet.dues(advertising, [KAZAKH], night) == [at("2026-06-02 09:00")]
    assert quiet.dues(advertising, [KAZAKH], at("2026-06-02 09:00")) == [0.0]
    soon = msgspec.structs.replace(advertising, expires_at=night + 60)
    assert quiet.dues(soon, [KAZAKH], night) == [0.0]  # the gate will say why it is not sent
