"""What the lanes of a sender, and the feeds of each, work with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from sender.pipeline.campaigns import Composers
from sender.pipeline.gate import Gate
from sender.pipeline.health import HealthBook
from sender.pipeline.mo import MobileOriginated
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer
from smppkit.transport import Network


class Shared(msgspec.Struct, frozen=True):
    """What all lanes of a sender have in common. `on_failure` hears of what makes sending impossible."""

    composers: Composers
    gate: Gate
    mobile_originated: MobileOriginated
    health: HealthBook
    store: SqliteStore
    writer: Writer
    clock: IReactorTime
    network: Network
    epoch: float
    """Unix time at zero of the clock."""
    on_failure: Callable[[Failure], None]

    def now(self) -> float:
        """Unix time."""
        return self.epoch + self.clock.seconds()
