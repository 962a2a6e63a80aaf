"""Messages over the API: accepted once, durably, and told what is wrong field by field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sender.domain.message import State
from sender.store.intake import Stored, Verdicts
from sender.web import wording
from tests.sender.web.conftest import Site
from tests.sender.world import EPOCH

GOOD = {"to": "+77051234567", "from": "SHOP", "text": "Your order is ready"}
MESSAGES = "/v1/messages"
BATCH = "/v1/messages/batch"


def post(site: Site, body: Any, secret: str, path: str = MESSAGES, **headers: str) -> Any:
    return site.client(secret).post(path, json=body, headers=headers)


def test_a_message_is_in_the_store_when_it_is_accepted_i9(site: Site) -> None:
    answer = post(site, {**GOOD, "reference": "order-1", "callback": "shop"}, site.token())
    assert answer.status_code == 202
    assert answer.json() == {"id": 1, "state": "queued", "segments": 1, "reference": "order-1"}
    assert site.query("SELECT number, state, due, expires FROM messages") == [
        ("77051234567", int(State.QUEUED), EPOCH, None)
    ]
    assert site.query("SELECT reference, callback, at FROM api_messages") == [("order-1", "shop", EPOCH)]
    assert site.query("SELECT action, token, outcome FROM audit") == [("messages.send", "shop", "1 accepted")]


def test_nothing_is_accepted_that_is_not_committed_i9(site: Site) -> None:
    secret = site.token()
    site.writer.broken = True
    answer = post(site, GOOD, secret)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert site.query("SELECT count(*) FROM messages") == [(0,)]


def test_messages_of_a_kind_share_a_campaign_and_count_in_it_i4(site: Site) -> None:
    secret = site.token()
    other = site.token(name="bank")
    post(site, GOOD, secret)
    post(site, GOOD, secret)
    post(site, {**GOOD, "class": "code"}, secret)
    post(site, {**GOOD, "priority": 9}, secret)
    post(site, GOOD, other)
    rows = site.query("SELECT id, kind, sender, message_class, priority, messages FROM campaigns")
    assert rows == [
        (1, "api", "SHOP", "service", 5, 2),
        (2, "api", "SHOP", "code", 9, 1),
        (3, "api", "SHOP", "service", 9, 1),
        (4, "api", "SHOP", "service", 5, 1),
    ]
    for campaign, *_, messages in rows:
        assert sum(site.store.counts(campaign).values()) == messages


def test_a_cancelled_campaign_is_followed_by_another(site: Site) -> None:
    secret = site.token("send", "campaigns")
    post(site, GOOD, secret)
    assert site.client(secret).post("/v1/campaigns/1/cancel").json()["state"] == "cancelled"
    post(site, GOOD, secret)
    assert site.query("SELECT campaign FROM messages") == [(1,), (2,)]


def test_a_template_is_filled_in(site: Site) -> None:
    secret = site.token()
    asked = {
        "to": "+77051234567",
        "from": "SHOP",
        "template": "{Name|Dear client}, code {code}",
        "fields": {"CODE": "7"},
    }
    number = post(site, asked, secret).json()["id"]
    assert site.client(secret).get(f"{MESSAGES}/{number}").json()["text"] == "Dear client, code 7"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"to": "12"}, "to", "not a phone number"),
        ({"to": "+18885550123"}, "to", "no route"),
        ({"from": "A name too long"}, "from", "at most 11"),
        ({"text": " "}, "text", "empty"),
        ({"text": None}, "text", "neither"),
        ({"template": "{a}"}, "text", "both"),
        ({"text": None, "template": "{a"}, "template", "never closed"),
        ({"text": None, "template": "{a}"}, "fields", '"a" is missing'),
        ({"valid_for": "soon"}, "valid_for", "soon"),
        ({"valid_for": 0}, "valid_for", "0 s"),
        ({"valid_for": "1h", "expires_at": 1e10}, "valid_for", "both"),
        ({"expires_at": EPOCH}, "expires_at", "past"),
        ({"expires_at": "2026-03-01T12:00:00"}, "expires_at", "2026-03-01T12:00:00"),
        ({"send_at": "tomorrow"}, "send_at", "tomorrow"),
        ({"send_at": EPOCH + 400 * 86400}, "send_at", "a year"),
        ({"send_at": 1e300}, "send_at", "1e+300"),
    ],
)
def test_what_is_wrong_is_told_with_its_field_and_a_remedy(
    site: Site, change: dict[str, Any], field: str, words: str
) -> None:
    answer = post(site, {key: value for key, value in {**GOOD, **change}.items() if value is not None}, site.token())
    assert answer.status_code == 422
    problem = answer.json()
    (wrong,) = problem["errors"]
    assert (wrong["field"], problem["status"]) == (field, 422)
    assert words in wrong["detail"]
    assert wrong["remedy"]
    assert site.query("SELECT count(*) FROM messages") == [(0,)]


def test_deadline_and_time_of_sending_are_kept(site: Site) -> None:
    secret = site.token()
    post(site, {**GOOD, "send_at": "2026-01-02T00:00:00Z", "valid_for": "10m"}, secret)
    post(site, {**GOOD, "expires_at": EPOCH + 60}, secret)
    assert site.query("SELECT due, expires FROM messages") == [
        (EPOCH + 86400, EPOCH + 86400 + 600),
        (EPOCH, EPOCH + 60),
    ]


def test_a_token_sends_only_as_it_may(site: Site) -> None:
    answer = post(site, {**GOOD, "from": "BANK"}, site.token(senders=("SHOP",)))
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["remedy"] == "one of: SHOP"


def test_who_has_opted_out_is_not_written_to_i7(site: Site) -> None:
    secret = site.token("send", "suppression")
    client = site.client(secret)
    added = client.post("/v1/suppression", json={"numbers": ["+77051234567"], "scope": "all", "reason": "by phone"})
    assert added.json() == {"changed": 1}
    assert post(site, GOOD, secret).status_code == 409
    assert client.get("/v1/suppression?to=87051234567").json()["entries"][0]["scope"] == "all"
    assert client.delete("/v1/suppression?to=%2B77051234567").json() == {"changed": 1}
    assert post(site, GOOD, secret).status_code == 202


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_is_one_commit_with_a_result_for_each(site: Site) -> None:
    secret = site.token()
    commits = site.writer.commits
    items: list[Any] = [{**GOOD, "to": f"+7705{number:07d}"} for number in range(1000)]
    items[3] = {**GOOD, "to": "x"}
    items[5] = {"to": 7}
    items[7] = "no object"
    answer = post(site, {"messages": items}, secret, BATCH)
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["refused"]) == (202, 997, 3)
    assert site.writer.commits == commits + 1
    assert [result["index"] for result in body["results"]] == list(range(1000))
    assert [bool(result.get("errors")) for result in body["results"][:9]] == [False] * 3 + [True, False] * 3
    assert body["results"][5]["errors"][0]["field"] == "to"
    ids = [result["id"] for result in body["results"] if "id" in result]
    assert ids == list(range(1, 998))
    assert site.query("SELECT count(*) FROM messages") == [(997,)]


@pytest.mark.parametrize("messages", [[], [GOOD] * 1001])
def test_a_batch_has_one_to_a_thousand_messages(site: Site, messages: list[Any]) -> None:
    answer = post(site, {"messages": messages}, site.token(), BATCH)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "messages"


def test_a_batch_of_which_nothing_is_taken_is_refused(site: Site) -> None:
    answer = post(site, {"messages": [{**GOOD, "to": "x"}]}, site.token(), BATCH)
    assert (answer.status_code, answer.json()["refused"]) == (422, 1)


# --- once and only once ---------------------------------------------------------------------------


def test_the_same_key_is_answered_with_the_same_words(site: Site) -> None:
    secret = site.token()
    first = post(site, GOOD, secret, **{"Idempotency-Key": "a"})
    site.clock.advance(3600)
    again = post(site, GOOD, secret, **{"Idempotency-Key": "a"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert site.query("SELECT count(*) FROM messages") == [(1,)]


def test_the_same_key_with_another_body_is_a_mistake(site: Site) -> None:
    secret = site.token()
    post(site, GOOD, secret, **{"Idempotency-Key": "a"})
    answer = post(site, {**GOOD, "text": "another"}, secret, **{"Idempotency-Key": "a"})
    assert (answer.status_code, answer.json()["type"]) == (422, "key-reused")


def test_keys_are_of_one_token_and_of_a_day(site: Site) -> None:
    secret, other = site.token(), site.token(name="bank")
    post(site, GOOD, secret, **{"Idempotency-Key": "a"})
    post(site, GOOD, other, **{"Idempotency-Key": "a"})
    site.clock.advance(24 * 3600 + 1)
    post(site, {**GOOD, "text": "another"}, secret, **{"Idempotency-Key": "a"})
    assert site.query("SELECT count(*) FROM messages") == [(3,)]
    with site.store.database.transaction():
        assert site.store.access.forget(site.api.now) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb"])
def test_a_key_is_short_and_printable(site: Site, key: str) -> None:
    assert post(site, GOOD, site.token(), **{"Idempotency-Key": key}).status_code == 400


def test_a_refused_message_frees_its_key(site: Site) -> None:
    secret = site.token()
    assert post(site, {**GOOD, "to": "x"}, secret, **{"Idempotency-Key": "a"}).status_code == 422
    assert post(site, GOOD, secret, **{"Idempotency-Key": "a"}).status_code == 202


def test_a_reference_is_taken_once_per_token(site: Site) -> None:
    secret = site.token()
    asked = {**GOOD, "reference": "order/1?"}
    first = post(site, asked, secret).json()["id"]
    again = post(site, asked, secret)
    assert again.status_code == 409
    assert again.json()["errors"][0]["message"] == first
    assert post(site, asked, site.token(name="bank")).status_code == 202
    batch = post(site, {"messages": [{**GOOD, "reference": "b"}, {**GOOD, "reference": "b"}]}, secret, BATCH).json()
    assert (batch["accepted"], batch["refused"]) == (1, 1)


# --- reading --------------------------------------------------------------------------------------


def test_a_message_is_found_by_id_and_by_reference(site: Site) -> None:
    secret = site.token()
    post(site, {**GOOD, "reference": "order-1"}, secret)
    client = site.client(secret)
    by_id = client.get(f"{MESSAGES}/1").json()
    assert by_id == client.get(f"{MESSAGES}/by-reference/order-1").json()
    assert (by_id["to"], by_id["from"], by_id["state"], by_id["final"]) == ("77051234567", "SHOP", "queued", False)
    assert client.get(f"{MESSAGES}/by-reference/none").status_code == 404


def test_a_token_sees_only_what_is_its_own(site: Site) -> None:
    secret, other, admin = site.token(), site.token(name="bank"), site.token("admin", name="ops")
    post(site, {**GOOD, "reference": "order-1"}, secret)
    stranger = site.client(other)
    assert stranger.get(f"{MESSAGES}/1").status_code == 404
    assert stranger.get(f"{MESSAGES}/by-reference/order-1").status_code == 404
    assert stranger.get(MESSAGES).json()["messages"] == []
    assert stranger.delete(f"{MESSAGES}/1").status_code == 404
    assert stranger.get("/v1/campaigns").json()["campaigns"] == []
    assert site.client(admin).get(f"{MESSAGES}/1").status_code == 200


def test_pages_follow_each_other_and_filters_hold(site: Site) -> None:
    secret = site.token()
    client = site.client(secret)
    items = [{**GOOD, "to": f"+7705000000{number}", "reference": f"r{number}"} for number in range(5)]
    post(site, {"messages": items}, secret, BATCH)
    seen: list[int] = []
    cursor = ""
    for _ in range(3):
        page = client.get(f"{MESSAGES}?limit=2{cursor}").json()
        seen += [view["id"] for view in page["messages"]]
        cursor = f"&cursor={page['next']}"
    assert (seen, page["next"]) == ([5, 4, 3, 2, 1], None)
    client.delete(f"{MESSAGES}/2")

    def ids(query: str) -> list[int]:
        return [it["id"] for it in client.get(MESSAGES + query).json()["messages"]]

    assert ids("?state=cancelled") == [2]
    assert ids("?state=cancelled,queued&limit=1") == [5]
    assert ids("?to=87050000003") == [4]
    assert ids("?reference=r0&campaign=1") == [1]
    assert ids("?since=2026-01-01T00:00:01Z") == []
    assert ids("?until=2026-01-01T00:00:00Z&limit=1") == [5]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?too=1", 'did you mean \\"to\\"'),
        ("?state=queed", "queued"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?cursor=x", "cursor"),
        ("?cursor=99999999999999999999", "cursor"),
        ("?since=yesterday", "since"),
        ("?to=x", "not a phone number"),
    ],
)
def test_a_filter_that_is_none_is_explained(site: Site, query: str, words: str) -> None:
    answer = site.client(site.token()).get(MESSAGES + query)
    assert answer.status_code in (400, 404)
    assert words in answer.text


# --- cancelling -----------------------------------------------------------------------------------


def test_a_message_that_waits_is_cancelled(site: Site) -> None:
    secret = site.token()
    post(site, GOOD, secret)
    client = site.client(secret)
    assert client.delete(f"{MESSAGES}/1").json()["state"] == "cancelled"
    assert client.delete(f"{MESSAGES}/1").status_code == 200
    assert site.store.counts(1)[State.CANCELLED] == 1


def test_what_is_claimed_is_cancelled_and_not_written(site: Site) -> None:
    secret = site.token()
    post(site, GOOD, secret)
    with site.store.database.transaction():
        (claimed,) = site.store.claim("beeline", 10, EPOCH)
    assert site.client(secret).delete(f"{MESSAGES}/{claimed.message_id}").status_code == 200
    assert site.query("SELECT state FROM messages") == [(int(State.CANCELLED),)]


def test_what_was_written_cannot_be_taken_back(site: Site) -> None:
    secret = site.token()
    post(site, GOOD, secret)
    site.query("UPDATE messages SET state = ?, parts = 1", int(State.SUBMITTING))
    answer = site.client(secret).delete(f"{MESSAGES}/1")
    assert (answer.status_code, answer.json()["state"]) == (409, "submitting")


def test_words_of_a_batch_are_made_of_its_verdicts() -> None:
    verdicts: Verdicts = [Stored(7, 2, None)]
    status, body = wording.many(verdicts)
    assert status == 202
    assert msgspec.json.decode(body)["results"] == [{"index": 0, "id": 7, "state": "queued", "segments": 2}]
