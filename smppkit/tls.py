"""SMPP over TLS: both ends, with the certificates and keys of PEM files. At least TLS 1.2.

TLS lies around a factory or an endpoint, so it runs over every transport, simulated ones too. What OpenSSL needs is
imported when the first file is read: who does without TLS does without that.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

if TYPE_CHECKING:
    from cryptography import x509

_PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_LARGEST_FILE = 1 << 20


class TlsFileError(Exception):
    """A file cannot be used; the text names it and says what to do. `key` is that of the setting: certificate, ..."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class CertificateRefused(Exception):
    """The peer's certificate is not accepted; the text says why, for people."""


class ServerTls(msgspec.Struct, frozen=True):
    """The files of a server; with `client_ca` clients must show a certificate that it has signed (mutual TLS)."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class ClientTls(msgspec.Struct, frozen=True):
    """The files of a client. Servers are held to `ca`, or to what the system trusts, and to their name."""

    ca: Annotated[Path, Meta(description="Whom to trust; the system's authorities when omitted")] | None = None
    certificate: Annotated[Path, Meta(description="Our certificate, where the operator wants one")] | None = None
    key: Annotated[Path, Meta(description="Its private key")] | None = None
    server_name: Annotated[str, Meta(description="Name in the operator's certificate; `host` when omitted")] = ""


class TlsServer:
    """What a server needs to take TLS connections. TlsFileError when it is made of files that cannot be used."""

    def __init__(self, files: ServerTls) -> None:
        from twisted.internet.ssl import CertificateOptions, TLSVersion

        key, certificate, chain = _identity(files.certificate, files.key)
        self._options = CertificateOptions(
            privateKey=key,
            certificate=certificate,
            extraCertChain=chain,
            trustRoot=None if files.client_ca is None else _trust("client_ca", files.client_ca),
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )
        self._options.getContext()

    def around(self, factory: IProtocolFactory, clock: IReactorTime) -> IProtocolFactory:
        """A factory whose connections speak TLS and give the plain octets to those of `factory`."""
        from twisted.protocols.tls import TLSMemoryBIOFactory

        class Outer(TLSMemoryBIOFactory):
            def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
                # None turns the connection away, of which Twisted's own knows nothing.
                inner = self.wrappedFactory.buildProtocol(addr)
                return None if inner is None else self.protocol(self, inner)

        outer = Outer(self._options, False, factory, clock)
        outer.noisy = False
        return outer


class TlsClient:
    """What a client needs to connect over TLS. TlsFileError when it is made of files that cannot be used."""

    def __init__(self, files: ClientTls) -> None:
        from twisted.internet.ssl import TLSVersion

        self.files = files
        self._server_name = files.server_name
        self._trust = None if files.ca is None else _trust("ca", files.ca)
        self._options: dict[str, Any] = {"raiseMinimumTo": TLSVersion.TLSv1_2}
        if files.certificate is not None:
            if files.key is None:
                raise TlsFileError("key", f"certificate {files.certificate} has no key; name the file of its key")
            key, certificate, chain = _identity(files.certificate, files.key)
            self._options |= {"privateKey": key, "certificate": certificate, "extraCertChain": chain}
        elif files.key is not None:
            raise TlsFileError("certificate", f"key {files.key} has no certificate; name the file of its certificate")

    def around(self, endpoint: IStreamClientEndpoint, host: str, clock: IReactorTime) -> IStreamClientEndpoint:
        """An endpoint that connects as `endpoint` does, to `host`, and speaks TLS."""
        return _TlsEndpoint(endpoint, self._expecting(host), clock)

    def check(self, host: str) -> None:
        """TlsFileError where no certificate can be for the name that `host` has to show."""
        try:
            self._expecting(host)
        except UnicodeError:
            name = self._server_name or host
            raise TlsFileError(
                "server_name", f'no certificate can be for the name "{name}"; expected the name that it is for'
            ) from None

    def _expecting(self, host: str) -> _Explaining:
        from twisted.internet.ssl import optionsForClientTLS

        name = self._server_name or host
        options = optionsForClientTLS(name, trustRoot=self._trust, extraCertificateOptions=dict(self._options))
        return _Explaining(options, name)


@implementer(IStreamClientEndpoint)
class _TlsEndpoint:
    def __init__(self, endpoint: IStreamClientEndpoint, options: Any, clock: IReactorTime) -> None:
        self._endpoint = endpoint
        self._options = options
        self._clock = clock

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 - Twisted's name
        """Connect; the Deferred has the inner protocol. The handshake is still going on then."""
        from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol

        class Explained(TLSMemoryBIOProtocol):
            def failVerification(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
                # Twisted's own breaks off; OpenSSL, which is told to refuse, says it to the peer too.
                self._reason = reason

        outer = TLSMemoryBIOFactory(self._options, True, protocolFactory, self._clock)
        outer.protocol = Explained
        outer.noisy = False
        return self._endpoint.connect(outer).addCallback(_inner)


class _Explaining:
    """Makes connections as `options` do, and tells why a certificate is refused, where OpenSSL says only that it is."""

    def __init__(self, options: Any, name: str) -> None:
        from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
        from zope.interface import directlyProvides

        self._options = options
        self._name = name
        directlyProvides(self, IOpenSSLClientConnectionCreator)

    def clientConnectionForTLS(self, protocol: Any) -> Any:  # noqa: N802 - Twisted's name
        """A connection that takes no certificate that is not valid, trusted, and for the name."""
        from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER

        def refuse(reason: str) -> bool:
            protocol.failVerification(Failure(CertificateRefused(reason)))  # type: ignore[no-untyped-call]
            return False

        def verify(_connection: Any, certificate: Any, number: int, depth: int, ok: int) -> bool:
            try:
                if not ok:
                    return refuse(_why_refused(number, certificate, depth))
                other = _names_unless(self._name, certificate) if depth == 0 else None
                if other is not None:
                    names = ", ".join(other) or "no name"
                    return refuse(f"the certificate is not for the name {self._name} that was connected to: {names}")
            except Exception as error:  # noqa: BLE001 - it would be lost in OpenSSL; what cannot be checked is not trusted
                return refuse(f"the certificate cannot be checked: {error}")
            return True

        connection = self._options.clientConnectionForTLS(protocol)
        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection


def _names_unless(name: str, certificate: Any) -> list[str] | None:
    """The names that a certificate is for, when `name` is none of them (RFC 6125); None when it is one."""
    from service_identity import VerificationError
    from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
    from service_identity.pyopenssl import extract_patterns
    from twisted.internet.abstract import isIPAddress, isIPv6Address

    patterns = extract_patterns(certificate)
    wanted = IPAddress_ID(name) if isIPAddress(name) or isIPv6Address(name) else DNS_ID(name)
    try:
        verify_service_identity(patterns, [wanted], [])
    except VerificationError:
        written = (getattr(it, "pattern", "") for it in patterns)
        return [it.decode(errors="replace") if isinstance(it, bytes) else str(it) for it in written if it]
    return None


_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_CERT_*, of OpenSSL's x509_vfy.h
_WHY_REFUSED = {
    2: "the certificate's issuer is not trusted here; name a file with the issuer's certificate as ca",
    18: "the certificate is signed by itself and not trusted here; name it as ca if it is the right one",
    19: "the certificate's issuer is not trusted here; name a file with the issuer's certificate as ca",
    20: "the certificate's issuer is not trusted here; name a file with the issuer's certificate as ca",
    21: "the certificate's issuer is not known: the server does not send the whole chain",
    23: "the certificate is revoked",
    26: "the certificate is not made for a server",
}


def _why_refused(number: int, certificate: Any, depth: int) -> str:
    which = "the certificate" if depth == 0 else "the certificate of its issuer"
    if number in (_EXPIRED, _NOT_YET):
        found = certificate.to_cryptography()
        if number == _EXPIRED:
            return f"{which} has expired on {found.not_valid_after_utc:%Y-%m-%d %H:%M}Z"
        return f"{which} is not valid before {found.not_valid_before_utc:%Y-%m-%d %H:%M}Z"
    return _WHY_REFUSED.get(number, f"certificate verify failed (OpenSSL's reason {number})")


def _inner(protocol: Any) -> IProtocol:
    inner: IProtocol = protocol.wrappedProtocol
    return inner


# --- files ----------------------------------------------------------------------------------------


def _identity(certificate: Path, key: Path) -> tuple[Any, Any, list[Any]]:
    """The private key, its certificate and the rest of the chain.

    They are of `cryptography`, which pyOpenSSL asks for; what Twisted says of its arguments is older.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    first, *chain = _certificates("certificate", certificate)
    octets = _read("key", key)
    try:
        private = load_pem_private_key(octets, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
        raise TlsFileError(
            "key", f"{key} holds no private key that can be read; expected an unencrypted key in PEM form"
        ) from error
    if private.public_key() != first.public_key():
        raise TlsFileError(
            "key", f"{key} is not the key of {certificate}; name the key that the certificate was made for"
        )
    return private, first, chain


def _certificates(setting: str, path: Path) -> list[x509.Certificate]:
    from cryptography.x509 import load_pem_x509_certificate

    found = []
    for block in _PEM_CERTIFICATE.findall(_read(setting, path)):
        try:
            found.append(load_pem_x509_certificate(block))
        except ValueError as error:
            raise TlsFileError(
                setting, f"certificate {len(found) + 1} of {path} cannot be read; make the file anew"
            ) from error
    if not found:
        raise TlsFileError(setting, f"{path} holds no certificate; expected one in PEM form (BEGIN CERTIFICATE)")
    return found


def _trust(setting: str, path: Path) -> Any:
    from OpenSSL.crypto import X509
    from twisted.internet.ssl import Certificate, trustRootFromCertificates

    # Here pyOpenSSL takes objects of its own only.
    authorities = [
        Certificate(X509.from_cryptography(found))  # type: ignore[no-untyped-call]
        for found in _certificates(setting, path)
    ]
    return trustRootFromCertificates(authorities)  # type: ignore[no-untyped-call]


def _read(setting: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE)
    except OSError as error:
        raise TlsFileError(
            setting, f"cannot read {path}: {error.strerror or error}; name a file in PEM form that can be read"
        ) from error
