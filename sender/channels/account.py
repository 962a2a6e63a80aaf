"""What a channel needs to know about an operator account."""

from __future__ import annotations

from enum import Enum
from itertools import zip_longest

import msgspec

from sender.config.binds import Binds, OutbindMode
from sender.config.operator import AccountConfig
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, Pdu
from smppkit.session_config import SessionConfig
from smppkit.tls import ServerTls, TlsClient


class BindKind(Enum):
    """Which way one connection carries messages (SMPP 3.4 §2.2)."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"

    @property
    def submits(self) -> bool:
        """Whether submit_sm may be sent on it."""
        return self is not BindKind.RECEIVER


_REQUESTS: dict[BindKind, type[BindTransceiver | BindTransmitter | BindReceiver]] = {
    BindKind.TRANSCEIVER: BindTransceiver,
    BindKind.TRANSMITTER: BindTransmitter,
    BindKind.RECEIVER: BindReceiver,
}

_OUTBIND_KINDS = {OutbindMode.RECEIVER: BindKind.RECEIVER, OutbindMode.TRANSCEIVER: BindKind.TRANSCEIVER}

_WINDOW_MOST = 100
"""What a window may grow to where the configuration names no limit of the operator."""


class Outbinding(msgspec.Struct, frozen=True):
    """Where to listen for outbinds, and from whom."""

    host: str
    port: int
    system_id: str
    password: str
    peers: tuple[str, ...]
    kind: BindKind
    binds: int
    """Connections of this kind at most."""
    tls: ServerTls | None = None

    def __repr__(self) -> str:
        return f"<Outbinding {self.system_id} on {self.host}:{self.port}>"  # never the password


class Account(msgspec.Struct, frozen=True):
    """One operator account as the channel sees it. Times are seconds, rates segments a second."""

    name: str
    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: TlsClient | None = None
    kinds: tuple[BindKind, ...] = (BindKind.TRANSCEIVER,)
    """The connections to keep up; (TRANSMITTER, RECEIVER) is a pair."""
    window: int = 10
    """Of each bind; with `window_auto` the most that it may become."""
    rate: float | None = None
    reserve: float = 0.05
    """Share of the window and of the rate that is kept for one-time codes, while there are any."""
    response_timeout: float = 30.0
    enquire_link: float = 30.0
    connect_timeout: float = 10.0
    reconnect_first: float = 1.0
    reconnect_longest: float = 60.0
    window_auto: bool = False
    bind_rate: float | None = None
    sender_rates: dict[str, float] = msgspec.field(default_factory=dict)
    """By source address as it goes on the wire."""
    fallbacks: tuple[tuple[str, int], ...] = ()
    """Where else the operator is, in the order in which to try."""
    interface_version: int = 0x34
    address_range: str = ""
    addr_ton: int = 0
    addr_npi: int = 0
    outbind: Outbinding | None = None
    session_init_timeout: float = 30.0
    """For the response to our bind; for the outbind on a connection that the operator made."""
    enquire_link_timeout: float | None = None
    """For a sign of life after an enquire_link; None: as long as for any response."""
    inactivity_timeout: float | None = None
    unbind_timeout: float = 5.0
    refused_first: float = 60.0
    refused_longest: float = 600.0
    """Waits after the operator refused our credentials: trying again cannot help until a person acts, and some
    operators block an address that insists."""

    @classmethod
    def of(cls, name: str, config: AccountConfig) -> Account:
        """The account that a configuration describes."""
        timers, (first, *others) = config.timers, config.places
        return cls(
            name=name,
            host=first.host,
            port=first.port,
            fallbacks=tuple((place.host, place.port) for place in others),
            system_id=config.system_id,
            password=config.secret,
            system_type=config.system_type,
            interface_version=config.interface_version.octet,
            address_range=config.address_range,
            addr_ton=config.addr_ton,
            addr_npi=config.addr_npi,
            tls=None if config.tls is None else config.tls.client(),
            kinds=_kinds(config.pool),
            outbind=_outbinding(config),
            window=(config.window_most or _WINDOW_MOST) if config.window == "auto" else config.window,
            window_auto=config.window == "auto",
            rate=config.rate,
            reserve=config.reserve,
            bind_rate=config.bind_rate,
            sender_rates={sender.removeprefix("+"): float(rate) for sender, rate in config.sender_rates.items()},
            response_timeout=config.response_timeout,
            enquire_link=config.enquire_link,
            enquire_link_timeout=timers.enquire_link_response,
            connect_timeout=timers.connect,
            session_init_timeout=timers.session_init,
            inactivity_timeout=timers.inactivity,
            unbind_timeout=timers.unbind,
            reconnect_first=timers.reconnect.first,
            reconnect_longest=timers.reconnect.longest,
            refused_first=timers.refused.first,
            refused_longest=timers.refused.longest,
        )

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Host and port of everywhere that the operator is."""
        return ((self.host, self.port), *self.fallbacks)

    def session_config(self) -> SessionConfig:
        """Settings of the session of each bind."""
        return SessionConfig(
            window=self.window,
            peer_window=_RECEIPTS_UNANSWERED,
            bind_timeout=self.session_init_timeout,
            enquire_link_interval=self.enquire_link,
            enquire_link_timeout=self.enquire_link_timeout,
            response_timeout=self.response_timeout,
            inactivity_timeout=self.inactivity_timeout,
            unbind_timeout=self.unbind_timeout,
            interface_version=self.interface_version,
        )

    def bind_request(self, kind: BindKind) -> Pdu:
        """The request that opens a session of `kind`."""
        return _REQUESTS[kind](
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            interface_version=self.interface_version,
            addr_ton=self.addr_ton,
            addr_npi=self.addr_npi,
            address_range=self.address_range,
        )

    def __repr__(self) -> str:
        return f"<Account {self.name} {self.system_id}@{self.host}:{self.port}>"  # never the password


def _kinds(pool: Binds) -> tuple[BindKind, ...]:
    """Transceivers, then transmitters and receivers by turns, so that pairs stand together."""
    transmitters = [BindKind.TRANSMITTER] * pool.transmitters
    receivers = [BindKind.RECEIVER] * pool.receivers
    pairs = [kind for pair in zip_longest(transmitters, receivers) for kind in pair if kind is not None]
    return (BindKind.TRANSCEIVER,) * pool.transceivers + tuple(pairs)


def _outbinding(config: AccountConfig) -> Outbinding | None:
    outbind = config.outbind
    if outbind is None:
        return None
    return Outbinding(
        host=outbind.listen.host,
        port=outbind.listen.port,
        system_id=outbind.system_id,
        password=outbind.secret,
        peers=tuple(outbind.peers),
        kind=_OUTBIND_KINDS[outbind.bind],
        binds=outbind.binds,
        tls=None if outbind.tls is None else outbind.tls.files,
    )


_RECEIPTS_UNANSWERED = 5000
"""Receipts that may wait for their commit; a peer that sends faster than the disk writes is throttled."""
