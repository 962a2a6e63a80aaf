"""One message: the phone, the facts, what happened, and its PDUs."""

from __future__ import annotations

import json

from selenium.webdriver import Keys

from smppkit.pdus import DeliverSm
from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator
from tests.smsc.control.inbox.esme import Esme, text_of

LONG = "The parcel waits at the counter until Friday evening; bring your passport. " * 4


def open_newest(tab: Tab, emulator: Emulator) -> None:
    newest = emulator.ask("GET", "/api/messages?limit=1")["items"][0]
    tab.open(f"#/messages/{newest['id']}")
    tab.wait(".phone")


def is_receipt(pdu: DeliverSm) -> bool:
    return bool(pdu.esm_class & 0x04)


def facts(tab: Tab) -> dict[str, str]:
    return dict(zip(tab.texts(".pane-open .facts dt"), tab.texts(".pane-open .facts dd"), strict=True))


def test_a_long_message_is_one_bubble_and_its_segments_stand_below(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit(LONG)
    open_newest(tab, emulator)
    assert tab.texts(".phone .bubble-text") == [LONG]
    said = facts(tab)
    assert said["Encoding"] == "GSM 7-bit, data_coding 0"
    assert said["Length"] == "300 characters, 2 segments"
    heads = tab.texts(".segment-head")
    assert len(heads) == 2
    assert heads[0].startswith("Segment 1 of 2153 characters")


def test_emoji_are_shown_as_the_phone_does(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("🎉👍🏽")
    open_newest(tab, emulator)
    assert tab.texts(".bubble-text.large") == ["🎉👍🏽"]
    assert facts(tab)["Encoding"] == "UCS-2, data_coding 8"


def test_what_happened_is_told_with_times_and_gaps(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("watch me")
    esme.wait_for(is_receipt)
    open_newest(tab, emulator)
    tab.wait(".events strong", "acknowledged")
    kinds = tab.texts(".events strong")
    assert kinds[0] == "submitted"
    assert kinds.index("answered") < kinds.index("receipt") < kinds.index("acknowledged")
    gaps = tab.texts(".events .gap")
    assert gaps[0] == ""
    assert all(gap.startswith("+ ") for gap in gaps[1:])


def test_a_field_marks_its_octets_and_an_octet_its_field(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("octets", source="SHOP")
    open_newest(tab, emulator)
    tab.wait(".fields th", "source_addr")
    names = tab.texts(".fields tbody th")
    row = names.index("source_addr")
    point = ".dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))"
    tab.js(f"document.querySelectorAll('.fields tbody tr')[arguments[0]]{point}", row)
    lit = tab.texts(".octet.lit")
    assert bytes.fromhex("".join(lit)) == b"SHOP\0"
    tab.js(f"document.querySelector('.octet[data-at=\"4\"]'){point}")
    assert tab.texts(".fields tr.lit th") == ["command_id"]
    assert "".join(tab.texts(".octet.lit")) == "00000004"


def test_fields_and_octets_are_walked_with_the_arrows(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("octets")
    open_newest(tab, emulator)
    tab.wait(".fields th", "command_id")
    tab.js("document.querySelector('.fields tbody tr').focus()")
    tab.press(Keys.ARROW_DOWN)
    tab.until(lambda: tab.texts(".fields tr.lit th") == ["command_id"])
    tab.js("document.querySelector('.octet').focus()")
    tab.press(*[Keys.ARROW_RIGHT] * 12)
    tab.until(lambda: tab.texts(".fields tr.lit th") == ["sequence_number"])


def test_all_pdus_of_a_message_are_there(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("whole")
    esme.wait_for(is_receipt)
    open_newest(tab, emulator)
    tab.until(lambda: len(tab.all(".pdu")) == 4)
    assert tab.texts(".pdu summary code") == ["submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp"]
    tab.click(".pdu summary", "submit_sm_resp")
    tab.wait(".pdu[open] .fields th", "message_id")


def test_a_receipt_can_be_forced_and_reaches_the_client(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("its receipt is due in ten minutes", to="77015553600")
    open_newest(tab, emulator)
    tab.click("summary", "Force a receipt")
    tab.js(
        "const s = document.querySelector('.drop select'); s.value = 'UNDELIV'; s.dispatchEvent(new Event('change'))"
    )
    tab.click(".drop button", "Send the receipt")
    receipt = esme.wait_for(lambda pdu: b"stat:UNDELIV" in pdu.short_message)
    assert b"err:001" in receipt.short_message
    tab.wait(".pane-open .facts .tone", "UNDELIV")


def test_it_can_be_copied_as_json_and_as_curl(tab: Tab, emulator: Emulator) -> None:
    emulator.bind().submit("copy me")
    open_newest(tab, emulator)
    tab.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    # Only a page that has the focus may read the clipboard, and a browser without a window has none to give.
    tab.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    tab.click("button", "Copy as JSON")
    read = "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))"
    tab.until(lambda: "copy me" in tab.driver.execute_async_script(read))
    assert json.loads(tab.driver.execute_async_script(read))["text"] == "copy me"
    tab.click("button", "Copy as curl")
    tab.until(lambda: tab.driver.execute_async_script(read).startswith("curl -s 'http://127.0.0.1:"))


def test_a_value_searches_for_its_like(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    esme.submit("mine", to="77010000001")
    esme.submit("another's", to="77010000002")
    open_newest(tab, emulator)
    tab.click(".facts .value", "77010000002")
    tab.until(lambda: tab.texts(".row:not([hidden]) .text") == ["another's"])


def test_a_message_that_is_not_there_is_said(tab: Tab, emulator: Emulator) -> None:
    tab.allowed.append("404")
    tab.open("#/messages/4711")
    tab.wait(".pane-open .problem", "4711")


def test_a_message_of_a_subscriber_is_shown_as_sent(tab: Tab, emulator: Emulator) -> None:
    esme: Esme = emulator.bind()
    emulator.ask("POST", "/api/mo", {"from": "77010000009", "to": "SHOP", "text": "STOP", "system_id": "shop"})
    assert text_of(esme.wait_for(lambda pdu: True)) == "STOP"
    open_newest(tab, emulator)
    assert tab.texts(".phone .bubble.mo .bubble-text") == ["STOP"]
    tab.press("r")
    tab.wait(".thread h2", "77010000009")
