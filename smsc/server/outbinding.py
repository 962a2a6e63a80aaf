"""Calling ESMEs that wait for it: the operator connects, says outbind, and the ESME binds on that connection.

Source: SMPP 3.4 §2.2.1. An account is called when something is due for it and nobody is bound to receive it, one call
at a time; a call that comes to nothing is repeated with longer and longer waits for as long as something is due.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from smsc.scenario.scalars import Listen

if TYPE_CHECKING:
    from smsc.server.connection import Connection
    from smsc.server.server import OperatorServer

CONNECT_SECONDS = 10.0
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0

_log = logging.getLogger("smsc")


class Outbinder:
    """The calls of one operator: those for accounts, and those that a fault of the timeline asks for."""

    def __init__(self, server: OperatorServer) -> None:
        self._server = server
        self._settings = server.state.operator.outbind
        self._addresses: dict[str, Listen] = {} if self._settings is None else self._settings.addresses
        self._calls: dict[str, _Call] = {}
        self._single: dict[_Call, None] = {}
        self._stopped = False

    def wanted(self, system_id: str) -> None:
        """Something is due for an account that nobody receives for; harmless when it is being called already."""
        address = self._addresses.get(system_id)
        if address is None or self._stopped or system_id in self._calls or self._settings is None:
            return
        call = _Call(self, address, self._settings.system_id, self._settings.password, account=system_id)
        self._calls[system_id] = call
        call.connect()

    def call(self, host: str, port: int, system_id: str, password: str) -> None:
        """Call an ESME once."""
        if not self._stopped:
            call = _Call(self, Listen(host, port), system_id, password)
            self._single[call] = None
            call.connect()

    def closed(self, connection: Connection) -> None:
        """A connection is gone: perhaps one that we made."""
        for call in [*self._calls.values(), *self._single]:
            if call.connection is connection:
                call.ended(bound=bool(connection.system_id))

    def stop(self) -> None:
        """Call nobody any more; connections that stand are the server's to close."""
        self._stopped = True
        for call in [*self._calls.values(), *self._single]:
            call.cancel()
        self._calls.clear()
        self._single.clear()

    # --- for calls ----------------------------------------------------------------------------

    @property
    def server(self) -> OperatorServer:
        """Whose calls these are."""
        return self._server

    def over(self, call: _Call) -> None:
        """A call is over for good: it did what it was for, or it was one that is not repeated."""
        self._single.pop(call, None)
        if call.account and self._calls.get(call.account) is call:
            del self._calls[call.account]

    def still_due(self, system_id: str) -> bool:
        """Whether something waits for an account that nobody receives for."""
        mailbox = self._server.centre.mailboxes.get(system_id)
        return mailbox is not None and mailbox.unreceived


class _Call:
    """One ESME that is called."""

    def __init__(self, owner: Outbinder, address: Listen, system_id: str, password: str, account: str = "") -> None:
        self.account = account
        self.connection: Connection | None = None
        self._owner = owner
        self._address = address
        self._system_id = system_id
        self._password = password
        self._failures = 0
        self._connecting: Deferred[Any] | None = None
        self._retry: IDelayedCall | None = None

    def connect(self) -> None:
        """Call now."""
        self._retry = None
        if self.account and not self._owner.still_due(self.account):
            self._owner.over(self)
            return
        server = self._owner.server
        if server.away:
            self._again_or_over(FIRST_RETRY)
            return
        server.stats.outbinds += 1
        endpoint = server.network.client(self._address.host, self._address.port, CONNECT_SECONDS)
        connection, protocol = server.outbound(self._system_id, self._password)
        self._connecting = endpoint.connect(_ThisOne(protocol))
        self._connecting.addCallbacks(self._connected, self._unreachable, callbackArgs=(connection,))

    def ended(self, *, bound: bool) -> None:
        """The connection of this call is gone."""
        self.connection = None
        if bound:
            self._failures = 0
            self._again_or_over(FIRST_RETRY)
        else:
            self._failed("closed without a bind")

    def cancel(self) -> None:
        """Give up."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._connecting is not None:
            self._connecting.cancel()

    def _connected(self, _: IProtocol, connection: Connection) -> None:
        self._connecting = None
        if connection.number in self._owner.server.connections:
            self.connection = connection
        else:
            self.ended(bound=False)  # gone already

    def _unreachable(self, failure: Failure) -> None:
        self._connecting = None
        if not self._owner.server.stopping:  # then it was cancelled
            self._failed(failure.getErrorMessage())

    def _failed(self, reason: str) -> None:
        server = self._owner.server
        server.stats.outbinds_failed += 1
        _log.warning("%s: outbind to %s failed: %s", server.name, self._address, reason)
        self._again_or_over(min(LONGEST_RETRY, FIRST_RETRY * 2.0**self._failures))
        self._failures += 1

    def _again_or_over(self, delay: float) -> None:
        if self.account and not self._owner.server.stopping:
            self._retry = self._owner.server.clock.callLater(delay, self.connect)
        else:
            self._owner.over(self)


class _ThisOne(Factory):
    """Gives out the protocol that was made for the connection."""

    noisy = False

    def __init__(self, protocol: Any) -> None:
        self._made = protocol

    def buildProtocol(self, addr: object) -> Any:  # noqa: N802 - Twisted's name
        return self._made
