"""The page of a run: whole in itself, and safe to open whatever a scenario is called."""

from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser

from carrierlab.evidence import Knowledge
from carrierlab.ledgers import SenderLedger
from carrierlab.phases import Phase
from carrierlab.report.html import to_html
from smsc.scenario.price import Amount, Price
from tests.carrierlab.books import message
from tests.carrierlab.test_report import Wanted, outcome
from yamlmodel.loader import loads

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Notes every element, and that each one is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(**changes: object) -> Reader:
    reader = Reader()
    reader.feed(to_html(outcome(**changes)).decode())
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    page = read()
    assert page.seen.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    assert not [value for name, value in page.attributes if name == "href" and value and not value.startswith("#")]
    policy = next(value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy


def test_the_page_says_what_the_console_says() -> None:
    page = read()
    for words in ("Two operators", "alpha", "beta", "lab.yaml"):
        assert words in page.text


def test_what_a_scenario_is_called_stays_text() -> None:
    hostile = "<script>alert(1)</script> & \"quotes\" 'too'"
    page = read(scenario=hostile)
    assert "script" not in page.seen
    assert hostile in page.text


def test_phases_costs_and_notes_are_on_the_page() -> None:
    page = read(
        expectations=loads(
            "expect: [{metric: lost, equals: 0, operator: alpha, account: shop, phase: late}]", Wanted
        ).expect,
        phases={"early": Phase("early", 0, 25), "late-in-the-evening": Phase("late-in-the-evening", 25, 27)},
        known=Knowledge({"alpha": Price(Amount(Decimal("4.50"), "KZT"))}),
        notes=("alpha is played without TLS",),
    )
    for words in ("0 s – 25 s", "13.50 KZT", "alpha is played without TLS", "alpha, shop, in late"):
        assert words in page.text
    assert page.text.count("late-in-the-evening: 25 s – 27 s") == 3, "a band for each chart"
    assert "lat…" not in page.text, "no letters where there is no room for some"


def test_a_load_is_measured_from_when_messages_were_due() -> None:
    loaded = [message(due=1000.0, written_at=1002.0, answered_at=1003.0)]
    page = read(sent=SenderLedger(tuple(loaded)))
    for words in ("Response time: from when", "Send lag: from when", "coordinated omission", "send lag p99"):
        assert words in page.text
    assert "coordinated omission" not in read().text
