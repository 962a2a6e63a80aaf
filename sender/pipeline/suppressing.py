"""The suppression list in memory: asked directly before every write (I7), and at import."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from sender.channels.results import Never, Submit
from sender.domain.message import MessageClass, State
from sender.domain.scope import ADVERTISING, ALL, FROM
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Change, Suppressed
from sender.store.writer import Writer

_MERGE: Final = 20_000
"""Numbers that came lately are in a set, until there are so many."""
_MOST_CHANGES: Final = 2_000
"""Beyond so many changes by others, the list is read anew."""
_PIECE: Final = 20_000
"""Numbers that are read in one call: what else the writer has to do comes in between."""


class NumberSet:
    """Numbers as a sorted array of 8 octets each, and a small set of those that came or went since.

    >>> numbers = NumberSet()
    >>> numbers.add(77051234567)
    >>> 77051234567 in numbers
    True
    """

    __slots__ = ("_added", "_base", "_removed")

    def __init__(self, base: array[int] | None = None) -> None:
        self._base: array[int] = array("Q") if base is None else base
        self._added: set[int] = set()
        self._removed: set[int] = set()

    def __contains__(self, number: int) -> bool:
        if number in self._added:
            return True
        base = self._base
        at = bisect_left(base, number)
        return at < len(base) and base[at] == number and number not in self._removed

    def __len__(self) -> int:
        return len(self._base) + len(self._added) - len(self._removed)

    def add(self, number: int) -> None:
        """Put a number in."""
        self._removed.discard(number)
        if number not in self:
            self._added.add(number)
            self._merge_if_large()

    def discard(self, number: int) -> None:
        """Take a number out."""
        self._added.discard(number)
        if number in self:
            self._removed.add(number)
            self._merge_if_large()

    def _merge_if_large(self) -> None:
        if len(self._added) + len(self._removed) >= _MERGE:
            self._base = _merged(self._base, self._added, self._removed)
            self._added, self._removed = set(), set()


def _merged(base: array[int], added: set[int], removed: set[int]) -> array[int]:
    """A base with the changes in it: pieces between them are copied as a whole, so that a million take milliseconds."""
    merged, start = array("Q"), 0
    for number in sorted(added | removed):
        at = bisect_left(base, number, start)
        merged.extend(base[start:at])
        if number in added:
            merged.append(number)
            start = at
        else:
            start = at + 1
    merged.extend(base[start:])
    return merged


class Suppressing:
    """The list of one store, as the gate asks it. `load` before the first message goes out."""

    def __init__(self, store: SqliteStore, writer: Writer) -> None:
        self.blocked = 0
        """Submits that the list has stopped."""
        self._store = store
        self._writer = writer
        self._scopes: dict[str, NumberSet] = {}
        self._all = self._advertising = NumberSet()
        self._exempt: frozenset[int] = frozenset()
        self._last: int | None = None  # number of the latest change that was read; None before the list was

    async def load(self) -> None:
        """Read the whole list, in pieces; what changes meanwhile is read afterwards."""
        call, verbs = self._writer.call, self._store.suppression
        last = await call(verbs.last_change)
        scopes: dict[str, NumberSet] = {}
        for scope, _ in await call(verbs.scopes):
            numbers = array("Q")
            while piece := await call(verbs.numbers, scope, numbers[-1] if numbers else 0, _PIECE):
                numbers.extend(piece)
            scopes[scope] = NumberSet(numbers)
        self._scopes = {}
        self._all = self._advertising = NumberSet()
        for scope, found in scopes.items():
            self._keep(scope, found)
        self._last = last
        await self.refresh()

    async def refresh(self) -> None:
        """Read what others have changed; everything, the first time."""
        if self._last is None:
            await self.load()
            return
        self._exempt = await self._writer.call(self._store.incoming.answer_campaigns)
        changes = await self._writer.call(self._store.suppression.changes_since, self._last, _MOST_CHANGES)
        if len(changes) == _MOST_CHANGES:
            await self.load()
            return
        self.apply(changes)
        if changes:
            self._last = changes[-1].id

    async def add(self, entries: list[Suppressed]) -> list[Change]:
        """Put numbers on the list; none of them is written to any more when this returns."""
        changes = await self._writer.call(self._store.suppression.add, entries)
        self.apply(changes)
        return changes

    def apply(self, changes: Iterable[Change]) -> None:
        """Take over changes that are in the store already. Doing so twice, in order, changes nothing."""
        for change in changes:
            if change.change == "added":
                self._scope(change.scope).add(change.number)
            elif change.change == "removed":
                self._scope(change.scope).discard(change.number)

    def exempt(self, campaigns: Iterable[int]) -> None:
        """Messages of these campaigns are answers to subscribers: the list does not hold them up."""
        self._exempt = self._exempt.union(campaigns)

    @property
    def exemptions(self) -> frozenset[int]:
        """Campaigns that consist of answers."""
        return self._exempt

    def __len__(self) -> int:
        return sum(len(numbers) for numbers in self._scopes.values())

    # --- asking -------------------------------------------------------------------------------

    def check(self, submit: Submit, now: float) -> Never | None:
        """For the gate: whether the number has opted out of what `submit` is."""
        pdu = submit.pdu
        scope = self.scope_against(pdu.destination_addr, submit.message_class, pdu.source_addr)
        if scope is None or submit.campaign_id in self._exempt:
            return None
        self.blocked += 1
        return Never(State.BLOCKED, f"opted out: {scope}")

    def scope_against(self, number: str, kind: MessageClass, sender: str) -> str | None:
        """The scope of the list that forbids a message, or None."""
        if not self._scopes:
            return None
        value = int(number) if number.isdigit() else 0
        if value in self._all:
            return ALL
        if kind is not MessageClass.ADVERTISING:
            return None
        if value in self._advertising:
            return ADVERTISING
        own = self._scopes.get(FROM + sender)
        return FROM + sender if own is not None and value in own else None

    def _scope(self, scope: str) -> NumberSet:
        found = self._scopes.get(scope)
        return self._keep(scope, NumberSet()) if found is None else found

    def _keep(self, scope: str, numbers: NumberSet) -> NumberSet:
        self._scopes[scope] = numbers
        if scope == ALL:
            self._all = numbers
        elif scope == ADVERTISING:
            self._advertising = numbers
        return numbers
