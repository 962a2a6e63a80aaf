"""TLS where others connect to us: the HTTP API, and operators that ask us to bind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from smppkit.tls import ServerTls, TlsServer


class ServerTlsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Take connections over TLS (1.2 or later) only. Files are in PEM form."""

    certificate: Annotated[Path, Meta(description="Our certificate, and the chain behind it")]
    key: Annotated[Path, Meta(description="Its private key, unencrypted")]
    client_ca: Annotated[Path, Meta(description="Who must have signed the certificate of whoever connects")] | None = (
        None
    )

    @property
    def files(self) -> ServerTls:
        """As the protocol library wants them."""
        return ServerTls(self.certificate, self.key, self.client_ca)

    def check(self) -> None:
        """TlsFileError when a file cannot be used."""
        TlsServer(self.files)
