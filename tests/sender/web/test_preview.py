"""A preview over the API: the same words as by command, through one account or all, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sender.web.conftest import Site


def test_a_text_is_shown_through_every_account(site: Site) -> None:
    client = site.client(site.token("send"))
    answer = client.post("/v1/preview", json={"from": "SHOP", "text": "Привет {not a field}"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["text"], [it["account"] for it in body["accounts"]]) == ("Привет {not a field}", ["beeline", "kcell"])
    assert {(it["encoding"], it["segments"]) for it in body["accounts"]} == {("ucs2", 1)}
    assert site.query("SELECT count(*) FROM messages") == [(0,)]


def test_a_number_shows_the_account_that_it_goes_through(site: Site) -> None:
    asked = {"from": "SHOP", "template": "{Name}: привет", "fields": {"name": "A"}, "to": "87011234567"}
    body = site.client(site.token("send")).post("/v1/preview", json={**asked, "transliterate": True}).json()
    (account,) = body["accounts"]
    assert (account["account"], account["text"], account["encoding"]) == ("kcell", "A: privet", "gsm7")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "SHOP"}, "text"),
        ({"from": "SHOP", "text": "a", "template": "a"}, "text"),
        ({"from": "A name too long", "text": "a"}, "from"),
        ({"from": "SHOP", "template": "{"}, "template"),
        ({"from": "SHOP", "template": "{a}"}, "fields"),
        ({"from": "SHOP", "text": "a", "to": "+18885550123"}, "to"),
    ],
)
def test_what_cannot_be_shown_is_explained(site: Site, asked: dict[str, Any], field: str) -> None:
    answer = site.client(site.token("send")).post("/v1/preview", json=asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
