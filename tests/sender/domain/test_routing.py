from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.health import Circuit, Standing
from sender.domain.message import MessageClass
from sender.domain.routing import Prefer, Route, Router, Target

KZ = "77051234567"
TRIAL = Standing(Circuit.HALF_OPEN, 0.05)
OUT = Standing(Circuit.OPEN, 0.0, None, "no bind is up")


def to(*accounts: str) -> tuple[Target, ...]:
    return tuple(Target(account) for account in accounts)


def account(router: Router, number: str = KZ, **message: object) -> str | None:
    choice = router.route(number, **message)  # type: ignore[arg-type]
    many = router.chooser(**{"sender": "", "message_class": MessageClass.SERVICE, **message})  # type: ignore[arg-type]
    assert [many(number), many(number)] == [choice, choice]
    return None if choice is None else choice.account


def test_the_longest_prefix_wins():
    router = Router([Route(to("default")), Route(to("kz"), "7"), Route(to("beeline"), "7705"), Route(to("k"), "7701")])
    found = [account(router, number) for number in ("77051234567", "77011234567", "79161234567", "905321234567")]
    assert found == ["beeline", "k", "kz", "default"]


def test_without_a_default_a_message_may_have_no_route():
    assert Router([Route(to("kz"), "77")]).route("79161234567") is None
    assert Router([]).route("7") is None
    assert Router([Route(to("kz"), "77051")]).route("7705") is None


def test_two_routes_for_the_same_messages_are_refused():
    with pytest.raises(ValueError, match="prefix 77"):
        Router([Route(to("a"), "77"), Route(to("b"), "77")])


def test_the_route_with_the_most_conditions_decides():
    router = Router(
        [
            Route(to("default")),
            Route(to("prefix"), "7705"),
            Route(to("network"), networks=("beeline-kz", "kcell-kz")),
            Route(to("codes"), networks=("beeline-kz",), message_class=MessageClass.CODE),
            Route(to("shop"), networks=("beeline-kz",), message_class=MessageClass.CODE, sender="SHOP"),
            Route(to("country"), country="tr"),
        ],
        network=lambda number: "beeline-kz" if number.startswith("7705") else "",
    )
    assert account(router) == "network"
    assert account(router, message_class=MessageClass.CODE) == "codes"
    assert account(router, message_class=MessageClass.CODE, sender="SHOP") == "shop"
    assert account(router, "905321234567") == "country"
    assert account(router, "79161234567", sender="SHOP") == "default"


def test_in_order_the_first_that_is_well_takes_all():
    health = {}
    router = Router([Route(to("a", "b", "c"))], health=lambda: health)
    assert account(router) == "a"
    health = {"a": OUT, "b": OUT}
    assert account(router) == "c"


def test_the_cheapest_that_is_well():
    targets = (Target("a", 3, 2.8), Target("b", 1, 3.1), Target("c", 1, 2.5))
    health = {}
    router = Router([Route(targets, prefer=Prefer.PRICE)], health=lambda: health)
    assert account(router) == "c"
    health = {"c": OUT}
    assert account(router) == "a"


def test_the_cheapest_within_the_quality_floor_and_the_best_when_none_reaches_it():
    targets = (Target("a", 1, 2.8), Target("b", 1, 3.1))
    health = {"a": Standing(quality=0.7)}
    router = Router([Route(targets, prefer=Prefer.PRICE, quality=0.9)], health=lambda: health)
    assert account(router) == "b"  # which nothing is known of
    health = {"a": Standing(quality=0.7), "b": Standing(quality=0.6)}
    choice = router.route(KZ)
    assert choice is not None
    assert (choice.account, choice.reason) == ("a", "none reaches the quality floor: the best of them")


def numbers(count: int) -> list[str]:
    return [f"7705{number:07d}" for number in range(count)]


def test_weights_share_the_numbers_and_a_number_keeps_its_account():
    router = Router([Route((Target("a", 3), Target("b", 1)), prefer=Prefer.WEIGHT)])
    first = [account(router, number) for number in numbers(4000)]
    assert Counter(first)["a"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert [account(router, number) for number in numbers(4000)] == first


def test_when_an_account_drops_out_only_its_own_numbers_go_elsewhere():
    health = {}
    router = Router([Route(to("a", "b", "c"), prefer=Prefer.WEIGHT)], health=lambda: health)
    before = {number: account(router, number) for number in numbers(1000)}
    health = {"b": OUT}
    after = {number: account(router, number) for number in numbers(1000)}
    assert {number for number in before if before[number] != after[number]} == {
        number for number in before if before[number] == "b"
    }
    assert set(after.values()) == {"a", "c"}


def test_an_account_on_trial_gets_a_trickle():
    router = Router([Route(to("a", "b"))], health=lambda: {"a": TRIAL})
    found = Counter(account(router, number) for number in numbers(4000))
    assert found["a"] / 4000 == pytest.approx(0.05, abs=0.015)


def test_when_none_is_well_a_message_waits_for_its_first_choice():
    router = Router([Route(to("a", "b"))], health=lambda: {"a": OUT, "b": OUT})
    choice = router.route(KZ)
    assert choice is not None
    assert (choice.account, choice.waits) == ("a", True)


def test_a_message_that_is_to_leave_an_account_gets_the_next_choice_or_none():
    router = Router([Route(to("a", "b"), "77"), Route(to("a"), "90")])
    choice = router.route(KZ, without="a")
    assert choice is not None
    assert choice.account == "b"
    assert router.route("905321234567", without="a") is None


def test_the_choice_is_explained_step_by_step():
    health = {"a": OUT, "b": Standing(quality=0.85)}
    router = Router(
        [Route((Target("a", 1, 2.8), Target("b", 1, 3.1)), networks=("beeline-kz",), quality=0.9)],
        network=lambda _: "beeline-kz",
        health=lambda: health,
    )
    steps, choice = router.explain(KZ, sender="SHOP", message_class=MessageClass.CODE)
    assert [(step.about, step.says) for step in steps] == [
        ("network", "beeline-kz"),
        ("route", "network beeline-kz (of 1 that fit, the one that says the most)"),
        ("account a", "passed over, no bind is up, price 2.8"),
        ("account b", "healthy, 85% delivered, below the floor of 90%, price 3.1"),
        ("choice", "b: none reaches the quality floor: the best of them"),
    ]
    assert choice is not None
    assert choice.account == "b"


def test_a_message_without_a_route_is_explained_too():
    steps, choice = Router([]).explain(KZ, sender="", message_class=MessageClass.SERVICE)
    assert [(step.about, step.says) for step in steps] == [("network", "unknown"), ("route", "none fits")]
    assert choice is None


digits = st.text(alphabet="0123456789", max_size=5)


@given(st.dictionaries(digits, st.text(min_size=1, max_size=3)), digits)
def test_routing_by_prefix_is_what_trying_every_prefix_gives(accounts, number):
    matching = [prefix for prefix in accounts if number.startswith(prefix)]
    expected = accounts[max(matching, key=len)] if matching else None
    router = Router(Route(to(name), prefix) for prefix, name in accounts.items())
    assert account(router, number) == expected
