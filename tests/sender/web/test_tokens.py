"""Tokens: who is let in, for what, and how fast."""

from __future__ import annotations

import pytest

from sender.store.access import Token
from sender.web.tokens import ENTROPY, TokenBook, TooFast, digest_of, mint
from tests.sender.web.conftest import Site
from tests.sender.world import EPOCH
from webkit.problem import Problem

GOOD = {"to": "+77051234567", "from": "SHOP", "text": "hello"}


def kept(secret: str, prefix: str, **more: object) -> Token:
    fields: dict[str, object] = {
        "id": 1, "name": "shop", "prefix": prefix, "digest": digest_of(secret), "scopes": ("send",), "senders": (),
        "rate": None, "burst": 10, "wallet": None, "created_at": 0.0, "expires_at": None, "revoked_at": None,
    }  # fmt: skip
    return Token(**{**fields, **more})  # type: ignore[arg-type]


def test_a_token_is_made_of_chance_and_only_its_digest_is_kept(site: Site) -> None:
    secret = site.token()
    ((digest,),) = site.query("SELECT digest FROM tokens")
    assert digest == digest_of(secret)
    assert secret not in str(site.query("SELECT * FROM tokens"))
    assert mint(b"\0" * ENTROPY) != mint(b"\1" * ENTROPY)
    with pytest.raises(ValueError, match="37 octets"):
        mint(b"")


@pytest.mark.parametrize("given", ["", "Basic x", "Bearer", "Bearer x", "Bearer cls_a_b", "Bearer cls_{prefix}_wrong"])
def test_who_has_no_good_token_is_not_let_in(site: Site, given: str) -> None:
    secret = site.token()
    header = given.replace("{prefix}", secret.split("_")[1])
    answer = site.client().post("/v1/messages", json=GOOD, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert site.api.counts.unknown_tokens == 1
    assert site.query("SELECT count(*) FROM audit") == [(0,)], "strangers do not fill the disk"


def test_nobody_is_let_in_without_a_token_but_to_health_on_this_machine(site: Site) -> None:
    client = site.client()
    for path in ("/healthz", "/readyz", "/metrics", "/schema/openapi.json"):
        assert client.get(path).status_code == 200
    for path in ("/v1/messages", "/v1/campaigns", "/v1/balances", "/v1/binds", "/v1/audit", "/v1/suppression"):
        assert client.get(path).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_a_page_of_somebody_else_sees_nothing_of_what_is_open(site: Site, host: str) -> None:
    assert site.client().get("/metrics", headers={"Host": host}).status_code == 401
    assert site.client().get("/metrics", headers={"Host": "localhost:8080"}).status_code == 200
    assert site.client().get("/metrics", headers={"Host": "[::1]:8080"}).status_code == 200


def test_where_others_reach_it_everything_needs_a_token(tmp_path: object, sites: object) -> None:
    site: Site = sites(is_open=False)  # type: ignore[operator]
    monitor = site.client(site.token("monitor"))
    for path in ("/healthz", "/readyz", "/metrics", "/schema/openapi.json"):
        assert site.client().get(path).status_code == 401
        assert monitor.get(path).status_code == 200


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("read", "POST", "/v1/messages"),
        ("read", "POST", "/v1/messages/batch"),
        ("read", "DELETE", "/v1/messages/1"),
        ("send", "GET", "/v1/messages"),
        ("send", "POST", "/v1/campaigns"),
        ("read", "POST", "/v1/campaigns/1/cancel"),
        ("send", "POST", "/v1/suppression"),
        ("read", "DELETE", "/v1/suppression?to=1"),
        ("send", "GET", "/v1/audit"),
        ("campaigns", "POST", "/v1/balances/x/credits"),
        ("send", "GET", "/v1/binds"),
    ],
)
def test_a_token_may_do_what_its_scopes_say(site: Site, scope: str, method: str, path: str) -> None:
    answer = site.client(site.token(scope)).request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (403, "scope")


def test_a_token_ends_when_it_expires_and_when_it_is_revoked(site: Site) -> None:
    secret = site.token(expires_at=EPOCH + 10)
    client = site.client(secret)
    assert client.get("/v1/messages").status_code == 200
    site.clock.advance(10)
    assert "has expired" in client.get("/v1/messages").json()["detail"]
    other = site.client(site.token(name="bank"))
    with site.store.database.transaction():
        assert site.store.access.revoke("bank", EPOCH)
        assert not site.store.access.revoke("bank", EPOCH)
    site.api.book.load(site.store.access.tokens())
    assert other.get("/v1/messages").status_code == 401
    with pytest.raises(KeyError):
        site.store.access.revoke("none", EPOCH)


def test_a_token_that_is_too_fast_is_told_when_to_come_again(site: Site) -> None:
    client = site.client(site.token(rate=2.0, burst=3))
    answers = [client.post("/v1/messages", json=GOOD) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert answers[0].headers["ratelimit-limit"] == "3"
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[3].headers["retry-after"] == "1"
    site.clock.advance(0.5)
    assert client.post("/v1/messages", json=GOOD).status_code == 202
    assert site.api.counts.too_fast == 1


def test_each_message_of_a_batch_counts(site: Site) -> None:
    client = site.client(site.token(rate=2.0, burst=3))
    assert client.post("/v1/messages/batch", json={"messages": [GOOD] * 4}).status_code == 413
    assert client.post("/v1/messages/batch", json={"messages": [GOOD] * 3}).status_code == 202
    assert client.post("/v1/messages/batch", json={"messages": [GOOD]}).status_code == 429


def test_what_was_used_of_a_rate_outlives_a_reload() -> None:
    minted, book = mint(b"\7" * ENTROPY), TokenBook()
    token = kept(minted.secret, minted.prefix, rate=1.0, burst=1)
    book.load([token])
    assert book.recognise(f"bearer {minted.secret}", 0.0) == token
    book.take(token, 0.0)
    book.load([token])
    with pytest.raises(TooFast):
        book.take(token, 0.0)
    book.load([kept(minted.secret, minted.prefix, rate=5.0, burst=1)])
    book.take(token, 0.0)


def test_a_revoked_token_is_not_in_the_book() -> None:
    minted, book = mint(b"\7" * ENTROPY), TokenBook()
    book.load([kept(minted.secret, minted.prefix, revoked_at=1.0)])
    assert len(book) == 0
    with pytest.raises(Problem, match="not known"):
        book.recognise(f"Bearer {minted.secret}", 0.0)


def test_the_log_of_deeds_tells_who_did_what_from_where(site: Site) -> None:
    admin = site.client(site.token("admin", name="ops"))
    admin.post("/v1/messages", json=GOOD)
    admin.delete("/v1/messages/1")
    admin.post("/v1/suppression", json={"numbers": ["+77051234567"]})
    page = admin.get("/v1/audit").json()
    assert [deed["action"] for deed in page["deeds"]] == ["suppression.add", "messages.cancel", "messages.send"]
    assert {deed["token"] for deed in page["deeds"]} == {"ops"}
    assert {deed["address"] for deed in page["deeds"]} == {"testclient"}
    assert "77051234567" not in str(page)
    assert "hello" not in str(page)
    assert [deed["id"] for deed in admin.get("/v1/audit?limit=1").json()["deeds"]] == [3]
