"""One emulated operator on the network: its listener, its connections, and what faults do to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from itertools import count as counting
from typing import Any, Literal, Protocol

from twisted.internet import protocol
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort, IReactorTime

from smppkit.deadlines import Deadlines
from smppkit.pdus import Outbind
from smppkit.session_config import SessionConfig
from smppkit.states import Version
from smppkit.tls import TlsServer
from smppkit.transport import TLS_ERROR, UNREAD, Network, Patience
from smppkit.wire import ManyTap, Tap
from smsc.centre.centre import MOST_UNWRITTEN, MessageCentre
from smsc.centre.wheel import Breath
from smsc.faults.active import ActiveFaults
from smsc.journal.journal import Journal
from smsc.scenario.accounts import Account
from smsc.scenario.engine import OperatorState
from smsc.server.connection import Connection
from smsc.server.door import Door
from smsc.server.outbinding import Outbinder
from smsc.server.tls import server_tls
from smsc.stats import OperatorStats
from smsc.wire.wire import FaultyWire

MOST_UNANSWERED = 10_000  # submits per bind that may wait for their response; more are refused
CLOSE_SECONDS = 5.0  # for the ESME to read our last words
STOP_SECONDS = 5.0  # for sessions to unbind; those that have not are cut
INSIST_SECONDS = 2.0  # after which an ESME that never pauses hears of it in the middle of its window
RETRY_LISTENING = 1.0

_log = logging.getLogger("smsc")


class Watcher(Protocol):
    """Who is told of every connection and every PDU: the lint. Times are unix seconds."""

    def opened(
        self, connection: int, at: float, operator: str, peer: str, tls: bool = False, tls_offered: bool = False
    ) -> None:
        """A connection stands."""

    def pdu(self, connection: int, direction: str, octets: bytes, at: float) -> None:
        """One PDU was on the wire."""

    def disturbed(self, connection: int) -> None:
        """A fault has struck a connection: what its ESME does from now on may be our doing."""

    def closed(self, connection: int, at: float, reason: str) -> None:
        """A connection is gone."""


Recorder = Callable[[int, str, bytes, float], None]
"""Told of a PDU: the number of its connection, "in" or "out", its octets, and when (unix seconds)."""
Told = Callable[[str, "Connection", str], None]
"""Told what became of a connection: "opened", "bound" or "closed", and why it was closed."""


class OperatorServer:
    """The listeners of one operator and its connections."""

    def __init__(
        self,
        state: OperatorState,
        *,
        clock: IReactorTime,
        epoch: float,
        network: Network,
        journal: Journal | None,
        stats: OperatorStats,
        faults: ActiveFaults | None = None,
        watcher: Watcher | None = None,
        numbers: Iterator[int] | None = None,
        breath: Breath | None = None,
    ) -> None:
        """`epoch` is the unix time of the clock's zero; `faults` are what may befall its connections, None if nothing.

        `numbers` are those of connections where no journal gives them; `breath` is as for a MessageCentre.

        TlsFileError when a file of its TLS cannot be used.
        """
        operator = state.operator
        self.state = state
        self.name = state.name
        self.clock = clock
        self.journal = journal
        self.stats = stats
        self.faults = faults
        self.network = network
        self.stopping = False
        self.door = Door(state, clock, stats)
        self.deadlines = Deadlines(clock)
        self.patience = Patience(unread=operator.timers.response, closing=CLOSE_SECONDS)
        self.centre = MessageCentre(
            state, clock=clock, epoch=epoch, journal=journal, stats=stats, unreceived=self.due, breath=breath
        )
        self.connections: dict[int, Connection] = {}
        self._epoch = epoch
        self._watcher = watcher
        self._numbers = counting(1) if numbers is None else numbers
        self._recorders: list[Recorder] = []
        if journal is not None:
            self._recorders.append(journal.pdu)
        if watcher is not None:
            self._recorders.append(watcher.pdu)
        self._told: list[Told] = []
        self._address = (operator.listen.host, operator.listen.port)
        self._plain_port: int | None = None
        self._turned_away: set[str] = set()  # the reasons that the log has been told
        self._tls: TlsServer | None = None
        if operator.tls is not None:
            self._tls = server_tls(operator.tls)
            self._plain_port = operator.tls.also_plain
        self._ports: list[IListeningPort] = []
        self._wires = counting(1)
        self._session_configs: dict[tuple[int, int, int], SessionConfig] = {}
        self._outages = 0
        self._retry: IDelayedCall | None = None
        self._all_closed: Deferred[None] | None = None
        self._outbinder = Outbinder(self)

    # --- life ---------------------------------------------------------------------------------

    async def listen(self) -> tuple[str, int]:
        """Listen; returns the address, with the real port where 0 was asked for. CannotListenError."""
        host, port = self._address
        factory: Any = _Factory(self._new_protocol, tls=self._tls is not None)
        if self._tls is not None:
            factory = self._tls.around(factory, self.clock)
        try:
            listening = await self.network.server(host, port).listen(factory)
            self._ports.append(listening)
            address = listening.getHost()
            # After an outage the operator is where it was, also when the port was any free one.
            self._address = (getattr(address, "host", host), getattr(address, "port", port))
            if self._plain_port is not None:
                plain = await self.network.server(host, self._plain_port).listen(
                    _Factory(self._new_protocol, tls=False)
                )
                self._ports.append(plain)
                self._plain_port = getattr(plain.getHost(), "port", self._plain_port)
        except CannotListenError:
            await self._stop_listening()
            raise
        return self._address

    @property
    def away(self) -> bool:
        """Whether it is out of service."""
        return self._outages > 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, or would."""
        return self._address

    @property
    def plain_port(self) -> int | None:
        """The port that takes plain connections beside TLS ones."""
        return self._plain_port

    async def stop(self) -> None:
        """Take no new connections, unbind all sessions, cut those that do not end in time."""
        self.stopping = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._outbinder.stop()
        await self._stop_listening()
        for connection in list(self.connections.values()):
            if connection.wire is not None and connection.wire.stalled:
                connection.wire.unstall()
            connection.link.unbind()
        if self.connections:
            self._all_closed = Deferred()
            calls = [
                self.clock.callLater(INSIST_SECONDS, self._insist),
                self.clock.callLater(STOP_SECONDS, self._cut_all),
            ]
            await self._all_closed
            for call in calls:
                if call.active():
                    call.cancel()
        self.centre.stop()
        if self.stats.faults:
            struck = ", ".join(f"{tag} {times} times" for tag, times in sorted(self.stats.faults.items()))
            _log.info("%s: faults struck: %s", self.name, struck)
        if evicted := self.state.rulebook.evicted:
            _log.warning("%s: rules forgot %d counters and states: there were too many to remember", self.name, evicted)

    # --- for connections ----------------------------------------------------------------------

    def number_for(self, connection: Connection) -> int:
        """The number of a new connection, by which PDUs name it."""
        if self.journal is not None:
            return self.journal.connection_opened(self.name, connection.link.peer, self._wall())
        return next(self._numbers)

    def taps_for(self, connection: Connection) -> tuple[Tap | None, ManyTap | None]:
        """What records and watches the PDUs of a connection, one by one and many at once; None: nobody wants them so.

        The journal takes many; whoever else listens is told of each.
        """
        journal, number, keep_up = self.journal, connection.number, self.centre.keep_up
        recorders = self._recorders
        if not recorders:
            return None, None
        clock, epoch = self.clock, self._epoch

        def tap(direction: str, octets: bytes) -> None:
            at = epoch + clock.seconds()
            for record in recorders:
                record(number, direction, octets, at)
            if journal is not None and journal.backlog > MOST_UNWRITTEN:
                keep_up(connection)

        if journal is None or len(recorders) > 1:
            return tap, None
        record_many = journal.pdus

        def many(direction: str, count: int, octets: bytes) -> None:
            record_many(number, direction, count, octets, epoch + clock.seconds())
            if journal.backlog > MOST_UNWRITTEN:
                keep_up(connection)

        return tap, many

    def session_config(self, account: Account | None) -> SessionConfig:
        """The settings of the sessions of an account, or of those that have not bound; shared by all that are alike."""
        operator = self.state.operator
        window, peer_window, version = 1, MOST_UNANSWERED, int(operator.version)
        if account is not None:
            window, peer_window = account.deliver_window, account.window or MOST_UNANSWERED
            version = self.state.version_of(account)
        key = window, peer_window, version
        config = self._session_configs.get(key)
        if config is None:
            timers = operator.timers
            config = self._session_configs[key] = SessionConfig(
                window=window,
                peer_window=peer_window,
                peer_window_status=operator.submit.window_status,
                session_init_timeout=timers.session_init,
                enquire_link_interval=timers.enquire_link,
                response_timeout=timers.response,
                inactivity_timeout=timers.inactivity,
                inactivity_closes=timers.inactive == "drop",
                silence_timeout=timers.silence,
                interface_version=Version(version),
            )
        return config

    def account(self, system_id: str) -> Account:
        """The account of somebody who was let in."""
        account = self.state.account(system_id)
        if account is None:
            raise LookupError(f"{system_id!r} was let in without an account")
        return account

    def opened(self, connection: Connection) -> None:
        """A connection stands."""
        self.stats.connections += 1
        self.connections[connection.number] = connection
        self.door.opened(connection.host)
        if self._watcher is not None:
            self._watcher.opened(
                connection.number,
                self._wall(),
                self.name,
                connection.link.peer,
                tls=connection.tls,
                tls_offered=self._tls is not None,
            )

        self._say("opened", connection)

    def disturbed(self, connection: Connection) -> None:
        """We do something to a connection that no message centre does: what its ESME does now may be our doing."""
        if self._watcher is not None:
            self._watcher.disturbed(connection.number)

    def bound(self, connection: Connection) -> None:
        """A connection has bound."""
        self.stats.binds += 1
        self.door.bound(connection.system_id, connection.host)
        if self.journal is not None:
            self.journal.connection_bound(connection.number, connection.system_id, connection.bind, self._wall())
        self._say("bound", connection)

    def closed(self, connection: Connection, reason: str) -> None:
        """A connection is gone."""
        self.connections.pop(connection.number, None)
        self.door.closed(connection.host)
        if reason == UNREAD:
            self.stats.slow_peers += 1
        elif reason.startswith(TLS_ERROR):
            self.stats.tls_failed += 1
        if connection.bind:
            # A message centre that was away itself knows of no bind from before.
            lost = not (connection.ended_in_order or self._outages or self.stopping)
            self.door.unbound(connection.system_id, connection.host, lost=lost)
        if self.journal is not None:
            self.journal.connection_closed(connection.number, reason, self._wall())
        if self._watcher is not None:
            self._watcher.closed(connection.number, self._wall(), reason)
        self._say("closed", connection, reason)
        self._outbinder.closed(connection)
        if self._all_closed is not None and not self.connections:
            self._all_closed.callback(None)
            self._all_closed = None

    # --- for those who look on ----------------------------------------------------------------

    @property
    def listening(self) -> bool:
        """Whether new connections are taken."""
        return bool(self._ports)

    def record(self, recorder: Recorder) -> Callable[[], None]:
        """Tell `recorder` of every PDU from now on; returns what ends that."""
        self._recorders.append(recorder)
        self._listen_in()
        return partial(self._record_no_more, recorder)

    def _record_no_more(self, recorder: Recorder) -> None:
        self._recorders.remove(recorder)
        self._listen_in()

    def _listen_in(self) -> None:
        """Let the connections that there are tell those who want to know now, as they want it."""
        for connection in self.connections.values():
            tap, many = self.taps_for(connection)
            if tap is not None:
                connection.link.session.listen_in(tap, many)

    def tell(self, told: Told) -> Callable[[], None]:
        """Tell `told` what becomes of connections from now on; returns what ends that."""
        self._told.append(told)
        return partial(self._told.remove, told)

    # --- for the timeline ---------------------------------------------------------------------

    def bound_connections(self) -> list[Connection]:
        """The connections on which somebody is bound, in the order they came."""
        return [connection for connection in self.connections.values() if connection.bound]

    def reset(self, connections: Sequence[Connection], reason: str = "reset by a fault of the scenario") -> None:
        """Cut connections with a TCP reset; what is queued on them is lost."""
        for connection in connections:
            self.stats.resets += 1
            connection.link.reset(reason)

    def unbind_all(self, binds: Literal["all"] | int = "all", *, at_once: bool = False) -> None:
        """Unbind that many bound connections, those that came first; `at_once` in the middle of what goes on there."""
        bound = self.bound_connections()
        for connection in bound if binds == "all" else bound[:binds]:
            connection.link.unbind(at_once=at_once)

    def outbind(self, host: str, port: int, system_id: str, password: str) -> None:
        """Connect to an ESME and ask it to bind (SMPP 3.4 §2.2.1); once, and counted when it cannot be reached."""
        self._outbinder.call(host, port, system_id, password)

    def due(self, system_id: str) -> None:
        """Something is due for an account that has no receiver: ask its ESME to bind, where it is known."""
        self._outbinder.wanted(system_id)

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

    # --- inside -------------------------------------------------------------------------------

    def _say(self, what: str, connection: Connection, reason: str = "") -> None:
        for told in tuple(self._told):
            told(what, connection, reason)

    def _new_protocol(self, host: str, tls: bool) -> Any:
        """The protocol of a connection from an address; None when it is not let in."""
        reason = self.door.turns_away(host)
        if reason:
            if reason not in self._turned_away:  # said once; all are counted
                self._turned_away.add(reason)
                _log.warning("%s: a connection from %s is not taken (access: %s)", self.name, host, reason)
            return None
        return self._protocol_of(Connection(self, tls=tls))

    def outbound(self, system_id: str, password: str) -> tuple[Connection, Any]:
        """A connection that we make, and its protocol."""
        connection = Connection(self, outbind=Outbind(system_id=system_id, password=password))
        return connection, self._protocol_of(connection)

    def _protocol_of(self, connection: Connection) -> Any:
        if self.faults is None:
            return connection.link
        watcher = self._watcher
        connection.wire = FaultyWire(
            connection.link,
            self.clock,
            self.faults,
            key=f"{next(self._wires)}",
            system_id=connection.who,
            disturbed=None if watcher is None else lambda: watcher.disturbed(connection.number),
            unfinished=connection.unfinished,
        )
        return connection.wire

    async def _stop_listening(self) -> None:
        ports, self._ports = self._ports, []
        for port in ports:
            await maybeDeferred(port.stopListening)

    def _listen_again(self) -> None:
        self._retry = None
        if not self._outages and not self.stopping and not self._ports:
            self._background(self._try_to_listen)

    async def _try_to_listen(self) -> None:
        try:
            await self.listen()
        except CannotListenError as error:
            _log.error("%s: cannot listen again, will retry: %s", self.name, error)
            self._retry = self.clock.callLater(RETRY_LISTENING, self._listen_again)
        else:
            if self._outages or self.stopping:
                await self._stop_listening()

    def _background(self, work: Callable[[], Coroutine[Deferred[Any], Any, None]]) -> None:
        Deferred.fromCoroutine(work()).addErrback(
            lambda failure: _log.error("%s: %s", self.name, failure.getTraceback())
        )

    def _insist(self) -> None:
        for connection in list(self.connections.values()):
            connection.link.unbind(at_once=True)

    def _cut_all(self) -> None:
        _log.warning("%s: %d sessions did not unbind in time and are cut", self.name, len(self.connections))
        for connection in list(self.connections.values()):
            connection.link.reset("did not unbind in time")

    def wall(self, at: float) -> float:
        """A time of the clock in unix seconds."""
        return self._epoch + at

    def _wall(self) -> float:
        return self._epoch + self.clock.seconds()


class _Factory(protocol.ServerFactory):
    noisy = False

    def __init__(self, new_protocol: Callable[[str, bool], Any], *, tls: bool) -> None:
        self._new_protocol = new_protocol
        self._tls = tls

    def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: N802 - Twisted's name
        return self._new_protocol(getattr(addr, "host", ""), self._tls)
