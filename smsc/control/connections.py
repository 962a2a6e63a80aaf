"""What is done to single connections: they are ended, or stalled for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.control.declined import Declined, Why
from smsc.control.operators import Operators, connection_numbered
from smsc.server.connection import Connection
from smsc.server.server import OperatorServer
from yamlmodel.scalars import Duration

How = Literal["unbind", "reset", "close"]
_BY_HAND: Final = "by hand"
_log = logging.getLogger("smsc")


class DropOrder(msgspec.Struct, frozen=True):
    """How a connection ends."""

    how: Annotated[
        How,
        Meta(description="`unbind` says so and waits for what is in flight, `reset` cuts (RST), `close` just closes"),
    ] = "unbind"


class StallOrder(msgspec.Struct, frozen=True, rename={"for_": "for"}):
    """For how long a connection is stalled."""

    for_: Annotated[Duration, Meta(description="How long; until it is undone when omitted")] | None = None


class Connections:
    """The connections of an emulator, as somebody who steers it sees them."""

    def __init__(self, operators: Operators, clock: IReactorTime, changed: Callable[[int], None] | None = None) -> None:
        """The operators have to be disturbable; `changed` is told of connections that are stalled or no more."""
        self._operators = operators
        self._clock = clock
        self._changed = changed or _nobody
        self._ends: dict[int, tuple[Connection, IDelayedCall]] = {}

    def drop(self, number: int, order: DropOrder) -> Declined | None:
        """End a connection; None when that has begun."""
        found = connection_numbered(self._operators, number)
        if isinstance(found, Declined):
            return found
        operator, connection = found
        if order.how == "unbind" and not connection.bound:
            detail = f"connection {number} is not bound, so there is nothing to unbind; expected reset or close"
            return Declined(Why.IMPOSSIBLE, detail, "how")
        _log.info("%r: %s by hand", connection, order.how)
        operator.disturbed(connection)
        _DROP[order.how](operator, connection)
        return None

    def stall(self, number: int, order: StallOrder) -> Declined | None:
        """Neither read from a connection nor write to it, for a time or until ``unstall``; None when that is so."""
        found = connection_numbered(self._operators, number)
        if isinstance(found, Declined):
            return found
        _, connection = found
        if connection.wire is None:
            raise LookupError(f"{connection!r} was made without a wire that can be stalled")
        self._forget(number)
        _log.info("%r: stalled by hand", connection)
        connection.wire.stall()
        if order.for_ is not None:
            self._ends[number] = connection, self._clock.callLater(order.for_, self._over, number)
        self._changed(number)
        return None

    def unstall(self, number: int) -> Declined | None:
        """Let a connection go on; None when it does."""
        found = connection_numbered(self._operators, number)
        if isinstance(found, Declined):
            return found
        _, connection = found
        if connection.wire is None or not connection.wire.stalled:
            return Declined(Why.TOO_LATE, f"connection {number} is not stalled", "connection")
        self._forget(number)
        self._go_on(connection)
        return None

    def gone(self, number: int) -> None:
        """A connection has ended."""
        self._forget(number)

    def stop(self) -> None:
        """Nothing is waited for any more."""
        for number in list(self._ends):
            self._forget(number)

    # --- inside ---------------------------------------------------------------------------------

    def _over(self, number: int) -> None:
        connection, _ = self._ends.pop(number)
        self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        if connection.wire is not None:
            _log.info("%r: stalled no more", connection)
            connection.wire.unstall()
        self._changed(connection.number)

    def _forget(self, number: int) -> None:
        end = self._ends.pop(number, None)
        if end is not None and end[1].active():
            end[1].cancel()


def _unbind(operator: OperatorServer, connection: Connection) -> None:  # noqa: ARG001
    connection.link.unbind()


def _reset(operator: OperatorServer, connection: Connection) -> None:
    operator.reset([connection], f"reset {_BY_HAND}")


def _close(operator: OperatorServer, connection: Connection) -> None:  # noqa: ARG001
    connection.link.close(f"closed {_BY_HAND}")


_DROP: Final[dict[str, Callable[[OperatorServer, Connection], None]]] = {
    "unbind": _unbind,
    "reset": _reset,
    "close": _close,
}


def _nobody(number: int) -> None:
    """Nobody is told."""
