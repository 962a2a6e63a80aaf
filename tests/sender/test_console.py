import io
import logging

import msgspec
import pytest
from rich.console import Console

from sender.channels.status import ChannelStatus
from sender.console import (
    BarDisplay,
    LineDisplay,
    LogDisplay,
    duration_text,
    figures,
    open_display,
    pace_text,
    report_text,
)
from sender.dashboard import campaigns_table
from sender.domain.message import State
from sender.domain.report import CampaignReport, Failure
from sender.pipeline.progress import Progress
from sender.store.lookup import CampaignView


def progress(*channels: ChannelStatus, **counts: int) -> Progress:
    states = {state: counts.get(state.label, 0) for state in State}
    return Progress(3, sum(states.values()), states, channels)


def status(**changes: object) -> ChannelStatus:
    up = ChannelStatus("beeline", 1, 1, 0, 100.0, slowed=False, trouble=None, down_since=None)
    return msgspec.structs.replace(up, **changes)


def report(**changes: object) -> CampaignReport:
    made = CampaignReport(
        campaign=3, name="people", rows=1010, rejected_rows=10, messages=1000, queued=0, in_flight=0, in_doubt=0,
        delivered=960, failed=40, cancelled=0, blocked=0, states={state.label: 0 for state in State}, accepted=990,
        failures=(Failure("UNDELIV 001", "receipt", 30), Failure("ESME_RINVDSTADR", "submit", 10)), doubts={},
        segments=1200, submits=1205, retries=5, resends=0, receipts=990, repeated_receipts=0, doubts_resolved=0,
        started_at=5.0, finished_at=80.0, duration=75.0, submit_duration=12.0, messages_per_second=82.5,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def test_the_report_says_what_became_of_every_message() -> None:
    text = report_text(report())
    lines = {" ".join(line.split()) for line in text.splitlines()}
    assert "messages 1,000 1,200 segments sent; 10 of 1,010 rows left out" in lines
    assert "accepted 990 82.5 msg/s" in lines
    assert "delivered 960 96.0 %" in lines
    assert "UNDELIV 001 30 receipt" in lines
    assert "ESME_RINVDSTADR 10 refused by the operator" in lines
    assert "took 1 min 15 s, submitting 12.0 s" in lines


def test_the_report_names_what_is_not_settled() -> None:
    states = {state.label: 0 for state in State} | {"accepted": 3, "queued": 4, "in_doubt": 2}
    text = report_text(
        report(states=states, queued=4, in_flight=3, in_doubt=2, resends=6, doubts={"connection lost": 2})
    )
    lines = {" ".join(line.split()) for line in text.splitlines()}
    assert "in doubt 2 connection lost 2" in lines
    assert "no receipt yet 3 accepted by the operator" in lines
    assert "not sent yet 4" in lines
    assert "resent 6 after a doubt: each may be a duplicate" in lines


def test_what_others_call_things_does_not_rule_the_terminal() -> None:
    text = report_text(report(name="a\x1b[31m", failures=(Failure("\x9b31m 000", "receipt", 1),)))
    assert "Campaign 3: a␛[31m\n" in text
    assert "  \ufffd31m 000" in text


@pytest.mark.parametrize("name", ["base [vip]", "[/x]", ":smile:"])
def test_brackets_in_a_name_are_no_markup(name: str) -> None:
    view = CampaignView(
        id=1, name=name, kind="file", state="running", sender="SHOP", message_class="service", priority=5,
        created_at=0.0, starts_at=None, expires_at=None, messages=1, rejected_rows=0, states={}, done=0,
    )  # fmt: skip
    shown = io.StringIO()
    Console(file=shown, width=120).print(campaigns_table([view]))
    assert name in shown.getvalue()


def test_progress_in_one_line() -> None:
    seen = progress(status(slowed=True, rate=12.4), queued=10, delivered=1500, rejected=2, in_doubt=1)
    assert figures(seen) == (
        "campaign 3: 1,503 of 1,513 sent, 1,500 delivered, 2 failed, 1 in doubt, beeline slowed to 12/s"
    )
    assert "beeline is down" in figures(progress(status(trouble="refused"), queued=1))


def test_without_a_terminal_a_line_comes_now_and_then() -> None:
    stream = io.StringIO()
    now = 0.0
    display = LineDisplay(stream, lambda: now)
    for second in range(21):
        now = float(second)
        display.reading(second) if second < 10 else display.show(progress(queued=1))
    display.close()
    assert stream.getvalue().splitlines() == [
        "reading recipients: 5 rows",
        *["campaign 3: 0 of 1 sent, 0 delivered"] * 3,
    ]


def test_a_line_says_how_fast_it_goes_and_how_long_that_takes() -> None:
    stream = io.StringIO()
    now = 0.0
    display = LineDisplay(stream, lambda: now)
    for second in range(5, 16, 5):
        now = float(second)
        display.show(progress(queued=1000 - 20 * second, delivered=20 * second))
    assert [line.rpartition("delivered")[2] for line in stream.getvalue().splitlines()] == [
        "", ", 20.0/s, 40.0 s left", ", 20.0/s, 35.0 s left",
    ]  # fmt: skip
    assert pace_text(0.0, 5) == pace_text(3.0, 0) == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    display = open_display(stream)
    assert isinstance(display, BarDisplay)
    display.reading(500)
    display.show(progress(status(trouble="connection [refused]"), queued=1, delivered=3))
    display.say("a line [beside] the bar")
    display.close()
    assert "a line [beside] the bar" in stream.getvalue()
    assert "connection [refused]" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (4.21, "4.2 s"), (75, "1 min 15 s"), (3725, "1 h 02 min")]
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_campaign_that_is_held_says_why_and_promises_no_end() -> None:
    stream = io.StringIO()
    now = 0.0
    display = LineDisplay(stream, lambda: now)
    for second in range(16):
        now = float(second)
        held = "paused until `sender resume-campaign`" if second > 10 else ""
        display.show(msgspec.structs.replace(progress(queued=20 - second, delivered=second), held=held))
    lines = stream.getvalue().splitlines()
    assert lines[1].endswith(" left")
    assert lines[2] == "campaign 3: 15 of 20 sent, paused until `sender resume-campaign`, 15 delivered"
    assert figures(msgspec.structs.replace(progress(delivered=1), held="cancelled")).endswith("sent, 1 delivered")


def test_what_there_is_to_say_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    LogDisplay().say("the configuration is applied")
    assert caplog.messages == ["the configuration is applied"]
