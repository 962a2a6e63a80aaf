"""Requests over the network: to an address that was looked up and judged first, with bounds on everything.

The name is resolved here, every address is judged (`addresses`), and the connection goes to an address that was found
good: between the judgement and the connection no name server is asked again. Redirects are answers like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IProtocol,
    IProtocolFactory,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import (
    URI,
    Agent,
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from sender.pipeline.webhooks.addresses import why_not
from sender.pipeline.webhooks.posting import Forbidden, Request, Response, Unreached
from smppkit.tls import CertificateRefused

_MOST: Final = 64 * 1024
"""Octets of an answer, headers included; after them the connection is dropped."""
_KEPT: Final = 2048
"""Octets of a body that are kept to be shown."""
_IDLE: Final = 4.0
"""Seconds that a connection is kept for the next request: less than servers keep it, who would close it under one."""
_AGENT: Final = "carrierlab-sender"


class AgentPost:
    """A `Post` on a reactor. `close` it at the end."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pools: dict[str, HTTPConnectionPool] = {}
        self._closing: set[str] = set()  # pools whose server keeps no connection

    def __call__(self, request: Request) -> Deferred[Response]:
        """Make a request; `Unreached` when there is no answer."""
        return Exchange(self, request).result

    @property
    def reactor(self) -> Any:
        """What it runs on."""
        return self._reactor

    def heard(self, request: Request, response: IResponse) -> None:
        """A server of HTTP/1.0 closes the connection after each answer: it is not kept for the next request."""
        if response.version[1:] < (1, 1):
            self._closing.add(request.pool)

    def close(self) -> Deferred[None]:
        """Close the connections that were kept."""
        closing: Deferred[None] = Deferred()
        waiting = len(self._pools)
        if not waiting:
            closing.callback(None)

        def closed(_: object) -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                closing.callback(None)

        for pool in self._pools.values():
            pool.closeCachedConnections().addBoth(closed)  # type: ignore[no-untyped-call]
        return closing

    def agent(self, request: Request, *, fresh: bool) -> Agent:
        """What makes a request; `fresh`: on a connection of its own."""
        fresh = fresh or request.pool in self._closing
        pool = None if fresh else self._pools.get(request.pool)
        if pool is None and not fresh:
            pool = self._pools[request.pool] = HTTPConnectionPool(self._reactor, persistent=True)  # type: ignore[no-untyped-call]
            pool.cachedConnectionTimeout = _IDLE  # type: ignore[assignment]
            pool.retryAutomatically = False
            pool.maxPersistentPerHost = 64
        endpoints = _Endpoints(self._reactor, request)
        agent: Agent = Agent.usingEndpointFactory(self._reactor, endpoints, pool)  # type: ignore[no-untyped-call]
        return agent


class Exchange:
    """One request and its answer, within one time limit."""

    def __init__(self, post: AgentPost, request: Request) -> None:
        self.result: Deferred[Response] = Deferred(self._cancelled)
        self._post = post
        self._request = request
        self._over = False
        self._again = False
        self._late = False
        self._reading: _Beginning | None = None
        self._timer = post.reactor.callLater(request.timeout, self._time_is_up)
        self._asked: Deferred[IResponse]
        self._ask()

    def _ask(self) -> None:
        request = self._request
        headers = Headers({name: [value] for name, value in request.headers.items()})
        headers.setRawHeaders("user-agent", [_AGENT])
        self._asked = self._post.agent(request, fresh=self._again).request(
            b"POST", request.url.encode("ascii"), headers, _Body(request.body)
        )
        self._asked.addCallbacks(self._answered, self._unreached)

    def _answered(self, response: IResponse) -> None:
        if self._over:
            return
        self._post.heard(self._request, response)
        retry_after = response.headers.getRawHeaders("retry-after") or [""]
        self._reading = _Beginning(response.code, retry_after[0][:100])
        self._reading.done.addCallback(self._finish)
        response.deliverBody(self._reading)  # type: ignore[no-untyped-call]

    def _unreached(self, failure: Failure) -> None:
        if self._over:
            return
        if self._late:
            self._finish(Unreached(f"no answer within {self._request.timeout:g} s"))
        elif not self._again and failure.check(ResponseNeverReceived, RequestTransmissionFailed):  # type: ignore[no-untyped-call]
            # A connection that was kept may be closed by the server while the request is on its way. An event may
            # come twice, so it is asked once more, on a new one.
            self._again = True
            self._ask()
        else:
            self._finish(_explained(failure))

    def _time_is_up(self) -> None:
        self._late = True
        if self._reading is not None:
            self._reading.drop()  # the status is known: that the text goes on changes nothing
        else:
            self._asked.cancel()

    def _cancelled(self, _: Deferred[Response]) -> None:
        self._end()
        if self._reading is not None:
            self._reading.drop()
        else:
            self._asked.cancel()

    def _finish(self, result: Response | Unreached) -> None:
        if self._over:
            return
        self._end()
        if isinstance(result, Response):
            self.result.callback(result)
        else:
            self.result.errback(result)

    def _end(self) -> None:
        self._over = True
        if self._timer.active():
            self._timer.cancel()


def _explained(failure: Failure) -> Unreached:
    """Why there was no answer, for people."""
    error: BaseException | None = failure.value
    if isinstance(error, ResponseFailed | RequestTransmissionFailed) and error.reasons:
        error = error.reasons[0].value
    if isinstance(error, Unreached):
        return error
    if isinstance(error, CancelledError):
        return Unreached("the request was dropped")
    if isinstance(error, ConnectError):
        return Unreached(f"cannot connect: {error.osError or error}")
    if isinstance(error, ConnectionClosed):
        return Unreached("the connection was closed before an answer came")
    if isinstance(error, CertificateRefused):
        return Unreached(f"TLS: {error}")
    if type(error).__module__.startswith(("OpenSSL", "service_identity", "twisted.internet._sslverify")):
        return Unreached(f"TLS: {_tls_words(error)}")
    return Unreached(f"{type(error).__name__}: {error}".rstrip(": "))


def _tls_words(error: BaseException | None) -> str:
    texts = [str(part) for entry in getattr(error, "args", ()) for part in _flat(entry) if part]
    return texts[-1] if texts else type(error).__name__


def _flat(entry: Any) -> Sequence[Any]:
    if isinstance(entry, list | tuple):
        return [part for inner in entry for part in _flat(inner)]
    return [entry]


# --- the beginning of a body ----------------------------------------------------------------------


class _Beginning(Protocol):
    def __init__(self, status: int, retry_after: str) -> None:
        self.done: Deferred[Response] = Deferred()
        self._status = status
        self._retry_after = retry_after
        self._octets = bytearray()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep the beginning."""
        self._octets.extend(data[: _KEPT - len(self._octets)])

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        """The body is over, or was cut; the status holds either way."""
        if not self.done.called:
            text = self._octets.decode("utf-8", "replace")
            self.done.callback(Response(self._status, self._retry_after, text))

    def drop(self) -> None:
        """Read no more."""
        if self.transport is not None:
            self.transport.loseConnection()
        self.connectionLost()


@implementer(IBodyProducer)
class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802 - Twisted's name
        """Write all of it."""
        consumer.write(self._body)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def resumeProducing(self) -> None:  # noqa: N802
        """It is written already."""

    def stopProducing(self) -> None:  # noqa: N802
        """It is written already."""


# --- connections ----------------------------------------------------------------------------------


class _Bounded(ProtocolWrapper):
    """Lets through so many octets from one request to the next."""

    _heard = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._heard += len(data)
        if self._heard > _MOST:
            self.transport.abortConnection()  # type: ignore[union-attr]
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def write(self, data: bytes) -> None:
        self._heard = 0
        super().write(data)  # type: ignore[no-untyped-call]

    def writeSequence(self, data: Any) -> None:  # noqa: N802
        self._heard = 0
        super().writeSequence(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(WrappingFactory):
    protocol = _Bounded
    noisy = False


@implementer(IAgentEndpointFactory)
class _Endpoints:
    def __init__(self, reactor: Any, request: Request) -> None:
        self._reactor = reactor
        self._request = request

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:  # noqa: N802 - Twisted's name
        """Where the request goes."""
        host = uri.host.decode("ascii").strip("[]")
        endpoint: IStreamClientEndpoint = _Judged(self._reactor, host, uri.port, self._request)
        if uri.scheme == b"https" and self._request.tls is not None:
            endpoint = self._request.tls.around(endpoint, host, self._reactor)
        return _Guarded(endpoint)


@implementer(IStreamClientEndpoint)
class _Guarded:
    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 - Twisted's name
        """Connect, with a bound on what is read."""
        connecting = self._endpoint.connect(_BoundedFactory(protocolFactory))  # type: ignore[no-untyped-call]
        return connecting.addCallback(_inner)


def _inner(wrapper: Any) -> IProtocol:
    inner: IProtocol = wrapper.wrappedProtocol
    return inner


@implementer(IStreamClientEndpoint)
class _Judged:
    """Resolves, judges every address, and connects to the first good one that answers."""

    def __init__(self, reactor: Any, host: str, port: int, request: Request) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._request = request

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 - Twisted's name
        """Connect; `Forbidden` when no address may be used."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        found = await _Resolution.of(self._reactor, self._host, self._port)
        if not found:
            raise Unreached(f"{self._host} has no address")
        judged = [(address, why_not(address, allow_private=self._request.allow_private)) for address in found]
        good = [address for address, reason in judged if reason is None]
        if not good:
            address, reason = judged[0]
            raise Forbidden(f"{self._host} leads to {address}, {reason}: refused")
        error: ConnectError | None = None
        for address in good:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            try:
                return await kind(self._reactor, address, self._port, self._request.timeout).connect(factory)
            except ConnectError as refused:
                error = refused
        assert error is not None  # noqa: S101 - some address was tried
        raise error


@implementer(IResolutionReceiver)
class _Resolution:
    def __init__(self) -> None:
        self.done: Deferred[list[str]] = Deferred()
        self._found: list[str] = []

    @classmethod
    def of(cls, reactor: Any, host: str, port: int) -> Deferred[list[str]]:
        """The addresses of a host."""
        receiver = cls()
        reactor.nameResolver.resolveHostName(receiver, host, port, transportSemantics="TCP")
        return receiver.done

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803 - Twisted's names
        """It has begun."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        """One was found."""
        host: str = address.host  # type: ignore[attr-defined]
        if host not in self._found:
            self._found.append(host)

    def resolutionComplete(self) -> None:  # noqa: N802
        """All were found."""
        if not self.done.called:
            self.done.callback(self._found)
