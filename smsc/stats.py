"""What an emulator has done, as counters: whatever it takes, it answers, keeps or counts.

Once nothing is in the making, for every operator::

    submitted                      = accepted + refused
    submitted + operations         = answered + answered_late + unanswered
    X.planned                      = X.waiting + X.acknowledged + X.refused + X.given_up + X.stopped
                                     + X.withdrawn + X.forgotten, X one of receipts, mo, messages
    alerts.sent + alerts.unheard   = the alerts there were, one for each bind or account
"""

from __future__ import annotations

import msgspec

from smppkit.session_config import SessionCounters


class DeliveryStats(msgspec.Struct):
    """Deliveries to ESMEs of one kind. Dicts count by command_status."""

    planned: int = 0
    """Including what an earlier run left in the journal."""
    waiting: int = 0
    """Planned and neither acknowledged nor given up in any way yet."""
    sent: int = 0
    """PDUs written, repetitions included."""
    repeated: int = 0
    """Put back to be sent again: unacknowledged on a lost bind, or answered by a passing status."""
    acknowledged: int = 0
    refused: dict[int, int] = {}
    """Answered by a final status."""
    given_up: int = 0
    """Not acknowledged in as many attempts as the operator makes."""
    stopped: int = 0
    """Waiting for an address when the ESME said that it wants no more there (ESME_RX_P_APPN)."""
    withdrawn: int = 0
    """Not wanted any more before it was acknowledged (its message was cancelled, replaced, or expired), or not to be
    put on the wire at all."""
    forgotten: int = 0
    """Lost in a restart without memory, or in a reset of its account."""


class AlertStats(msgspec.Struct):
    """alert_notification: one for each bind that could be told, or one that nobody could be told."""

    sent: int = 0
    unheard: int = 0


class BookStats(msgspec.Struct):
    """Messages, one for each destination, whatever operation brought them."""

    taken: int = 0
    """Including what an earlier run left in the journal."""
    cancelled: int = 0
    replaced: int = 0
    evicted: int = 0
    """Left the memory because it is bounded; a journal still knows them."""
    forgotten: int = 0
    """Not final when a restart without memory, or a reset of their account, lost them."""


class OperatorStats(msgspec.Struct):
    """One operator. Dicts count by command_status, but for `faults`."""

    connections: int = 0
    connections_refused: int = 0
    slow_peers: int = 0
    """Cut because they did not read what was sent to them."""
    tls_failed: int = 0
    """TLS handshakes that came to nothing."""
    binds: int = 0
    binds_refused: dict[int, int] = {}
    binds_dropped: int = 0
    """Binds for which the connection was closed without a word."""
    outbinds: int = 0
    """Calls to ESMEs that wait for an outbind."""
    outbinds_failed: int = 0
    """Of these, ended without a bind."""
    resets: int = 0
    """Connections that a fault of the timeline cut."""
    faults: dict[str, int] = {}
    """How often each fault of connections has struck, by its name; "overflow": cut because too much waited on them."""
    submitted: int = 0
    """submit_sm, data_sm, submit_multi and broadcast_sm."""
    accepted: int = 0
    refused: dict[int, int] = {}
    operations: int = 0
    """query_sm, cancel_sm, replace_sm, and those about broadcasts."""
    operations_refused: dict[int, int] = {}
    answered: int = 0
    answered_late: int = 0
    """Decided, but the connection was gone when the answer was due, or what it was about had been forgotten."""
    unanswered: int = 0
    """Left without an answer because the scenario says so."""
    journal_failures: int = 0
    """Messages refused because the journal could not keep them (they are in `refused` too)."""
    receipts: DeliveryStats = msgspec.field(default_factory=DeliveryStats)
    mo: DeliveryStats = msgspec.field(default_factory=DeliveryStats)
    messages: DeliveryStats = msgspec.field(default_factory=DeliveryStats)
    """From one ESME to another."""
    alerts: AlertStats = msgspec.field(default_factory=AlertStats)
    book: BookStats = msgspec.field(default_factory=BookStats)
    ussd_sessions: int = 0
    ussd_ended: int = 0
    """Ended in any way: by either side, or unheard of for too long."""
    sessions: SessionCounters = msgspec.field(default_factory=SessionCounters)
    """Sums over the sessions that have ended."""


class EmulatorStats(msgspec.Struct):
    """All operators of an emulator, by name."""

    operators: dict[str, OperatorStats] = {}

    def total(self) -> OperatorStats:
        """The sums over the operators."""
        total = OperatorStats()
        for stats in self.operators.values():
            add(total, stats)
        return total


def count(counts: dict[int, int], key: int) -> None:
    """Add one to the count of a key."""
    counts[key] = counts.get(key, 0) + 1


def add(total: msgspec.Struct, part: msgspec.Struct) -> None:
    """Add the counters of `part` to those of `total`, a struct of the same type."""
    for name in total.__struct_fields__:
        mine, other = getattr(total, name), getattr(part, name)
        if isinstance(mine, msgspec.Struct):
            add(mine, other)
        elif isinstance(mine, dict):
            for key, number in other.items():
                mine[key] = mine.get(key, 0) + number
        else:
            setattr(total, name, mine + other)
