"""Stands between clients and a real SMSC: passes every octet on as it came, and records what went by.

Nothing is decoded on the way. Each side is read only as fast as the other takes it; the end of a stream, a close and a
reset are carried over to the other side. The recording is made beside, so what is no SMPP passes as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet import protocol
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IListeningPort,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)

from smsc.capture.pair import Pair, ProxyStats, Recorder, Wrap

MOST_CONNECTIONS: Final = 500
STOP_SECONDS: Final = 5.0  # for both sides to take what is still on its way; then they are cut
CONNECT_SECONDS: Final = 10.0
MOST_UNWRITTEN: Final = 20_000  # rows of the recording that may wait for the disk

__all__ = ["CONNECT_SECONDS", "Proxy", "ProxyStats", "Recorder"]


class Proxy:
    """One listener before one SMSC."""

    def __init__(
        self,
        *,
        name: str,
        listen: IStreamServerEndpoint,
        upstream: Callable[[], IStreamClientEndpoint],
        clock: IReactorTime,
        epoch: float,
        recorder: Recorder | None = None,
        wrap: Wrap | None = None,
    ) -> None:
        """`name` is the operator's in the recording; `epoch` the unix time of the clock's zero.

        `upstream` gives an endpoint for each connection. The journal stays the caller's to close, after ``stop``.
        """
        self.name = name
        self.clock = clock
        self.recorder = recorder
        self.stats = ProxyStats()
        self.wrap = wrap
        self.upstream = upstream
        self.held = False
        """Nobody is read: the recording cannot keep up."""
        self._epoch = epoch
        self._listen = listen
        self._port: IListeningPort | None = None
        self._pairs: dict[Pair, None] = {}
        self._all_closed: Deferred[None] | None = None
        self._overdue: IDelayedCall | None = None

    def start(self) -> Deferred[tuple[str, int]]:
        """Listen; fires with the address, or fails with CannotListenError."""
        return self._listen.listen(_Factory(self)).addCallback(self._listening)

    def stop(self) -> Deferred[None]:
        """Take no new connections, close the ones there are, have all of it in the journal."""
        if self._port is not None:
            self._port.stopListening()
            self._port = None
        for pair in list(self._pairs):
            pair.close("the proxy was stopped")
        if not self._pairs:
            self._flush(None)
            return succeed(None)
        self._all_closed = Deferred()
        self._overdue = self.clock.callLater(STOP_SECONDS, self._cut)
        return self._all_closed.addCallback(self._flush)

    def recorded(self) -> None:
        """Octets went into the recording: nobody is read while too many wait to be written."""
        journal = self.recorder.journal if self.recorder is not None else None
        if journal is None or self.held or journal.backlog <= MOST_UNWRITTEN:
            return
        self.held = True
        for pair in self._pairs:
            pair.hold()
        journal.when_committed(self._written)

    def wall(self) -> float:
        """Unix seconds now."""
        return self._epoch + self.clock.seconds()

    def new_client(self) -> protocol.Protocol | None:
        """The protocol of a new client; None when there are too many."""
        self.stats.connections += 1
        if len(self._pairs) >= MOST_CONNECTIONS or self._all_closed is not None:
            self.stats.refused += 1
            return None
        pair = Pair(self)
        self._pairs[pair] = None
        return pair.client if self.wrap is None else self.wrap(pair.client)

    @property
    def pairs(self) -> list[Pair]:
        """The clients that are connected, in the order they came."""
        return list(self._pairs)

    def gone(self, pair: Pair) -> None:
        """Both sides of a connection are closed."""
        self._pairs.pop(pair, None)
        if self._all_closed is not None and not self._pairs:
            if self._overdue is not None and self._overdue.active():
                self._overdue.cancel()
            done, self._all_closed = self._all_closed, None
            done.callback(None)

    def _listening(self, port: IListeningPort) -> tuple[str, int]:
        self._port = port
        address = cast(Any, port.getHost())
        return address.host, address.port

    def _written(self, _: Exception | None) -> None:
        self.held = False
        for pair in self._pairs:
            pair.go_on()

    def _cut(self) -> None:
        for pair in list(self._pairs):
            pair.abort()

    def _flush(self, _: object) -> None:
        if self.recorder is not None:
            self.recorder.journal.flush()


class _Factory(protocol.ServerFactory):
    noisy = False

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def buildProtocol(self, addr: IAddress | None) -> protocol.Protocol | None:  # noqa: N802 - Twisted's name
        return self._proxy.new_client()
