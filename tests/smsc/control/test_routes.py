"""Every route, as it is asked and answered, without sockets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from litestar.testing import TestClient

from smppkit.pdus import SubmitSm
from smppkit.segments import UDHI, segment
from tests.smsc.control.conftest import LONG, Desk


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Three messages: a long one that is delivered, one that is refused, and a formula that is on its way."""
    esme = desk.lab.bound()
    for part in segment(LONG, reference=7).segments:
        esme.send(
            SubmitSm(
                source_addr="SHOP",
                destination_addr="77051234567",
                esm_class=UDHI,
                short_message=part.short_message,
                registered_delivery=1,
            )
        )
    esme.submit(to="77059990011", text="=1+1", registered=0)
    desk.lab.settle()
    desk.lab.run(1.1)
    esme.submit(to="7706", text="late", registered=0)
    desk.lab.settle()
    return desk


@pytest.fixture
def asked(busy: Desk) -> Iterator[TestClient[Any]]:
    with busy.client() as client:
        yield client


def get(client: TestClient[Any], path: str, status: int = 200, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: TestClient[Any], path: str, body: Any, status: int = 200) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def _xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


# --- messages ----------------------------------------------------------------------------------------


def test_messages_are_found_newest_first_and_a_long_one_is_one(asked: TestClient[Any]) -> None:
    found = get(asked, "/api/messages")
    assert [message["text"] for message in found["items"]] == ["late", "=1+1", LONG]
    assert (found["total"], found["next"]) == (3, None)
    assert list(found["items"][2]) == [
        *("id", "at", "operator", "system_id", "direction", "command", "from", "to", "text", "encoding", "data_coding"),
        *("parts", "parts_received", "reference", "status", "status_name", "message_id", "message_ids", "state", "err"),
        *("final_at", "acknowledged_at"),
    ]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ({"state": "delivered"}, 'state: no message has "DELIVERED"; did you mean "DELIVRD"?'),
        ({"state": "DELIVRED"}, 'state: no message has "DELIVRED"; did you mean "DELIVRD"?'),
        ({"system_id": "shpo"}, 'system_id: no message has "shpo"; did you mean "shop"?'),
        ({"operator": "opp"}, 'operator: no message has "opp"; did you mean "op"?'),
        ({"state": "EXPIRED"}, None),
        ({"system_id": "somebody"}, None),
    ],
)
def test_a_word_that_no_message_has_is_hinted_at(asked: TestClient[Any], query: dict[str, str], hint: str) -> None:
    assert get(asked, "/api/messages", **query) == {"items": [], "next": None, "total": 0, "hint": hint}


def test_a_capture_may_be_of_one_account(busy: Desk) -> None:
    other = busy.lab.bound("other")
    other.submit(to="7700", text="somebody else's")
    busy.lab.settle()
    busy.lab.journal.flush()
    with busy.client() as asked:
        size = {
            who: len(asked.get("/api/export", params={"format": "pcap", "system_id": who}).content)
            for who in ("shop", "other", "nobody")
        }
        assert size["shop"] > size["other"] > size["nobody"] > 0
        assert b"somebody else" not in asked.get("/api/export?format=pcap&system_id=shop").content
        assert b"somebody else" in asked.get("/api/export?format=pcap&system_id=other").content


def test_what_is_wrong_with_a_body_names_its_key(asked: TestClient[Any]) -> None:
    wrong = post(asked, "/api/messages/wait", {"filters": {"id": "x"}}, 400)
    assert (wrong["detail"], wrong["field"]) == ("filters.id: Expected `int | null`, got `str`", "filters.id")
    assert "2+ for two and more" in post(asked, "/api/messages/count", {"filters": {"parts": "x"}}, 400)["detail"]
    assert post(asked, "/api/messages/count", {"filters": {"parts": "2+"}}) == {"count": 1}
    assert post(asked, "/api/messages/count", [], 400)["detail"] == "Expected `object`, got `array`"
    empty = asked.post("/api/messages/count", headers={"content-type": "application/json"})
    assert (empty.status_code, empty.json()["detail"]) == (400, "the body is empty; expected a JSON object")
    assert get(asked, "/api/mesages", 404)["detail"] == "there is nothing at /api/mesages; /schema lists what there is"


def test_the_story_of_a_message_for_another_esme_has_its_delivery(desks: Callable[..., Desk]) -> None:
    desk = desks(
        scenario="""
operators:
  op:
    listen: "tcp:2775"
    submit: {latency: 0ms}
    accounts:
      - {system_id: shop, password: secret}
      - {system_id: bank, password: secret, numbers: ["1414"]}
"""
    )
    bank, shop = desk.lab.bound("bank"), desk.lab.bound("shop")
    shop.submit(to="1414", text="something else")
    shop.submit(to="1414", text="hello bank")
    desk.lab.settle()
    desk.lab.run(2)
    assert len(bank.deliveries) == 2
    with desk.client() as client:
        message = get(client, "/api/messages/2")
    told = [(event["kind"], event["detail"]) for event in message["events"]]
    assert told[:3] == [
        ("submitted", "submit_sm, SHOP to 1414"),
        ("answered", "ESME_ROK, message_id 10000002"),
        ("delivered", "deliver_sm to bank"),
    ]
    assert [kind for kind, _ in told].count("acknowledged") == 2


def test_pages_lead_to_each_other(asked: TestClient[Any]) -> None:
    first = get(asked, "/api/messages", limit=2)
    assert (len(first["items"]), first["total"]) == (2, 3)
    second = get(asked, "/api/messages", limit=2, before=first["next"])
    assert (len(second["items"]), second["next"], second["total"]) == (1, None, 3)
    assert [m["text"] for m in get(asked, "/api/messages", after=1)["items"]] == ["=1+1", "late"]


def test_filters_narrow(asked: TestClient[Any]) -> None:
    assert get(asked, "/api/messages", to="7705*", parts=4)["total"] == 0
    assert get(asked, "/api/messages", q="COLLECTED 77051234567")["total"] == 1
    assert get(asked, "/api/messages", **{"from": "SHOP", "state": "delivrd"})["total"] == 2
    assert get(asked, "/api/messages", since="2027-01-01T00:00:00Z")["total"] == 0


def test_the_latest_is_told_or_what_came_closest(asked: TestClient[Any]) -> None:
    assert get(asked, "/api/messages/latest", to="7705*")["text"] == "=1+1"
    missing = get(asked, "/api/messages/latest", 404, text="lates")
    assert missing["near_misses"][0]["message"]["text"] == "late"
    assert missing["seen"] == 3


def test_a_message_has_its_parts_their_pdus_and_its_story(asked: TestClient[Any]) -> None:
    message = get(asked, "/api/messages/2")  # by any of its parts
    assert (message["id"], message["text"]) == (1, LONG)
    for part in message["segments"]:
        commands = [(pdu["command"], pdu["direction"]) for pdu in part["pdus"]]
        assert commands == [
            ("submit_sm", "in"),
            ("submit_sm_resp", "out"),
            ("deliver_sm", "out"),
            ("deliver_sm_resp", "in"),
        ]
    kinds = [event["kind"] for event in message["events"] if event["part"] == 1]
    assert kinds == ["submitted", "answered", "state", "receipt", "acknowledged"]
    assert [event["at"] for event in message["events"]] == sorted(event["at"] for event in message["events"])
    assert get(asked, "/api/messages/999", 404)["detail"] == "there is no message 999"


def test_a_message_of_a_subscriber_has_its_story_too(busy: Desk) -> None:
    from smsc.scenario.mobile import MoMessage

    busy.lab.emulator.operators["op"].centre.mobile_originated(MoMessage(from_="77057", to="1414", text="STOP"))
    busy.lab.run(0.1)
    with busy.client() as client:
        found = get(client, "/api/messages/latest", direction="mo")
        message = get(client, f"/api/messages/{found['id']}")
        assert [event["kind"] for event in message["events"]] == ["written", "delivered", "acknowledged"]


def test_waiting_counting_and_verifying_take_filters_in_the_body(asked: TestClient[Any]) -> None:
    came = post(asked, "/api/messages/wait", {"filters": {"from": "SHOP", "status": "ROK"}, "count": 3, "timeout": 0})
    assert len(came["items"]) == 3
    assert post(asked, "/api/messages/count", {"filters": {"to": "7705*"}}) == {"count": 2}
    assert post(asked, "/api/messages/verify", {"filters": {"q": "late"}, "equals": 1})["met"] is True
    unmet = post(asked, "/api/messages/verify", {"filters": {"text": "code"}, "at_least": 1}, 409)
    assert (unmet["type"], unmet["count"], len(unmet["near_misses"])) == ("not-met", 0, 3)


def test_the_body_may_have_a_mistake_and_is_told_which(asked: TestClient[Any]) -> None:
    wrong = post(asked, "/api/messages/wait", {"filters": {"too": "7705"}}, 400)
    assert 'did you mean "to"?' in wrong["detail"]
    nothing_near = post(asked, "/api/messages/wait", {"recipient": 1}, 400)["detail"]
    assert nothing_near.startswith('unknown key "recipient"; known here: filters, to, from, text')
    assert 'did you mean "timeout"?' in post(asked, "/api/messages/wait", {"timeot": 1}, 400)["detail"]
    assert "ESME_RTHROTTLED" in post(asked, "/api/messages/count", {"filters": {"status": "RTHROTLED"}}, 400)["detail"]
    assert "expected one of equals" in post(asked, "/api/messages/verify", {"equals": 1, "at_most": 2}, 400)["detail"]
    assert "Expected `int`" in post(asked, "/api/messages/wait", {"count": "one"}, 400)["detail"]
    answer = asked.post("/api/messages/count", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    large = asked.post("/api/messages/count", content=b" " * (1 << 21), headers={"content-type": "application/json"})
    assert large.status_code == 413


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/messages?lmit=3", '"lmit" is no query parameter; did you mean "limit"?'),
        ("/api/messages?limit=0", 'limit: found "0"; expected 1 to 1000'),
        ("/api/messages?to=1&to=2", "to: found twice"),
        ("/api/messages?status=RTHROTLED", "did you mean ESME_RTHROTTLED?"),
        ("/api/binds?x=1", '"x" is no query parameter; there is none here'),
        ("/api/pdus?command=submit_ms", 'did you mean "submit_sm"?'),
        ("/api/pdus?direction=inn", 'did you mean "in"?'),
        ("/api/export?format=pcap&to=7", "expected no filter but operator"),
    ],
)
def test_queries_with_a_mistake_are_told_which(asked: TestClient[Any], path: str, words: str) -> None:
    answer = asked.get(path)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


# --- PDUs, conversations, binds -----------------------------------------------------------------------


def test_pdus_are_taken_apart_and_passwords_are_not_shown(asked: TestClient[Any]) -> None:
    found = get(asked, "/api/pdus", command="bind_transceiver")
    (bind,) = found["items"]
    assert b"secret".hex() not in bind["hex"]
    assert {field["name"]: field["value"] for field in bind["fields"]}["password"] == "***"
    assert get(asked, f"/api/pdus/{bind['row']}") == bind
    page = get(asked, "/api/pdus", limit=2, system_id="shop", direction="out")
    assert [pdu["row"] for pdu in page["items"]] == sorted((pdu["row"] for pdu in page["items"]), reverse=True)
    older = get(asked, "/api/pdus", limit=2, before=page["next"])
    assert older["items"][0]["row"] < page["items"][-1]["row"]
    assert get(asked, "/api/pdus/99999", 404)["detail"] == "there is no PDU 99999"


def test_conversations_are_by_number(asked: TestClient[Any]) -> None:
    talks = get(asked, "/api/conversations")["items"]
    assert [talk["number"] for talk in talks] == ["7706", "77059990011", "77051234567"]
    (message,) = get(asked, "/api/conversations/7706")["items"]
    assert message["text"] == "late"
    assert get(asked, "/api/conversations/%2B7706")["items"] == []


def test_binds_have_rates_and_latencies_from_the_first_look_on(busy: Desk) -> None:
    with busy.client() as client:
        (bind,) = get(client, "/api/binds")
        assert (bind["bind"], bind["system_id"], bind["version"]) == ("transceiver", "shop", "3.4")
        assert sum(bind["rate"]["series"]) == 0
        busy.lab.esmes[0].submit()
        busy.lab.run(1.5)
        bind = get(client, f"/api/binds/{bind['connection']}")
        assert sum(bind["rate"]["series"]) == 1
        assert bind["latency"]["p50"] is not None
        assert get(client, "/api/binds/99", 404)["detail"] == "there is no connection 99"


# --- the whole ----------------------------------------------------------------------------------------


def test_operators_and_counters(asked: TestClient[Any]) -> None:
    (operator,) = get(asked, "/api/operators")
    assert (operator["name"], operator["listen"], operator["binds"]) == ("op", "127.0.0.1:2775", 1)
    assert (operator["listening"], operator["outage"]) == ("listening", False)
    stats = get(asked, "/api/stats")
    assert stats["total"]["submitted"] == stats["operators"]["op"]["submitted"] == 5


def test_metrics_have_the_names_of_the_counters(busy: Desk) -> None:
    busy.lab.emulator.stats.operators["op"].refused[0x58] = 2
    with busy.client() as client:
        answer = client.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'smsc_submitted_total{operator="op"} 5.0' in lines
    assert 'smsc_refused_total{operator="op",status="ESME_RTHROTTLED"} 2.0' in lines
    assert 'smsc_deliveries_acknowledged_total{kind="receipts",operator="op"} 3.0' in lines
    assert 'smsc_deliveries_waiting{kind="mo",operator="op"} 0.0' in lines
    assert 'smsc_bound{operator="op"} 1.0' in lines
    assert "smsc_journal_failed_groups_total 0.0" in lines


def test_health_tells_the_truth(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with busy.client() as client:
        assert get(client, "/healthz") == {"status": "ok", "operators": {"op": "listening"}, "journal": "writing"}
        busy.lab.emulator.operators["op"].begin_outage()
        assert get(client, "/healthz")["operators"] == {"op": "out of service"}
        busy.lab.emulator.operators["op"].end_outage()
        busy.lab.settle()
        monkeypatch.setattr(busy.lab.journal, "_failing", True)
        assert get(client, "/healthz", 503)["journal"] == "failing"


def test_lint_judges_as_often_as_it_is_asked_and_any_number_of_connections(busy: Desk) -> None:
    busy.lab.bound()
    busy.lab.bound()
    busy.lab.settle()
    busy.lab.journal.flush()
    with busy.client() as asked:
        for _ in range(2):
            assert get(asked, "/api/lint")["summary"]["connections"] == 3
        assert get(asked, "/api/messages", text_matches="^late$")["total"] == 1


def test_lint_says_what_clients_do_wrong_so_far(asked: TestClient[Any]) -> None:
    assert get(asked, "/api/lint")["summary"]["connections"] == 1
    assert _xml(asked.get("/api/lint", params={"format": "junit"}).text).tag in ("testsuite", "testsuites")
    assert "runs" in get(asked, "/api/lint", format="sarif")
    assert "0 errors" in asked.get("/api/lint", params={"format": "text", "system_id": "nobody"}).text


def test_exports_have_what_matches(asked: TestClient[Any]) -> None:
    answer = asked.get("/api/export", params={"q": "shop"})
    assert [message["text"] for message in json.loads(answer.text)] == [LONG, "=1+1", "late"]
    assert answer.headers["content-disposition"] == 'attachment; filename="smsc.json"'
    assert json.loads(asked.get("/api/export", params={"to": "nobody"}).text) == []
    rows = list(csv.DictReader(io.StringIO(asked.get("/api/export", params={"format": "csv"}).text)))
    assert [row["text"] for row in rows] == [LONG, "'=1+1", "late"]  # no formula for a spreadsheet
    suite = _xml(asked.get("/api/export", params={"format": "junit"}).text)
    assert [[child.tag for child in case] for case in suite] == [[], [], ["skipped"]]
    assert asked.get("/api/export", params={"format": "pcap"}).content[:4] == b"\xa1\xb2\xc3\xd4"


def test_large_exports_come_in_pieces(asked: TestClient[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsc.control.export.AT_ONCE", 1)
    assert len(json.loads(asked.get("/api/export").text)) == 3


def test_without_a_journal_there_is_nothing_to_read_and_the_rest_works(desks: Callable[..., Desk]) -> None:
    desk = desks(journal=None)
    desk.lab.bound().submit()
    desk.lab.settle()
    with desk.client() as client:
        for path in (
            "/api/messages",
            "/api/messages/latest",
            "/api/pdus",
            "/api/conversations",
            "/api/export",
            "/api/lint",
        ):
            assert get(client, path, 409)["type"] == "no-journal", path
        assert post(client, "/api/messages/wait", {}, 409)["type"] == "no-journal"
        assert len(get(client, "/api/binds")) == 1
        desk.lab.esmes[0].submit()
        desk.lab.run(1.5)
        assert sum(get(client, "/api/binds")[0]["rate"]["series"]) == 1
        assert get(client, "/api/stats")["total"]["submitted"] == 2
        assert get(client, "/healthz")["journal"] == "none"
        assert client.get("/metrics").status_code == 200


# --- files, and what is documented --------------------------------------------------------------------


def test_the_page_is_served_and_nothing_beside_it(asked: TestClient[Any]) -> None:
    page = asked.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in (
        "/static/../control.py",
        "/static/%2e%2e/control.py",
        "/static//etc/passwd",
        "/static/nothing.js",
        "/static/",
    ):
        assert asked.get(path).status_code == 404, path


def test_the_api_is_documented_with_every_parameter(asked: TestClient[Any]) -> None:
    document = get(asked, "/schema/openapi.json")
    assert document["openapi"].startswith("3.1")
    parameters = {p["name"] for p in document["paths"]["/api/messages"]["get"]["parameters"]}
    assert {"to", "from", "q", "limit", "before", "after"} <= parameters
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path}"
    page = asked.get("/schema")
    assert "/api/messages/wait" in page.text
    assert "<script" not in page.text


# --- whatever is asked --------------------------------------------------------------------------------

HUGE = "9" * 5000


@pytest.mark.parametrize("path", ["/api/messages/{}", "/api/pdus/{}", "/api/binds/{}", "/api/conversations/{}"])
def test_numbers_that_nothing_has_are_not_found(asked: TestClient[Any], path: str) -> None:
    for number in ("99999999999999999999999999", "-1", "0"):
        assert asked.get(path.format(number)).status_code in (200, 404), number


@pytest.mark.parametrize(
    "value", ["\x00", "'; DROP TABLE messages; --", "%", "*" * 900, "\ud7ff", HUGE, "1e999", "[", "\\"]
)
def test_no_value_of_any_parameter_is_a_fault_of_ours(asked: TestClient[Any], value: str) -> None:
    for path in (
        "/api/messages",
        "/api/messages/latest",
        "/api/pdus",
        "/api/conversations",
        "/api/export",
        "/api/lint",
    ):
        parameters = get(asked, "/schema/openapi.json")["paths"][path]["get"]["parameters"]
        for parameter in parameters:
            answer = asked.get(path, params={parameter["name"]: value})
            assert answer.status_code < 500, (path, parameter["name"], answer.text)
    assert asked.post("/api/messages/wait", json={"after": 1 << 80, "timeout": 0}).status_code == 400
    for name in ("to", "text", "status", "since", "id", "parts", "text_matches"):
        assert asked.post("/api/messages/count", json={"filters": {name: value}}).status_code < 500, name
    assert asked.get("/api/events", headers={"last-event-id": f"x-{HUGE[:100]}"}, params={"nope": 1}).status_code == 400
