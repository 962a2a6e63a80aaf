"""What happened to one message, in order."""

from __future__ import annotations

from carrierlab.evidence import Evidence
from carrierlab.expect import Verdict
from carrierlab.ledgers import OperatorLedger, SenderLedger, SentMessage, Submit
from carrierlab.report.faults import Fault
from carrierlab.report.stories import MAX_STORIES, Story, stories
from sender.domain.message import State
from tests.carrierlab.books import SPAN, message, submit

TO = "77050000001"


def told(
    messages: list[SentMessage],
    submits: list[Submit],
    examples: list[str],
    faults: tuple[Fault, ...] = (),
    verdicts: tuple[Verdict, ...] = (),
) -> tuple[Story, ...]:
    evidence = Evidence(SenderLedger(tuple(messages)), OperatorLedger(tuple(submits)), SPAN)
    return stories(evidence, examples, verdicts, faults)


def test_a_story_goes_from_the_first_submit_to_the_end() -> None:
    submits = [
        submit(status=0x58, smsc_id="", received_at=1000.0, answered=None, reported=None, acknowledged_at=None),
        submit(outcome="UNDELIV"),
    ]
    failed = message(state=State.UNDELIVERED, err="069", text="Hello")
    (story,) = told([failed], submits, [TO])
    assert (story.recipient, story.operator, story.ended, story.text) == (TO, "alpha", "undelivered, err 069", "Hello")
    assert [(round(event.at, 3), event.who, event.what) for event in story.events] == [
        (0.0, "alpha", "submit_sm: ESME_RTHROTTLED"),
        (0.01, "alpha", "submit_sm: accepted as A1"),
        (0.03, "alpha", "response written, after 20 ms"),
        (3.0, "alpha", "receipt for A1: UNDELIV"),
        (3.01, "sender", "receipt acknowledged"),
    ]


def test_faults_of_its_operator_fall_into_it() -> None:
    faults = (
        Fault(1.0, 2.0, "alpha", "throttle", "throttled to 5/s"),
        Fault(1.5, None, None, "reset", "all connections reset"),
        Fault(1.6, None, "beta", "reset", "another operator"),
        Fault(50.0, None, None, "reset", "much later"),
    )
    (story,) = told([message()], [submit()], [TO], faults)
    assert [event.what for event in story.events if event.who == "fault"] == [
        "throttled to 5/s: begins", "all connections reset", "throttled to 5/s: ends"
    ]  # fmt: skip


def test_a_response_that_was_never_written_and_segments_are_told() -> None:
    submits = [submit(part=n, parts=2, answered=None, reported=None, acknowledged_at=None) for n in (1, 2)]
    (story,) = told([message(state=State.IN_DOUBT)], submits, [TO])
    assert [event.what for event in story.events] == [
        "submit_sm, segment 1 of 2: accepted as A1",
        "its response was never written",
        "submit_sm, segment 2 of 2: accepted as A1",
        "its response was never written",
    ]


def test_those_that_unmet_expectations_name_come_first_and_each_once() -> None:
    verdict = Verdict(
        metric="lost", operator=None, note="", met=False, found="1", wanted="equals 0",
        examples=("77050000002: nobody knows it", "line 4: no number"),
    )  # fmt: skip
    messages = [message(), message(recipient="77050000002")]
    found = told(messages, [], [TO, "77050000002"], verdicts=(verdict,))
    assert [story.recipient for story in found] == ["77050000002", TO]
    assert found[0].events == ()


def test_there_are_so_many_stories_and_no_more() -> None:
    messages = [message(recipient=str(n)) for n in range(100)]
    assert len(told(messages, [], [str(n) for n in range(100)])) == MAX_STORIES
