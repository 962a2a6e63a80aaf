"""The suppression list in memory: asked directly before every write (I7), and at import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sender.channels.results import Never, Submit
from sender.domain.message import MessageClass, State
from sender.domain.number_flags import NumberFlags
from sender.domain.scope import ADVERTISING, ALL, FROM
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Change, Suppressed
from sender.store.writer import Writer

_MOST_CHANGES: Final = 2_000
"""Beyond so many changes by others, the list is read anew."""
_PIECE: Final = 5_000
"""Numbers that are read in one call: what else the writer has to do comes in between."""

_TO_ALL, _TO_ADVERTISING, _TO_SENDERS = 1, 2, 4


class Suppressing:
    """The list of one store, as the gate asks it. `load` before the first message goes out."""

    def __init__(self, store: SqliteStore, writer: Writer) -> None:
        self.blocked = 0
        """Submits that the list has stopped."""
        self._store = store
        self._writer = writer
        self._flags = NumberFlags()
        self._senders: dict[str, NumberFlags] = {}  # by scope, of those numbers that are flagged so
        self._exempt: frozenset[int] = frozenset()
        self._last: int | None = None  # number of the latest change that was read; None before the list was

    async def load(self) -> None:
        """Read the whole list, in pieces; what changes meanwhile is read afterwards."""
        call, verbs = self._writer.call, self._store.suppression
        last = await call(verbs.last_change)
        scopes = await call(verbs.scopes)
        flags, senders = NumberFlags(sum(count for _, count in scopes)), dict[str, NumberFlags]()
        for scope, count in scopes:
            after = 0
            while piece := await call(verbs.numbers, scope, after, _PIECE):
                after = piece[-1]
                _put(flags, senders, scope, piece, count)
        self._flags, self._senders = flags, senders
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
                _put(self._flags, self._senders, change.scope, (change.number,))
            elif change.change == "removed":
                self._take(change.scope, change.number)

    def exempt(self, campaigns: Iterable[int]) -> None:
        """Messages of these campaigns are answers to subscribers: the list does not hold them up."""
        self._exempt = self._exempt.union(campaigns)

    @property
    def exemptions(self) -> frozenset[int]:
        """Campaigns that consist of answers."""
        return self._exempt

    def __len__(self) -> int:
        return self._flags.size

    # --- asking -------------------------------------------------------------------------------

    def concerns(self, _submits: Sequence[Submit], _now: float) -> bool:
        """For the gate: whether anybody has opted out of anything."""
        return bool(self._flags.size)

    def check(self, submit: Submit, now: float) -> Never | None:
        """For the gate: whether the number has opted out of what `submit` is."""
        scope = self.scope_against(submit.destination_addr, submit.message_class, submit.source_addr)
        if scope is None or submit.campaign_id in self._exempt:
            return None
        self.blocked += 1
        return Never(State.BLOCKED, f"opted out: {scope}")

    def scope_against(self, number: str, kind: MessageClass, sender: str) -> str | None:
        """The scope of the list that forbids a message, or None."""
        flags = self._flags.of(int(number)) if number.isdecimal() else 0
        if not flags:
            return None
        if flags & _TO_ALL:
            return ALL
        if kind is not MessageClass.ADVERTISING:
            return None
        if flags & _TO_ADVERTISING:
            return ADVERTISING
        own = self._senders.get(FROM + sender)
        return FROM + sender if own is not None and own.of(int(number)) else None

    def _take(self, scope: str, number: int) -> None:
        if scope in _FLAGS:
            self._flags.discard(number, _FLAGS[scope])
            return
        own = self._senders.get(scope)
        if own is not None:
            own.discard(number, 1)
        if not any(other.of(number) for other in self._senders.values()):
            self._flags.discard(number, _TO_SENDERS)


_FLAGS: Final = {ALL: _TO_ALL, ADVERTISING: _TO_ADVERTISING}


def _put(
    flags: NumberFlags, senders: dict[str, NumberFlags], scope: str, numbers: Iterable[int], expected: int = 0
) -> None:
    """Numbers into a scope; `expected` is how many it may come to have."""
    flag = _FLAGS.get(scope, _TO_SENDERS)
    for number in numbers:
        flags.add(number, flag)
    if flag == _TO_SENDERS:
        own = senders.get(scope)
        if own is None:
            own = senders[scope] = NumberFlags(expected)
        for number in numbers:
            own.add(number, 1)
