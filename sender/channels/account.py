"""What a channel needs to know about an operator account."""

from __future__ import annotations

from enum import Enum

import msgspec

from sender.config.operator import BindMode, OperatorConfig
from sender.domain.retry import RetryPolicy
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, Pdu
from smppkit.session_config import SessionConfig
from smppkit.tls import TlsClient


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


_KINDS: dict[BindMode, tuple[BindKind, ...]] = {
    BindMode.TRANSCEIVER: (BindKind.TRANSCEIVER,),
    BindMode.PAIR: (BindKind.TRANSMITTER, BindKind.RECEIVER),
}


class Account(msgspec.Struct, frozen=True):
    """One operator account as the channel sees it. Times are seconds, `rate` segments a second."""

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
    rate: float | None = None
    reserve: float = 0.05
    """Share of the window and of the rate that is kept for one-time codes, while there are any."""
    response_timeout: float = 30.0
    enquire_link: float = 30.0
    connect_timeout: float = 10.0
    reconnect_first: float = 1.0
    reconnect_longest: float = 60.0

    @classmethod
    def of(cls, name: str, operator: OperatorConfig, retry: RetryPolicy) -> Account:
        """The account that a configuration describes; lost links follow the same delays as refused messages."""
        return cls(
            name=name,
            host=operator.host,
            port=operator.port,
            system_id=operator.system_id,
            password=operator.secret,
            system_type=operator.system_type,
            tls=None if operator.tls is None else operator.tls.client(),
            kinds=_KINDS[operator.bind] * operator.binds,
            window=operator.window,
            rate=operator.rate,
            reserve=operator.reserve,
            response_timeout=operator.response_timeout,
            enquire_link=operator.enquire_link,
            reconnect_first=retry.first,
            reconnect_longest=retry.longest,
        )

    def session_config(self) -> SessionConfig:
        """Settings of the session of each bind."""
        return SessionConfig(
            window=self.window,
            peer_window=_RECEIPTS_UNANSWERED,
            enquire_link_interval=self.enquire_link,
            response_timeout=self.response_timeout,
        )

    def bind_request(self, kind: BindKind) -> Pdu:
        """The request that opens a session of `kind`."""
        return _REQUESTS[kind](
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            interface_version=0x34,
        )

    def __repr__(self) -> str:
        return f"<Account {self.name} {self.system_id}@{self.host}:{self.port}>"  # never the password


_RECEIPTS_UNANSWERED = 5000
"""Receipts that may wait for their commit; a peer that sends faster than the disk writes is throttled."""
