"""How an account is bound: which connections, to where, and who may ask us to bind."""

import enum
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from sender.config.secrets import field_problem, secret_problems
from sender.config.tls import ServerTlsConfig

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_PORT = 2775


class BindMode(enum.Enum):
    """How one connection (or pair of connections) is bound."""

    TRANSCEIVER = "transceiver"
    PAIR = "transmitter+receiver"


class OutbindMode(enum.Enum):
    """How a connection is bound that the operator made."""

    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class SmppVersion(enum.Enum):
    """The version that a bind asks for."""

    V33 = "3.3"
    V34 = "3.4"
    V50 = "5.0"

    @property
    def octet(self) -> int:
        """Its interface_version."""
        return {"3.3": 0x33, "3.4": 0x34, "5.0": 0x50}[self.value]


class Binds(msgspec.Struct, frozen=True, kw_only=True):
    """How many connections of each kind are kept up at once."""

    transmitters: Annotated[int, Meta(description="That only submit", ge=0, le=100)] = 0
    receivers: Annotated[int, Meta(description="That only receive", ge=0, le=100)] = 0
    transceivers: Annotated[int, Meta(description="That do both", ge=0, le=100)] = 0

    def problems(self) -> Problems:
        """Messages can leave."""
        if not self.transmitters and not self.transceivers:
            yield (), "nothing can be submitted; expected a transmitter or a transceiver"


def is_host(text: str) -> bool:
    """Whether it is written like a name or an address: without a scheme, a port, brackets or spaces."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not text or any(letter.isspace() or letter in "/:@[]" for letter in text):
            return False
        try:
            text.encode("idna")
        except UnicodeError:  # a label that is empty or too long
            return False
    return True


class Endpoint(str):
    """Where to connect or to listen, written `host:port`, `host`, `[::1]:2775`; 2775 where no port is named."""

    __slots__ = ()
    expected: ClassVar[str] = "host:port such as smsc.example:2775"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        host, port = _split(text.strip())
        if not is_host(host) or not 1 <= port <= 65535:
            raise ValueError(f"expected {cls.expected}")
        return cls(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    @property
    def host(self) -> str:
        """Name or address, without brackets."""
        return _split(self)[0]

    @property
    def port(self) -> int:
        """TCP port."""
        return _split(self)[1]


class Peer(str):
    """Addresses that may connect, written `10.1.2.3` or `10.1.0.0/16`."""

    __slots__ = ()
    expected: ClassVar[str] = "an address or a network such as 10.1.0.0/16"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            return cls(ipaddress.ip_network(text.strip()))
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None


class OutbindConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Listen for the operator's outbind (SMPP 3.4 §2.2.1), and bind on the connections that it makes.

    Exactly one of password, password_env and password_file is given: what the operator shows.
    """

    listen: Annotated[Endpoint, Meta(description="Where; keep it on a loopback address or behind a firewall")] = (
        Endpoint("127.0.0.1:2775")
    )
    system_id: Annotated[str, Meta(description="Who the operator says it is", min_length=1)]
    password: Annotated[str, Meta(description="The password itself")] | None = None
    password_env: Annotated[str, Meta(description="Environment variable with the password")] | None = None
    password_file: Annotated[Path, Meta(description="File with the password")] | None = None
    peers: Annotated[list[Peer], Meta(description="Who may connect", min_length=1)] = msgspec.field(
        default_factory=lambda: [Peer("127.0.0.0/8"), Peer("::1/128")]
    )
    bind: Annotated[OutbindMode, Meta(description="How to bind there")] = OutbindMode.RECEIVER
    binds: Annotated[int, Meta(description="Such connections at once", ge=1, le=100)] = 1
    tls: Annotated[ServerTlsConfig, Meta(description="Take the operator's connections over TLS")] | None = None

    @property
    def secret(self) -> str:
        """The password, wherever it was kept. The configuration must come from `load_config`."""
        if self.password is None:
            raise RuntimeError("the password was not read: use load_config")
        return self.password

    def problems(self) -> Problems:
        """What no single key shows."""
        yield from secret_problems(self)
        for key in ("system_id", "password"):
            problem = field_problem(key, getattr(self, key))
            if problem:
                yield (key,), problem

    def __repr__(self) -> str:
        return f"<OutbindConfig {self.system_id} on {self.listen}>"  # never the password


def _split(text: str) -> tuple[str, int]:
    """Host and port; a port of 0 stands for one that is none."""
    host, colon, port = text.rpartition(":")
    if text.startswith("["):
        if text.endswith("]"):
            return text[1:-1], _PORT
        host = host.removeprefix("[").removesuffix("]") if host.endswith("]") else ""
    elif not colon or ":" in host:
        return text, _PORT
    return host, int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
