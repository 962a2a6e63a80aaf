"""Both books of a run, laid side by side: for all of it, or for one operator, one account, one phase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec

from carrierlab.ledgers import Bind, OperatorLedger, SenderLedger, SentMessage, Span, Submit
from smsc.lint.finding import Finding as LintFinding
from smsc.scenario.price import Price

PartKey = tuple[str, int]
"""Message and segment number: what must not be accepted twice."""


class Scope(NamedTuple):
    """What is judged: all of a run, or what concerns an operator, an account of its, a phase."""

    operator: str | None = None
    account: str | None = None
    phase: str | None = None


class Knowledge(msgspec.Struct, frozen=True):
    """What is known beside the books."""

    prices: Mapping[str, Price] = {}
    """By operator; one that is not here costs nothing."""
    lint: tuple[LintFinding, ...] | None = None
    """None when nobody watched."""
    sent: bool = True
    """False when nobody knows what was to be sent, as with an external client: there is one book only."""


NOTHING = Knowledge()


class Evidence:
    """What the metrics are computed from; indexes are built when first asked for.

    With ``operator`` and ``account`` given, only what was routed to it (sender) and what it saw (journal).
    """

    def __init__(
        self,
        sent: SenderLedger,
        received: OperatorLedger,
        span: Span,
        operator: str | None = None,
        account: str | None = None,
        known: Knowledge = NOTHING,
    ) -> None:
        self.span = span
        self.sent = sent
        self.operator = operator
        self.account = account
        self.known = known
        self.messages = tuple(m for m in sent.messages if self._concerns(m.operator, m.account))
        self.parked = tuple(p for p in sent.parked if operator in (None, p.operator))
        self.submits = tuple(s for s in received.submits if self._concerns(s.operator, s.account))
        self.binds = tuple(b for b in received.binds if self._concerns(b.operator, b.account))
        self.refused_binds = tuple(b for b in received.refused_binds if self._concerns(b.operator, b.account))
        self.receptions = tuple(r for r in received.receptions if self._concerns(r.operator, r.account))
        self.reconnections = _reconnections(self.binds, span.binds)
        self.whole = self
        """The same messages with all their submits: what compares the books takes this."""

    def _concerns(self, operator: str, account: str) -> bool:
        return self.operator in (None, operator) and self.account in (None, account)

    def during(self, start: float, end: float) -> Evidence:
        """What belongs to a time (unix seconds, without its end).

        Submits, binds and messages of handsets belong to it when they came then. A message belongs to it when it was
        due then, or else when its first submit came; one that was neither belongs to no time. Parked receipts do not.
        """
        first: dict[str, float] = {}
        for submit in self.submits:
            first[submit.key] = min(submit.received_at, first.get(submit.key, submit.received_at))
        moments = ((m, first.get(m.key) if m.due is None else m.due) for m in self.messages)
        messages = tuple(m for m, at in moments if at is not None and start <= at < end)
        keys = {message.key for message in messages}
        sent = SenderLedger(messages, self.sent.rejects)
        span = Span(max(start, self.span.started_at), min(end, self.span.ended_at), self.span.binds)
        timed = Evidence(
            sent,
            OperatorLedger(
                tuple(s for s in self.submits if start <= s.received_at < end),
                tuple(b for b in self.binds if start <= b.at < end),
                tuple(r for r in self.receptions if start <= r.at < end),
                tuple(b for b in self.refused_binds if start <= b.at < end),
            ),
            span,
            self.operator,
            self.account,
            self.known,
        )
        timed.reconnections = tuple(b for b in self.reconnections if start <= b.at < end)
        of_them = OperatorLedger(tuple(s for s in self.submits if s.key in keys))
        timed.whole = Evidence(sent, of_them, span, self.operator, self.account, self.known)
        return timed

    @cached_property
    def accepted(self) -> tuple[Submit, ...]:
        """The submits that an operator answered with an id."""
        return tuple(submit for submit in self.submits if submit.status == 0)

    @cached_property
    def accepted_by_part(self) -> dict[PartKey, list[Submit]]:
        """Accepted submits of each message and segment: more than one is a duplicate."""
        return _by_part(self.accepted)

    @cached_property
    def submits_by_part(self) -> dict[PartKey, list[Submit]]:
        """All submits of each message and segment, in order of arrival."""
        return _by_part(self.submits)

    @cached_property
    def segments_of(self) -> dict[str, int]:
        """How many segments each message has, as told by any of them."""
        return {submit.key: submit.parts for submit in self.submits}

    @cached_property
    def by_id(self) -> dict[tuple[str, str], Submit]:
        """Accepted submits by operator and message id."""
        return {(submit.operator, submit.smsc_id): submit for submit in self.accepted}

    @cached_property
    def by_key(self) -> dict[str, SentMessage]:
        """The sender's messages by what tells them apart."""
        return {message.key: message for message in self.messages}


def _by_part(submits: tuple[Submit, ...]) -> dict[PartKey, list[Submit]]:
    table: dict[PartKey, list[Submit]] = defaultdict(list)
    for submit in submits:
        table[submit.key, submit.part].append(submit)
    return dict(table)


def _reconnections(binds: tuple[Bind, ...], configured: Mapping[str, int]) -> tuple[Bind, ...]:
    """The binds beyond the ones that the workload was configured to hold with each operator."""
    seen: dict[str, int] = defaultdict(int)
    again = []
    for bind in binds:
        seen[bind.operator] += 1
        if seen[bind.operator] > configured.get(bind.operator, 0):
            again.append(bind)
    return tuple(again)
