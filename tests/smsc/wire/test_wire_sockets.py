"""The wire on real sockets: segments travel alone, a reset is one, the beginning of a PDU arrives before it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL.crypto import X509, PKey
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from smsc.faults.active import ActiveFaults
from smsc.wire.wire import FaultyWire
from tests.smsc.faults.bench import RESP, SUBMIT, entry

# Twisted hands OpenSSL its older objects; that is between the two.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")


class End(Protocol):
    """Says something when it hears something, and keeps what it hears."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.segments: list[bytes] = []
        self.lost: Deferred[type[Exception]] = Deferred()

    def connectionMade(self) -> None:  # noqa: N802
        self.transport.setTcpNoDelay(True)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.segments.append(data)
        if self.answer:
            self.transport.write(self.answer)  # type: ignore[union-attr]

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        self.lost.callback(type(reason.value))


def over_tls(server: Factory, client: Factory) -> tuple[Any, Any]:
    """The same factories with TLS around them, and a certificate that nobody checks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    options = CertificateOptions(PKey.from_cryptography_key(key), X509.from_cryptography(certificate))
    return TLSMemoryBIOFactory(options, False, server), TLSMemoryBIOFactory(CertificateOptions(), True, client)


async def played(*faults: str, tls: bool = False) -> tuple[End, End, type[Exception]]:
    """A client says SUBMIT and hears RESP through faults, until the connection ends; how it ended for the client."""
    active = ActiveFaults(1, "one")
    for fault in faults:
        active.begin(entry(fault))
    served, client = End(RESP), End()
    made = Factory()
    made.noisy = False
    made.buildProtocol = lambda addr: FaultyWire(served, reactor, active, key="1")  # type: ignore
    calling = Factory()
    calling.noisy = False
    calling.buildProtocol = lambda addr: client  # type: ignore
    if tls:
        made, calling = over_tls(made, calling)
    port: Any = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(made)
    await HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port).connect(calling)
    client.transport.write(SUBMIT)  # type: ignore[union-attr]
    how = await client.lost
    await served.lost
    await port.stopListening()
    return served, client, how


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest_twisted.ensureDeferred
async def test_sliced_octets_come_in_many_segments_and_the_close_behind_them(tls: bool) -> None:
    cut = "{fault: slice, size: 1, gap: 2ms}"
    served, client, how = await played("{fault: close-after, octets: 20}", cut, tls=tls)
    assert b"".join(served.segments) == SUBMIT
    assert b"".join(client.segments) == RESP[:20]
    assert len(client.segments) > 5
    assert how is ConnectionDone


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest_twisted.ensureDeferred
async def test_the_beginning_of_a_pdu_arrives_and_then_a_reset(tls: bool) -> None:
    _, client, how = await played("{fault: reset-in-pdu, octets: 10}", tls=tls)
    assert b"".join(client.segments) == RESP[:10]
    assert how is ConnectionLost


@pytest_twisted.ensureDeferred
async def test_a_reset_at_the_submit_is_one_and_the_submit_is_not_heard() -> None:
    served, client, how = await played("{fault: reset, stage: submit}")
    assert (served.segments, client.segments, how) == ([], [], ConnectionLost)
