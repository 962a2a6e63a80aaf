"""Both books of a run, laid side by side for one operator or for all."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from carrierlab.ledgers import OperatorLedger, SenderLedger, SentMessage, Span, Submit

PartKey = tuple[str, int]
"""Recipient and segment number: what must not be accepted twice. A campaign has each number once."""


class Evidence:
    """What the metrics are computed from; indexes are built when first asked for.

    With ``operator`` given, only what was routed to it (sender) and what it saw (journal).
    """

    def __init__(self, sent: SenderLedger, received: OperatorLedger, span: Span, operator: str | None = None) -> None:
        self.span = span
        self.sent = sent
        self.operator = operator
        self.messages = tuple(m for m in sent.messages if operator in (None, m.operator))
        self.parked = tuple(p for p in sent.parked if operator in (None, p.operator))
        self.submits = tuple(s for s in received.submits if operator in (None, s.operator))
        self.binds = tuple(b for b in received.binds if operator in (None, b.operator))
        self.refused_binds = tuple(b for b in received.refused_binds if operator in (None, b.operator))
        self.receptions = tuple(r for r in received.receptions if operator in (None, r.operator))

    @cached_property
    def accepted(self) -> tuple[Submit, ...]:
        """The submits that an operator answered with an id."""
        return tuple(submit for submit in self.submits if submit.status == 0)

    @cached_property
    def accepted_by_part(self) -> dict[PartKey, list[Submit]]:
        """Accepted submits of each recipient and segment: more than one is a duplicate."""
        return _by_part(self.accepted)

    @cached_property
    def submits_by_part(self) -> dict[PartKey, list[Submit]]:
        """All submits of each recipient and segment, in order of arrival."""
        return _by_part(self.submits)

    @cached_property
    def segments_of(self) -> dict[str, int]:
        """How many segments the message to each recipient has, as told by any of them."""
        return {submit.recipient: submit.parts for submit in self.submits}

    @cached_property
    def by_id(self) -> dict[tuple[str, str], Submit]:
        """Accepted submits by operator and message id."""
        return {(submit.operator, submit.smsc_id): submit for submit in self.accepted}

    @cached_property
    def by_recipient(self) -> dict[str, SentMessage]:
        """The sender's messages by number."""
        return {message.recipient: message for message in self.messages}


def _by_part(submits: tuple[Submit, ...]) -> dict[PartKey, list[Submit]]:
    table: dict[PartKey, list[Submit]] = defaultdict(list)
    for submit in submits:
        table[submit.recipient, submit.part].append(submit)
    return dict(table)
