"""The list of messages: live, searched, paused, and by the keyboard."""

from __future__ import annotations

from selenium.webdriver import Keys

from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

ROW = ".row:not([hidden])"


def rows(tab: Tab) -> list[str]:
    return tab.texts(f"{ROW} .text")


def test_an_empty_list_says_where_a_client_connects(tab: Tab, emulator: Emulator) -> None:
    tab.open()
    taught = tab.wait(".empty .teach").text
    assert "127.0.0.1" in taught
    assert str(emulator.port) in taught
    assert "system_id" in taught


def test_a_message_shows_up_by_itself_and_its_state_follows(tab: Tab, emulator: Emulator) -> None:
    tab.open()
    tab.wait(".empty .teach")
    emulator.bind().submit("Your code is 1234", to="77010000007")
    tab.wait(f"{ROW} .text", "Your code is 1234")
    assert tab.texts(f"{ROW} .to") == ["77010000007"]
    tab.wait(f"{ROW}[data-tone=good] .state", "DELIVRD")
    assert tab.texts(".search-said") == ["1 message"]


def test_the_newest_stands_first(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("one")
    esme.submit("two")
    tab.open()
    tab.until(lambda: rows(tab) == ["two", "one"])
    esme.submit("three")
    tab.until(lambda: rows(tab) == ["three", "two", "one"])


def test_words_and_filters_find(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("Your code is 1234", to="77010000001")
    esme.submit("Your order is ready", to="77020000002")
    esme.submit("Another code", to="77020000003", source="BANK")
    tab.open()
    tab.until(lambda: len(rows(tab)) == 3)
    for query, found in (
        ("code", ["Another code", "Your code is 1234"]),
        ("code to:7701*", ["Your code is 1234"]),
        ('text:"order is"', ["Your order is ready"]),
        ("from:BANK direction:mt operator:smsc system_id:shop", ["Another code"]),
        ("status:ESME_ROK ready", ["Your order is ready"]),
    ):
        tab.type("#search", query)
        tab.until(lambda found=found: rows(tab) == found)
    tab.until(lambda: tab.texts(".search-said") == ["1 message found"])
    assert "find=" in tab.js("return location.hash")


def test_a_search_is_in_the_address_and_its_filters_are_chips(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("first", to="77010000001")
    esme.submit("second", to="77020000002")
    tab.open("#/messages?find=to:77010000001")
    tab.until(lambda: rows(tab) == ["first"])
    tab.click(".chip.on", "to")
    tab.until(lambda: rows(tab) == ["second", "first"])
    tab.click(".chip", "from subscribers")
    tab.wait(".empty", "Nothing matches")
    tab.click(".empty button", "Show all messages")
    tab.until(lambda: len(rows(tab)) == 2)


def test_what_is_no_filter_is_said_with_the_nearest_that_is(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("hello")
    tab.open("#/messages?find=stat:DELIVRD")
    tab.wait(".search-said", "stat: is no filter, so it is searched for as a word; did you mean state:?")


def test_a_state_that_no_message_has_is_said_with_the_nearest_that_is(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("hello")
    tab.open("#/messages?find=state:DELIVERED")
    tab.wait(".empty", 'state: no message has "DELIVERED"; did you mean "DELIVRD"?')


def test_what_the_api_refuses_is_said_above_the_list(tab: Tab, emulator: Emulator) -> None:
    tab.allowed.append("400")
    tab.open("#/messages?find=status:NOSUCH")
    tab.wait(".trouble .problem", "NOSUCH")


def test_a_search_stays_live(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    tab.open("#/messages?find=wanted")
    tab.wait(".empty", "Nothing matches")
    esme.submit("other")
    esme.submit("wanted this is")
    tab.until(lambda: rows(tab) == ["wanted this is"])


def test_a_paused_list_keeps_still_and_counts(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("before")
    tab.open()
    tab.until(lambda: rows(tab) == ["before"])
    tab.press(".")
    tab.wait("[aria-pressed=true]", "Paused")
    esme.submit("meanwhile")
    tab.wait(".pill", "1 new, paused")
    assert rows(tab) == ["before"]
    tab.press(".")
    tab.until(lambda: rows(tab) == ["meanwhile", "before"])


def test_new_messages_do_not_move_what_is_being_read(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    for number in range(60):
        esme.submit(f"number {number}", receipt=0)
    tab.open()
    tab.wait(f"{ROW} .text", "number 59")
    tab.js("document.querySelector('.list').scrollTop = 400")
    first = "return document.elementFromPoint(600, 400).closest('.row')?.querySelector('.text').textContent"
    before = tab.until(lambda: tab.js(first))
    esme.submit("the newest", receipt=0)
    tab.wait(".pill", "1 new message")
    assert tab.js(first) == before
    tab.click(".pill")
    tab.until(lambda: rows(tab)[0] == "the newest" or "the newest" in rows(tab))
    tab.until(lambda: tab.all(".pill")[0].is_displayed() is False)


def test_the_keyboard_walks_opens_and_closes(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    for text in ("one", "two", "three"):
        esme.submit(text)
    tab.open()
    tab.until(lambda: len(rows(tab)) == 3)
    tab.press("j", "j")
    tab.until(lambda: tab.texts(f"{ROW}[aria-selected=true] .text") == ["two"])
    marked = tab.wait(".list").get_attribute("aria-activedescendant")
    assert tab.js("return document.getElementById(arguments[0]).querySelector('.text').textContent", marked) == "two"
    tab.press("k", Keys.ENTER)
    tab.wait(".phone", "three")
    tab.press("j")
    tab.wait(".phone", "two")
    tab.press("/")
    assert tab.js("return document.activeElement.id") == "search"
    tab.escape()
    tab.escape()
    tab.until(lambda: not tab.all(".phone"))
    assert tab.js("return location.hash") == "#/messages"


def test_a_row_that_is_clicked_opens(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("click me")
    tab.open()
    tab.click(ROW, "click me")
    tab.wait(".phone", "click me")
    tab.click("[aria-label='Close the message']")
    tab.until(lambda: not tab.all(".phone"))


def test_a_reset_empties_the_list(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("soon forgotten")
    tab.open()
    tab.until(lambda: rows(tab) == ["soon forgotten"])
    emulator.ask("POST", "/api/reset", {"system_id": None})
    tab.wait(".empty .teach")
