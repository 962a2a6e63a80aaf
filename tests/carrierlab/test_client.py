"""What the client asks and makes of the answers. tests/carrierlab/plugin has it against a real emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from carrierlab.client import Client, Message, NotMet, Refused, Unreachable

MESSAGE: dict[str, Any] = {
    "id": 17,
    "at": 1767225600.1,
    "operator": "smsc",
    "system_id": "shop",
    "direction": "mt",
    "command": "submit_sm",
    "from": "SHOP",
    "to": "77011234567",
    "text": "Your code is 1234",
    "encoding": "gsm7",
    "data_coding": 0,
    "parts": 1,
    "parts_received": 1,
    "reference": None,
    "status": 0,
    "status_name": "ESME_ROK",
    "message_id": "10000001",
    "state": "DELIVRD",
    "err": "000",
    "final_at": None,
    "acknowledged_at": None,
}
NEAR_MISS = {
    "message": MESSAGE,
    "mismatches": [{"field": "text", "wanted": "order", "found": "Your code is 1234", "why": "no such part"}],
}


class Api:
    """Answers every request the same, and remembers the last one."""

    def __init__(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self.answer = httpx.Response(status, **{"content" if isinstance(content, bytes) else "json": content})
        self.request: httpx.Request

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return self.answer

    @property
    def asked(self) -> Any:
        return json.loads(self.request.content)


def client(api: Callable[[httpx.Request], httpx.Response], token: str | None = None) -> Client:
    return Client("http://smsc.example:2780/", token=token, transport=httpx.MockTransport(api))


def test_waiting_sends_filters_by_their_names_and_gives_messages() -> None:
    api = Api(200, {"items": [MESSAGE]})
    (message,) = client(api).wait(to="7701*", from_="SHOP", count=1, timeout=3)
    assert (message.from_, message.to, message.complete) == ("SHOP", "77011234567", True)
    assert api.request.url.path == "/api/messages/wait"
    assert api.asked["filters"] == {"to": "7701*", "from": "SHOP"}
    assert (api.asked["count"], api.asked["timeout"]) == (1, 3)


def test_what_came_closest_is_in_the_error() -> None:
    api = Api(408, {"status": 408, "title": "t", "detail": "No message matched in 3 s.", "near_misses": [NEAR_MISS]})
    with pytest.raises(NotMet, match=r"No message matched in 3 s\.") as caught:
        client(api).wait(text="order", timeout=3)
    (near_miss,) = caught.value.near_misses
    assert near_miss.message.id == 17
    assert near_miss.mismatches[0].field == "text"


def test_a_refusal_has_the_words_of_the_problem() -> None:
    api = Api(400, {"status": 400, "title": "T", "detail": 'found "tox"; did you mean "to"?', "found": "tox"})
    with pytest.raises(Refused, match='did you mean "to"') as caught:
        client(api).count()
    assert caught.value.status == 400
    assert not isinstance(caught.value, NotMet)


@pytest.mark.parametrize(("status", "content"), [(502, b"<html>"), (200, b"<html>"), (200, b'{"items": 3}')])
def test_what_is_no_control_api_is_named(status: int, content: bytes) -> None:
    with pytest.raises(Unreachable, match=r"smsc\.example"):
        client(Api(status, content)).clock()


def test_nobody_there_is_said_with_the_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with pytest.raises(Unreachable, match=r"http://smsc\.example:2780 cannot be reached: Connection refused"):
        client(refuse).operators()


def test_the_token_is_sent() -> None:
    api = Api(200, {"items": [], "next": None})
    client(api, token="s3cret").messages(limit=1)
    assert api.request.headers["authorization"] == "Bearer s3cret"


def test_all_messages_are_fetched_page_by_page_in_the_order_they_came() -> None:
    asked = []

    def pages(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("before"))
        ids = {None: [30, 20], "20": [10]}[asked[-1]]
        items = [{**MESSAGE, "id": number} for number in ids]
        return httpx.Response(200, json={"items": items, "next": 20 if asked[-1] is None else None, "total": 3})

    assert [message.id for message in client(pages).messages()] == [10, 20, 30]
    assert asked == [None, "20"]


def test_a_rule_and_a_fault_are_sent_as_scenario_files_have_them() -> None:
    api = Api(201, {"id": 5})
    assert client(api).add_fault({"fault": "throttle", "rate": "5/s"}, namespace="shop", for_="10s") == 5
    assert api.asked == {"fault": {"fault": "throttle", "rate": "5/s"}, "namespace": "shop", "for": "10s"}
    client(api).add_rule({"when": {"to": "7705*"}, "respond": "ESME_RTHROTTLED"})
    assert api.asked == {"rule": {"when": {"to": "7705*"}, "respond": "ESME_RTHROTTLED"}, "first": True}


def test_a_message_prints_itself_in_one_line() -> None:
    api = Api(200, {**MESSAGE, "parts": 3, "parts_received": 2})
    message: Message = client(api).latest()
    expected = "<mt 17 SHOP → 77011234567 'Your code is 1234' 2/3 parts ESME_ROK DELIVRD>"
    assert repr(message) == expected
