"""Who is bound, and how it goes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from smsc.app import Emulator
from smsc.control.vitals import Latency, Rate, Vitals
from smsc.server.connection import Connection
from smsc.server.server import OperatorServer
from webkit.problem import missing


class Window(msgspec.Struct, frozen=True):
    """Requests that may be unanswered at once, and are. `peers` is None where no window was agreed."""

    ours: int
    peers: int | None
    outstanding_in: int
    outstanding_out: int


class Bind(msgspec.Struct, frozen=True):
    """A connection on which somebody is bound, or has not bound yet (then `bind` is empty)."""

    connection: int
    operator: str
    system_id: str
    bind: str
    version: str
    peer: str
    tls: bool
    opened_at: float
    bound_at: float | None
    window: Window
    stalled: bool


class BusyBind(Bind, frozen=True, kw_only=True):
    """A connection, and how it goes there."""

    rate: Rate
    latency: Latency


class BindChange(msgspec.Struct, frozen=True):
    """What became of a connection: it was `opened`, `bound` or `closed` (then with the reason)."""

    what: str
    reason: str
    bind: Bind


class Binds:
    """The connections of an emulator."""

    def __init__(self, emulator: Emulator, wall: Callable[[], float]) -> None:
        """`wall` gives the time in unix seconds."""
        self._emulator = emulator
        self.vitals = Vitals(list(emulator.operators.values()), wall)

    def all(self) -> list[BusyBind]:
        """All connections, in the order they came, operator by operator."""
        self.vitals.look()
        return [self._busy(server, connection) for server, connection in self.connections()]

    def one(self, number: int) -> BusyBind:
        """One connection; Problem 404."""
        self.vitals.look()
        return self._busy(*self.find(number))

    def find(self, number: int) -> tuple[OperatorServer, Connection]:
        """A connection and whose it is; Problem 404."""
        for server, connection in self.connections():
            if connection.number == number:
                return server, connection
        raise missing("connection", number)

    def connections(self) -> Iterator[tuple[OperatorServer, Connection]]:
        """All connections and whose they are."""
        for server in self._emulator.operators.values():
            for connection in list(server.connections.values()):
                yield server, connection

    def tell(self, told: Callable[[BindChange], None]) -> list[Callable[[], None]]:
        """Tell `told` what becomes of connections from now on; returns what ends that."""

        def teller(server: OperatorServer) -> Callable[[str, Connection, str], None]:
            return lambda what, connection, reason: told(BindChange(what, reason, bind_of(server, connection)))

        return [server.tell(teller(server)) for server in self._emulator.operators.values()]

    def _busy(self, server: OperatorServer, connection: Connection) -> BusyBind:
        rate, latency = self.vitals.of(connection.number)
        return BusyBind(**msgspec.structs.asdict(bind_of(server, connection)), rate=rate, latency=latency)


def bind_of(server: OperatorServer, connection: Connection) -> Bind:
    """What is to be said of one connection."""
    session = connection.link.session
    account: Any = getattr(connection, "account", None)
    return Bind(
        connection=connection.number,
        operator=server.name,
        system_id=connection.system_id,
        bind=connection.bind,
        version=version_text(session.version),
        peer=connection.link.peer,
        tls=connection.tls,
        opened_at=server.wall(connection.opened_at),
        bound_at=None if connection.bound_at is None else server.wall(connection.bound_at),
        window=Window(
            ours=session.window,
            peers=None if account is None else account.window,
            outstanding_in=session.unanswered,
            outstanding_out=session.outstanding,
        ),
        stalled=connection.wire is not None and connection.wire.stalled,
    )


def version_text(version: int) -> str:
    """A version of SMPP as people write it: 3.4."""
    return f"{version >> 4}.{version & 15}"
