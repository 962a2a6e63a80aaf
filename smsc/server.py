"""One emulated operator on the network: its listener, its connections, and what faults do to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from twisted.internet import protocol
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort, IReactorTime

from smppkit.transport import Link, Network
from smsc.centre import MessageCentre
from smsc.connection import Connection
from smsc.journal import Journal
from smsc.scenario.engine import OperatorState
from smsc.scenario.model import MoMessage
from smsc.stats import OperatorStats

MOST_CONNECTIONS = 500  # per operator; further ones are closed at once
STOP_SECONDS = 5.0  # for sessions to unbind; those that have not are cut
RETRY_LISTENING = 1.0

_log = logging.getLogger("smsc")


class OperatorServer:
    """The listener of one operator and its connections."""

    def __init__(
        self,
        state: OperatorState,
        *,
        clock: IReactorTime,
        epoch: float,
        network: Network,
        journal: Journal | None,
        stats: OperatorStats,
    ) -> None:
        """`epoch` is the unix time of the clock's zero."""
        self.state = state
        self.name = state.name
        self.clock = clock
        self.journal = journal
        self.stats = stats
        self.centre = MessageCentre(state, clock=clock, epoch=epoch, journal=journal, stats=stats)
        self.connections: dict[int, Connection] = {}
        self._epoch = epoch
        self._network = network
        self._address = (state.operator.listen.host, state.operator.listen.port)
        self._port: IListeningPort | None = None
        self._binds: dict[str, set[Connection]] = {}
        self._outages = 0
        self._retry: IDelayedCall | None = None
        self._stopping = False
        self._all_closed: Deferred[None] | None = None
        self._last_number = 0

    # --- life ---------------------------------------------------------------------------------

    async def listen(self) -> tuple[str, int]:
        """Listen; returns the address, with the real port where 0 was asked for. CannotListenError."""
        host, port = self._address
        self._port = await self._network.server(host, port).listen(_Factory(self._new_link))
        address = self._port.getHost()
        # After an outage the operator is where it was, also when the port was any free one.
        self._address = (getattr(address, "host", host), getattr(address, "port", port))
        return self._address

    async def stop(self) -> None:
        """Take no new connections, unbind all sessions, cut those that do not end in time."""
        self._stopping = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        await self._stop_listening()
        for connection in list(self.connections.values()):
            connection.link.unbind()
        if self.connections:
            self._all_closed = Deferred()
            overdue = self.clock.callLater(STOP_SECONDS, self._cut_all)
            await self._all_closed
            if overdue.active():
                overdue.cancel()
        self.centre.stop()

    # --- for connections ----------------------------------------------------------------------

    def number_for(self, connection: Connection) -> int:
        """The number of a new connection, by which PDUs name it."""
        if self.journal is not None:
            return self.journal.connection_opened(self.name, connection.link.peer, self._wall())
        self._last_number += 1
        return self._last_number

    def tap_for(self, number: int) -> Callable[[str, bytes], None] | None:
        """What records the PDUs of a connection; None without a journal."""
        if self.journal is None:
            return None
        record, clock, epoch = self.journal.pdu, self.clock, self._epoch

        def tap(direction: str, octets: bytes) -> None:
            record(number, direction, octets, epoch + clock.seconds())

        return tap

    def opened(self, connection: Connection) -> None:
        """A connection stands."""
        self.stats.connections += 1
        self.connections[connection.number] = connection

    def binds_of(self, system_id: str) -> set[Connection]:
        """The connections on which a system_id is bound."""
        return self._binds.get(system_id, set())

    def bound(self, connection: Connection) -> None:
        """A connection has bound."""
        self.stats.binds += 1
        self._binds.setdefault(connection.system_id, set()).add(connection)
        if self.journal is not None:
            self.journal.connection_bound(connection.number, connection.system_id, connection.bind, self._wall())

    def closed(self, connection: Connection, reason: str) -> None:
        """A connection is gone."""
        self.connections.pop(connection.number, None)
        siblings = self._binds.get(connection.system_id)
        if siblings is not None:
            siblings.discard(connection)
            if not siblings:
                del self._binds[connection.system_id]
        if self.journal is not None:
            self.journal.connection_closed(connection.number, reason, self._wall())
        if self._all_closed is not None and not self.connections:
            self._all_closed.callback(None)
            self._all_closed = None

    # --- for the timeline ---------------------------------------------------------------------

    def bound_connections(self) -> list[Connection]:
        """The connections on which somebody is bound, in the order they came."""
        return [connection for connection in self.connections.values() if connection.bound]

    def reset(self, connections: Sequence[Connection]) -> None:
        """Cut connections with a TCP reset; what is queued on them is lost."""
        for connection in connections:
            self.stats.resets += 1
            connection.link.reset("reset by a fault of the scenario")

    def begin_outage(self) -> None:
        """Cut every connection and refuse new ones. Outages may overlap: the last to end ends it."""
        self._outages += 1
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._background(self._stop_listening)
        self.reset(list(self.connections.values()))

    def end_outage(self) -> None:
        """Be there again, at the same address."""
        self._outages -= 1
        self._listen_again()

    def mobile_originated(self, message: MoMessage) -> None:
        """A subscriber writes."""
        self.centre.mobile_originated(message)

    # --- inside -------------------------------------------------------------------------------

    def _new_link(self) -> Link | None:
        if len(self.connections) >= MOST_CONNECTIONS:
            self.stats.connections_refused += 1
            return None
        return Connection(self).link

    async def _stop_listening(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)

    def _listen_again(self) -> None:
        self._retry = None
        if not self._outages and not self._stopping and self._port is None:
            self._background(self._try_to_listen)

    async def _try_to_listen(self) -> None:
        try:
            await self.listen()
        except CannotListenError as error:
            _log.error("%s: cannot listen again, will retry: %s", self.name, error)
            self._retry = self.clock.callLater(RETRY_LISTENING, self._listen_again)
        else:
            if self._outages or self._stopping:
                await self._stop_listening()

    def _background(self, work: Callable[[], Coroutine[Deferred[Any], Any, None]]) -> None:
        Deferred.fromCoroutine(work()).addErrback(
            lambda failure: _log.error("%s: %s", self.name, failure.getTraceback())
        )

    def _cut_all(self) -> None:
        _log.warning("%s: %d sessions did not unbind in time and are cut", self.name, len(self.connections))
        for connection in list(self.connections.values()):
            connection.link.reset("did not unbind in time")

    def _wall(self) -> float:
        return self._epoch + self.clock.seconds()


class _Factory(protocol.ServerFactory):
    noisy = False

    def __init__(self, new_link: Callable[[], Link | None]) -> None:
        self._new_link = new_link

    def buildProtocol(self, addr: IAddress | None) -> Link | None:  # noqa: N802 - Twisted's name
        return self._new_link()
