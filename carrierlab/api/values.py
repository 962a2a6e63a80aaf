"""What the control API answers with, as values. Times are unix seconds; the names are those of the API."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One message as its reader has it: the parts of a long one joined."""

    id: int
    at: float
    """When its first part came."""
    operator: str
    system_id: str
    direction: Literal["mt", "mo"]
    """``mt`` to a subscriber, ``mo`` from one."""
    command: str
    from_: str
    to: str
    text: str
    encoding: str
    data_coding: int
    parts: int
    parts_received: int
    reference: int | None
    status: int
    """The worst ``command_status`` among the responses to its parts."""
    status_name: str
    message_id: str | None
    message_ids: tuple[str, ...] = ()
    """Of all parts."""
    state: str | None
    """As receipts write it, such as ``DELIVRD``; None when it was refused."""
    err: str | None
    final_at: float | None
    acknowledged_at: float | None

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return self.parts_received >= self.parts

    def __repr__(self) -> str:
        parts = "" if self.parts == 1 else f" {self.parts_received}/{self.parts} parts"
        state = "" if self.state is None else f" {self.state}"
        return f"<{self.direction} {self.id} {self.from_} → {self.to} {self.text!r}{parts} {self.status_name}{state}>"


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """One field in which a message is not what was asked for."""

    field: str
    wanted: Any
    found: Any
    why: str


class NearMiss(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came close to what was asked for, and what is different about it."""

    message: Message
    mismatches: tuple[Mismatch, ...]


class PduField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a PDU, with its place in the octets."""

    name: str
    offset: int
    length: int
    value: Any
    meaning: str | None = None


class Pdu(msgspec.Struct, frozen=True, kw_only=True):
    """One PDU as it was on the wire; `direction` as the emulator sees it."""

    row: int
    at: float
    direction: Literal["in", "out"]
    command: str
    status_name: str
    sequence: int
    hex: str
    fields: tuple[PduField, ...] = ()
    connection: int | None = None
    peer: str | None = None
    system_id: str | None = None
    operator: str | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a message, and all PDUs about it."""

    row: int
    part: int
    text: str
    status: int
    status_name: str
    message_id: str | None
    state: str | None
    err: str | None
    at: float
    final_at: float | None
    acknowledged_at: float | None = None
    pdus: tuple[Pdu, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a message."""

    at: float
    kind: str
    part: int | None = None
    detail: str = ""


class MessageDetail(Message, frozen=True, kw_only=True):
    """A message with all its parts, their PDUs, and what happened in which order."""

    segments: tuple[Segment, ...]
    events: tuple[Event, ...] = ()


class Bind(msgspec.Struct, frozen=True, kw_only=True):
    """One connection on which somebody is bound."""

    connection: int
    operator: str
    system_id: str
    bind: str
    """``transmitter``, ``receiver`` or ``transceiver``."""
    version: str
    peer: str
    opened_at: float | None = None
    bound_at: float | None = None
    stalled: bool = False


class OperatorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One emulated operator."""

    name: str
    listen: str
    """HOST:PORT, or tcp:HOST:PORT."""
    tls: bool
    binds: int

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, _, port = self.listen.removeprefix("tcp:").rpartition(":")
        return host.strip("[]"), int(port)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a client did wrong, as ``smsc lint`` finds it."""

    rule: str
    severity: str
    title: str
    operator: str
    account: str | None
    count: int
    detail: str
    why: str
    spec: str
    remedy: str

    def __repr__(self) -> str:
        return f"<{self.severity} {self.rule}: {self.detail or self.title} ({self.count} times)>"


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of the emulator; `now` is unix seconds of its own time."""

    now: float
    paused: bool = False
    virtual: bool = False
    speed: float = 1.0


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was refused (RFC 9457), and what the API adds to it."""

    status: int = 0
    title: str = ""
    detail: str = ""
    near_misses: tuple[NearMiss, ...] = ()
    found: Any = None
    """What was found in place of what was expected; of a wait, how many messages came."""
    count: int | None = None
    seen: int | None = None
