"""Texts that would break a page: they are shown, and do nothing."""

from __future__ import annotations

import pytest
from selenium.webdriver import Keys

from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

TEXTS = {
    "script": "<script>window.struck=1</script>",
    "handler": "<img src=x onerror=window.struck=1><svg/onload=window.struck=1>",
    "attribute": "\"'><a href=javascript:window.struck=1>x</a>",
    "template": "{{constructor.constructor('window.struck=1')()}} ${window.struck=1}",
    "override": "\u202egnitirw desrever\u202e \u2066\u2067 and on",
    "controls": "bell\x07 nul\x00 escape\x1b[31m del\x7f",
    "zalgo": "Z" + "\u0335\u0321\u034d" * 60 + "algo",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 20,
    "unbroken": "W" * 1000,
    "lines": "\n".join(["line"] * 200),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_a_text(tab: Tab, emulator: Emulator, name: str) -> None:
    text = TEXTS[name]
    esme = emulator.bind()
    esme.submit(text, to="77010000001")
    number = emulator.ask("GET", "/api/messages?limit=1")["items"][0]["id"]
    tab.open(f"#/messages/{number}")
    tab.wait(".phone .bubble-text")
    shown = tab.texts(".phone .bubble-text")[0]
    plain = [character for character in text if character >= " " and character != "\x7f"]
    assert [character for character in shown if character in set(plain)] == plain
    for place in ("#/conversations/77010000001", "#/messages"):
        tab.go(place)
        tab.wait(".thread .bubble-text" if "conv" in place else ".row:not([hidden]) .text")
    assert tab.js("return window.struck") is None
    assert tab.js("return document.querySelectorAll('main script, main img, main svg[onload]').length") == 0
    assert tab.js("return document.documentElement.scrollWidth <= innerWidth")


def test_ten_thousand_characters_are_shown_whole_and_a_row_takes_the_beginning(tab: Tab, emulator: Emulator) -> None:
    text = "0123456789" * 1000
    emulator.bind().submit(text)
    tab.open()
    tab.wait(".row:not([hidden]) .text", "0123456789")
    assert [len(shown) for shown in tab.texts(".row:not([hidden]) .text")] == [200]
    tab.press("j", Keys.ENTER)
    tab.until(lambda: tab.texts(".phone .bubble-text") == [text])


def test_senders_and_accounts_may_be_hostile_too(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind("<b>shop</b>")
    esme.submit("from whom", source="<i>x</i>")
    for place in ("#/messages", "#/conversations", "#/binds", "#/chaos"):
        tab.open(place)
        tab.until(
            lambda: (
                "<b>shop</b>" in tab.js("return document.querySelector('main').textContent")
                or "<i>" in tab.js("return document.querySelector('main').textContent")
            )
        )
        assert tab.js("return document.querySelectorAll('main b, main i').length") == 0


def test_what_does_not_show_is_named(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("a\u202eb\u200bc")
    number = emulator.ask("GET", "/api/messages?limit=1")["items"][0]["id"]
    tab.open(f"#/messages/{number}")
    tab.wait(".odd")
    assert tab.texts(".odd")[0] == "U+202E right-to-left override, U+200B zero width space"


def test_an_override_does_not_leave_its_cell(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("\u202ereversed")
    tab.open()
    tab.wait(".row:not([hidden]) .text", "reversed")
    cells = "[...document.querySelectorAll('.row:not([hidden]) .cell')]"
    assert set(tab.js(f"return {cells}.map((cell) => getComputedStyle(cell).unicodeBidi)")) == {"isolate"}
