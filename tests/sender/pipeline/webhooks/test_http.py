"""Requests over real sockets on this machine: what is connected to, what is believed, and what has an end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol

from sender.pipeline.webhooks.http import AgentPost
from sender.pipeline.webhooks.posting import Forbidden, Request, Response, Unreached
from smppkit.tls import ClientTls, ServerTls, TlsClient, TlsServer
from tests.certificates import Authority

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server(Protocol):
    """Says what it is told to, when a request is whole."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        desk: Desk = self.factory.desk  # type: ignore[attr-defined, union-attr]
        desk.heard += data
        if desk.heard.endswith(desk.end):
            desk.requests.append(bytes(desk.heard))
            desk.heard.clear()
            desk.act(self)

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        desk: Desk = self.factory.desk  # type: ignore[attr-defined, union-attr]
        desk.servers.remove(self)


class Desk:
    """A server on a port of this machine, and the client."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.end = b"{}"
        self.requests: list[bytes] = []
        self.connections = 0
        self.act: Callable[[Server], None] = lambda server: self.say(server, ANSWER)
        self.post = AgentPost(reactor)
        self.port: Any = None
        self.servers: list[Server] = []

    async def listen(self, tls: TlsServer | None = None) -> None:
        desk = self

        class Serving(Factory):
            noisy = False

            def buildProtocol(self, addr: Any) -> Server:  # noqa: N802 - Twisted's name
                desk.connections += 1
                server = Server()
                server.factory = self
                desk.servers.append(server)
                return server

        factory: Any = Serving()
        factory.desk = self
        outer = factory if tls is None else tls.around(factory, reactor)  # type: ignore[arg-type]
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(outer)
        self.number = self.port.getHost().port

    def say(self, server: Server, octets: bytes) -> None:
        assert server.transport is not None
        server.transport.write(octets)

    def request(self, host: str = "127.0.0.1", scheme: str = "http", **fields: Any) -> Deferred[Response]:
        usual = {
            "headers": {"webhook-id": "evt_1"},
            "body": b"{}",
            "timeout": 5.0,
            "allow_private": True,
            "pool": "crm",
        }
        return self.post(Request(url=f"{scheme}://{host}:{self.number}/hook?a=b", **({"pool": "crm"} | usual | fields)))

    async def refused(self, *, host: str = "127.0.0.1", **fields: Any) -> str:
        with pytest.raises(Unreached) as raised:
            await self.request(host, **fields)
        return str(raised.value)

    async def close(self) -> None:
        await self.post.close()
        for server in list(self.servers):
            if server.transport is not None:
                server.transport.abortConnection()  # type: ignore[attr-defined]
        await maybeDeferred(self.port.stopListening)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    pytest_twisted.blockon(Deferred.fromCoroutine(desk.listen()))
    yield desk
    pytest_twisted.blockon(Deferred.fromCoroutine(desk.close()))


@pytest_twisted.ensureDeferred
async def test_a_request_is_posted_and_answered(desk: Desk) -> None:
    assert await desk.request() == Response(200, "", "ok")
    (request,) = desk.requests
    first, *lines = request.split(b"\r\n")
    assert first == b"POST /hook?a=b HTTP/1.1"
    assert {b"content-length: 2", b"webhook-id: evt_1"} <= {line.lower() for line in lines}
    assert request.endswith(b"\r\n\r\n{}")


@pytest_twisted.ensureDeferred
async def test_a_connection_is_used_again_within_a_pool_and_not_across(desk: Desk) -> None:
    for _ in range(3):
        await desk.request()
    assert desk.connections == 1
    await desk.request(pool="other")
    assert desk.connections == 2


@pytest_twisted.ensureDeferred
async def test_a_redirect_is_an_answer_like_any_other(desk: Desk) -> None:
    desk.act = lambda server: desk.say(
        server, b"HTTP/1.1 307 Elsewhere\r\nlocation: /other\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"
    )
    assert await desk.request() == Response(307, "7", "")
    assert len(desk.requests) == 1


@pytest_twisted.ensureDeferred
async def test_of_a_long_body_only_the_beginning_is_kept(desk: Desk) -> None:
    desk.act = lambda server: desk.say(server, b"HTTP/1.1 500 No\r\ncontent-length: 50000\r\n\r\n" + b"x" * 50000)
    answer = await desk.request()
    assert (answer.status, len(answer.text)) == (500, 2048)


@pytest_twisted.ensureDeferred
async def test_a_body_without_end_is_cut(desk: Desk) -> None:
    desk.act = lambda server: desk.say(server, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)
    answer = await desk.request()
    assert answer.status == 200


@pytest_twisted.ensureDeferred
async def test_headers_without_end_are_no_answer(desk: Desk) -> None:
    desk.act = lambda server: desk.say(server, b"HTTP/1.1 200 OK\r\n" + b"x-more: yes\r\n" * 100_000)
    assert "closed" in await desk.refused()


@pytest_twisted.ensureDeferred
async def test_a_server_that_never_answers_is_given_up(desk: Desk) -> None:
    desk.act = lambda server: None
    assert await desk.refused(timeout=0.05) == "no answer within 0.05 s"


@pytest_twisted.ensureDeferred
async def test_a_body_that_trickles_changes_nothing_about_the_status(desk: Desk) -> None:
    desk.act = lambda server: desk.say(server, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun")
    assert await desk.request(timeout=0.1) == Response(200, "", "begun")


@pytest_twisted.ensureDeferred
async def test_what_is_no_http_is_no_answer(desk: Desk) -> None:
    desk.act = lambda server: desk.say(server, b"220 mail.example ESMTP\r\n\r\n")
    assert await desk.refused(timeout=1.0)


@pytest_twisted.ensureDeferred
async def test_a_request_may_be_dropped(desk: Desk) -> None:
    dropped: Deferred[None] = Deferred()
    desk.act = lambda server: dropped.callback(None)
    asked = desk.request()
    failures: list[Any] = []
    asked.addErrback(failures.append)
    await dropped
    asked.cancel()
    assert len(failures) == 1


@pytest_twisted.ensureDeferred
async def test_nobody_listens(desk: Desk) -> None:
    await maybeDeferred(desk.port.stopListening)
    assert "cannot connect" in await desk.refused()


# --- where it leads -------------------------------------------------------------------------------


class Resolver:
    """Says other addresses every time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, host: str, port: int = 0, **_: Any) -> None:  # noqa: N802
        self.asked.append(host)
        receiver.resolutionBegan(None)
        for address in self.answers.pop(0):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()


class Resolving:
    """The reactor with another resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self.nameResolver = resolver

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("127.0.0.1", "an address of this machine"), ("10.1.2.3", "a private address"),
     ("::1", "an address of this machine"), ("::ffff:10.0.0.1", "a private address"),
     ("169.254.169.254", "an address of cloud metadata"),
     ("fe80::1", "a link-local address")],
)  # fmt: skip
@pytest_twisted.ensureDeferred
async def test_a_name_that_leads_into_our_network_is_refused(desk: Desk, address: str, reason: str) -> None:
    desk.post = AgentPost(Resolving(Resolver([address])))
    with pytest.raises(Forbidden, match=f"hooks.example leads to {address}, {reason}: refused"):
        await desk.request("hooks.example", allow_private=False)
    assert desk.connections == 0


@pytest_twisted.ensureDeferred
async def test_an_address_in_the_url_is_judged_too(desk: Desk) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost"):
        with pytest.raises(Forbidden):
            await desk.request(host, allow_private=False)
    assert desk.connections == 0


@pytest_twisted.ensureDeferred
async def test_a_name_is_asked_for_once_and_what_was_judged_is_what_is_connected_to(desk: Desk) -> None:
    """A name server that gives a good address to the judge has no second word (DNS rebinding)."""
    resolver = Resolver(["127.0.0.1"], ["169.254.169.254"])
    desk.post = AgentPost(Resolving(resolver))
    assert (await desk.request("hooks.example")).status == 200
    assert resolver.asked == ["hooks.example"]


@pytest_twisted.ensureDeferred
async def test_of_several_addresses_only_good_ones_are_tried(desk: Desk) -> None:
    desk.post = AgentPost(Resolving(Resolver(["169.254.169.254", "::ffff:169.254.169.254", "127.0.0.1"])))
    assert (await desk.request("hooks.example")).status == 200


@pytest_twisted.ensureDeferred
async def test_a_name_without_address(desk: Desk) -> None:
    desk.post = AgentPost(Resolving(Resolver([])))
    assert await desk.refused(host="nowhere.example") == "nowhere.example has no address"


# --- TLS ------------------------------------------------------------------------------------------


async def over_tls(tmp_path: Path, *, host: str = "127.0.0.1", expired: bool = False, trusted: bool = True) -> str:
    """What becomes of a request over TLS."""
    authority = Authority(tmp_path)
    certificate, key = authority.signs("hooks", host, expired=expired)
    desk = Desk()
    await desk.listen(TlsServer(ServerTls(certificate, key)))
    try:
        tls = TlsClient(ClientTls(authority.path if trusted else None))
        return str((await desk.request(scheme="https", tls=tls)).status)
    except Unreached as error:
        assert desk.requests == []
        return str(error)
    finally:
        await desk.close()


@pytest_twisted.ensureDeferred
async def test_the_certificate_is_held_to_authority_name_and_date(tmp_path: Path) -> None:
    assert await over_tls(tmp_path) == "200"
    assert (await over_tls(tmp_path, trusted=False)).startswith("TLS: ")
    assert (await over_tls(tmp_path, expired=True)).startswith("TLS: ")
    assert (await over_tls(tmp_path, host="192.0.2.1")).startswith("TLS: ")
