"""Who is bound, and how it goes there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from smsc.app import Emulator
from smsc.server.connection import Connection
from smsc.server.server import OperatorServer


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
    window: Window


class Binds:
    """The connections of an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def all(self) -> list[Bind]:
        """All connections, in the order they came, operator by operator."""
        return [bind_of(server, connection) for server, connection in self.connections()]

    def connections(self) -> Iterator[tuple[OperatorServer, Connection]]:
        """All connections and whose they are."""
        for server in self._emulator.operators.values():
            for connection in list(server.connections.values()):
                yield server, connection


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
        window=Window(
            ours=session.window,
            peers=None if account is None else account.window,
            outstanding_in=session.unanswered,
            outstanding_out=session.outstanding,
        ),
    )


def version_text(version: int) -> str:
    """A version of SMPP as people write it: 3.4."""
    return f"{version >> 4}.{version & 15}"
