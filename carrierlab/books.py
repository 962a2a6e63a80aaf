"""All that is known after a run, and what each expectation makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carrierlab.evidence import Evidence, Knowledge, Scope
from carrierlab.expect import Expectation, Verdict
from carrierlab.expect_message import MessageExpectation
from carrierlab.expect_trace import TraceExpectation
from carrierlab.ledgers import OperatorLedger, SenderLedger, Span
from carrierlab.metrics import Measured, measure
from carrierlab.phases import Phase
from smsc.journal.whole import WholeMessage

AnyExpectation = Expectation | MessageExpectation | TraceExpectation

_A_MOMENT = 1e-6
"""What happened at the very end of a run belongs to it, and to the phase that lasts until then."""


class Books:
    """Both books of a run and whatever else is known, with what the metrics find in them."""

    def __init__(
        self,
        sent: SenderLedger,
        received: OperatorLedger,
        span: Span,
        *,
        known: Knowledge | None = None,
        messages: Iterable[WholeMessage] = (),
        phases: Mapping[str, Phase] | None = None,
        trace: str | None = None,
    ) -> None:
        self.sent = sent
        self.received = received
        self.span = span
        self.known = known or Knowledge()
        self.messages = tuple(messages)
        self.phases = dict(phases or {})
        self.trace = trace
        self._found: dict[Scope, Measured] = {}
        self._evidence: dict[Scope, Evidence] = {}

    def evidence(self, scope: Scope) -> Evidence:
        """What concerns this; KeyError for a phase that never came."""
        if scope not in self._evidence:
            whole = Evidence(self.sent, self.received, self.span, scope.operator, scope.account, self.known)
            self._evidence[scope] = whole if scope.phase is None else whole.during(*self._moments(scope.phase))
        return self._evidence[scope]

    def findings(self, scope: Scope) -> Measured:
        """What the metrics find in that."""
        if scope not in self._found:
            self._found[scope] = measure(self.evidence(scope))
        return self._found[scope]

    def judge(self, expectation: AnyExpectation) -> Verdict:
        """Whether an expectation is met. Of a trace only in virtual time."""
        if isinstance(expectation, TraceExpectation):
            return expectation.check(self.trace or "")
        phase = expectation.phase
        if phase is not None and phase not in self.phases:
            return Verdict(
                metric=str(expectation.metric),
                operator=expectation.operator,
                account=expectation.account,
                phase=phase,
                note=expectation.note,
                met=False,
                found="no such time",
                wanted="the phase to come",
                examples=(),
            )
        if isinstance(expectation, MessageExpectation):
            return expectation.check(self._messages(expectation.scope))
        return expectation.check(self.findings(expectation.scope))

    def _messages(self, scope: Scope) -> list[WholeMessage]:
        start, end = (0.0, float("inf")) if scope.phase is None else self._moments(scope.phase)
        return [
            message
            for message in self.messages
            if scope.operator in (None, message.operator)
            and scope.account in (None, message.system_id)
            and start <= message.at < end
        ]

    def _moments(self, name: str) -> tuple[float, float]:
        phase = self.phases[name]
        start, end = self.span.started_at + phase.start, self.span.started_at + phase.end
        return start, end + _A_MOMENT if end >= self.span.ended_at else end
