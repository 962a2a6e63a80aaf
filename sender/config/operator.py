"""An operator account in the configuration."""

import enum
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sender.config.secrets import LIMITS, field_problem
from sender.config.text import TextConfig
from smppkit.tls import ClientTls, TlsClient
from yamlmodel.scalars import Duration, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class BindMode(enum.Enum):
    """How one connection (or pair of connections) is bound."""

    TRANSCEIVER = "transceiver"
    PAIR = "transmitter+receiver"


class Source(msgspec.Struct, frozen=True):
    """Type of number and numbering plan of the source address (SMPP 3.4 §5.2.5, §5.2.6)."""

    ton: Annotated[int, Meta(description="Type of number", ge=0, le=6)]
    npi: Annotated[int, Meta(description="Numbering plan", ge=0, le=18)]


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Connect over TLS. Files are in PEM form."""

    ca: Annotated[Path, Meta(description="Whom to trust; the system's authorities when omitted")] | None = None
    certificate: Annotated[Path, Meta(description="Our certificate, where the operator wants one")] | None = None
    key: Annotated[Path, Meta(description="Its private key")] | None = None
    server_name: Annotated[str, Meta(description="Name in the operator's certificate; `host` when omitted")] = ""

    def client(self) -> TlsClient:
        """What connects so; TlsFileError when a file cannot be used."""
        return TlsClient(ClientTls(self.ca, self.certificate, self.key, self.server_name))


class OperatorConfig(TextConfig, frozen=True, kw_only=True):
    """An operator account. Exactly one of password, password_env and password_file is given."""

    host: Annotated[str, Meta(description="Name or address", min_length=1)]
    port: Annotated[int, Meta(description="TCP port", ge=1, le=65535)] = 2775
    tls: Annotated[TlsConfig, Meta(description="Connect over TLS; `{}` takes the defaults")] | None = None
    system_id: Annotated[str, Meta(description="Who we are", min_length=1)]
    password: Annotated[str, Meta(description="The password itself")] | None = None
    password_env: Annotated[str, Meta(description="Environment variable with the password")] | None = None
    password_file: Annotated[Path, Meta(description="File with the password")] | None = None
    system_type: Annotated[str, Meta(description="Only when the operator gave one")] = ""
    bind: Annotated[BindMode, Meta(description="How to bind")] = BindMode.TRANSCEIVER
    binds: Annotated[int, Meta(description="Connections (or pairs) at once", ge=1, le=100)] = 1
    window: Annotated[int, Meta(description="Requests without a response, per bind", ge=1, le=10_000)] = 10
    rate: Annotated[Rate, Meta(description="Segments, all binds together; omitted: no limit")] | None = None
    response_timeout: Annotated[Duration, Meta(description="After it a submit is in doubt")] = Duration(30)
    enquire_link: Annotated[Duration, Meta(description="Silence before enquire_link")] = Duration(30)
    source: Annotated[Source, Meta(description="Omitted: 5/0 for a name, 1/1 for a number")] | None = None

    @property
    def secret(self) -> str:
        """The password, wherever it was kept. The configuration must come from `load_config`."""
        if self.password is None:
            raise RuntimeError("the password was not read: use load_config")
        return self.password

    def problems(self) -> Problems:
        """What no single key shows."""
        given = [key for key in ("password", "password_env", "password_file") if getattr(self, key) is not None]
        if not given:
            yield (), "no password; expected one of password, password_env, password_file"
        for key in given[1:]:
            yield (key,), f"{given[0]} is given too; expected exactly one of password, password_env, password_file"
        for key in LIMITS:
            problem = field_problem(key, getattr(self, key))
            if problem:
                yield (key,), problem
        yield from self.text_problems()
        for key in ("response_timeout", "enquire_link"):
            if getattr(self, key) <= 0:
                yield (key,), "found 0s; expected more than 0s"

    def __repr__(self) -> str:
        return f"<OperatorConfig {self.system_id}@{self.host}:{self.port}>"  # never the password
