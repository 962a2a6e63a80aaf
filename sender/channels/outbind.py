"""Operators that ask us to bind: a listener for outbind (SMPP 3.4 §2.2.1, §4.1.7).

Until a caller has shown its system_id and password it is a stranger: it must come from an allowed address, few are
let in at once, what it may send is small, and it has the session-init time.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import typing
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Factory

from sender.channels.account import Account, Outbinding
from sender.channels.bind import Bind, BindStatus
from smppkit.events import Event, Request
from smppkit.pdus import Outbind
from smppkit.session import Session
from smppkit.states import Role
from smppkit.tls import TlsFileError, TlsServer
from smppkit.transport import Link, Network

log = logging.getLogger(__name__)

_STRANGERS = 8
"""Connections at once that have not shown who they are."""


class OutbindListener:
    """Lets the operator's connections in and gives them to binds that wait for one."""

    def __init__(self, account: Account, binds: list[Bind], *, clock: IReactorTime, network: Network) -> None:
        if account.outbind is None:
            raise ValueError(f"{account.name} listens for no outbind")
        self.refused = 0
        """Connections that were not let in, or whose outbind was wrong."""
        self.problem: str | None = None
        """Why nobody can connect, when that is so."""
        self.port: IListeningPort | None = None
        self._account = account
        self._outbinding: Outbinding = account.outbind
        self._networks = [ipaddress.ip_network(peer) for peer in account.outbind.peers]
        self._binds = binds
        self._clock = clock
        self._network = network
        self._callers: set[_Caller] = set()
        self._stopped = False

    def start(self) -> None:
        """Listen. An address that is taken is logged and shown as `problem`."""
        endpoint = self._network.server(self._outbinding.host, self._outbinding.port)
        factory: IProtocolFactory = _CallerFactory(self)
        if self._outbinding.tls is not None:
            try:
                factory = TlsServer(self._outbinding.tls).around(factory, self._clock)
            except TlsFileError as error:
                self.problem = f"cannot listen for outbinds: {error}"
                log.error("%s: %s", self._account.name, self.problem)
                return
        endpoint.listen(factory).addCallbacks(self._listening, self._cannot_listen)

    def stop(self) -> Deferred[None] | None:
        """Let nobody in any more; those that are bound stay until their binds are stopped."""
        self._stopped = True
        for caller in list(self._callers):
            caller.turn_away("stopping")
        port, self.port = self.port, None
        return None if port is None else port.stopListening()

    def new_link(self, address: IAddress | None) -> Link | None:
        """Somebody connects; None turns them away."""
        host = getattr(address, "host", "")
        reason = None
        if not self._allowed(host):
            reason = "not an allowed peer"
        elif len(self._callers) >= _STRANGERS:
            reason = "too many connections that have not shown who they are"
        if reason is not None or self._stopped:
            self.refused += 1
            log.warning("%s: a connection from %s is refused: %s", self._account.name, host, reason or "stopping")
            return None
        caller = _Caller(self)
        self._callers.add(caller)
        # The usual limit for what comes before a bind holds here too (SessionConfig.max_pdu_before_bind).
        return Link(partial(Session, Role.ESME, self._account.session_config()), caller, self._clock)

    def forget(self, caller: _Caller) -> None:
        """It is no stranger any more, or gone."""
        self._callers.discard(caller)

    def bind_for(self, outbind: Outbind) -> Bind | str:
        """The bind that an outbind is for, or why there is none. The password's place of difference takes no time."""
        expected = self._outbinding
        right = hmac.compare_digest(outbind.password.encode("latin-1"), expected.password.encode("latin-1"))
        if not (
            hmac.compare_digest(outbind.system_id.encode("latin-1"), expected.system_id.encode("latin-1")) and right
        ):
            return "its system_id or password is wrong"
        free = next((bind for bind in self._binds if bind.status is BindStatus.LISTENING), None)
        return free or "there are as many such binds as are wanted"

    def refuse(self, link: Link, reason: str) -> None:
        """Close a stranger's connection."""
        self.refused += 1
        log.warning("%s: the outbind from %s is refused: %s", self._account.name, link.peer, reason)
        link.close(reason)

    def _allowed(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def _listening(self, port: IListeningPort) -> None:
        self.port = port
        if self._stopped:
            self.stop()
        log.info(
            "%s: listening for outbinds on %s:%d", self._account.name, self._outbinding.host, self._outbinding.port
        )

    def _cannot_listen(self, failure: typing.Any) -> None:
        self.problem = f"cannot listen for outbinds: {failure.getErrorMessage()}"
        log.error("%s: %s", self._account.name, self.problem)


class _Caller:
    """The handler of a connection that the operator made: a stranger's first, then the bind's."""

    def __init__(self, listener: OutbindListener) -> None:
        self._listener = listener
        self._bind: Bind | None = None
        self._link: Link | None = None

    def turn_away(self, reason: str) -> None:
        """Close it while it is a stranger."""
        if self._link is not None and self._bind is None:
            self._link.close(reason)

    def connected(self, link: Link) -> None:
        """It has the session-init time to say outbind; the session sees to that."""
        self._link = link

    def received(self, link: Link, events: list[Event]) -> None:
        """The first thing must be an outbind that is right."""
        if self._bind is not None:
            self._bind.received(link, events)
            return
        for position, event in enumerate(events):
            if isinstance(event, Request) and isinstance(event.pdu, Outbind):
                found = self._listener.bind_for(event.pdu)
                self._listener.forget(self)
                if isinstance(found, str):
                    self._listener.refuse(link, found)
                    return
                self._bind = found
                found.adopt(link)
                if rest := events[position + 1 :]:
                    found.received(link, rest)
                return

    def disconnected(self, link: Link, reason: str) -> None:
        """It is gone."""
        self._listener.forget(self)
        if self._bind is not None:
            self._bind.disconnected(link, reason)


class _CallerFactory(Factory):
    noisy = False

    def __init__(self, listener: OutbindListener) -> None:
        self._listener = listener

    def buildProtocol(self, addr: IAddress | None) -> typing.Any:  # noqa: N802 - Twisted's name
        """The link of a connection, or None to turn it away."""
        return self._listener.new_link(addr)
