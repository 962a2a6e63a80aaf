"""What happened to one message, in order: as both books tell it, with the faults that fell into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from carrierlab.evidence import Evidence
from carrierlab.expect import Verdict
from carrierlab.ledgers import SentMessage, Submit
from carrierlab.report.faults import Fault
from carrierlab.showing import show_duration
from smppkit.status import status_name

MAX_STORIES = 40
MAX_EVENTS = 40
MAX_TEXT = 200
_MARGIN = 1.0
"""A fault belongs to a story from so many seconds before its first event on, until the last."""


class Event(msgspec.Struct, frozen=True):
    """One step of a story."""

    at: float
    """Seconds from the start."""
    who: str
    """The operator, ``sender`` or ``fault``."""
    what: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One message from end to end."""

    recipient: str
    operator: str
    ended: str
    """What the sender holds of it at the end: ``undelivered, err 069``."""
    text: str
    """What was to be sent, the first 200 characters."""
    events: tuple[Event, ...]
    """In order; the first 40."""


def stories(
    evidence: Evidence, examples: Iterable[str], verdicts: Iterable[Verdict], faults: Iterable[Fault]
) -> tuple[Story, ...]:
    """Tell the stories of messages that went wrong: ``examples``, and those that unmet expectations name."""
    named = (
        example.split(maxsplit=1)[0].rstrip(":") for verdict in verdicts for example in verdict.examples if example
    )
    wanted = dict.fromkeys([*named, *examples])
    faults = list(faults)
    messages = {message.recipient: message for message in reversed(evidence.messages)} | evidence.by_key
    known = (messages[name] for name in wanted if name in messages)
    return tuple(_story(evidence, message, faults) for message, _ in zip(known, range(MAX_STORIES), strict=False))


def _story(evidence: Evidence, message: SentMessage, faults: list[Fault]) -> Story:
    start = evidence.span.started_at
    events = sorted((event for submit in _submits(evidence, message) for event in _events(submit, start)), key=_when)
    if events:
        first, last = events[0].at - _MARGIN, events[-1].at
        befell = (fault for fault in faults if fault.operator in (None, message.operator))
        marks = [mark for fault in befell for mark in _marks(fault) if first <= mark.at <= last]
        events = sorted([*marks, *events], key=_when)
    return Story(
        recipient=message.recipient,
        operator=message.operator,
        ended=ended(message),
        text=(message.text or "")[:MAX_TEXT],
        events=tuple(events[:MAX_EVENTS]),
    )


def _submits(evidence: Evidence, message: SentMessage) -> Iterator[Submit]:
    for part in range(1, evidence.segments_of.get(message.key, 0) + 1):
        yield from evidence.submits_by_part.get((message.key, part), ())


def ended(message: SentMessage) -> str:
    """Return where a message stands, and why: ``rejected, ESME_RINVDSTADR``."""
    why = status_name(message.status) if message.status else f"err {message.err}" if message.err else ""
    return message.state.label.replace("_", " ") + (f", {why}" if why else "")


def _events(submit: Submit, start: float) -> Iterator[Event]:
    part = f", segment {submit.part} of {submit.parts}" if submit.parts > 1 else ""
    if submit.status:
        yield Event(submit.received_at - start, submit.operator, f"submit_sm{part}: {status_name(submit.status)}")
        return
    yield Event(submit.received_at - start, submit.operator, f"submit_sm{part}: accepted as {submit.smsc_id}")
    if submit.answered is None:
        yield Event(submit.received_at - start, submit.operator, "its response was never written")
    else:
        took = show_duration(submit.answered.at - submit.received_at)
        yield Event(submit.answered.at - start, submit.operator, f"response written, after {took}")
    if submit.reported is not None:
        name = submit.reported_id or submit.smsc_id
        yield Event(
            submit.reported.at - start, submit.operator, f"receipt for {name}: {submit.outcome or 'no outcome'}"
        )
    if submit.acknowledged_at is not None:
        yield Event(submit.acknowledged_at - start, "sender", "receipt acknowledged")


def _marks(fault: Fault) -> Iterator[Event]:
    if fault.until is None:
        yield Event(fault.at, "fault", fault.detail)
    else:
        yield Event(fault.at, "fault", f"{fault.detail}: begins")
        yield Event(fault.until, "fault", f"{fault.detail}: ends")


def _when(event: Event) -> float:
    return event.at
