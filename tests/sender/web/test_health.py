"""Health that tells the truth, and metrics whose labels are few."""

from __future__ import annotations

import re

from tests.sender.web.conftest import Site
from tests.sender.world import EPOCH

GOOD = {"to": "+77051234567", "from": "SHOP", "text": "hello"}


def ready(site: Site) -> tuple[int, list[str]]:
    answer = site.client().get("/readyz")
    return answer.status_code, answer.json()["reasons"]


def test_it_is_ready_while_it_commits_and_binds_are_expected(site: Site) -> None:
    site.live.start()
    assert ready(site) == (200, [])
    assert site.client().get("/healthz").json() == {"status": "ok", "reasons": []}


def test_an_account_that_is_down_for_long_is_a_reason(site: Site) -> None:
    site.live.start()
    site.clock.advance(61)
    status, reasons = ready(site)
    assert status == 503
    assert reasons == ["beeline: down for 61 s: not bound", "kcell: down for 61 s: not bound"]


def test_a_store_that_cannot_be_written_is_a_reason_and_passes(site: Site) -> None:
    site.live.start()
    site.writer.broken = True
    site.clock.advance(1)
    assert ready(site) == (503, ["store: the store cannot be written: database or disk is full"])
    site.writer.broken = False
    site.clock.advance(1)
    assert ready(site) == (200, [])


def test_a_store_that_says_nothing_is_a_reason(site: Site) -> None:
    site.live.start()
    site.live.stop()
    site.clock.advance(6)
    assert ready(site) == (503, ["store: nothing was committed for 6 s"])


def test_what_waits_for_long_is_a_reason(site: Site) -> None:
    site.client(site.token()).post("/v1/messages", json=GOOD)
    site.live.start()
    site.clock.advance(301)
    _, reasons = ready(site)
    assert "beeline: down for 301 s: not bound" in reasons
    assert site.live.look().accounts[0].oldest_due == EPOCH


def test_metrics_are_in_the_format_of_prometheus(site: Site) -> None:
    site.live.start()
    client = site.client(site.token())
    client.post("/v1/messages", json=GOOD)
    client.post("/v1/messages", json={**GOOD, "to": "x"})
    client.get("/v1/messages/77")
    answer = site.client().get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'sender_messages{class="service",state="queued"} 1.0' in lines
    assert 'sender_api_accepted_total{class="service"} 1.0' in lines
    assert "sender_api_refused_total 1.0" in lines
    assert 'sender_bound{account="beeline"} 0.0' in lines
    assert "sender_ready 1.0" in lines
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r'sender_\w+(\{(\w+="[^"]*",?)+\})? [0-9.e+-]+', line), line
    assert "77051234567" not in answer.text


def test_labels_of_requests_are_routes_not_paths(site: Site) -> None:
    client = site.client(site.token())
    for number in range(20):
        client.get(f"/v1/messages/{number}")
        client.get(f"/{number}")
    routes = {route for route, _ in site.api.counts.requests}
    assert routes == {"/v1/messages/{message_id}", "none"}


def test_the_binds_are_told(site: Site) -> None:
    site.live.start()
    answer = site.client(site.token("monitor")).get("/v1/binds").json()
    assert [account["account"] for account in answer["accounts"]] == ["beeline", "kcell"]
