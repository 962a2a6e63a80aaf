"""Bodies, headers and names that are meant to hurt: each is refused with one clear problem, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sender.web.conftest import Site

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b'{"to": "\xff"}',
        b'{"to": 1}',
        b'{"to": null, "from": "SHOP", "text": "x"}',
        b'{"to": {"$gt": ""}, "from": "SHOP", "text": "x"}',
        b'{"__proto__": 1}',
        b"[" * 60_000,
        b'{"fields":' * 6_000,
        b'{"to": 1e999, "from": "SHOP", "text": "x"}',
        b'{"to": "+77051234567", "from": "SHOP", "text": "x", "priority": 10}',
        b'{"to": "+77051234567", "from": "SHOP", "text": "x", "priority": 5.5}',
        b'{"to": "+77051234567", "from": "SHOP", "text": "x", "class": "CODE"}',
        b'{"to": "+77051234567", "from": "SHOP", "text": "x", "reference": ""}',
    ],
)
def test_a_body_that_is_none_is_a_400(site: Site, body: bytes) -> None:
    answer = site.client(site.token()).post("/v1/messages", content=body, headers=JSON)
    assert answer.status_code == 400, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["detail"]
    assert site.query("SELECT count(*) FROM messages") == [(0,)]


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"messages": [' + b"[" * 60_000, b'{"messages": {}}'])
def test_a_batch_that_is_none_is_a_400(site: Site, body: bytes) -> None:
    answer = site.client(site.token()).post("/v1/messages/batch", content=body, headers=JSON)
    assert answer.status_code == 400, answer.text[:300]


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_type_is_a_415(site: Site, kind: str) -> None:
    answer = site.client(site.token()).post("/v1/messages", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_a_body_that_is_too_large_is_a_413(site: Site) -> None:
    client = site.client(site.token("send", "campaigns"))
    assert client.post("/v1/messages", content=b" " * 70_000, headers=JSON).status_code == 413
    assert client.post("/v1/messages/batch", content=b" " * (9 << 20), headers=JSON).status_code == 413
    assert client.post("/v1/campaigns", content=b" " * (9 << 20), headers=JSON).status_code == 413


def test_a_body_of_a_stranger_is_not_read(site: Site) -> None:
    def pieces() -> Any:
        yield b"{"
        raise AssertionError("more was asked for")

    assert site.client().post("/v1/messages", content=pieces(), headers=JSON).status_code in (401, 500)
    assert site.client().post("/v1/messages", content=b"x" * 100_000, headers=JSON).status_code == 401


@pytest.mark.parametrize(
    "text",
    ["\x00", "\u202e evil", "🇰🇿" * 50, "a" * 10_000, "%s%n{0}", "{{7*7}}", "'; DROP TABLE messages; --", "\\ud800"],
)
def test_any_text_is_stored_as_it_is_or_refused(site: Site, text: str) -> None:
    client = site.client(site.token())
    answer = client.post("/v1/messages", json={"to": "+77051234567", "from": "SHOP", "text": text})
    assert answer.status_code in (202, 422), answer.text
    if answer.status_code == 202:
        assert client.get(f"/v1/messages/{answer.json()['id']}").json()["text"] == text.strip()


def test_half_of_a_surrogate_pair_is_refused(site: Site) -> None:
    body = b'{"to": "+77051234567", "from": "SHOP", "text": "\\ud800"}'
    assert site.client(site.token()).post("/v1/messages", content=body, headers=JSON).status_code in (400, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/0", "/v1/messages/-1", "/v1/messages/99999999999999999999", "/v1/messages/1e3",
        "/v1/messages/by-reference/..%2f..%2fetc", "/v1/campaigns/4611686018427387905", "/v1/../v1/x",
        "/%00", "/v2/messages",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(site: Site, path: str) -> None:
    answer = site.client(site.token("admin")).get(path)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_headers_that_are_too_long_are_refused(site: Site) -> None:
    answer = site.client(site.token()).get("/v1/messages", headers={"X-Long": "x" * 20_000})
    assert answer.status_code == 431


def test_a_method_that_is_not_there_is_a_405(site: Site) -> None:
    assert site.client(site.token()).put("/v1/messages").status_code == 405


def test_every_answer_forbids_what_a_browser_might_do_with_it(site: Site) -> None:
    headers = site.client().get("/v1/messages").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_fault_of_ours_says_nothing_of_its_inside(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(site.api.reader, "ask", broken)
    answer = site.client(site.token()).get("/v1/messages")
    assert answer.status_code == 500
    assert "secret" not in answer.text
