"""What the modules of the page work out, asked in the browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.smsc.control.inbox.browser import Tab


def call(tab: Tab, module: str, function: str, *arguments: Any) -> Any:
    """What a function of a module gives."""
    tab.open("#/binds")
    return tab.driver.execute_async_script(
        "const [path, name, given, done] = arguments;"
        "import(path).then((module) => done(module[name](...given)), (error) => done(String(error)))",
        f"/static/{module}.js",
        function,
        arguments,
    )


@pytest.mark.parametrize(
    ("written", "filters"),
    [
        ("", {}),
        ("code 1234", {"q": "code 1234"}),
        ("to:7701* code", {"to": "7701*", "q": "code"}),
        ('text:"your order" state:DELIVRD', {"text": "your order", "state": "DELIVRD"}),
        ('"two words"', {"q": "two words"}),
        ("at 10:30", {"q": "at 10:30"}),
        ("stat:UNDELIV", {"q": "stat:UNDELIV"}),
        ('text:"not closed', {"text": "not closed"}),
    ],
)
def test_a_query_is_read(tab: Tab, written: str, filters: dict[str, str]) -> None:
    assert call(tab, "query", "parse", written)["filters"] == filters


@pytest.mark.parametrize(
    "filters", [{"to": "7701*", "q": "code"}, {"text": "your order"}, {"q": "one two", "parts": "2"}]
)
def test_a_query_that_is_written_is_read_as_it_was(tab: Tab, filters: dict[str, str]) -> None:
    assert call(tab, "query", "parse", call(tab, "query", "write", filters))["filters"] == filters


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.038, "38 ms"),
        (1.0, "1 s"),
        (1.234, "1.23 s"),
        (59.96, "60 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (11_100, "3 h 5 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_length_of_time_is_written(tab: Tab, seconds: float, words: str) -> None:
    assert call(tab, "format", "lasting", seconds) == words


@pytest.mark.parametrize(
    ("message", "word", "tone"),
    [
        ({"status": 88, "status_name": "ESME_RTHROTTLED"}, "ESME_RTHROTTLED", "refused"),
        ({"state": "DELIVRD"}, "DELIVRD", "good"),
        ({"state": "UNDELIV"}, "UNDELIV", "bad"),
        ({"state": "ENROUTE"}, "ENROUTE", "wait"),
        ({"state": None}, "accepted", "none"),
        ({"parts": 3, "parts_received": 2}, "2 of 3 parts", "wait"),
        ({"direction": "mo", "acknowledged_at": 1.0}, "taken", "good"),
        ({"direction": "mo", "acknowledged_at": None}, "waiting", "wait"),
    ],
)
def test_where_a_message_stands_is_one_word(tab: Tab, message: dict[str, Any], word: str, tone: str) -> None:
    whole = {"direction": "mt", "status": 0, "parts": 1, "parts_received": 1} | message
    assert call(tab, "format", "standing", whole) == [word, tone]
