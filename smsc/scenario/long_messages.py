"""What the parts of long messages have in common: one outcome, and whether all of them came. Memory is bounded."""

from collections import OrderedDict
from typing import Final, NamedTuple

import msgspec

from smppkit.segments import PartInfo
from smsc.scenario.decisions import Plan, Revision
from smsc.scenario.draws import Draws

KEPT: Final = 4096
MOST_WAITING: Final = 1000
FORGOTTEN_AFTER: Final = 600.0  # seconds after the first part: the reference is another message's by then


class Key(NamedTuple):
    """What the parts of one message have in common on the wire."""

    system_id: str
    source: str
    destination: str
    reference: int
    total: int


class _Long(msgspec.Struct):
    began: float
    lasts: float
    draws: Draws
    seen: set[int] = msgspec.field(default_factory=set)
    waiting: list[tuple[int, Plan, float]] = []


class LongMessages:
    """The long messages of which parts are still to come; of more than `KEPT` the oldest is forgotten."""

    def __init__(self, reassembly: float | None) -> None:
        self._lasts = FORGOTTEN_AFTER if reassembly is None else reassembly
        self._held: OrderedDict[Key, _Long] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def forget(self, system_id: str | None) -> None:
        """The parts of an account's messages, or (None) of all, are forgotten."""
        for key in [key for key in self._held if system_id in (None, key.system_id)]:
            del self._held[key]

    def draws(self, key: Key, now: float) -> Draws | None:
        """The draws that decide about all parts, those of the one which came first; None when none has come."""
        found = self._held.get(key)
        return None if found is None or now >= found.began + found.lasts else found.draws

    def arrived(self, key: Key, part: PartInfo, own: Draws, now: float) -> tuple[Draws, float | None]:
        """A part has come; `own` are its own draws.

        Returns the draws that decide about all parts, and how long the missing ones are still waited for: None when
        there are none.
        """
        found = self._find(key, own, now)
        found.seen.add(part.number)
        if len(found.seen) >= part.total:
            return found.draws, None
        return found.draws, found.began + found.lasts - now

    def wait(self, key: Key, number: int, plan: Plan, now: float) -> None:
        """This message's plan holds once the missing parts have come."""
        found = self._held.get(key)
        # The same part may come again and again: what is beyond any message stays as it is planned.
        if found is not None and len(found.waiting) < MOST_WAITING:
            found.waiting.append((number, plan, now))

    def complete(self, key: Key, now: float) -> tuple[Revision, ...]:
        """All parts are there: what becomes of those that waited."""
        found = self._held.pop(key, None)
        if found is None:
            return ()
        return tuple(Revision(number, _from_now(plan, now - then)) for number, plan, then in found.waiting)

    def _find(self, key: Key, own: Draws, now: float) -> _Long:
        found = self._held.get(key)
        if found is None or now >= found.began + found.lasts:
            self._held.pop(key, None)
            found = self._held[key] = _Long(now, self._lasts, own)
            if len(self._held) > KEPT:
                self._held.popitem(last=False)
        return found


def _from_now(plan: Plan, waited: float) -> Plan:
    """The plan of a part that waited: delivery begins now, the validity does not begin again."""
    return msgspec.structs.replace(
        plan,
        expires_after=max(0.0, plan.expires_after - waited),
        notices=tuple(notice for notice in plan.notices if notice.late),
    )
