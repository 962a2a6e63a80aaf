"""What is changed over HTTP: each route does what it says, and what is wrong is said by its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from smppkit.codec import encode
from smppkit.pdus import DeliverSm
from smppkit.status import CommandStatus as S
from smsc.control.faults import KINDS
from tests.smsc.conftest import EPOCH, Esme, Lab
from tests.smsc.control.conftest import Desk

SCENARIO = """
scenario: What is steered
seed: 7
operators:
  op:
    listen: tcp:2775
    timers: {enquire_link: null}
    submit: {latency: 0ms}
    receipts: {delay: 100s}
    states: {login: started, each: {initial: new, per: to}}
    faults: [{fault: crlf, skip: 100000}]
    rules:
      - when: {to: "7700*", text: /casino/i, parts: 2+, count: every 10th}
        respond: ESME_RINVDSTADR
        latency: lognormal 40ms p99 400ms
        note: from the file
      - {when: {text: "*code*"}, in: {login: started}, then: {login: sent}, receipt: {delay: 2s, ids: hex lower 8}}
timeline:
  - {at: 1s, for: 5s, fault: throttle, rate: 500/s}
  - {at: 30s, fault: crlf}
"""
Client = TestClient[Any]


@pytest.fixture
def desk(desks: Callable[..., Desk]) -> Desk:
    return desks(scenario=SCENARIO, steered=True)


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    with desk.client() as client:
        yield client


def said(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def problem(response: Any, status: int, field: str | None = None) -> str:
    body = said(response, status)
    assert response.headers["content-type"].startswith("application/problem+json")
    assert field is None or body["field"] == field
    return str(body["detail"])


# --- time ----------------------------------------------------------------------------------------------


def test_time_is_paused_advanced_and_resumed(client: Client, lab: Lab) -> None:
    clock = said(client.get("/api/clock"))
    assert (clock["paused"], clock["virtual"], clock["speed"]) == (False, False, 1.0)
    assert said(client.post("/api/clock/pause", json={}))["paused"]
    now = said(client.post("/api/clock/advance", json={"by": "10m"}))
    assert now["now"] == pytest.approx(EPOCH + 600, abs=0.01)
    assert (now["paused"], now["virtual"]) == (True, True)
    lab.run(5, step=1)
    assert said(client.get("/api/clock"))["now"] == now["now"]
    assert not said(client.post("/api/clock/resume", json={}))["paused"]


def test_a_body_of_nothing_is_taken_where_nothing_is_asked(client: Client) -> None:
    assert said(client.post("/api/clock/pause", headers={"Content-Type": "application/json"}))["paused"]
    assert 'unknown key "by"' in problem(client.post("/api/clock/pause", json={"by": "1s"}), 400)


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "", 'the key "by" is missing'),
        ({"by": "soon"}, "by", 'found "soon"; expected a duration such as'),
        ({"by": "9999999d"}, "by", "at most"),
    ],
)
def test_what_is_no_time_is_refused(client: Client, body: Any, field: str, detail: str) -> None:
    assert detail in problem(client.post("/api/clock/advance", json=body), 400, field)


def test_where_the_clock_is_another_one_it_cannot_be_steered(desks: Callable[..., Desk]) -> None:
    with desks().client() as client:
        assert not said(client.get("/api/clock"))["paused"]
        assert "cannot be steered" in problem(client.post("/api/clock/pause", json={}), 409)


# --- faults --------------------------------------------------------------------------------------------


def test_a_fault_is_put_on_listed_and_taken_off(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    made = said(
        client.post("/api/faults", json={"fault": {"fault": "no-response"}, "namespace": "shop", "for": "20s"}), 201
    )
    assert made == {"id": "1", "on": True}
    esme.submit()
    lab.run(0.1)
    assert esme.heard == []
    (habit, fault) = said(client.get("/api/faults"))
    assert (habit["id"], habit["origin"], habit["fault"]) == ("habit-0-op", "scenario", "crlf")
    assert fault == {
        "id": "1",
        "fault": "no-response",
        "words": "no-response",
        "operator": None,
        "namespace": "shop",
        "origin": "api",
        "since": pytest.approx(EPOCH, abs=0.1),
        "until": pytest.approx(EPOCH + 20, abs=0.1),
        "hits": 1,
    }
    said(client.delete("/api/faults/1"), 204)
    assert "is over already" in problem(client.delete("/api/faults/1"), 409, "id")
    problem(client.delete("/api/faults/99"), 404, "id")
    problem(client.delete("/api/faults/xyz"), 404, "id")


def test_faults_of_the_scenario_are_listed_and_can_be_taken_off_too(client: Client, lab: Lab) -> None:
    lab.run(2, step=0.5)
    found = {fault["id"]: fault for fault in said(client.get("/api/faults"))}
    assert list(found) == ["habit-0-op", "entry-1"]
    assert found["entry-1"]["until"] == pytest.approx(EPOCH + 6, abs=0.1)
    for fault_id in found:
        said(client.delete(f"/api/faults/{fault_id}"), 204)
    assert said(client.get("/api/faults")) == []
    assert lab.emulator.operators["op"].state.throttle is None
    problem(client.delete("/api/faults/entry-1"), 409, "id")


def test_the_kinds_of_faults_are_told_for_forms(client: Client) -> None:
    kinds = {kind["name"]: kind for kind in said(client.get("/api/faults/kinds"))}
    assert list(kinds) == list(KINDS)
    rate = kinds["throttle"]["keys"][0]
    assert (rate["name"], rate["required"]) == ("rate", True)
    stage = next(key for key in kinds["garbage"]["keys"] if key["name"] == "stage")
    assert "response" in stage["choices"]
    assert all(kind["what"] and kind["example"] for kind in kinds.values())


def test_a_fault_that_is_none_is_refused_by_its_key(client: Client) -> None:
    response = client.post("/api/faults", json={"fault": {"fault": "throttle", "rate": "fast"}, "fro": "5s"})
    detail = problem(response, 400)
    first, second = response.json()["problems"]
    assert first["field"] == "fault.rate"
    assert (first["found"], first["expected"].split(",")[0]) == ("fast", "a rate such as 100/s")
    assert (second["found"], second["near"]) == ("fro", "for")
    assert detail.startswith('fault.rate: found "fast"; expected')
    problem(client.post("/api/faults", json={"fault": {"fault": "crlf"}, "operator": "opp"}), 404, "operator")
    problem(client.post("/api/faults", content="{", headers={"Content-Type": "application/json"}), 400)


# --- rules and states ----------------------------------------------------------------------------------


def answered(lab: Lab, esme: Esme, **more: Any) -> int:
    esme.heard.clear()
    esme.submit(**more)
    lab.run(0.1)
    return esme.responses[0].command_status


def test_a_rule_is_added_changed_and_taken_out(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    rule = {"when": {"to": "7705*"}, "respond": "ESME_RTHROTTLED"}
    assert said(client.post("/api/rules", json={"rule": rule, "namespace": "shop"}), 201) == {"id": "api-1"}
    assert answered(lab, esme) == S.ESME_RTHROTTLED
    said(client.patch("/api/rules/api-1", json={"enabled": False}), 204)
    assert answered(lab, esme) == 0
    said(client.put("/api/rules/api-1", json={"rule": {**rule, "respond": "ESME_RSYSERR"}}), 204)
    said(client.patch("/api/rules/api-1?operator=op", json={"enabled": True}), 204)
    assert answered(lab, esme) == S.ESME_RSYSERR
    added, first, second = said(client.get("/api/rules"))
    assert added == {
        "id": "api-1",
        "operator": "op",
        "origin": "api",
        "namespace": "shop",
        "enabled": True,
        "hits": 1,
        "rule": {"when": {"to": "7705*"}, "respond": "ESME_RSYSERR"},
        "counters": [],
    }
    assert (first["origin"], first["rule"]) == (
        "scenario",
        {
            "when": {"to": "7700*", "text": "/casino/i", "parts": "2+", "count": "every 10"},
            "respond": "ESME_RINVDSTADR",
            "latency": "lognormal 0.04s p99 0.4s",
            "note": "from the file",
        },
    )
    assert second["rule"]["receipt"] == {"delay": "2s", "ids": "hex lower 8"}
    said(client.delete("/api/rules/api-1"), 204)
    problem(client.delete("/api/rules/api-1"), 404, "id")


def test_a_rule_may_be_written_as_in_a_file(client: Client, lab: Lab) -> None:
    said(client.post("/api/rules", json={"yaml": "when: {to: 7705*}\nrespond: ESME_RTHROTTLED"}), 201)
    assert answered(lab, lab.bound()) == S.ESME_RTHROTTLED
    assert "did you mean" in problem(client.post("/api/rules", json={"yaml": "wen: {to: 1}\nrespond: none"}), 400)
    both = {"yaml": "respond: none", "rule": {"respond": "none"}}
    assert "expected one of them" in problem(client.post("/api/rules", json=both), 400, "rule")
    problem(client.post("/api/rules", json={"rule": {"when": {"to": "1"}}}), 400, "rule")


def test_states_are_listed_set_and_reset(client: Client, lab: Lab) -> None:
    lab.bound().submit(text="your code")
    lab.run(0.1)
    login, each = said(client.get("/api/states"))
    assert login == {
        "operator": "op",
        "name": "login",
        "state": "sent",
        "initial": "started",
        "per": "operator",
        "states": ["started", "sent"],
        "of": [],
    }
    said(client.put("/api/states/op/login", json={"state": "started"}), 204)
    assert said(client.get("/api/states"))[0]["state"] == "started"
    said(client.put("/api/states/op/each", json={"state": "new", "system_id": "shop", "number": "7701"}), 204)
    said(client.delete("/api/states/op/login"), 204)
    assert "can be started, sent" in problem(client.put("/api/states/op/login", json={"state": "x"}), 400, "state")
    problem(client.put("/api/states/op/logn", json={"state": "x"}), 404, "name")
    assert each["per"] == "to"


# --- by hand -------------------------------------------------------------------------------------------


def test_connections_are_stalled_and_dropped(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    said(client.post("/api/binds/1/stall", json={"for": None}), 204)
    assert said(client.get("/api/binds"))[0]["stalled"]
    said(client.post("/api/binds/1/unstall", json={}), 204)
    problem(client.post("/api/binds/1/unstall", json={}), 409, "connection")
    said(client.post("/api/binds/1/drop", json={"how": "reset"}), 204)
    lab.run(0.1)
    assert not esme.open
    problem(client.post("/api/binds/1/drop", json={}), 404, "connection")
    assert "expected one of unbind, reset, close" in problem(
        client.post("/api/binds/1/drop", json={"how": "kill"}), 400, "how"
    )


def test_any_pdu_is_sent_and_taken_apart(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    octets = encode(DeliverSm(sequence_number=77, source_addr="7701", short_message=b"hi"))
    sent = said(client.post("/api/binds/1/pdu", json={"hex": octets.hex()}), 201)
    assert (sent["hex"], sent["expects_answer"]) == (octets.hex(), False)
    assert "source_addr" in [field["name"] for field in sent["fields"]]
    sent = said(client.post("/api/binds/1/pdu", json={"command": "deliver_sm", "short_message": "hello"}), 201)
    assert sent["expects_answer"]
    said(client.post("/api/binds/1/pdu", json={"hex": "474554"}), 201)
    lab.settle()
    assert [pdu.short_message for pdu in esme.deliveries][:2] == [b"hi", b"hello"]
    assert 'did you mean "source_addr"' in problem(
        client.post("/api/binds/1/pdu", json={"command": "deliver_sm", "source_adr": "1"}), 400, "source_adr"
    )
    problem(client.post("/api/binds/1/pdu", json=[]), 400)
    problem(client.post("/api/binds/1/pdu", content="{", headers={"Content-Type": "application/json"}), 400)


def test_a_subscriber_writes_and_the_id_is_that_of_the_message(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    made = said(client.post("/api/mo", json={"from": "7701", "to": "1234", "text": "x" * 300}), 201)
    lab.run(0.1)
    assert len(esme.deliveries) == len(made["rows"]) == 2
    message = said(client.get(f"/api/messages/{made['id']}"))
    assert (message["direction"], message["parts"], message["text"]) == ("mo", 2, "x" * 300)
    problem(client.post("/api/mo", json={"from": "7701", "to": "1", "text": "hi", "operator": "opp"}), 404, "operator")
    assert "is missing" in problem(client.post("/api/mo", json={"from": "7701", "to": "1"}), 400)


def test_a_receipt_is_forced(client: Client, lab: Lab) -> None:
    esme = lab.bound()
    esme.submit()
    lab.run(0.1)
    (message,) = said(client.get("/api/messages"))["items"]
    path = f"/api/messages/{message['id']}/receipt"
    assert said(client.post(path, json={"stat": "UNDELIV", "err": "069"})) == {"rows": [message["id"]]}
    lab.run(0.1)
    assert len(esme.deliveries) == 1
    assert said(client.get(f"/api/messages/{message['id']}"))["state"] == "UNDELIV"
    assert "is UNDELIV for good" in problem(client.post(path, json={}), 409, "id")
    problem(client.post("/api/messages/999/receipt", json={}), 404)
    assert "did you mean" in problem(client.post(path, json={"stat": "DELIVERD"}), 400, "stat")


# --- forgetting, and the scenario ----------------------------------------------------------------------


def test_an_account_is_forgotten_with_all_that_was_put_on_for_it(client: Client, lab: Lab) -> None:
    shop, bank = lab.bound("shop"), lab.bound("bank")
    shop.submit()
    bank.submit()
    lab.run(0.1)
    for namespace in ("shop", "bank"):
        said(client.post("/api/faults", json={"fault": {"fault": "crlf"}, "namespace": namespace}), 201)
        said(client.post("/api/rules", json={"rule": {"respond": "none"}, "namespace": namespace}), 201)
    said(client.post("/api/reset", json={"system_id": "shop"}), 204)
    assert [item["system_id"] for item in said(client.get("/api/messages"))["items"]] == ["bank"]
    assert [fault["namespace"] for fault in said(client.get("/api/faults"))] == [None, "bank"]
    assert [rule["namespace"] for rule in said(client.get("/api/rules"))] == ["bank", None, None]
    assert len(said(client.get("/api/binds"))) == 2
    lab.run(200, step=10)
    assert (len(shop.deliveries), len(bank.deliveries)) == (0, 1)
    said(client.delete("/api/messages?system_id=bank"), 204)
    assert said(client.get("/api/messages"))["items"] == []
    said(client.post("/api/reset", json={}), 204)
    assert [rule["origin"] for rule in said(client.get("/api/rules"))] == ["scenario", "scenario"]
    assert "expected" in problem(client.post("/api/reset", json={"system_id": ""}), 400, "system_id")


def test_a_journal_that_cannot_be_written_is_said(client: Client, lab: Lab) -> None:
    lab.bound()
    assert lab.journal is not None
    lab.journal.flush()
    lab.journal.connection.execute("PRAGMA query_only = ON")
    assert "cannot be written" in problem(client.post("/api/reset", json={"system_id": "shop"}), 503)
    lab.journal.connection.execute("PRAGMA query_only = OFF")


def test_the_scenario_is_told_and_begins_again(client: Client, lab: Lab) -> None:
    lab.run(2, step=0.5)
    view = said(client.get("/api/scenario"))
    assert (view["scenario"], view["seed"]) == ("What is steered", 7)
    throttle, crlf = view["timeline"]
    assert (throttle["kind"], throttle["state"], throttle["at"], throttle["until"]) == (
        "throttle",
        "on",
        pytest.approx(1, abs=0.01),
        pytest.approx(6, abs=0.01),
    )
    assert (crlf["state"], crlf["at"], crlf["until"]) == ("to come", 30, None)
    again = said(client.post("/api/scenario/begin", json={}))
    assert [entry["state"] for entry in again["timeline"]] == ["to come", "to come"]
    assert again["began_at"] == pytest.approx(EPOCH + 2, abs=0.01)


def test_those_who_look_on_hear_of_what_is_steered(desk: Desk, client: Client, lab: Lab) -> None:
    lab.bound()
    listener = desk.control.events.listen(lambda: None, None, None)
    client.post("/api/clock/pause", json={})
    client.post("/api/faults", json={"fault": {"fault": "crlf"}})
    client.post("/api/rules", json={"rule": {"respond": "none"}})
    client.post("/api/binds/1/stall", json={})
    client.post("/api/scenario/begin", json={})
    client.post("/api/reset", json={"system_id": "shop"})
    names = [event.name for event in listener.news()]
    assert [name for name in dict.fromkeys(names) if name != "message"] == [
        "clock",
        "faults",
        "rules",
        "bind",
        "scenario",
        "reset",
    ]
    listener.close()


def test_the_schema_knows_what_is_asked_for(client: Client) -> None:
    paths = said(client.get("/schema/openapi.json"))["paths"]
    body = paths["/api/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["fault"]
    assert set(body["properties"]) == {"fault", "operator", "namespace", "for"}
