"""Recipients in chunks become messages when their queue runs low: a few hundred a transaction, routed at that moment.

Nothing urgent waits behind it: between two transactions of some milliseconds the writer does what else there is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain, repeat
from typing import Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.domain.message import MessageClass
from sender.pipeline.timer import Timer
from sender.store.chunks import Group
from sender.store.records import Campaign, Chunk, NewMessage
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

_ROWS: Final = 500
"""Message rows made in one transaction."""
_SLICES: Final = 2
"""So many in a row before the queue is counted again."""
_LOW: Final = 2000
"""Queued messages of a campaign for an account, below which more are made: what is sent in a tenth of a second at
20,000 a second."""
_LOOK: Final = 0.25
_SOON: Final = 0.1
"""Seconds until the next look, when the last one found a queue low."""
_AHEAD: Final = 60.0
"""Seconds before the start of a campaign at which its first messages are made."""
_NEAR: Final = 15
"""Seconds between two looks at campaigns whose start is not near."""

Route = Callable[[Campaign, Sequence[str]], Sequence[str | None]]
"""The accounts that numbers go through now, or None."""
Due = Callable[[Campaign, Sequence[str], float], list[float]]
"""The due times of messages to numbers that are made at a unix time: when quiet hours end there, or 0."""


class Expander:
    """Keeps the queues of `accounts` filled from the chunks of every campaign.

    `on_messages` hears of the accounts that have new messages, and whether these are one-time codes; `on_failure` hears
    of what went wrong.
    """

    def __init__(
        self,
        store: SqliteStore,
        writer: Writer,
        clock: IReactorTime,
        *,
        epoch: float,
        accounts: Collection[str],
        route: Route,
        due: Due,
        on_messages: Callable[[Collection[str], bool], None],
        on_failure: Callable[[Failure], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._epoch = epoch
        self._accounts = accounts
        self._route = route
        self._due = due
        self._on_messages = on_messages
        self._on_failure = on_failure
        self._running = False
        self._working = False
        self._seconds = 0
        self._again = False  # poked while working
        self._timer = Timer(clock, self.poke)
        self._landing: dict[Group, tuple[str, ...]] = {}
        self._rest: dict[Group, Chunk] = {}
        self._low = False  # whether the last look found a queue low
        self._open = False  # whether there are chunks that may be expanded now or soon

    def start(self) -> None:
        """Begin."""
        self._running = True
        self.poke()

    def stop(self) -> None:
        """Make no more messages."""
        self._running = False
        self._timer.cancel()

    @property
    def idle(self) -> bool:
        """Whether every queue that can be filled is full enough, as far as anybody knows."""
        return not self._working

    def poke(self) -> None:
        """There may be chunks to expand."""
        if self._working:
            self._again = True
        elif self._running:
            self._timer.cancel()
            self._working = True
            Deferred.fromCoroutine(self._work()).addErrback(self._on_failure).addCallback(self._worked)

    def look(self) -> None:
        """A second has passed: campaigns may come near their start."""
        self._seconds += 1
        if self._open or self._seconds % _NEAR == 0:
            self.poke()

    def _worked(self, _: None) -> None:
        self._working = False
        if self._running and self._open:
            self._timer.set(_SOON if self._low else _LOOK)

    async def _work(self) -> None:
        self._low = False
        while self._running:
            self._again = False
            now = self._epoch + self._clock.seconds()
            groups = await self._writer.call(self._store.waiting_chunks, now, _AHEAD, _LOW, dict(self._landing))
            self._forget_others(groups)
            needy = [group for group, low in groups.items() if low]
            self._low |= bool(needy)
            for group in chain.from_iterable(repeat(group, _SLICES) for group in needy):
                if not self._running:
                    return
                await self._expand(group)
            if not needy and not self._again:
                return

    async def _expand(self, group: Group) -> None:
        chunk = self._rest.pop(group, None) or await self._writer.call(self._store.read_chunk, group)
        if chunk is None:
            return
        taken, rest = chunk.recipients[:_ROWS], chunk.recipients[_ROWS:]
        numbers = [recipient.number for recipient in taken]
        accounts = self._route(chunk.campaign, numbers)
        messages = [_through(account, recipient) for account, recipient in zip(accounts, taken, strict=True)]
        now = max(self._epoch + self._clock.seconds(), chunk.campaign.starts_at or 0.0)
        dues = self._due(chunk.campaign, numbers, now)
        if not await self._writer.call(self._store.expand, chunk.id, chunk.taken, messages, dues):
            return  # cancelled meanwhile, or expired
        if rest:
            self._rest[group] = msgspec.structs.replace(chunk, taken=chunk.taken + len(taken), recipients=rest)
        landed = {message.operator: None for message in messages}
        # What lands on an account that is not configured fills a queue that nobody empties.
        self._landing[group] = tuple(name for name in landed if name in self._accounts) or tuple(landed)
        self._on_messages(landed, chunk.campaign.message_class is MessageClass.CODE)

    def _forget_others(self, groups: Collection[Group]) -> None:
        self._open = bool(groups)
        for known in (self._landing, self._rest):
            for group in [group for group in known if group not in groups]:
                del known[group]


def _through(account: str | None, recipient: NewMessage) -> NewMessage:
    if account is None or account == recipient.operator:
        return recipient
    return msgspec.structs.replace(recipient, operator=account)
