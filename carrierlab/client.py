"""The workload that somebody else is: an external client is awaited, for a time or until it has done enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from carrierlab.ledgers import OperatorLedger, SenderLedger
from carrierlab.stage import Addresses
from smsc.app import Emulator
from smsc.scenario.model import Operator
from yamlmodel.scalars import Duration

_LOOK_EVERY = 0.1

Announce = Callable[[str], None]


class Until(msgspec.Struct, frozen=True):
    """When there is nothing to wait for any more; all that is said must have come."""

    accepted: (
        Annotated[int, Meta(description="So many messages are accepted, by all operators together", ge=1)] | None
    ) = None
    unbound: Annotated[bool, Meta(description="Nobody is bound any more, after somebody was")] = False

    def problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """It waits for something."""
        if self.accepted is None and not self.unbound:
            yield (), "it waits for nothing; expected accepted, or unbound: true"


class Client(msgspec.Struct, frozen=True, rename={"for_": "for"}):
    """An external client. The operators listen where the file says, TLS too; only over sockets."""

    for_: Annotated[Duration, Meta(description="How long it is awaited at most", examples=["60s"])]
    until: Annotated[Until, Meta(description="Do not wait so long when this has come")] | None = None


class ClientPlayer:
    """Waits for a client, having said where to connect. It keeps no book: what a client believes is not known."""

    def __init__(
        self,
        client: Client,
        operators: dict[str, Operator],
        emulator: Emulator,
        clock: IReactorTime,
        announce: Announce,
    ) -> None:
        self._client = client
        self._operators = operators
        self._emulator = emulator
        self._clock = clock
        self._announce = announce
        self._over: Deferred[None] = Deferred()
        self._look_call: IDelayedCall | None = None

    @property
    def binds(self) -> dict[str, int]:
        """None: every bind counts as one more."""
        return {}

    async def prepare(self, addresses: Addresses) -> None:
        """Say where to connect."""
        for name, (host, port) in addresses.items():
            self._announce(where_to_connect(name, self._operators[name], host, port))

    async def play(self) -> None:
        """Wait, for as long as the file says at most."""
        ends_at = self._clock.seconds() + float(self._client.for_)
        self._look(ends_at)
        await self._over

    async def stop(self) -> None:
        """There is nothing to close: the operators unbind whoever is there."""
        if self._look_call is not None:
            self._look_call.cancel()
            self._look_call = None

    def ledger(self) -> SenderLedger:
        """Empty."""
        return SenderLedger(())

    def read(self, received: OperatorLedger, sent: SenderLedger) -> OperatorLedger:
        """As it is."""
        return received

    def _look(self, ends_at: float) -> None:
        self._look_call = None
        if self._clock.seconds() >= ends_at or self._enough():
            self._over.callback(None)
        else:
            self._look_call = self._clock.callLater(_LOOK_EVERY, self._look, ends_at)

    def _enough(self) -> bool:
        until, stats = self._client.until, self._emulator.stats.total()
        if until is None:
            return False
        bound = any(operator.bound_connections() for operator in self._emulator.operators.values())
        gone = stats.binds > 0 and not bound
        return (until.accepted is None or stats.accepted >= until.accepted) and (not until.unbound or gone)


def where_to_connect(name: str, operator: Operator, host: str, port: int) -> str:
    """Where an operator listens and who may bind, in one line; no password."""
    secured = " with TLS" if operator.tls is not None else ""
    who = "anybody may bind"
    if operator.accounts != "any":
        who = "system_id " + ", ".join(account.system_id for account in operator.accounts)
    return f"{name} listens on {host}:{port}{secured}; {who}"
