"""A recording in the terms of an operator: messages with their fates, sessions with their beginnings."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from smppkit.commands import CommandId
from smppkit.pdus import DataSm, SubmitSm
from smppkit.segments import UDHI, decode_user_data, user_data
from smsc.capture.exchanges import SUBMITS, Delivery, Exchange, deliveries, message_id, pair
from smsc.capture.recording import RecordedConnection, RecordedPdu, Recording

ACCEPTED_IDS = 3000
"""Ids, texts and TLVs are judged by so many samples at most."""


class Message(msgspec.Struct):
    """A submit, and what the SMSC sent about it, in order."""

    exchange: Exchange
    account: str
    receipts: list[Delivery] = []

    @property
    def message_id(self) -> str:
        """Its id in the response; "" without one."""
        return message_id(self.exchange)

    @property
    def answered_at(self) -> float:
        """When it was answered, or (never) asked."""
        response = self.exchange.response
        return self.exchange.request.at if response is None else response.at

    @property
    def text(self) -> str:
        """What it says."""
        pdu = self.exchange.asked
        if not isinstance(pdu, SubmitSm | DataSm):
            return ""
        return decode_user_data(user_data(pdu), pdu.data_coding, header=bool(pdu.esm_class & UDHI))

    @property
    def registered(self) -> int:
        """Its registered_delivery."""
        return int(getattr(self.exchange.asked, "registered_delivery", 0))


class Seen(msgspec.Struct):
    """All of a recording that belongs to one operator."""

    operator: str
    connections: list[RecordedConnection]
    pdus: dict[int, list[RecordedPdu]]
    exchanges: list[Exchange]
    messages: list[Message]
    orphans: int
    """Receipts that belong to no submit of the recording."""
    guessed: int
    """Receipts that are matched by their addresses: no response gave their ids."""

    @property
    def began(self) -> float:
        """Unix seconds of the first thing seen."""
        return min((connection.opened_at for connection in self.connections), default=0.0)

    @property
    def ended(self) -> float:
        """Unix seconds of the last thing seen."""
        last = max((pdus[-1].at for pdus in self.pdus.values() if pdus), default=0.0)
        return max(last, self.began)

    def requests(self, *commands: CommandId, direction: str = "in") -> list[Exchange]:
        """The exchanges of some commands."""
        wanted = {int(command) for command in commands}
        return [e for e in self.exchanges if e.request.direction == direction and e.request.command_id in wanted]


def look(recording: Recording) -> list[Seen]:
    """What was seen of each operator, by name, busiest first."""
    by_operator: defaultdict[str, list[RecordedConnection]] = defaultdict(list)
    for connection in recording.connections():
        by_operator[connection.operator].append(connection)
    pdus: defaultdict[int, list[RecordedPdu]] = defaultdict(list)
    for pdu in recording.pdus():
        if pdu.framed:
            pdus[pdu.connection].append(pdu)
    seen = [_look(name, connections, pdus) for name, connections in by_operator.items()]
    return sorted(seen, key=lambda one: -len(one.exchanges))


def _look(name: str, connections: list[RecordedConnection], pdus: dict[int, list[RecordedPdu]]) -> Seen:
    mine = {connection.number: pdus.get(connection.number, []) for connection in connections}
    in_order = sorted((pdu for of_one in mine.values() for pdu in of_one), key=lambda pdu: pdu.row)
    exchanges = pair(in_order)
    accounts = {connection.number: connection.system_id or "" for connection in connections}
    messages = {
        exchange.request.row: Message(exchange, accounts[exchange.request.connection])
        for exchange in exchanges
        if exchange.request.direction == "in" and exchange.request.command_id in SUBMITS
    }
    orphans, guessed = 0, 0
    for delivery in deliveries(exchanges):
        if delivery.receipt is None:
            continue
        if delivery.submit is None:
            orphans += 1
        else:
            guessed += delivery.guessed
            messages[delivery.submit.request.row].receipts.append(delivery)
    return Seen(name, connections, mine, exchanges, list(messages.values()), orphans, guessed)
