"""Small books for tests of what is judged: one message and its submit, varied by keyword."""

from __future__ import annotations

from typing import Any

import msgspec

from carrierlab.evidence import Evidence
from carrierlab.ledgers import (
    Bind,
    Moment,
    OperatorLedger,
    Parked,
    Reception,
    Reject,
    SenderLedger,
    SentMessage,
    SentPart,
    Span,
    Submit,
)
from carrierlab.metrics import Finding, measure
from sender.domain.message import State

SPAN = Span(started_at=1000.0, ended_at=1060.0, binds={"alpha": 1})

MESSAGE = SentMessage(
    recipient="77050000001",
    operator="alpha",
    state=State.DELIVERED,
    parts=(SentPart(1, State.DELIVERED, "A1"),),
)
SUBMIT = Submit(
    operator="alpha",
    recipient="77050000001",
    received_at=1000.01,
    smsc_id="A1",
    answered=Moment(1000.03, 2),
    outcome="DELIVRD",
    reported=Moment(1003.0, 3),
    acknowledged_at=1003.01,
)


def message(**changes: Any) -> SentMessage:
    """The message, with its only part changed by part_… keywords."""
    part = {key.removeprefix("part_"): changes.pop(key) for key in list(changes) if key.startswith("part_")}
    if part:
        changes["parts"] = (msgspec.structs.replace(MESSAGE.parts[0], **part),)
    return msgspec.structs.replace(MESSAGE, **changes)


def submit(**changes: Any) -> Submit:
    return msgspec.structs.replace(SUBMIT, **changes)


def found(
    messages: list[SentMessage],
    submits: list[Submit],
    *,
    rejects: tuple[Reject, ...] = (),
    binds: tuple[Bind, ...] = (),
    receptions: tuple[Reception, ...] = (),
    parked: tuple[Parked, ...] = (),
    operator: str | None = None,
) -> dict[str, Finding]:
    """Measure the books."""
    sent = SenderLedger(tuple(messages), rejects, parked)
    received = OperatorLedger(tuple(submits), binds, receptions)
    return measure(Evidence(sent, received, SPAN, operator))
