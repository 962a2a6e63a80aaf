"""What waits for an account that is passed over for long goes to the next choice of its route, some at a time.

And what waits for an account that is no longer configured goes wherever its route leads now.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Collection
from typing import Final

from sender.domain.routing import Router
from sender.domain.template import MissingField
from sender.pipeline.campaigns import Composers
from sender.store.moving import FRONT, Movable, Place
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.gsm0338 import UnencodableText
from smppkit.segments import SegmentError

log = logging.getLogger(__name__)

_BATCH: Final = 200
_BATCHES: Final = 10
"""Of a second: a fail-over is no reason to keep the disk from what can be sent."""


class Failover:
    """Moves messages. `on_messages` hears of the accounts that got some.

    `forsaken`: the accounts are gone for good, so that any other is better, even one that is not well.
    """

    def __init__(
        self,
        router: Router,
        composers: Composers,
        *,
        store: SqliteStore,
        writer: Writer,
        on_messages: Callable[[Collection[str]], None],
        forsaken: bool = False,
    ) -> None:
        self.moved = 0
        """Messages that went to another account than the one they were queued for."""
        self._router = router
        self._composers = composers
        self._store = store
        self._writer = writer
        self._on_messages = on_messages
        self._forsaken = forsaken
        self._places: dict[str, Place] = {}
        self._working = False
        self._stopped = False

    def stop(self) -> None:
        """Move nothing more."""
        self._stopped = True

    @property
    def working(self) -> bool:
        """Whether messages are being moved."""
        return self._working

    async def leave(self, accounts: Collection[str]) -> None:
        """Move what may be moved away from `accounts`, going on where the last call stopped."""
        if self._working:
            return
        self._working = True
        try:
            self._places = {account: place for account, place in self._places.items() if account in accounts}
            for account in accounts:
                for _ in itertools.count() if self._forsaken else range(_BATCHES):
                    if not await self._leave(account):
                        break
        finally:
            self._working = False

    async def _leave(self, account: str) -> bool:
        """Move a batch; whether there may be more behind it."""
        if self._stopped:
            return False
        batch = await self._writer.call(self._store.movable, account, self._places.get(account, FRONT), _BATCH)
        moves = [(message.message_id, other) for message in batch if (other := await self._other(account, message))]
        if moves and not self._stopped:
            moved = await self._writer.call(self._store.move, account, moves)
            if moved and not self._places.get(account):
                why = "no longer configured" if self._forsaken else "passed over"
                log.warning("%s is %s: what waits for it goes to other accounts", account, why)
            self.moved += moved
            self._on_messages({other for _, other in moves})
        if len(batch) < _BATCH:
            self._places.pop(account, None)  # what comes later is looked at from the front
            return False
        self._places[account] = batch[-1].place
        return True

    async def _other(self, account: str, message: Movable) -> str | None:
        """The account that a message may go through instead, and whose alphabets hold its text."""
        composer = await self._composers.load(message.campaign_id)
        choice = self._router.route(
            message.number, sender=composer.sender, message_class=composer.message_class, without=account
        )
        if choice is None or (choice.waits and not self._forsaken):
            return None
        try:
            composer.count(composer.text(message.fields), choice.account)
        except (MissingField, UnencodableText, SegmentError):
            return None
        return choice.account
