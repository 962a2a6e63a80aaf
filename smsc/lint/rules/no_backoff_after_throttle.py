"""Who is throttled slows down."""

from __future__ import annotations

from smppkit.status import CommandStatus
from smsc.lint.conversation import Account, Asked, Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings

_SLOW_DOWN = frozenset({int(CommandStatus.ESME_RTHROTTLED), int(CommandStatus.ESME_RMSGQFUL)})
_AS_BEFORE = 0.9  # of the submits before: less is slowing down


class _Slice:
    """What an account did in a few seconds. `before`: its submits in the slice before, if they were mostly refused."""

    __slots__ = ("before", "begun", "refused", "submits")

    def __init__(self, begun: float, submits: int) -> None:
        self.begun = begun
        self.submits = submits
        self.refused = 0
        self.before: int | None = None

    def mostly_refused(self, least: int) -> bool:
        return self.submits >= least and self.refused * 2 >= self.submits


class NoBackoffAfterThrottle(Rule):
    """See the module."""

    id = "no-backoff-after-throttle"
    severity = Severity.WARNING
    title = "The client goes on at the same rate after ESME_RTHROTTLED"
    why = "Most of what it sends is refused; operators punish it with longer throttling or a closed account."
    spec = "SMPP 3.4 §5.1.3; SMPP 5.0 §2.8.2"
    remedy = (
        "After ESME_RTHROTTLED (and ESME_RMSGQFUL) send less, for instance half as fast, and return slowly; "
        "best keep to the agreed rate from the start."
    )

    def __init__(self, settings: LintSettings) -> None:
        super().__init__(settings)
        self._slices: dict[Account, _Slice] = {}

    def submit(self, connection: Connection, head: Head) -> str | None:
        """See Rule."""
        account, at = connection.account, head.at
        current = self._slices.get(account)
        if current is None:
            self._slices[account] = _Slice(at, 1)
            return None
        length = self.settings.throttle_slice
        age = at - current.begun
        if age < length:
            current.submits += 1
            return None
        detail = None if account.crowd else self._judged(current)
        flooded = current.mostly_refused(self.settings.throttle_submits) and age < 2 * length
        self._slices[account] = _Slice(current.begun + length if age < 2 * length else at, 1)
        self._slices[account].before = current.submits if flooded else None
        return detail

    def answered(self, connection: Connection, asked: Asked, head: Head) -> str | None:
        """See Rule."""
        if head.status in _SLOW_DOWN:
            current = self._slices.get(connection.account)
            if current is not None:
                current.refused += 1
        return None

    def _judged(self, current: _Slice) -> str | None:
        if current.before is None or not current.mostly_refused(self.settings.throttle_submits):
            return None
        if current.submits < _AS_BEFORE * current.before:
            return None
        length = self.settings.throttle_slice
        return (
            f"{current.submits} submits in {length:g} s, {current.refused} of them throttled, "
            f"after {current.before} in the {length:g} s before, which were mostly throttled too"
        )
