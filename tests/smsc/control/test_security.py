"""Who is let in: by host, origin, content type and token."""

from __future__ import annotations

from typing import Any

import pytest

from smsc.control.security import COOKIE, HEADERS, Policy
from tests.smsc.control.conftest import Desk
from webkit.address import is_loopback

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound
LOOPBACK = Policy("127.0.0.1", 2780)
GUARDED = Policy(EVERYWHERE, 2780, "a-long-token")


def status(policy: Policy, method: str = "GET", path: str = "/api/messages", **headers: str) -> int | None:
    given = {"host": "127.0.0.1:2780"} | {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = policy.refusal(method, path, given)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["127.0.0.1:2780", "localhost:2780", "LOCALHOST", "[::1]:2780", "127.0.0.1:99"])
def test_names_of_this_machine_are_taken(host: str) -> None:
    assert status(LOOPBACK, host=host) is None


@pytest.mark.parametrize("host", ["evil.example:2780", "127.0.0.1.evil.example", "", "localhost.evil.example", "[::2]"])
def test_other_names_are_refused_on_loopback(host: str) -> None:
    assert status(LOOPBACK, host=host) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", "https://localhost:2780"])
def test_changes_from_other_sites_are_refused(origin: str) -> None:
    assert status(LOOPBACK, "POST", origin=origin, content_type="application/json") == 403
    assert status(LOOPBACK, "DELETE", origin=origin) == 403


def test_changes_of_our_own_page_and_of_programs_are_taken() -> None:
    ours = {"content_type": "application/json; charset=utf-8", "origin": "http://127.0.0.1:2780"}
    assert status(LOOPBACK, "POST", **ours) is None
    assert status(LOOPBACK, "POST", content_type="application/json") is None
    assert status(LOOPBACK, "DELETE") is None


@pytest.mark.parametrize("found", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_site_could_send_is_refused(found: str) -> None:
    assert status(LOOPBACK, "POST", content_type=found) == 415
    assert status(LOOPBACK, "PUT", content_type=found) == 415


def test_elsewhere_the_token_is_needed_and_any_name_will_do() -> None:
    assert status(GUARDED, host="smsc:2780") == 401
    assert status(GUARDED, host="smsc:2780", authorization="Bearer a-long-token") is None
    assert status(GUARDED, authorization="bearer a-long-token") is None
    assert status(GUARDED, authorization="Bearer wrong-token") == 401
    assert status(GUARDED, authorization="Bearer \xff") == 401
    assert status(GUARDED, authorization="Basic a-long-token") == 401
    assert status(GUARDED, cookie=f"{COOKIE}={GUARDED.session()}") is None
    assert status(GUARDED, cookie=f"{COOKIE}=a-long-token") == 401
    assert status(GUARDED, cookie="\x00;=") == 401
    assert status(GUARDED, path="/healthz") is None


def test_a_session_of_one_token_is_none_of_another() -> None:
    other = Policy(EVERYWHERE, 2780, "another-token")
    assert status(GUARDED, cookie=f"{COOKIE}={other.session()}") == 401
    assert "a-long-token" not in GUARDED.session()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.8.9.1", True),
        (EVERYWHERE, False),
        ("smsc", False),
    ],
)
def test_which_addresses_are_of_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


# --- as it is answered -------------------------------------------------------------------------------


def test_refusals_are_problems_and_all_answers_have_the_headers(desk: Desk) -> None:
    with desk.client() as client:
        for path, headers in (("/api/messages", {}), ("/api/messages", {"host": "evil.example"}), ("/nothing", {})):
            answer = client.get(path, headers=headers)
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, path
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == answer.status_code


def test_people_log_in_and_programs_bear_the_token(desk: Desk) -> None:
    with desk.client(GUARDED) as client:
        refused = client.get("/api/messages")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/api/messages", headers={"authorization": "Bearer a-long-token"}).status_code == 200
        page: dict[str, Any] = {"headers": {"accept": "text/html"}, "follow_redirects": False}
        assert client.get("/", **page).headers["location"] == "/login"
        assert "password" in client.get("/login").text
        wrong = client.post("/login", data={"token": "wrong"}, follow_redirects=False)
        assert (wrong.status_code, wrong.headers.get("set-cookie")) == (401, None)
        right = client.post("/login", data={"token": "a-long-token"}, follow_redirects=False)
        assert (right.status_code, right.headers["location"]) == (303, "/")
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert client.get("/api/messages").status_code == 200
