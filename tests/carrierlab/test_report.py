"""The reports say the same thing to people, to tools and to CI servers."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from carrierlab.books import Books
from carrierlab.evidence import Knowledge
from carrierlab.expect import Expectation
from carrierlab.expect_message import MessageExpectation
from carrierlab.ledgers import OperatorLedger, Reject, SenderLedger, SentMessage, Span, Submit
from carrierlab.phases import Phase
from carrierlab.report.console import print_report
from carrierlab.report.document import to_json
from carrierlab.report.faults import Fault
from carrierlab.report.files import write_reports
from carrierlab.report.junit import to_junit
from carrierlab.report.played import Played
from carrierlab.report.result import Outcome, bucket_width, conclude
from carrierlab.report.sparkline import fault_marks, sparkline
from sender.domain.message import State
from smsc.scenario.price import Amount, Price
from tests.carrierlab.books import message, submit
from yamlmodel.loader import loads


class Wanted(msgspec.Struct, frozen=True):
    expect: list[Expectation]


class WantedMessages(msgspec.Struct, frozen=True):
    expect: list[MessageExpectation]


EXPECT = """
expect:
  - {metric: delivered, at_least: 30%}
  - {metric: lost, equals: 0, operator: alpha}
  - {metric: duplicates, equals: 0, note: a resend must not reach the handset twice}
"""

SENT: list[SentMessage] = [
    message(),
    message(recipient="77050000002", state=State.UNDELIVERED, err="069", part_smsc_id="A2"),
    message(recipient="77010000003", operator="beta", state=State.REJECTED, status=11, parts=()),
]
RECEIVED: list[Submit] = [
    submit(),
    submit(smsc_id="A9", received_at=1030.0),
    submit(recipient="77050000002", smsc_id="A2", outcome="UNDELIV", received_at=1020.0),
    submit(status=0x58, smsc_id="", received_at=1021.0, outcome=None),
    submit(operator="beta", recipient="77010000003", status=11, smsc_id="", outcome=None),
]
FAULTS = (
    Fault(30.0, 40.0, "alpha", "throttle", "throttled to 5/s"),
    Fault(35.0, None, None, "reset", "all connections reset"),
)


def outcome(**changes: Any) -> Outcome:
    told: dict[str, Any] = {
        "scenario": "Two operators",
        "file": "lab.yaml",
        "seed": 42,
        "wall": 1.5,
        "trouble": (),
        "operators": ["alpha", "beta"],
        "expectations": loads(EXPECT, Wanted).expect,
        "faults": FAULTS,
    }
    books = {
        "sent": SenderLedger(tuple(SENT), (Reject(4, "no number"),)),
        "received": OperatorLedger(tuple(RECEIVED)),
        "span": Span(1000.0, 1060.0, {"alpha": 1, "beta": 1}),
        "trace": "ab" * 32,
    }
    books |= {key: changes.pop(key) for key in list(changes) if key in ("known", "messages", "phases", *books)}
    return conclude(**(told | changes), books=Books(**books))


def test_a_run_passes_when_every_expectation_is_met_and_nothing_broke() -> None:
    met = loads("expect: [{metric: delivered, equals: 1}]", Wanted).expect
    assert outcome(expectations=met).passed
    assert outcome(expectations=[]).passed
    assert not outcome(expectations=met, trouble=("the sender stopped",)).passed
    assert not outcome().passed, "one is a duplicate"


def test_failures_are_counted_by_reason_most_frequent_first() -> None:
    more = [message(recipient=f"7705000001{n}", state=State.UNDELIVERED, err="069") for n in range(3)]
    failures = outcome(sent=SenderLedger(tuple(SENT + more))).failures
    assert [(f.operator, f.state, f.reason, f.count) for f in failures] == [
        ("alpha", "undelivered", "err 069", 4),
        ("beta", "rejected", "ESME_RINVDSTADR", 1),
    ]
    assert failures[0].example == "77050000002"


def test_throughput_is_counted_in_buckets_from_the_start() -> None:
    alpha, beta = outcome().series
    assert outcome().bucket == 2
    assert (alpha.accepted[0], alpha.accepted[10], alpha.accepted[15], sum(alpha.accepted)) == (1, 1, 1, 3)
    assert alpha.throttled[10] == 1
    assert sum(beta.accepted) == sum(beta.throttled) == 0, "another refusal is not throttling"


@pytest.mark.parametrize(
    ("duration", "width"), [(0, 0.1), (4, 0.1), (7, 0.2), (40, 1), (60, 2), (3600, 120), (10**6, 10**6 / 40)]
)
def test_a_run_of_any_length_fits_the_screen(duration: float, width: float) -> None:
    assert bucket_width(duration) == pytest.approx(width)


def test_a_sparkline_scales_to_its_peak_and_shows_the_smallest_count() -> None:
    assert sparkline([0, 1, 50, 100]) == " ▁▅█"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""


def test_faults_are_drawn_where_they_happened() -> None:
    assert fault_marks(FAULTS, "alpha", 5, 13).rstrip() == "      ┄↯"
    assert fault_marks(FAULTS, "beta", 5, 13).rstrip() == "       ↯"
    assert fault_marks([Fault(100, None, None, "reset", "")], "alpha", 5, 13).strip() == ""


def printed(of: Outcome, width: int = 150) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_report(of, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_of_very_many_faults_the_terminal_lists_the_first() -> None:
    storm = [Fault(at / 1000, None, None, "reset", f"reset no. {at}") for at in range(5000)]
    text = printed(outcome(faults=storm))
    assert "reset no. 39" in text
    assert "reset no. 40" not in text
    assert "… 4,960 more" in text


def test_the_console_shows_verdict_operators_failures_faults_and_expectations() -> None:
    text = printed(outcome())
    for part in (
        "FAILED  Two operators",
        "2 of 3 expectations met · 1 min 0 s of virtual time in 1.5 s · seed 42",
        "alpha",
        "undelivered, err 069",
        "rejected, ESME_RINVDSTADR",
        "throttled to 5/s, alpha",
        "✓ delivered",
        "at least 30%",
        "found 1 (33.3 %)",
        "✗ duplicates",
        "found 1",
        "a resend must not reach the handset twice",
        "77050000001 segment 1: accepted as A1 by alpha, A9 by alpha",
        f"trace {'ab' * 32}",
    ):
        assert part in text, part


def test_the_console_says_what_kept_a_run_from_being_played() -> None:
    assert "! the sender stopped" in printed(outcome(trouble=("the sender stopped",)))


def test_the_console_is_readable_on_eighty_columns() -> None:
    text = printed(outcome(), width=80)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_console_shows_as_many_percentiles_as_there_is_room_for() -> None:
    name = "submit latency p50, p90, p99, p99.9"
    assert name in printed(outcome(operators=["alpha"]), width=80)
    assert name in printed(outcome(), width=150)
    narrow = printed(outcome(), width=70)
    assert name not in narrow
    assert "submit latency p50, p99" in narrow


def test_what_is_wanted_in_many_words_hides_nothing_that_was_found() -> None:
    wanted = "expect: [{message: {text: '/^Your code is [0-9]{6}, do not tell it to anybody at all$/'}, equals: 7}]"
    text = printed(outcome(expectations=loads(wanted, WantedMessages).expect), width=80)
    assert "found 0" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_hostile_text_is_not_taken_for_markup() -> None:
    hostile = [message(recipient="[bold]1[/]", state=State.UNDELIVERED, err="[/nonsense]")]
    assert "[/nonsense]" in printed(outcome(sent=SenderLedger(tuple(hostile))))


def test_the_files_hold_the_run(tmp_path: Path) -> None:
    json_path, junit_path, html_path = write_reports(outcome(), tmp_path / "made" / "deep")
    assert html_path.read_bytes().startswith(b"<!DOCTYPE html>")
    document = json.loads(json_path.read_text())
    assert document["passed"] is False
    assert document["metrics"]["delivered"] == 1
    assert document["operators"]["beta"]["refused"] == 1
    assert document["verdicts"][2] == {
        "metric": "duplicates",
        "operator": None,
        "account": None,
        "phase": None,
        "note": "a resend must not reach the handset twice",
        "wanted": "equals 0",
        "found": "1",
        "met": False,
        "examples": ["77050000001 segment 1: accepted as A1 by alpha, A9 by alpha"],
    }
    suite = ElementTree.parse(junit_path).getroot()[0]  # noqa: S314 - our own file
    assert suite.get("tests") == "4"
    assert suite.get("failures") == "1"
    cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert cases["delivered at least 30%"] is None
    failure = cases["duplicates equals 0"]
    assert failure is not None
    assert "accepted as A1" in (failure.text or "")


def test_trouble_is_an_error_to_a_ci_server_and_any_text_is_xml() -> None:
    suite = ElementTree.fromstring(to_junit([Played(outcome(trouble=("bad \x00 \ud800 text",)))]))[0]  # noqa: S314 - our own
    assert suite.get("errors") == "1"
    error = suite.find(".//error")
    assert error is not None
    assert error.get("message") == "bad \ufffd \ufffd text"


def test_phases_and_costs_are_part_of_the_outcome_and_shown() -> None:
    told = outcome(
        expectations=loads("expect: [{metric: delivered, equals: 0, phase: never}]", Wanted).expect,
        phases={"early": Phase("early", 0, 25), "late": Phase("late", 25, 60)},
        known=Knowledge({"alpha": Price(Amount(Decimal("4.50"), "KZT"))}),
        notes=("alpha is played without TLS",),
    )
    assert [(phase.name, phase.metrics["submits"]) for phase in told.phases] == [("early", 4), ("late", 1)]
    assert told.costs == {"alpha": "13.50 KZT"}
    assert (told.verdicts[0].met, told.verdicts[0].name) == (False, "delivered (in never) the phase to come")
    console = Console(file=io.StringIO(), width=120)
    print_report(told, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("Phases", "early", "until", "25 s", "13.50 KZT", "alpha is played without TLS"):
        assert words in text
    assert json.loads(to_json(told))["costs"] == {"alpha": "13.50 KZT"}
