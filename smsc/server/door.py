"""Who gets in: the access rules of one operator, and the counts of connections and binds that they are about."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.internet.interfaces import IReactorTime

from smsc.scenario.binding import BindFacts, decide_bind
from smsc.scenario.decisions import Refusal
from smsc.scenario.engine import OperatorState
from smsc.scenario.gatekeeping import Gate
from smsc.stats import OperatorStats, count


class Door:
    """Told of everybody who comes and goes; a host is an IP address as text."""

    def __init__(self, state: OperatorState, clock: IReactorTime, stats: OperatorStats) -> None:
        self._state = state
        self._access = state.operator.access
        self._clock = clock
        self._stats = stats
        self._gate = Gate(self._access)
        self._open = 0
        self._open_from: Counter[str] = Counter()  # connections by host
        self._bound_from: Counter[str] = Counter()  # binds by host
        self._bound_as: Counter[str] = Counter()  # binds by system_id

    def turns_away(self, host: str) -> str:
        """Which keys of `access` keep a connection from there out; "" when it is taken. Those kept out are counted."""
        access = self._access
        if self._open >= access.connections:
            reason = "connections"
        elif self._open_from[host] >= access.connections_per_address:
            reason = "connections_per_address"
        elif not self._gate.connecting(host, self._clock.seconds()):
            reason = "allow, lock_out or connect_rate"
        else:
            return ""
        self._stats.connections_refused += 1
        return reason

    def decide(self, pdu: Any, host: str) -> Refusal:
        """Whether a bind is let in (0), by which status it is refused, or "drop"; refusals are counted."""
        gate, now = self._gate, self._clock.seconds()
        facts = BindFacts(
            peer=host,
            binds_of_system_id=self._bound_as[pdu.system_id] + gate.binds(pdu.system_id, now),
            binds_of_address=self._bound_from[host],
            locked_out=gate.locked_out(host, now),
        )
        refusal = decide_bind(self._state, pdu, facts)
        if not refusal:
            return 0
        if refusal == "drop":
            self._stats.binds_dropped += 1
        else:
            count(self._stats.binds_refused, refusal)
        # Whoever is locked out stays so no longer for knocking, and an outage is nobody's fault.
        if not facts.locked_out and not self._state.outage:
            gate.bind_failed(host, now)
        return refusal

    def opened(self, host: str) -> None:
        """A connection stands."""
        self._open += 1
        self._open_from[host] += 1

    def bound(self, system_id: str, host: str) -> None:
        """It has bound."""
        self._bound_as[system_id] += 1
        self._bound_from[host] += 1

    def unbound(self, system_id: str, host: str, *, lost: bool) -> None:
        """A bind is gone; `lost` when nobody meant it to: it stays for a while as a ghost."""
        _one_less(self._bound_as, system_id)
        _one_less(self._bound_from, host)
        if lost:
            self._gate.lost(system_id, host, self._clock.seconds())

    def closed(self, host: str) -> None:
        """A connection is gone."""
        self._open -= 1
        _one_less(self._open_from, host)


def _one_less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
