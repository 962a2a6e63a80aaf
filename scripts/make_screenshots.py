#!/usr/bin/env python3
"""Take the pictures in docs/: of the inbox, an emulator with something in every view, and of the report of a run.

Usage: make_screenshots.py          (the browser is the one of the tests: scripts/browser)
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from png_palette import with_palette

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from carrierlab.report.files import write_reports  # noqa: E402
from carrierlab.run import Job, run_virtual  # noqa: E402
from carrierlab.scenario import load_scenario  # noqa: E402
from tests.smsc.control.inbox import browser  # noqa: E402
from tests.smsc.control.inbox.browser import Tab  # noqa: E402
from tests.smsc.control.inbox.emulator import Emulator  # noqa: E402

PICTURES = ROOT / "docs" / "inbox"
REPORT = ROOT / "docs" / "report.png"
SCENARIO = """\
scenario: A bad evening at the counter
seed: 42
operators:
  steppe-mobile:
    listen: tcp:0
    accounts:
      - {system_id: bank, password: secret, window: 10}
      - {system_id: shop, password: secret, window: 10}
      - {system_id: clinic, password: secret, window: 5}
    submit: {latency: lognormal 8ms p99 60ms}
    receipts: {delay: lognormal 1s p99 9s, outcome: {DELIVRD: 88%, UNDELIV: 8%, EXPIRED: 4%}}
    rules:
      - {when: {to: "77050000*"}, respond: ESME_RINVDSTADR}
      - {when: {text: /casino/i}, receipt: {stat: REJECTD, err: "069"}}
timeline:
  - {at: 10s, for: 25s, fault: throttle, rate: 100/s}
  - {at: 40s, for: 50s, operator: steppe-mobile, fault: delay, probability: 1%}
  - {at: 100s, operator: steppe-mobile, fault: reset}
  - {at: 2m, for: 20s, operator: steppe-mobile, fault: outage}
"""
SECONDS = 58  # of traffic
PARCEL = (
    "Parcel 7781 waits at the counter. Bring your passport or the code 5521. After Friday it goes back to the sender;"
    " to keep it for another week answer KEEP to this message, it costs nothing."
)
TEXTS = (
    ("bank", "BANK", "Your code is 482 913. Nobody from the bank will ever ask you for it."),
    ("shop", "SHOP", "Dear Amina, your order 10042 is ready. The counter is open until 20:00."),
    ("shop", "SHOP", "Здравствуйте, Данияр! Ваш заказ 10043 готов, ждём вас до пятницы 🎉"),
    ("bank", "BANK", "Payment of 12,400 KZT at Green Bazaar. Balance: 318,220 KZT"),
    ("clinic", "CLINIC", "Tomorrow at 09:30 Dr. Serik expects you, room 214. Answer 1 to come, 2 to put it off."),
    ("shop", "SHOP", PARCEL),
    ("clinic", "CLINIC", "نتائج التحليل جاهزة"),
    ("bank", "BANK", "Casino bonus? No: this card was blocked after three wrong codes."),
    ("shop", "SHOP", "<b>Sale</b> & more: -20% on everything, €5 off from €50"),
    ("clinic", "CLINIC", "👍🏽"),
)
DIALOGUE = (
    ("77012000008", "CLINIC", "1", "Thank you, Dr. Serik expects you tomorrow at 09:30."),
    ("77012000004", "SHOP", "KEEP", "Your parcel waits for another week."),
    ("77012000004", "SHOP", "Рахмет! Можно завтра?", "Конечно, ждём вас с 10 до 20 🎉"),
)


def seeded(directory: Path) -> Emulator:
    """An emulator after a minute of traffic, most of which the clock was advanced through."""
    path = directory / "evening.yaml"
    path.write_text(SCENARIO)
    emulator = Emulator(directory, path)
    accounts = {name: emulator.bind(name) for name in ("bank", "shop", "clinic")}
    emulator.ask("GET", "/api/binds")  # rates are measured from the first look on
    sent = 0
    for second in range(SECONDS):
        for _ in range(1 + round(3 + 3 * math.sin(second / 5))):
            system_id, source, text = TEXTS[sent % len(TEXTS)]
            to = "77050000013" if sent % 40 == 37 else f"7701200{sent * 7 % 26:04}"
            accounts[system_id].submit(text, to=to, source=source)
            sent += 1
        emulator.ask("POST", "/api/clock/advance", {"by": "1s"})
    for number, to, text, answer in DIALOGUE:
        esme = accounts[to.lower()]
        emulator.ask("POST", "/api/mo", {"from": number, "to": to, "text": text, "system_id": to.lower()})
        esme.wait_for(lambda pdu, number=number: pdu.source_addr == number)  # type: ignore[misc]
        esme.submit(answer, to=number, source=to)
        emulator.ask("POST", "/api/clock/advance", {"by": "1s"})
    for system_id, source, text in (TEXTS[3], TEXTS[1], TEXTS[4]):
        accounts[system_id].submit(text, to="77012000011", source=source)  # reads what has come meanwhile too
    lost = {"fault": "no-response", "probability": "2%", "stage": "receipt"}
    emulator.ask("POST", "/api/faults", {"fault": lost, "for": "10m"})
    rule = {"when": {"to": "7705*"}, "respond": "ESME_RTHROTTLED"}
    emulator.ask("POST", "/api/rules", {"namespace": "shop", "rule": rule})
    return emulator


def number_of(emulator: Emulator, query: str) -> int:
    """The newest message that a search finds."""
    return int(emulator.ask("GET", f"/api/messages/latest?{query}")["id"])


def take(
    tab: Tab,
    name: str,
    place: str,
    *,
    ready: str,
    size: tuple[int, int] = (1280, 800),
    scheme: str = "light",
    then: str = "",
) -> None:
    """One picture, when what it is about is there and the script `then` has run."""
    tab.size(*size)
    tab.media(prefers_color_scheme=scheme)
    tab.open(place)
    tab.wait(ready)
    tab.until(lambda: not tab.js("return document.querySelector('[aria-busy=true], .coming:not([hidden])')"))
    tab.js("document.activeElement?.blur();" + then)
    (PICTURES / f"{name}.png").write_bytes(tab.driver.get_screenshot_as_png())


MARKED = """
const rows = [...document.querySelectorAll(".fields tbody tr")];
const row = rows.find((tr) => tr.textContent.startsWith("destination_addr"));
row.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
document.querySelector(".pane-open").scrollTop = document.querySelector(".events").offsetTop - 120;
"""


def take_report(driver: Any, directory: Path) -> None:
    """Of the page of a run its phases and its chart."""
    file = "scenarios/codes-beside-a-campaign.yaml"
    _, _, page = write_reports(run_virtual(Job(load_scenario(ROOT / file), file)), directory)
    tab = Tab(driver, page.parent.as_uri())
    tab.size(1120, 1530)
    tab.media(prefers_color_scheme="light")
    driver.get(page.as_uri())
    tab.js("document.querySelector('#expectations').remove(); document.querySelector('#operators').remove()")
    REPORT.write_bytes(driver.get_screenshot_as_png())


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
            take_report(driver, directory / "report")
            tab = Tab(driver, emulator.url)
            order, parcel = number_of(emulator, "text=order+10042"), number_of(emulator, "text=7781")
            take(tab, "binds", "#/binds", ready=".sparkline", size=(1280, 560))
            take(tab, "messages", "#/messages", ready=".row")
            take(tab, "message", f"#/messages/{parcel}", ready=".phone", size=(1440, 900))
            take(tab, "octets", f"#/messages/{order}", ready=".dump", size=(1440, 900), scheme="dark", then=MARKED)
            take(tab, "conversations", "#/conversations/77012000004", ready=".bubble.mo", scheme="dark")
            take(tab, "chaos", "#/chaos", ready=".switches .switch", size=(1280, 1000))
            take(tab, "scenario", "#/scenario", ready=".now", size=(1280, 760))
            take(tab, "narrow", "#/messages", ready=".row", size=(360, 700))
        finally:
            driver.quit()
            emulator.end()
    for path in [REPORT, *sorted(PICTURES.glob("*.png"))]:  # now that nothing is waiting for us
        path.write_bytes(with_palette(path.read_bytes()))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
