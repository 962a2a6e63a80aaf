#!/usr/bin/env python3
"""Take the pictures of the inbox in docs/inbox: an emulator with something in every view, looked at by a browser.

Usage: make_screenshots.py          (the browser is the one of the tests: scripts/browser)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.smsc.control.inbox import browser  # noqa: E402
from tests.smsc.control.inbox.browser import Tab  # noqa: E402
from tests.smsc.control.inbox.emulator import Emulator  # noqa: E402

PICTURES = ROOT / "docs" / "inbox"
SCENARIO = """\
scenario: A bad evening at the counter
seed: 42
operators:
  steppe-mobile:
    listen: tcp:0
    receipts: {delay: 40ms, outcome: {DELIVRD: 90%, UNDELIV: 7%, EXPIRED: 3%}}
    rules:
      - {when: {to: "77050000*"}, respond: ESME_RINVDSTADR}
      - {when: {text: /casino/i}, receipt: {stat: REJECTD, err: "069"}}
timeline:
  - {at: 0s, for: 20s, fault: delay, probability: 1%}
  - {at: 1s, for: 90s, operator: steppe-mobile, fault: throttle, rate: 1000/s}
  - {at: 2m, operator: steppe-mobile, fault: reset}
  - {at: 3m, for: 40s, operator: steppe-mobile, fault: outage}
"""
TEXTS = (
    ("bank", "BANK", "Your code is 482 913. Nobody from the bank will ever ask you for it."),
    ("shop", "SHOP", "Dear Amina, your order 10042 is ready. The counter is open until 20:00."),
    ("shop", "SHOP", "Здравствуйте, Данияр! Ваш заказ 10043 готов, ждём вас до пятницы 🎉"),
    ("bank", "BANK", "Payment of 12,400 KZT at Green Bazaar. Balance: 318,220 KZT"),
    ("clinic", "CLINIC", "Tomorrow at 09:30 Dr. Serik expects you, room 214. Answer 1 to come, 2 to put it off."),
    ("shop", "SHOP", "Parcel 7781 waits at the counter. Bring your passport or the code 5521. After Friday it goes back to the sender; "
     "to keep it for another week answer KEEP to this message, it costs nothing."),
    ("clinic", "CLINIC", "نتائج التحليل جاهزة"),
    ("bank", "BANK", "Casino bonus? No: this card was blocked after three wrong codes."),
    ("shop", "SHOP", "<b>Sale</b> & more: -20% on everything, €5 off from €50"),
    ("clinic", "CLINIC", "👍🏽"),
)  # fmt: skip
REPLIES = (
    ("77012000004", "CLINIC", "1"),
    ("77012000005", "SHOP", "KEEP"),
    ("77012000001", "SHOP", "Рахмет! Можно завтра?"),
)


def seeded(directory: Path) -> Emulator:
    """An emulator after some traffic."""
    path = directory / "evening.yaml"
    path.write_text(SCENARIO)
    emulator = Emulator(directory, path)
    accounts = {name: emulator.bind(name) for name in ("bank", "shop", "clinic")}
    for index in range(60):
        system_id, source, text = TEXTS[index % len(TEXTS)]
        to = "77050000013" if index == 37 else f"7701200000{index % 8}"
        accounts[system_id].submit(text, to=to, source=source)
    for number, to, text in REPLIES:
        emulator.ask("POST", "/api/mo", {"from": number, "to": to, "text": text, "system_id": to.lower()})
        accounts[to.lower()].wait_for(lambda pdu, number=number: pdu.source_addr == number)  # type: ignore[misc]
    for esme in accounts.values():
        esme.submit("Thank you, that is noted.", to="77012000005", source="SHOP")
        esme.wait_for(lambda pdu: bool(pdu.esm_class & 0x04) and b"Thank you" in pdu.short_message)
    emulator.ask("POST", "/api/faults", {"fault": {"fault": "no_response", "probability": "2%"}, "for": "10m"})
    emulator.ask(
        "POST", "/api/rules", {"namespace": "shop", "rule": {"when": {"to": "7705*"}, "respond": "ESME_RTHROTTLED"}}
    )
    return emulator


def number_of(emulator: Emulator, query: str) -> int:
    """The newest message that a search finds."""
    return int(emulator.ask("GET", f"/api/messages/latest?{query}")["id"])


def take(
    tab: Tab, name: str, place: str, *, ready: str, size: tuple[int, int] = (1280, 800), scheme: str = "light"
) -> None:
    """One picture, when what it is about is there."""
    tab.size(*size)
    tab.media(prefers_color_scheme=scheme)
    tab.open(place)
    tab.wait(ready)
    tab.until(lambda: not tab.js("return document.querySelector('[aria-busy=true], .coming:not([hidden])')"))
    tab.js("document.activeElement?.blur()")
    path = PICTURES / f"{name}.png"
    tab.driver.save_screenshot(str(path))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")


def main() -> int:
    """Take them all."""
    if (what := browser.missing()) is not None:
        print(f"make_screenshots: {what}", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        driver = browser.start(directory / "profile")
        emulator = seeded(directory)
        try:
            tab = Tab(driver, emulator.url)
            order, parcel = number_of(emulator, "text=order+10042"), number_of(emulator, "text=Parcel")
            take(tab, "messages", "#/messages", ready=".row")
            take(tab, "message", f"#/messages/{parcel}", ready=".phone", size=(1440, 900))
            tab.js("document.querySelector('.pane-open').scrollTop = 1e4")
            take(tab, "octets", f"#/messages/{order}", ready=".dump", size=(1440, 900), scheme="dark")
            take(tab, "conversations", "#/conversations/77012000005", ready=".bubble.mo", scheme="dark")
            take(tab, "binds", "#/binds", ready=".sparkline")
            take(tab, "chaos", "#/chaos", ready=".switches .switch", size=(1280, 1000))
            take(tab, "scenario", "#/scenario", ready=".now", size=(1280, 820))
            take(tab, "narrow", "#/messages", ready=".row", size=(360, 700))
        finally:
            driver.quit()
            emulator.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
