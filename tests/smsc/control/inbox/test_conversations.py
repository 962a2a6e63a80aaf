"""Conversations, and the subscriber that writes."""

from __future__ import annotations

import pytest
from selenium.webdriver import Keys

from smppkit.segments import count_segments
from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator
from tests.smsc.control.inbox.esme import text_of


def test_each_number_has_one_with_both_directions(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("Hello", to="77010000001")
    emulator.ask("POST", "/api/mo", {"from": "77010000001", "to": "SHOP", "text": "Who is this?", "system_id": "shop"})
    esme.wait_for(lambda pdu: text_of(pdu) == "Who is this?")
    esme.submit("Another", to="77010000002")
    tab.open("#/conversations")
    tab.until(lambda: sorted(tab.texts(".numbers .who")) == ["77010000001", "77010000002"])
    tab.click(".numbers a", "77010000001")
    tab.until(lambda: tab.texts(".thread .bubble-text") == ["Hello", "Who is this?"])
    assert tab.texts(".thread .bubble.mo .bubble-text") == ["Who is this?"]


def test_a_reply_is_an_mo_that_the_client_gets(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("Reply STOP to leave", to="77010000001", source="1234")
    tab.open("#/conversations/77010000001?reply=1")
    tab.until(lambda: tab.js("return document.querySelector('.reply-to input').value") == "1234")
    assert tab.js("return document.activeElement.tagName") == "TEXTAREA"
    tab.type(".reply textarea", "STOP")
    tab.press(Keys.ENTER)
    pdu = esme.wait_for(lambda pdu: text_of(pdu) == "STOP")
    assert (pdu.source_addr, pdu.destination_addr) == ("77010000001", "1234")
    tab.wait(".thread .bubble.mo .bubble-text", "STOP")
    assert tab.js("return document.querySelector('.reply textarea').value") == ""


def test_shift_and_enter_start_a_line(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("Hello", to="77010000001")
    tab.open("#/conversations/77010000001?reply=1")
    tab.wait(".thread .bubble-text", "Hello")
    box = tab.wait(".reply textarea")
    box.send_keys("one", Keys.SHIFT, Keys.ENTER, Keys.SHIFT, "two")
    assert box.get_property("value") == "one\ntwo"
    box.send_keys(Keys.ENTER)
    esme.wait_for(lambda pdu: text_of(pdu) == "one\ntwo")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a" * 160,
        "a" * 161,
        "€" * 80,
        "€" * 81,
        "[" * 200,
        "ж" * 70,
        "ж" * 71,
        "🎉" * 35,
        "🎉" * 36,
        "a" * 500 + "ж",
        "a" * 152 + "€" * 40,
    ],
    ids=lambda text: f"{text[:1]}{len(text)}",
)
def test_what_is_typed_is_measured_as_it_is_sent(tab: Tab, text: str) -> None:
    tab.open("#/conversations")
    measured = tab.driver.execute_async_script(
        "const [text, done] = arguments;"
        "import('/static/smstext.js').then((module) => done(module.measure(text)), (error) => done(String(error)))",
        text,
    )
    assert measured["segments"] == count_segments(text)


def test_the_cost_of_a_reply_is_shown(tab: Tab, emulator: Emulator) -> None:
    tab.open("#/conversations/77010000001")
    tab.type(".reply textarea", "привет")
    tab.wait(".cost", "UCS-2 · 1 segment · 6 used, 64 left")


def test_a_number_that_nobody_wrote_to_can_write_first(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    tab.open("#/conversations")
    tab.type(".write-as input", "+7 701 555 44 33")
    tab.press(Keys.ENTER)
    tab.wait(".thread h2", "+77015554433")
    tab.type(".reply-to input", "SHOP")
    tab.type(".reply textarea", "Hi")
    tab.press(Keys.ENTER)
    assert esme.wait_for(lambda pdu: text_of(pdu) == "Hi").destination_addr == "SHOP"


def test_what_cannot_be_sent_is_said_above_the_text_which_stays(tab: Tab, emulator: Emulator) -> None:
    tab.allowed.append("/api/mo")
    tab.open("#/conversations/77010000001")
    tab.type(".reply textarea", "Nobody is bound")
    tab.press(Keys.ENTER)
    tab.wait(".reply .problem")
    assert tab.js("return document.querySelector('.reply textarea').value") == "Nobody is bound"


def test_the_keyboard_walks_conversations(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("first", to="77010000001")
    esme.submit("second", to="77010000002")
    tab.open("#/conversations")
    tab.until(lambda: len(tab.texts(".numbers .who")) == 2)
    tab.press("j")
    tab.wait(".thread h2", "77010000002")
    tab.press("j")
    tab.wait(".thread h2", "77010000001")
    tab.press("r")
    assert tab.js("return document.activeElement.tagName") == "TEXTAREA"
