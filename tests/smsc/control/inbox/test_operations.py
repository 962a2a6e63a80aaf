"""Binds, chaos and scenario: what is shown is so, and what is switched strikes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator

THROTTLED = 0x58
NACKED = 0x02  # ESME_RINVCMDLEN, what the fault says


def test_binds_are_listed_and_come_and_go(tab: Tab, emulator: Emulator) -> None:
    tab.open("#/binds")
    tab.wait(".empty", "Nobody is bound.")
    esme = emulator.bind()
    tab.wait(".binds tbody td", "shop")
    assert "transceiver" in tab.wait(".binds tbody tr").text
    esme.submit("one")
    tab.wait(".binds .sparkline polyline")
    esme.close()
    tab.wait(".empty", "Nobody is bound.")


def test_a_bind_can_be_ended(tab: Tab, emulator: Emulator) -> None:
    for label in ("Unbind", "Close", "Reset"):
        esme = emulator.bind()
        tab.open("#/binds")
        tab.click(".binds button", label)
        assert esme.closed_by_peer()
        tab.wait(".empty", "Nobody is bound.")


def test_a_bind_can_be_stalled_and_goes_on(tab: Tab, emulator: Emulator) -> None:
    emulator.bind()
    tab.open("#/binds")
    tab.click(".binds button", "Stall")
    tab.wait(".binds tr.stalled button", "Go on")
    tab.click(".binds button", "Go on")
    tab.wait(".binds tr:not(.stalled) button", "Stall")


FORM = "[aria-label='Switch on a fault']"


def choose_fault(tab: Tab, name: str) -> None:
    tab.open("#/chaos")
    tab.until(lambda: tab.js(f'return document.querySelector("{FORM} select").options.length > 5'))
    tab.js(
        f'const s = document.querySelector("{FORM} select"); s.value = arguments[0];'
        " s.dispatchEvent(new Event('change'))",
        name,
    )


def test_a_fault_that_is_switched_on_strikes_until_it_is_switched_off(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    assert esme.submit("before")[0].command_status == 0
    choose_fault(tab, "generic-nack")
    tab.click("button", "Switch on")
    switch = ".switches [role=switch][aria-label*=generic-nack]"
    tab.wait(switch)
    assert esme.submit("meanwhile")[0].command_status == NACKED
    tab.wait(".switches li", "1 strike")
    tab.wait(".switches li", "until switched off")
    tab.click(switch)
    tab.wait(".panel", "Nothing goes wrong just now.")
    assert esme.submit("after")[0].command_status == 0


def test_a_fault_is_given_its_keys_its_time_and_its_namespace(tab: Tab, emulator: Emulator) -> None:
    shop, bank = emulator.bind("shop"), emulator.bind("bank")
    choose_fault(tab, "generic-nack")
    tab.type(f"{FORM} input[placeholder='10s']", "10m")
    tab.type(f"{FORM} input[placeholder='any account']", "shop")
    tab.click(f"{FORM} summary")
    tab.js(f"document.querySelector(\"{FORM} .more input\").value = '100%'")
    tab.click("button", "Switch on")
    tab.wait(".switches li", "only shop")
    tab.wait(".switches li", "left")
    assert shop.submit("struck")[0].command_status == NACKED
    assert bank.submit("spared")[0].command_status == 0


def test_a_fault_that_cannot_be_is_said_beside_its_form_and_the_field_is_marked(tab: Tab) -> None:
    tab.allowed.append("/api/faults")
    choose_fault(tab, "delay")
    tab.type(f"{FORM} input[placeholder='10s']", "soon")
    tab.click("button", "Switch on")
    tab.wait(f"{FORM} .problem", "soon")
    tab.wait(f"{FORM} input[placeholder='10s'][aria-invalid=true]")
    assert tab.js("return document.activeElement.placeholder") == "10s"


def test_a_rule_is_added_strikes_is_disabled_and_removed(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    tab.open("#/chaos")
    tab.type(".panel textarea", 'when: {to: "7705*"}\nrespond: ESME_RTHROTTLED')
    tab.click("button", "Add the rule")
    tab.wait(".switches code", "7705*")
    assert esme.submit("x", to="77051234567")[0].command_status == THROTTLED
    tab.wait(".switches li", "1 hit")
    rule = "[role=switch][aria-label*='7705*']"
    tab.click(rule)
    tab.wait(f"{rule}[aria-checked=false]")
    assert esme.submit("x", to="77051234567")[0].command_status == 0
    tab.click("button[aria-label*='Remove the rule'][aria-label*='7705*']")
    tab.until(lambda: not tab.all(rule))


def test_a_rule_that_cannot_be_is_said_beside_its_text(tab: Tab, emulator: Emulator) -> None:
    tab.allowed.append("/api/rules")
    tab.open("#/chaos")
    tab.type(".panel textarea", "when: {to: 1}\nresponds: ESME_ROK")
    tab.click("button", "Add the rule")
    tab.wait(".add .problem", "respond")
    assert tab.wait(".panel textarea").get_attribute("aria-invalid") == "true"


def test_the_clock_is_paused_advanced_and_goes_on(tab: Tab, emulator: Emulator) -> None:
    esme = emulator.bind()
    tab.open("#/chaos")
    panel = "section[aria-labelledby=clock-title]"
    tab.click(f"{panel} button", "Pause")
    tab.wait(f"{panel} [aria-pressed=true]", "Go on")
    esme.submit("its receipt waits")
    before = emulator.ask("GET", "/api/clock")["now"]
    tab.type(f"{panel} input", "10m")
    tab.click(f"{panel} button", "Advance")
    esme.wait_for(lambda pdu: b"stat:DELIVRD" in pdu.short_message)
    tab.until(lambda: 599 < emulator.ask("GET", "/api/clock")["now"] - before < 601)
    tab.click(f"{panel} button", "Go on")
    tab.wait(f"{panel} [aria-pressed=false]", "Pause")


def test_what_is_left_of_an_account_is_forgotten(tab: Tab, emulator: Emulator) -> None:
    emulator.bind("shop").submit("of the shop")
    emulator.bind("bank").submit("of the bank")
    tab.open("#/chaos")
    tab.click(".panel button", "Forget shop")
    tab.click("dialog button", "Forget")
    tab.until(lambda: [one["text"] for one in emulator.ask("GET", "/api/messages")["items"]] == ["of the bank"])


SCENARIO = """
scenario: An evening
seed: 7
operators:
  steppe-mobile: {listen: "tcp:0"}
timeline:
  - {at: 0s, for: 1h, fault: throttle, rate: 5/s}
  - {at: 2h, fault: reset}
"""


def test_a_scenario_is_shown_with_its_timeline(
    tab_of: Callable[[Emulator], Tab], serve: Callable[..., Emulator], tmp_path: Path
) -> None:
    path = tmp_path / "evening.yaml"
    path.write_text(SCENARIO)
    tab = tab_of(serve(path))
    tab.open("#/scenario")
    tab.wait("h1", "An evening")
    tab.wait(".lane-track .span[data-state=on]", "throttle")
    tab.wait(".lane-track .moment[data-state=to-come]", "reset")
    tab.until(lambda: tab.texts(".entry-state") == ["on", "to come"])
    before = tab.js("return parseFloat(document.querySelector('.now').style.left)")
    tab.until(lambda: tab.js("return parseFloat(document.querySelector('.now').style.left)") > before)
    tab.wait(".card h3", "steppe-mobile")


def test_without_a_timeline_the_scenario_says_how_to_write_one(tab: Tab, emulator: Emulator) -> None:
    tab.open("#/scenario")
    tab.wait(".entries .empty", "timeline:")
