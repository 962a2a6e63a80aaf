"""What the routes work with: one object, made for one running sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from twisted.internet.interfaces import IReactorTime

from sender.app import Sender
from sender.config.serve import ServeConfig
from sender.pipeline.live import Live
from sender.store.access import Deed, Token
from sender.store.reader import Reader
from sender.store.records import Campaign
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from sender.web.tokens import TokenBook
from webkit.turns import of_deferred

T = TypeVar("T")


class Counts(msgspec.Struct):
    """What the API did, for metrics."""

    requests: Counter[tuple[str, int]] = msgspec.field(default_factory=Counter)
    """By route and status."""
    accepted: Counter[str] = msgspec.field(default_factory=Counter)
    """Messages by class."""
    refused: int = 0
    replayed: int = 0
    unknown_tokens: int = 0
    too_fast: int = 0
    turned_away: int = 0
    """Connections that were one too many."""


class Api:
    """A running sender, as the API sees it. `epoch` is the unix time at which `clock` reads 0."""

    def __init__(
        self,
        config: ServeConfig,
        uploads: Path,
        sender: Sender,
        *,
        store: SqliteStore,
        writer: Writer,
        reader: Reader,
        live: Live,
        clock: IReactorTime,
        epoch: float,
        chance: Callable[[int], bytes],
        is_open: bool,
    ) -> None:
        """`is_open`: health, metrics and the schema need no token."""
        self.config = config
        self.uploads = uploads
        self.sender = sender
        self.store = store
        self.writer = writer
        self.reader = reader
        self.live = live
        self.clock = clock
        self.chance = chance
        self.is_open = is_open
        self.book = TokenBook()
        self.counts = Counts()
        self.screen = sender.screen(config.prices)
        self._epoch = epoch
        self.on_campaign: Callable[[Campaign], None] = _nobody

    def configure(self, config: ServeConfig) -> None:
        """Another configuration holds: take its prices, accounts and bounds. The address stays until the next start."""
        self.config = config
        self.screen = self.sender.screen(config.prices)

    @property
    def now(self) -> float:
        """Unix time."""
        return self._epoch + self.clock.seconds()

    async def read(self, look: Callable[[SqliteStore], T]) -> T:
        """What is committed."""
        return await of_deferred(self.reader.ask(look))

    async def write(self, verb: Callable[[], T], *, urgent: bool = False) -> T:
        """Change something; it is durable when this returns. StoreUnavailable at once while nothing can be written."""
        if urgent and self.writer.trouble is None:
            return await of_deferred(self.writer.urgent(verb))
        return await of_deferred(self.writer.attempt(verb))

    def deed(self, token: Token, address: str, action: str, target: str = "", outcome: str = "done") -> Deed:
        """A line of the audit log."""
        return Deed(self.now, token.name, address, action, target, outcome)

    def turn_away(self) -> None:
        """A connection was one too many."""
        self.counts.turned_away += 1

    @property
    def moment(self) -> float:
        """Seconds that only go forward."""
        return self.clock.seconds()


def _nobody(campaign: Campaign) -> None:
    """Nobody is told."""
