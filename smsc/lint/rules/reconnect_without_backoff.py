"""Who is refused waits, and longer each time."""

from __future__ import annotations

from collections import deque

from smsc.lint.conversation import Account, Bind, Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.rule import Rule
from smsc.lint.settings import LintSettings

_MOST_FAILURES = 32
_MOST_HOSTS = 1_000


class ReconnectWithoutBackoff(Rule):
    """See the module."""

    id = "reconnect-without-backoff"
    severity = Severity.WARNING
    title = "The client reconnects again and again without a pause"
    why = (
        "It loads an operator that is in trouble already; many answer with a ban of the address or a lock of "
        "the account."
    )
    spec = "SMPP 3.4 §2.2; SMPP 5.0 §2.7"
    remedy = (
        "Wait before reconnecting, twice as long after each failure (1 s up to a few minutes), with some "
        "chance in it; far longer after a refused bind."
    )

    def __init__(self, settings: LintSettings) -> None:
        super().__init__(settings)
        self._failures: dict[tuple[Account, str], deque[tuple[float, int]]] = {}
        self._chains: dict[int, int] = {}

    def binding(self, connection: Connection, bind: Bind, head: Head) -> str | None:
        """See Rule."""
        length = self._chains[connection.number] = self._chain(connection)
        if length < self.settings.reconnects or connection.account.crowd:
            return None
        self._failures.pop((connection.account, connection.host), None)
        self._chains[connection.number] = 1
        return f"{length} connections, each within {self.settings.reconnect_pause:g} s after one that failed"

    def closed(self, connection: Connection, at: float, by_client: bool) -> str | None:
        """See Rule."""
        length = self._chains.pop(connection.number, 1)
        # What never said anything is a probe of somebody's load balancer.
        if connection.bind is None or connection.submits or connection.account.crowd:
            return None
        if connection.bound and (connection.unbinding or at - connection.bound_at >= self.settings.reconnect_pause):
            return None
        key = (connection.account, connection.host)
        if len(self._failures) >= _MOST_HOSTS and key not in self._failures:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(key, deque(maxlen=_MOST_FAILURES)).append((at, length))
        return None

    def _chain(self, connection: Connection) -> int:
        """How many connections in a row this one is: itself, and those that failed shortly before it began.

        Several that were tried side by side count as one, since none of them came after another.
        """
        began = connection.opened_at
        before = self._failures.get((connection.account, connection.host), ())
        return 1 + max(
            (length for ended, length in before if 0 <= began - ended < self.settings.reconnect_pause), default=0
        )
