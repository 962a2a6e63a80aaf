"""An operator and its accounts in the configuration."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from sender.config.binds import BindMode, Binds, Endpoint, OutbindConfig, SmppVersion, is_host
from sender.config.receipts import ReceiptsConfig
from sender.config.retrying import OperatorRetry
from sender.config.secrets import LIMITS, field_problem, secret_problems
from sender.config.text import TextConfig
from sender.config.timers import TimersConfig
from smppkit.tls import ClientTls, TlsClient
from yamlmodel.scalars import Duration, Percent, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Source(msgspec.Struct, frozen=True):
    """Type of number and numbering plan of the source address (SMPP 3.4 §5.2.5, §5.2.6)."""

    ton: Annotated[int, Meta(description="Type of number", ge=0, le=6)]
    npi: Annotated[int, Meta(description="Numbering plan", ge=0, le=18)]


class TlsConfig(ClientTls, frozen=True):
    """Connect over TLS. Files are in PEM form."""

    def client(self) -> TlsClient:
        """What connects so; TlsFileError when a file cannot be used."""
        return TlsClient(self)


class AccountConfig(TextConfig, frozen=True, kw_only=True):
    """One account of an operator. Exactly one of password, password_env and password_file is given."""

    host: Annotated[str, Meta(description="Name or address; or `endpoints`")] = ""
    port: Annotated[int, Meta(description="TCP port", ge=1, le=65535)] = 2775
    endpoints: Annotated[
        list[Endpoint], Meta(description="Instead of `host`: several, the first that answers is used")
    ] = msgspec.field(default_factory=list)
    tls: Annotated[TlsConfig, Meta(description="Connect over TLS; `{}` takes the defaults")] | None = None
    system_id: Annotated[str, Meta(description="Who we are (required)")] = ""
    password: Annotated[str, Meta(description="The password itself")] | None = None
    password_env: Annotated[str, Meta(description="Environment variable with the password")] | None = None
    password_file: Annotated[Path, Meta(description="File with the password")] | None = None
    system_type: Annotated[str, Meta(description="Only when the operator gave one")] = ""
    interface_version: Annotated[SmppVersion, Meta(description="What the bind asks for")] = SmppVersion.V34
    address_range: Annotated[str, Meta(description="Only when the operator gave one", max_length=40)] = ""
    addr_ton: Annotated[int, Meta(description="Type of number of address_range", ge=0, le=255)] = 0
    addr_npi: Annotated[int, Meta(description="Numbering plan of address_range", ge=0, le=255)] = 0
    weight: Annotated[int, Meta(description="Its share beside the operator's other accounts", ge=1, le=1000)] = 1
    bind: Annotated[BindMode, Meta(description="How to bind, where `binds` is a number")] = BindMode.TRANSCEIVER
    binds: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | Binds,
        Meta(description="Connections (or pairs) at once, or how many of each"),
    ] = 1
    outbind: Annotated[OutbindConfig, Meta(description="Bind where the operator asks for it")] | None = None
    window: Annotated[
        Annotated[int, Meta(ge=1, le=10_000)] | Literal["auto"],
        Meta(description="Requests without a response, per bind; `auto`: what the rate needs at the latency there is"),
    ] = 10
    window_most: Annotated[int, Meta(description="With `auto`: the operator's limit", ge=1, le=10_000)] | None = None
    rate: Annotated[Rate, Meta(description="Segments, all binds together; omitted: no limit")] | None = None
    reserve: Annotated[Percent, Meta(description="Of window and rate, kept for codes while there are any")] = Percent(
        0.05
    )
    bind_rate: Annotated[Rate, Meta(description="Segments of each bind; omitted: no limit")] | None = None
    sender_rates: Annotated[
        dict[str, Rate], Meta(description="Segments by sender (source address), all binds together")
    ] = msgspec.field(default_factory=dict)
    response_timeout: Annotated[Duration, Meta(description="After it a submit is in doubt")] = Duration(30)
    enquire_link: Annotated[Duration, Meta(description="Silence before enquire_link")] = Duration(30)
    retry: Annotated[OperatorRetry, Meta(description="What is sent again, where it differs from the file")] = (
        OperatorRetry()
    )
    timers: Annotated[TimersConfig, Meta(description="The other timers")] = TimersConfig()
    source: Annotated[Source, Meta(description="Omitted: 5/0 for a name, 1/1 for a number")] | None = None
    receipts: Annotated[ReceiptsConfig, Meta(description="How its receipts are written")] = ReceiptsConfig()

    @property
    def secret(self) -> str:
        """The password, wherever it was kept. The configuration must come from `load_config`."""
        if self.password is None:
            raise RuntimeError("the password was not read: use load_config")
        return self.password

    @property
    def places(self) -> list[Endpoint]:
        """Where the operator is, in the order in which to try."""
        return self.endpoints or [
            Endpoint(f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")
        ]

    @property
    def pool(self) -> Binds:
        """How many connections of each kind."""
        if isinstance(self.binds, Binds):
            return self.binds
        if self.bind is BindMode.PAIR:
            return Binds(transmitters=self.binds, receivers=self.binds)
        return Binds(transceivers=self.binds)

    def problems(self) -> Problems:
        """What no single key shows."""
        yield from self._identity_problems()
        yield from self.text_problems()
        for key in ("response_timeout", "enquire_link"):
            if getattr(self, key) <= 0:
                yield (key,), "found 0s; expected more than 0s"
        if self.window_most is not None and self.window != "auto":
            yield ("window_most",), "found without `window: auto`; expected one of the two to be changed"
        if self.pool.transceivers and self.interface_version is SmppVersion.V33:
            yield ("interface_version",), "SMPP 3.3 has no transceivers; expected bind: transmitter+receiver"

    def _identity_problems(self) -> Problems:
        if not self.system_id:
            yield (), 'the key "system_id" is missing; expected text'
        if not self.host and not self.endpoints:
            yield (), 'the key "host" is missing; expected text (or "endpoints", a list)'
        if self.host and not is_host(self.host):
            yield ("host",), f'found "{self.host}"; expected a name or an address alone; the port goes into "port"'
        if self.host and self.endpoints:
            yield ("endpoints",), "host is given too; expected one of the two"
        yield from secret_problems(self)
        for key in LIMITS:
            problem = field_problem(key, getattr(self, key))
            if problem:
                yield (key,), problem

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.system_id}@{self.places[0]}>"  # never the password


class OperatorConfig(AccountConfig, frozen=True, kw_only=True):
    """An operator with one account, whose keys stand here, or with several.

    Each of `accounts` has all keys of an account; what it does not say is what is said here.
    """

    heirs: ClassVar[str] = "accounts"
    accounts: Annotated[
        dict[str, AccountConfig], Meta(description="Several accounts by name; routes call them `operator/account`")
    ] = msgspec.field(default_factory=dict)

    def problems(self) -> Problems:
        """What no single key shows."""
        if not self.accounts:
            yield from super().problems()
        for name in self.accounts:
            if "/" in name or not name:
                yield ("accounts", name), f'found the name "{name}"; expected one without "/"'

    def named(self, operator: str) -> dict[str, AccountConfig]:
        """Its accounts by the name that the rest of the program knows them by."""
        if not self.accounts:
            return {operator: self}
        return {f"{operator}/{name}": account for name, account in self.accounts.items()}

    def __repr__(self) -> str:
        if self.accounts:
            return f"<OperatorConfig {', '.join(self.accounts)}>"
        return super().__repr__()
