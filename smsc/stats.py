"""What an emulator has done, as counters: whatever it takes, it answers, keeps or counts.

Once nothing is in the making, for every operator::

    submitted                      = accepted + refused
    accepted + refused             = answered + answered_late + unanswered
    receipts.planned               = receipts.waiting + receipts.acknowledged + receipts.refused
    mo.planned                     = mo.waiting + mo.acknowledged + mo.refused
"""

from __future__ import annotations

import msgspec

from smppkit.session_config import SessionCounters


class DeliveryStats(msgspec.Struct):
    """Deliveries to ESMEs of one kind. Dicts count by command_status."""

    planned: int = 0
    """Including what an earlier run left in the journal."""
    waiting: int = 0
    """Planned and neither acknowledged nor refused yet."""
    sent: int = 0
    """deliver_sm written, repetitions included."""
    repeated: int = 0
    """Put back to be sent again: unacknowledged on a lost bind, or answered by a passing status."""
    acknowledged: int = 0
    refused: dict[int, int] = {}
    """Answered by a final status."""


class OperatorStats(msgspec.Struct):
    """One operator. Dicts count by command_status."""

    connections: int = 0
    connections_refused: int = 0
    binds: int = 0
    binds_refused: dict[int, int] = {}
    resets: int = 0
    """Connections that a fault of the timeline cut."""
    submitted: int = 0
    accepted: int = 0
    refused: dict[int, int] = {}
    answered: int = 0
    answered_late: int = 0
    """Decided, but the connection was gone when the answer was due."""
    unanswered: int = 0
    """Left without an answer because the scenario says so."""
    journal_failures: int = 0
    """Messages refused because the journal could not keep them (they are in `refused` too)."""
    receipts: DeliveryStats = msgspec.field(default_factory=DeliveryStats)
    mo: DeliveryStats = msgspec.field(default_factory=DeliveryStats)
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
