"""TLS around links: over real sockets on the loopback interface, with certificates made for the test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory

from smppkit.events import Bound, Event, Request
from smppkit.pdus import BindTransceiver
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.tls import ClientTls, ServerTls, TlsClient, TlsFileError, TlsServer
from smppkit.transport import TLS_ERROR, Link, TcpNetwork
from tests.certificates import Authority


class End:
    """One end: binds or answers binds, and tells what came of it."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.outcome: Deferred[str] = Deferred()
        self.gone: Deferred[str] = Deferred()
        self.link: Link

    def buildProtocol(self, addr: object) -> Link:  # noqa: N802
        return Link(lambda now: Session(self.role, SessionConfig(), now), self, reactor)

    def doStart(self) -> None:  # noqa: N802
        pass

    def doStop(self) -> None:  # noqa: N802
        pass

    def connected(self, link: Link) -> None:
        self.link = link
        if self.role is Role.ESME:
            link.send(BindTransceiver(system_id="shop"))

    def received(self, link: Link, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Request):
                link.respond(event.pdu.response(system_id="op"))
            elif isinstance(event, Bound) and not self.outcome.called:
                self.outcome.callback("bound")

    def disconnected(self, link: Link, reason: str) -> None:
        if not self.outcome.called:
            self.outcome.callback(reason)
        self.gone.callback(reason)


async def outcome(server: ServerTls | None, client: ClientTls | None, host: str = "127.0.0.1") -> tuple[str, str]:
    """What the client and the server see of a connection: "bound", or why not. Everything is closed afterwards."""
    smsc, esme = End(Role.SMSC), End(Role.ESME)
    network = TcpNetwork(reactor)
    factory: Any = smsc if server is None else TlsServer(server).around(smsc, reactor)
    port = await network.server("127.0.0.1", 0).listen(factory)
    endpoint = network.client("127.0.0.1", port.getHost().port, 5)
    if client is not None:
        endpoint = TlsClient(client).around(endpoint, host, reactor)
    link: Any = await endpoint.connect(esme)
    assert isinstance(link, Link)
    seen = await esme.outcome, await smsc.outcome
    link.close()
    await esme.gone
    await smsc.gone
    await port.stopListening()
    return seen


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest_twisted.ensureDeferred
async def test_a_client_that_trusts_the_authority_binds(ca: Authority) -> None:
    assert await outcome(ServerTls(*ca.signs("op")), ClientTls(ca=ca.path)) == ("bound", "bound")


@pytest_twisted.ensureDeferred
async def test_the_server_may_be_known_by_another_name_than_its_address(ca: Authority) -> None:
    files = ServerTls(*ca.signs("op", "smsc.example"))
    assert await outcome(files, ClientTls(ca=ca.path, server_name="smsc.example")) == ("bound", "bound")
    refused, _ = await outcome(files, ClientTls(ca=ca.path))
    assert refused == TLS_ERROR + ("the certificate is not for the name 127.0.0.1 that was connected to: smsc.example")


@pytest_twisted.ensureDeferred
async def test_a_client_refuses_an_expired_certificate(ca: Authority) -> None:
    client, server = await outcome(ServerTls(*ca.signs("op", expired=True)), ClientTls(ca=ca.path))
    assert client.startswith(TLS_ERROR + "the certificate has expired on 2")
    assert server.startswith(TLS_ERROR)


@pytest_twisted.ensureDeferred
async def test_a_client_refuses_a_certificate_of_an_authority_that_it_does_not_know(
    ca: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other-ca")
    client, _ = await outcome(ServerTls(*ca.signs("op")), ClientTls(ca=other.path))
    assert client == TLS_ERROR + (
        "the certificate's issuer is not trusted here; name a file with the issuer's certificate as ca"
    )


@pytest_twisted.ensureDeferred
async def test_mutual_tls_lets_in_who_shows_a_certificate_of_the_authority(ca: Authority) -> None:
    server = ServerTls(*ca.signs("op"), client_ca=ca.path)
    assert await outcome(server, ClientTls(ca.path, *ca.signs("esme"))) == ("bound", "bound")


@pytest_twisted.ensureDeferred
async def test_mutual_tls_refuses_who_shows_none_or_another_ones(ca: Authority, tmp_path: Path) -> None:
    server = ServerTls(*ca.signs("op"), client_ca=ca.path)
    _, seen = await outcome(server, ClientTls(ca=ca.path))
    assert seen == TLS_ERROR + "peer did not return a certificate"
    other = Authority(tmp_path, "other-ca")
    _, seen = await outcome(server, ClientTls(ca.path, *other.signs("stranger")))
    assert seen == TLS_ERROR + "certificate verify failed"


@pytest_twisted.ensureDeferred
async def test_plain_smpp_on_a_tls_port_ends_with_a_word_about_tls(ca: Authority) -> None:
    _, server = await outcome(ServerTls(*ca.signs("op")), None)
    assert re.match(TLS_ERROR + ".*(wrong version|record|packet)", server)


@pytest_twisted.ensureDeferred
async def test_tls_on_a_plain_port_ends_in_a_broken_stream(ca: Authority) -> None:
    client, server = await outcome(None, ClientTls(ca=ca.path))
    assert client.startswith(TLS_ERROR)
    assert server.startswith("broken stream")


# --- files ----------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_its_setting_and_what_to_do(ca: Authority, tmp_path: Path) -> None:
    certificate, _ = ca.signs("op")
    with pytest.raises(TlsFileError, match=r"cannot read .*none\.key: No such file.*; name a file") as error:
        TlsServer(ServerTls(certificate, tmp_path / "none.key"))
    assert error.value.key == "key"


def test_a_file_without_a_certificate_says_so(ca: Authority, tmp_path: Path) -> None:
    _, key = ca.signs("op")
    with pytest.raises(TlsFileError, match=r"op\.key holds no certificate; expected one in PEM form") as error:
        TlsServer(ServerTls(key, key))
    assert error.value.key == "certificate"
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n")
    with pytest.raises(TlsFileError, match=r"certificate 1 of .*broken\.pem cannot be read"):
        TlsServer(ServerTls(broken, key))


def test_a_key_of_another_certificate_is_found_at_once(ca: Authority) -> None:
    certificate, _ = ca.signs("op")
    _, key = ca.signs("other")
    with pytest.raises(TlsFileError, match=r"other\.key is not the key of .*op\.pem"):
        TlsServer(ServerTls(certificate, key))


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_passphrase(ca: Authority) -> None:
    with pytest.raises(TlsFileError, match="expected an unencrypted key"):
        TlsServer(ServerTls(*ca.signs("op", passphrase=b"secret")))


def test_a_client_certificate_needs_its_key_and_the_key_its_certificate(ca: Authority) -> None:
    certificate, key = ca.signs("esme")
    with pytest.raises(TlsFileError, match="has no key"):
        TlsClient(ClientTls(certificate=certificate))
    with pytest.raises(TlsFileError, match="has no certificate"):
        TlsClient(ClientTls(key=key))


def test_a_wrong_authority_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TlsFileError) as error:
        TlsClient(ClientTls(ca=tmp_path / "none.pem"))
    assert error.value.key == "ca"


def test_factory_is_quiet(ca: Authority) -> None:
    assert not TlsServer(ServerTls(*ca.signs("op"))).around(Factory(), reactor).noisy
