"""What a recorded SMSC said to what, in the form in which it can be said again."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from smppkit.commands import CommandId
from smppkit.pdus import DataSm, DeliverSm, Pdu, SubmitSm
from smppkit.segments import part_of
from smsc.capture.exchanges import Exchange, deliveries, pair
from smsc.capture.recording import Recording
from smsc.capture.redact import FILLER

BINDS = frozenset(
    int(command) for command in (CommandId.BIND_RECEIVER, CommandId.BIND_TRANSMITTER, CommandId.BIND_TRANSCEIVER)
)
_SESSION = BINDS | {int(command) for command in (CommandId.UNBIND, CommandId.ENQUIRE_LINK, CommandId.OUTBIND)}

Key: TypeAlias = tuple[object, ...]


class Later(msgspec.Struct, frozen=True):
    """Something that the SMSC sends `after` seconds (from what it follows), on recorded connection `connection`."""

    after: float
    connection: int
    octets: bytes


class Matched(msgspec.Struct, frozen=True):
    """A recorded exchange for a request; `how` is "exact", "address" or "next"."""

    exchange: Exchange
    how: str


class Pool:
    """The recorded requests of one account that have not been asked again yet."""

    def __init__(self) -> None:
        self._waiting: dict[int, Exchange] = {}
        self._by_key: defaultdict[Key, deque[int]] = defaultdict(deque)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, exchange: Exchange) -> None:
        """A recorded request."""
        row = exchange.request.row
        self._waiting[row] = exchange
        for key in keys(exchange.request.command_id, exchange.asked):
            self._by_key[key].append(row)

    def take(self, command: int, pdu: Pdu | None) -> Matched | None:
        """The exchange that fits a request best: same content, same addresses, or the next of its command."""
        names = ("exact", "address", "next") if pdu is not None else ("next",)
        for how, key in zip(names, keys(command, pdu), strict=True):
            rows = self._by_key.get(key, deque())
            while rows:
                exchange = self._waiting.pop(rows.popleft(), None)
                if exchange is not None:
                    return Matched(exchange, how)
        return None


class Script(msgspec.Struct):
    """All that can be said again: binds and requests by account, and what follows from them."""

    binds: list[Exchange] = []
    pools: dict[str, Pool] = {}
    follows: dict[int, list[Later]] = {}
    """What follows from the request with this row."""
    unasked: dict[int, list[Later]] = {}
    """What was sent on a connection without a submit that it follows from, in seconds from its bind."""


def read_script(recording: Recording) -> Script:
    """The script of a recording."""
    script = Script()
    exchanges = pair(recording.pdus())
    accounts: dict[int, str] = {}
    bound_at: dict[int, float] = {}
    for exchange in exchanges:
        request = exchange.request
        if request.direction != "in":
            continue
        if request.command_id in BINDS:
            script.binds.append(exchange)
            if exchange.accepted:
                accounts[request.connection] = getattr(exchange.asked, "system_id", "")
                bound_at[request.connection] = request.at
        elif request.command_id not in _SESSION:
            script.pools.setdefault(accounts.get(request.connection, ""), Pool()).add(exchange)
    for delivery in deliveries(exchanges):
        request = delivery.exchange.request
        submit = delivery.submit
        began = bound_at.get(request.connection, request.at) if submit is None else submit.request.at
        later = Later(max(0.0, request.at - began), request.connection, request.octets)
        if submit is None:
            script.unasked.setdefault(request.connection, []).append(later)
        else:
            script.follows.setdefault(submit.request.row, []).append(later)
    return script


def keys(command: int, pdu: Pdu | None) -> tuple[Key, ...]:
    """By what a request is found again: its content, its addresses, its command; the best first."""
    if pdu is None:
        return ((command,),)
    addresses = tuple(getattr(pdu, name, None) for name in ("destination_addr", "source_addr", "message_id"))
    if hasattr(pdu, "dest_addresses"):
        addresses += (pdu.dest_addresses,)
    return ((command, *addresses, _content(pdu)), (command, addresses[0], *addresses[2:]), (command,))


def same_bind(recorded: Exchange, pdu: Pdu) -> bool:
    """Whether a bind is the recorded one: its kind, account and password, as far as the recording shows that."""
    asked = recorded.asked
    if asked is None or asked.command_id != pdu.command_id:
        return False
    password: str = getattr(asked, "password", "")
    hidden = set(password) == {FILLER.decode()}
    return getattr(asked, "system_id", "") == getattr(pdu, "system_id", "") and (
        hidden or password == getattr(pdu, "password", "")
    )


def _content(pdu: Pdu) -> Key:
    """What a message says, whichever reference numbers its parts have."""
    if isinstance(pdu, SubmitSm | DeliverSm | DataSm):
        part, user_data = part_of(pdu)
        return (user_data, pdu.data_coding, None if part is None else (part.number, part.total))
    return tuple(_plain(getattr(pdu, name)) for name in pdu.__struct_fields__ if name not in Pdu.__struct_fields__)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def total(pools: Iterable[Pool]) -> int:
    """How many recorded requests nobody has asked again."""
    return sum(len(pool) for pool in pools)
