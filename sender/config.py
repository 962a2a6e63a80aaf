"""The sender's configuration file, as a model; `load_config` reads it."""

import enum
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final, Self

import msgspec
import phonenumbers
from msgspec import Meta

from sender.domain.retry import RetryPolicy
from sender.domain.routing import Route
from smppkit.segments import LongMessage
from smppkit.text import Alphabet
from smppkit.tls import ClientTls, TlsClient, TlsFileError
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load_located
from yamlmodel.scalars import Duration, Rate
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]

# Longest values of the bind request's C-strings, terminator excluded (SMPP 3.4 §4.1.1).
_LIMITS: Final = {"system_id": 15, "password": 8, "system_type": 12}


class Country(str):
    """A region as phone numbers know it, written `KZ`; ISO 3166-1 alpha-2."""

    __slots__ = ()
    expected: ClassVar[str] = "a country code of two letters such as KZ"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        region = text.strip().upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"expected {cls.expected}")
        return cls(region)


class Prefix(str):
    """The first digits of international numbers, written `7705`."""

    __slots__ = ()
    expected: ClassVar[str] = "the first digits of international numbers, without plus, such as 7705"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
            raise ValueError(f"expected {cls.expected}")
        return cls(text)


class BindMode(enum.Enum):
    """How one connection (or pair of connections) is bound."""

    TRANSCEIVER = "transceiver"
    PAIR = "transmitter+receiver"


class Source(msgspec.Struct, frozen=True):
    """Type of number and numbering plan of the source address (SMPP 3.4 §5.2.5, §5.2.6)."""

    ton: Annotated[int, Meta(description="Type of number", ge=0, le=6)]
    npi: Annotated[int, Meta(description="Numbering plan", ge=0, le=18)]


class RouteConfig(Route, frozen=True):
    """One route; the longest prefix wins."""

    operator: Annotated[str, Meta(description="Name of an operator above")]
    prefix: Annotated[Prefix, Meta(description="First digits; omitted: the default route")] = Prefix("")


class RetryConfig(RetryPolicy, frozen=True):
    """When a message that was refused for now is submitted again."""

    first: Annotated[Duration, Meta(description="Wait after the first refusal; doubles every time")] = Duration(1)
    longest: Annotated[Duration, Meta(description="The wait grows no further")] = Duration(60)
    give_up: Annotated[Duration, Meta(description="Since the first submit; after it the refusal is final")] = Duration(
        3600
    )

    def problems(self) -> Problems:
        """The waits are in order."""
        if self.first <= 0:
            yield ("first",), f"found {self.first:g}s; expected more than 0s"
        elif self.longest < self.first:
            yield ("longest",), f"found {self.longest:g}s; expected at least first ({self.first:g}s)"


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Connect over TLS. Files are in PEM form."""

    ca: Annotated[Path, Meta(description="Whom to trust; the system's authorities when omitted")] | None = None
    certificate: Annotated[Path, Meta(description="Our certificate, where the operator wants one")] | None = None
    key: Annotated[Path, Meta(description="Its private key")] | None = None
    server_name: Annotated[str, Meta(description="Name in the operator's certificate; `host` when omitted")] = ""

    def client(self) -> TlsClient:
        """What connects so; TlsFileError when a file cannot be used."""
        return TlsClient(ClientTls(self.ca, self.certificate, self.key, self.server_name))


class OperatorConfig(msgspec.Struct, frozen=True, kw_only=True):
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
    alphabets: Annotated[list[Alphabet], Meta(description="The first that holds the text", min_length=1)] = (
        msgspec.field(default_factory=lambda: [Alphabet.GSM7, Alphabet.UCS2])
    )
    long_messages: Annotated[LongMessage, Meta(description="How long texts are split")] = LongMessage.UDH8
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
        for key in _LIMITS:
            problem = _field_problem(key, getattr(self, key))
            if problem:
                yield (key,), problem
        if len(set(self.alphabets)) < len(self.alphabets):
            yield ("alphabets",), "the same alphabet twice"
        if Alphabet.OCTETS in self.alphabets:
            yield ("alphabets", self.alphabets.index(Alphabet.OCTETS)), '"octets" holds no text; expected gsm7 or ucs2'
        for key in ("response_timeout", "enquire_link"):
            if getattr(self, key) <= 0:
                yield (key,), "found 0s; expected more than 0s"

    def __repr__(self) -> str:
        return f"<OperatorConfig {self.system_id}@{self.host}:{self.port}>"  # never the password


class SenderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    store: Annotated[Path, Meta(description="The campaign database, relative to this file")] = Path("campaign.sqlite")
    country: Annotated[Country, Meta(description="Where numbers without + belong", examples=["KZ"])]
    operators: Annotated[dict[str, OperatorConfig], Meta(description="Operator accounts by name", min_length=1)]
    routes: Annotated[list[RouteConfig], Meta(description="Which numbers go where", min_length=1)]
    retry: Annotated[RetryConfig, Meta(description="Refusals that pass")] = RetryConfig()

    def problems(self) -> Problems:
        """Routes lead to operators, and no two say the same."""
        seen: set[str] = set()
        for index, route in enumerate(self.routes):
            if route.operator not in self.operators:
                hint = did_you_mean(route.operator, self.operators) or "; known: " + ", ".join(self.operators)
                message = f'found "{route.operator}"; expected an operator of this file{hint}'
                yield ("routes", index, "operator"), message
            if route.prefix in seen:
                key: tuple[str | int, ...] = ("routes", index, "prefix") if route.prefix else ("routes", index)
                yield key, f'a second route for "{route.prefix}"' if route.prefix else "a second default route"
            seen.add(route.prefix)


def load_config(path: Path, environ: Mapping[str, str]) -> SenderConfig:
    """Read a configuration file and the passwords it refers to; `environ` is the process environment.

    ConfigError lists everything that is wrong, passwords that cannot be read included, each at its line.
    """
    located = load_located(path, SenderConfig)
    operators: dict[str, OperatorConfig] = {}
    problems = []
    for name, operator in located.value.operators.items():
        try:
            operators[name] = msgspec.structs.replace(operator, password=_password(operator, environ))
        except _PasswordError as error:
            problems.append(located.problem(("operators", name, error.key), str(error)))
        if operator.tls is not None:
            try:
                operator.tls.client()
            except TlsFileError as error:
                problems.append(located.problem(("operators", name, "tls", error.key), str(error)))
    if problems:
        raise ConfigError(*problems)
    # Paths in the file are relative to it already; the default is not in the file.
    store = path.absolute().parent / located.value.store
    return msgspec.structs.replace(located.value, operators=operators, store=store)


class _PasswordError(Exception):
    """A password that cannot be read; `key` says from where."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _password(operator: OperatorConfig, environ: Mapping[str, str]) -> str:
    if operator.password is not None:
        return operator.password
    if operator.password_env is not None:
        key, password = "password_env", environ.get(operator.password_env)
        if password is None:
            raise _PasswordError(key, f"the environment variable {operator.password_env} is not set")
    else:
        key, password = "password_file", _read_secret(operator.password_file or Path())
    problem = _field_problem("password", password)
    if problem:
        raise _PasswordError(key, problem)
    return password


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise _PasswordError("password_file", f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _PasswordError("password_file", f"{path} is not text") from None


def _field_problem(field: str, value: str | None) -> str | None:
    """What keeps a value out of its field of the bind request, without repeating the value (it may be a secret)."""
    limit = _LIMITS[field]
    if value is None:
        return None
    if len(value) > limit:
        return f"the {field} has {len(value)} characters; SMPP allows {limit}"
    if not value.isascii() or not value.isprintable():
        return f"the {field} has characters that SMPP does not allow; expected printable ASCII"
    return None
