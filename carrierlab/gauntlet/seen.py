"""What an operator of the gauntlet saw and said, from its journal: the parts of each message, and the receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from carrierlab.gauntlet.judge import Part
from carrierlab.gauntlet.score import Miss
from sender.domain.message import State, final_of
from smppkit.codec import decode
from smppkit.commands import CommandId
from smppkit.message_state import state_of
from smppkit.pdus import DataSm, DeliverSm
from smppkit.status import status_name
from smsc.journal.inbox import Inbox, MessageRow, PduRow

_HEADER = 16
_RESPONSE = 0x80000000
_CARRIERS = (CommandId.DELIVER_SM, CommandId.DATA_SM)
_MO = "deliver_sm"


class Delivery(msgspec.Struct, frozen=True):
    """A receipt, with all the times it was written."""

    number: str
    octets: bytes
    """As it was written first."""
    answers: tuple[int | None, ...]
    """The status of each answer; None when there was none."""

    @property
    def acknowledged(self) -> bool:
        """Whether the client took it, at whatever attempt."""
        return 0 in self.answers

    @property
    def complaint(self) -> str:
        """What the client did with a receipt that it did not take."""
        statuses = [status_name(status) for status in self.answers if status]
        return f"answered with {', '.join(dict.fromkeys(statuses))}" if statuses else "not answered"


class Seen(msgspec.Struct, frozen=True):
    """What one operator saw and said, by number."""

    messages: dict[str, tuple[Part, ...]]
    deliveries: dict[str, tuple[Delivery, ...]]

    def receipts(self, number: str) -> tuple[bytes, ...]:
        """The receipts for a message, each once, as they were on the wire."""
        return tuple(delivery.octets for delivery in self.deliveries.get(number, ()))

    def ids(self, number: str) -> tuple[str, ...]:
        """The ids of a message in the responses, one for each part."""
        return tuple(part.message_id for part in self.messages.get(number, ()) if part.message_id)

    def complaint(self, number: str) -> str:
        """What the client did with a receipt for this message that it never took; "" when it took all."""
        refused = (delivery for delivery in self.deliveries.get(number, ()) if not delivery.acknowledged)
        return next((f"a receipt {delivery.complaint}" for delivery in refused), "")


def read_seen(inbox: Inbox, operator: str) -> Seen:
    """Read what an operator saw; its journal must be quiet."""
    rows: dict[str, list[MessageRow]] = defaultdict(list)
    for row in inbox.messages(operator=operator):
        if row.command != _MO:
            rows[_plain(row.destination)].append(row)
    deliveries: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in _deliveries(inbox, operator):
        deliveries[delivery.number].append(delivery)
    return Seen(
        {number: tuple(_parts(group)) for number, group in rows.items()},
        {number: tuple(group) for number, group in deliveries.items()},
    )


def _plain(number: str) -> str:
    return number.removeprefix("+")


def _parts(rows: Iterable[MessageRow]) -> Iterable[Part]:
    """The parts of one message; a part that was submitted more than once is as good as its best answer."""
    by_part: dict[int, list[MessageRow]] = defaultdict(list)
    for row in rows:
        by_part[row.part].append(row)
    for number, attempts in sorted(by_part.items()):
        accepted = [row for row in attempts if row.status == 0]
        yield Part(
            number,
            next((row.message_id or "" for row in accepted or attempts), ""),
            refused=not accepted,
            ends=frozenset(_end(row) for row in accepted),
            told=any(row.acknowledged_at is not None for row in accepted),
        )


def _end(row: MessageRow) -> State | None:
    state = state_of(row.state or "") if row.final_at is not None else None
    return None if state is None else final_of(state)


def _deliveries(inbox: Inbox, operator: str) -> Iterable[Delivery]:
    """What was delivered, attempts at the same put together."""
    written: dict[bytes, list[PduRow]] = defaultdict(list)
    answers: dict[tuple[int, int], int] = {}
    for command in _CARRIERS:
        for row in inbox.pdus(operator=operator, command_id=command):
            if row.direction == "out":
                written[row.octets[_HEADER:]].append(row)
        for row in inbox.pdus(operator=operator, command_id=command | _RESPONSE):
            if row.direction == "in":
                answers[row.connection, row.sequence] = row.status
    for rows in sorted(written.values(), key=lambda rows: rows[0].row):
        pdu = decode(rows[0].octets)
        if isinstance(pdu, DeliverSm | DataSm):
            statuses = tuple(answers.get((row.connection, row.sequence)) for row in rows)
            yield Delivery(_plain(pdu.source_addr), rows[0].octets, statuses)


def words(states: Iterable[State | None]) -> str:
    """States for people: "delivered or nothing final"."""
    return " or ".join(sorted("nothing final" if state is None else state.label for state in states))


def miss(seen: Seen, number: str, expected: str, believed: str) -> Miss:
    """A message that a client has wrong, with what was on the wire."""
    return Miss(number, expected, believed, seen.ids(number), seen.receipts(number))
