"""Who may connect and bind, as a scenario file says it. The names are the keys of the file; times are seconds."""

import enum
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from smppkit.states import Version
from smppkit.status import CommandStatus
from smsc.scenario.patterns import AddressPattern
from smsc.scenario.scalars import IpRange, SpokenVersion, Status
from yamlmodel.scalars import Duration, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]
StatusOrDrop = Status | Literal["drop"]


class BindType(enum.Enum):
    """What a bind may be used for: submitting, receiving, or both."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class Account(msgspec.Struct, frozen=True):
    """Who may bind, and how much they may send."""

    system_id: Annotated[str, Meta(description="Name of the account", min_length=1, max_length=15)]
    password: Annotated[str, Meta(description="Its password", max_length=8)]
    binds: Annotated[int, Meta(description="Binds at once; 0 is any number", ge=0)] = 0
    window: Annotated[int, Meta(description="Unanswered submits at most; more are refused", ge=1)] | None = None
    rate: Annotated[Rate, Meta(description="Submits at most; more get ESME_RTHROTTLED", examples=["100/s"])] | None = (
        None
    )
    senders: Annotated[list[str], Meta(description="Source addresses allowed; others get ESME_RINVSRCADR")] | None = (
        None
    )
    bind_types: Annotated[list[BindType], Meta(description="Binds allowed", min_length=1)] = msgspec.field(
        default_factory=lambda: list(BindType)
    )
    version: (
        Annotated[SpokenVersion, Meta(description="Version spoken at most; the operator's when omitted")] | None
    ) = None
    addresses: Annotated[list[IpRange], Meta(description="Where it may connect from; anywhere when omitted")] | None = (
        None
    )
    numbers: Annotated[
        list[AddressPattern],
        Meta(description="Numbers that are this account: messages to them are delivered to it", examples=["[1234]"]),
    ] = []
    deliver_window: Annotated[int, Meta(description="Unacknowledged deliver_sm per bind", ge=1)] = 100


BIND_FAILED = Status(CommandStatus.ESME_RBINDFAIL)


class LockOut(msgspec.Struct, frozen=True, rename={"for_": "for"}):
    """An address that fails to bind too often is not let in for a while."""

    failures: Annotated[int, Meta(description="Refused binds that lock an address out", ge=1)] = 5
    within: Annotated[Duration, Meta(description="Time in which they count")] = Duration(60)
    for_: Annotated[Duration, Meta(description="How long the address is locked out")] = Duration(60)

    def problems(self) -> Problems:
        """It lasts."""
        if not self.for_:
            yield ("for",), "found 0s; expected some time, such as 60s"


class Access(msgspec.Struct, frozen=True):
    """Who may connect and bind, and how those who may not are told; `drop` closes without a word."""

    allow: Annotated[list[IpRange], Meta(description="Addresses let in; all when omitted")] | None = None
    address_refused: Annotated[StatusOrDrop, Meta(description="What others get for their bind")] = "drop"
    wrong_system_id: Annotated[StatusOrDrop, Meta(description="Unknown system_id")] = Status(
        CommandStatus.ESME_RBINDFAIL
    )
    wrong_password: Annotated[StatusOrDrop, Meta(description="Wrong password")] = BIND_FAILED
    too_many_binds: Annotated[StatusOrDrop, Meta(description="More binds than the account may have")] = Status(
        CommandStatus.ESME_RALYBND
    )
    binds_per_address: Annotated[int, Meta(description="Binds from one address; 0 is any number", ge=0)] = 0
    ghost: Annotated[Duration, Meta(description="How long a bind that was lost still counts as one")] = Duration(0)
    lock_out: Annotated[LockOut, Meta(description="Lock out who fails to bind; nobody when omitted")] | None = None
    connections: Annotated[int, Meta(description="Connections at once", ge=1)] = 500
    connections_per_address: Annotated[int, Meta(description="Connections at once from one address", ge=1)] = 500
    connect_rate: Annotated[Rate, Meta(description="New connections from one address; more are dropped")] | None = None

    def problems(self) -> Problems:
        """Who is refused is not let in."""
        for key in ("address_refused", "wrong_system_id", "wrong_password", "too_many_binds"):
            if getattr(self, key) == CommandStatus.ESME_ROK:
                yield (key,), "found ESME_ROK; expected a status that refuses the bind, or drop"


class Timers(msgspec.Struct, frozen=True):
    """When the operator acts on silence; null switches a timer off."""

    session_init: Annotated[Duration, Meta(description="From connection to bind")] | None = Duration(30)
    enquire_link: Annotated[Duration, Meta(description="Silence before enquire_link")] | None = Duration(30)
    inactivity: Annotated[Duration, Meta(description="Without messages before the session is ended")] | None = None
    inactive: Annotated[Literal["unbind", "drop"], Meta(description="How an inactive session is ended")] = "unbind"
    silence: (
        Annotated[Duration, Meta(description="Without any PDU, enquire_link too, before the connection is dropped")]
        | None
    ) = None
    response: Annotated[Duration, Meta(description="For the peer to answer")] = Duration(60)


class Tls(msgspec.Struct, frozen=True):
    """SMPP over TLS. Paths are relative to the scenario file."""

    certificate: Annotated[Path, Meta(description="PEM file with the certificate and its chain")]
    key: Annotated[Path, Meta(description="PEM file with the private key")]
    client_ca: Annotated[Path, Meta(description="PEM file; clients must show a certificate signed by it")] | None = None
    also_plain: Annotated[int, Meta(description="Port that takes plain connections besides", ge=0, le=65535)] | None = (
        None
    )


DEFAULT_VERSION = SpokenVersion(Version.V50)
