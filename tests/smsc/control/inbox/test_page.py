"""The page as a whole: names, contrast, width, theme, keys, and what it does without an emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

SANITY = (Path(__file__).parent / "sanity.js").read_text()
SCENARIO = """
scenario: An evening
operators: {steppe-mobile: {listen: "tcp:0", rules: [{when: {to: "7705*"}, respond: ESME_RTHROTTLED}]}}
timeline: [{at: 0s, for: 1h, fault: throttle, rate: 1000/s}, {at: 2h, fault: reset}]
"""
PLACES = (
    "#/messages",
    "#/messages/1",
    "#/messages?find=nothing",
    "#/conversations",
    "#/conversations/77010000001",
    "#/binds",
    "#/chaos",
    "#/scenario",
)


@pytest.fixture
def busy(serve: Callable[..., Emulator], tmp_path: Path) -> Emulator:
    """An emulator with something in every view."""
    path = tmp_path / "evening.yaml"
    path.write_text(SCENARIO)
    emulator = serve(path)
    esme = emulator.bind()
    esme.submit("Your code is 1234\u202e", to="77010000001")
    esme.submit("A long one " * 30, to="77010000001")
    esme.submit("Throttled", to="77051234567")
    emulator.ask("POST", "/api/mo", {"from": "77010000001", "to": "SHOP", "text": "STOP", "system_id": "shop"})
    esme.wait_for(lambda pdu: pdu.short_message == b"STOP")
    return emulator


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_every_control_has_a_name_and_every_text_can_be_read(
    tab_of: Callable[[Emulator], Tab], busy: Emulator, scheme: str, width: int
) -> None:
    tab = tab_of(busy)
    tab.size(width, 800)
    tab.media(prefers_color_scheme=scheme)
    found = {}
    for place in PLACES:
        tab.open(place)
        tab.until(lambda: not tab.js("return document.querySelector('[aria-busy=true]')"))
        tab.until(lambda: len(tab.js("return document.querySelector('#view').textContent")) > 60)
        if problems := tab.js(SANITY):
            found[place] = problems
    assert found == {}


def test_the_check_of_names_and_contrast_finds_what_is_wrong(tab: Tab) -> None:
    tab.open("#/binds")
    tab.wait(".empty", "Nobody is bound.")
    assert tab.js(SANITY) == []
    tab.js(
        "const b = document.createElement('button'); const p = document.createElement('p'); p.textContent = 'faint';"
        "p.style.color = '#aaa'; p.style.background = '#fff'; document.querySelector('main').append(b, p)"
    )
    found = tab.js(SANITY)
    assert [line.split(":")[0] for line in found] == ["no name", "contrast 2.32"]


def test_the_sheet_of_keys_opens_and_closes(tab: Tab) -> None:
    tab.open()
    tab.press("?")
    sheet = tab.wait("dialog[open]")
    assert "next and previous" in sheet.text
    assert tab.js(SANITY) == []
    tab.press("?")
    tab.until(lambda: not tab.all("dialog[open]"))
    tab.press("?")
    tab.wait("dialog[open]")
    tab.escape()
    tab.until(lambda: not tab.all("dialog[open]"))


@pytest.mark.parametrize(
    ("key", "view"), [("m", "messages"), ("c", "conversations"), ("b", "binds"), ("x", "chaos"), ("s", "scenario")]
)
def test_g_and_a_letter_go_to_a_view(tab: Tab, key: str, view: str) -> None:
    tab.open("#/binds" if view == "messages" else "#/messages")
    tab.press("g", key)
    tab.wait(f"main[data-view={view}]")
    assert tab.texts("#nav [aria-current=page]")[0].lower() == view


def test_letters_in_a_field_are_letters(tab: Tab) -> None:
    tab.open()
    tab.type("#search", "g c j ? .")
    assert tab.js("return document.querySelector('main').dataset.view") == "messages"
    assert not tab.all("dialog[open]")


def test_light_and_dark_follow_the_system_until_they_are_chosen_and_the_choice_is_kept(tab: Tab) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    tab.open()
    light = tab.js(ground)
    tab.media(prefers_color_scheme="dark")
    dark = tab.until(lambda: tab.js(ground) != light and tab.js(ground))
    tab.click("#theme")
    assert tab.js(ground) == light
    tab.open()
    assert tab.js(ground) == light
    tab.click("#theme")
    tab.media(prefers_color_scheme="light")
    assert tab.js(ground) == dark
    tab.click("#theme")
    assert tab.js("return localStorage.getItem('theme')") == "system"
    assert tab.js(ground) == light


def test_who_wants_less_motion_gets_none(tab: Tab) -> None:
    tab.media(prefers_reduced_motion="reduce")
    tab.open("#/chaos")
    assert tab.js("return getComputedStyle(document.querySelector('button')).transitionDuration") in ("0s", "")


def test_a_lost_connection_is_said_and_mends(
    tab_of: Callable[[Emulator], Tab], serve: Callable[..., Emulator], tmp_path: Path
) -> None:
    emulator = serve("--port", 0, "--journal", tmp_path / "journal.sqlite")
    emulator.bind().submit("before the restart")
    tab = tab_of(emulator)
    tab.allowed += [
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "ERR_EMPTY_RESPONSE",
        "ERR_NETWORK",
    ]
    tab.open()
    tab.wait(".row:not([hidden]) .text", "before the restart")
    emulator.end()
    tab.wait("#banner", "The connection to the emulator is lost.")
    assert tab.texts(".row:not([hidden]) .text") == ["before the restart"]
    again = serve(
        "--port", 0, "--journal", tmp_path / "journal.sqlite", "--http", emulator.url.rstrip("/").rpartition(":")[2]
    )
    again.bind().submit("after it")
    tab.click("#banner button", "Try now")
    tab.wait(".row:not([hidden]) .text", "after it")
    assert tab.texts("#banner") == [] or tab.texts("#banner") == [""]


def test_a_place_that_is_not_there_shows_the_messages(tab: Tab) -> None:
    tab.open("#/nowhere/at%all")
    tab.wait("main[data-view=messages]")


def test_tab_goes_through_the_page_in_the_order_it_is_read(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("hello")
    tab.open()
    tab.wait(".row:not([hidden]) .text", "hello")
    order = tab.js(
        "return [...document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.id || e.className || e.textContent)"
    )
    assert order[0] == "skip"
    assert order.index("Messages") < order.index("theme") < order.index("search") < order.index("list")
    assert (
        tab.js('return document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length') == 0
    )
