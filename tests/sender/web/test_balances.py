"""Prepaid balances: reserved when a message is taken, charged for what operators took, never below zero."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sender.config.serve import Money
from sender.domain.message import State
from sender.store.records import Accepted, Intent, ReceiptIn, Refused
from smppkit.message_state import MessageState
from tests.sender.web.conftest import Site
from tests.sender.world import EPOCH

GOOD = {"to": "+77051234567", "from": "SHOP", "text": "hello"}
PRICES = 'serve: {prices: {beeline: "0.05"}, currency: EUR}\n'


@pytest.fixture
def shop(sites: Any) -> tuple[Site, Any]:
    site: Site = sites(serve=PRICES)
    with site.store.database.transaction():
        site.store.access.credit("shop", 100_000, note="first", token="console", at=EPOCH)
    return site, site.client(site.token("send", "read", wallet="shop"))


def balance(site: Site) -> tuple[int, int, int]:
    found = site.store.access.balance("shop")
    assert found.available == found.credited - found.reserved - found.charged
    ((reserved, charged),) = site.query(
        "SELECT coalesce(sum(CASE WHEN charged IS NULL THEN price * segments END), 0), coalesce(sum(charged), 0)"
        " FROM charges"
    )
    assert (found.reserved, found.charged) == (reserved, charged), "wallets are the sum of their charges"
    return found.available, found.reserved, found.charged


def submit(site: Site) -> list[int]:
    with site.store.database.transaction():
        claimed = site.store.claim("beeline", 10, EPOCH + 1)
        site.store.mark_submitting([Intent(it.message_id, 1, 1, "beeline", 1, it.message_id, EPOCH) for it in claimed])
    return [it.message_id for it in claimed]


def test_money_is_reserved_with_the_message_and_charged_at_its_end(shop: tuple[Site, Any]) -> None:
    site, client = shop
    client.post("/v1/messages", json=GOOD)
    assert balance(site) == (50_000, 50_000, 0)
    (message,) = submit(site)
    with site.store.database.transaction():
        site.store.record_outcomes([Accepted(message, 1, "a1", EPOCH)])
    assert balance(site) == (50_000, 50_000, 0)
    with site.store.database.transaction():
        site.store.record_receipts(
            [ReceiptIn("beeline", "a1", MessageState.DELIVERED, "DELIVRD", "000", "77051234567", EPOCH)]
        )
    assert balance(site) == (50_000, 0, 50_000)
    assert client.get("/v1/balances").json() == [
        {
            "wallet": "shop",
            "available": "0.05",
            "reserved": "0",
            "charged": "0.05",
            "credited": "0.1",
            "currency": "EUR",
        }
    ]


def test_what_no_operator_took_is_given_back(shop: tuple[Site, Any]) -> None:
    site, client = shop
    client.post("/v1/messages", json=GOOD)
    client.post("/v1/messages", json=GOOD)
    assert balance(site) == (0, 100_000, 0)
    client.delete("/v1/messages/1")
    assert balance(site) == (50_000, 50_000, 0)
    (message,) = submit(site)
    with site.store.database.transaction():
        site.store.record_outcomes([Refused(message, 1, 0x0B, EPOCH)])
    assert balance(site) == (100_000, 0, 0)
    assert site.query("SELECT state FROM messages") == [(int(State.CANCELLED),), (int(State.REJECTED),)]


def test_what_never_came_to_an_end_is_charged_when_it_is_deleted_for_its_age(shop: tuple[Site, Any]) -> None:
    site, client = shop
    client.post("/v1/messages", json=GOOD)
    (message,) = submit(site)
    with site.store.database.transaction():
        site.store.record_outcomes([Accepted(message, 1, "a1", EPOCH)])
    year = 366 * 86400.0
    with site.store.database.transaction():
        assert site.store.maintenance.retire(EPOCH + year, 100) == 1
    found = site.store.access.balance("shop")
    assert (found.available, found.reserved, found.charged) == (50_000, 0, 50_000)
    assert site.query("SELECT count(*) FROM charges") == site.query("SELECT count(*) FROM api_messages") == [(0,)]


def test_who_has_too_little_is_told_and_nothing_is_taken(shop: tuple[Site, Any]) -> None:
    site, client = shop
    answer = client.post("/v1/messages/batch", json={"messages": [GOOD] * 3}, headers={"Idempotency-Key": "a"})
    assert (answer.status_code, answer.json()["type"]) == (402, "insufficient-balance")
    assert answer.json()["balance"]["available"] == "0.1"
    assert answer.json()["needed"] == 0.15
    assert site.query("SELECT count(*) FROM messages") == [(0,)]
    assert balance(site) == (100_000, 0, 0)
    more = client.post("/v1/messages", json={**GOOD, "text": "x" * 400})
    assert more.status_code == 402, "segments cost, not messages"
    assert (
        client.post("/v1/messages/batch", json={"messages": [GOOD] * 2}, headers={"Idempotency-Key": "a"}).status_code
        == 202
    )


def test_other_prices_hold_once_they_are_configured(shop: tuple[Site, Any]) -> None:
    site, client = shop
    site.api.configure(msgspec.structs.replace(site.api.config, prices={"beeline": Money(10_000)}))
    client.post("/v1/messages", json=GOOD)
    assert balance(site) == (90_000, 10_000, 0)


def test_an_admin_adds_and_takes_away(shop: tuple[Site, Any]) -> None:
    site, client = shop
    admin = site.client(site.token("admin", name="ops"))
    credits_ = "/v1/balances/shop/credits"
    assert admin.post(credits_, json={"amount": "1.5", "note": "invoice 7"}).json()["available"] == "1.6"
    assert admin.post(credits_, json={"amount": "-0.1"}).json()["available"] == "1.5"
    for amount in ("", "x", "1.0000001", "--1", "1e3", "-"):
        assert admin.post(credits_, json={"amount": amount}).status_code == 422
    assert [it["wallet"] for it in admin.get("/v1/balances").json()] == ["shop"]
    assert client.post(credits_, json={"amount": "1"}).status_code == 403
    assert site.query("SELECT amount, note, token FROM credits") == [
        (100_000, "first", "console"), (1_500_000, "invoice 7", "ops"), (-100_000, "", "ops"),
    ]  # fmt: skip


def test_a_token_without_a_wallet_is_not_charged(shop: tuple[Site, Any]) -> None:
    site, _ = shop
    free = site.client(site.token(name="free"))
    assert free.post("/v1/messages", json=GOOD).status_code == 202
    assert free.get("/v1/balances").json() == []
    assert balance(site) == (100_000, 0, 0)


def test_a_prepaid_token_makes_no_campaigns(shop: tuple[Site, Any]) -> None:
    site, _ = shop
    client = site.client(site.token("campaigns", name="other", wallet="shop"))
    recipients = {"from": "SHOP", "template": "x", "recipients": [{"to": "+77051234567"}]}
    assert client.post("/v1/campaigns", json=recipients).status_code == 402
