"""Who answered what: requests of a recording with their responses, and receipts with the submits they belong to."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from itertools import islice

import msgspec

from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import DataSm, DeliverSm, Pdu
from smppkit.receipts import Receipt, parse_receipt
from smsc.capture.recording import RecordedPdu

SUBMITS = frozenset({int(CommandId.SUBMIT_SM), int(CommandId.DATA_SM), int(CommandId.SUBMIT_MULTI)})
DELIVERIES = frozenset({int(CommandId.DELIVER_SM), int(CommandId.DATA_SM), int(CommandId.ALERT_NOTIFICATION)})
_MOST_NAMESAKES = 64  # submits with one id that are looked at: some operators give all of them the same
_NACK = int(CommandId.GENERIC_NACK)


class Exchange(msgspec.Struct):
    """A request and its response; `asked` and `answered` are them decoded, None when they cannot be read."""

    request: RecordedPdu
    asked: Pdu | None
    response: RecordedPdu | None = None
    answered: Pdu | None = None

    @property
    def latency(self) -> float:
        """Seconds from request to response; 0 without one."""
        return 0.0 if self.response is None else max(0.0, self.response.at - self.request.at)

    @property
    def accepted(self) -> bool:
        """Whether the response says ESME_ROK."""
        return self.response is not None and self.response.status == 0 and self.response.command_id != _NACK


class Delivery(msgspec.Struct, frozen=True):
    """What the SMSC sent of its own: a receipt, or (None) something else; `submit` is what it follows from.

    `guessed`: its addresses say so, since it names an id that no response gave.
    """

    exchange: Exchange
    receipt: Receipt | None
    submit: Exchange | None
    guessed: bool = False


def pair(pdus: Iterable[RecordedPdu]) -> list[Exchange]:
    """The requests among PDUs, of any connections, in order, each with the response that came for it."""
    found: list[Exchange] = []
    open_requests: defaultdict[tuple[int, str, int], deque[Exchange]] = defaultdict(deque)
    for pdu in pdus:
        if not pdu.framed:
            continue
        command = pdu.command_id
        if not command & RESPONSE_BIT:
            exchange = Exchange(pdu, pdu.decoded())
            found.append(exchange)
            open_requests[pdu.connection, pdu.direction, pdu.sequence].append(exchange)
            continue
        asker = "out" if pdu.direction == "in" else "in"
        waiting = open_requests.get((pdu.connection, asker, pdu.sequence), deque())
        for exchange in waiting:
            if command in (exchange.request.command_id | RESPONSE_BIT, _NACK):
                exchange.response, exchange.answered = pdu, pdu.decoded()
                waiting.remove(exchange)
                break
    return found


def deliveries(exchanges: Iterable[Exchange]) -> list[Delivery]:
    """What an SMSC sent of its own, with what each follows from.

    A receipt follows from the submit whose id it names, in whatever base, else from the first to its number that no
    receipt names; a message of a subscriber from the last submit before it that was sent to this subscriber from the
    address that is answered.
    """
    exchanges = list(exchanges)
    by_id = _by_id(exchanges)
    talks: dict[tuple[str, str], Exchange] = {}
    found = []
    for exchange in exchanges:
        request, pdu = exchange.request, exchange.asked
        if request.direction == "in":
            if request.command_id in SUBMITS and pdu is not None:
                talks[getattr(pdu, "destination_addr", ""), getattr(pdu, "source_addr", "")] = exchange
            continue
        if request.command_id not in DELIVERIES:
            continue
        receipt = parse_receipt(pdu) if isinstance(pdu, DeliverSm | DataSm) else None
        submit = None
        if receipt is not None:
            submit = _submit_of(receipt, exchange, by_id)
        elif isinstance(pdu, DeliverSm | DataSm):
            submit = talks.get((pdu.source_addr, pdu.destination_addr))
        found.append(Delivery(exchange, receipt, submit))
    return _guess(found, exchanges)


def _guess(found: list[Delivery], exchanges: list[Exchange]) -> list[Delivery]:
    """The receipts that name nobody's id, by their addresses."""
    named = {delivery.submit.request.row for delivery in found if delivery.receipt and delivery.submit}
    nameless: defaultdict[tuple[str, str], deque[Exchange]] = defaultdict(deque)
    for exchange in exchanges:
        request = exchange.request
        submitted = request.direction == "in" and request.command_id in SUBMITS and exchange.accepted
        if submitted and request.row not in named:
            nameless[_ends(exchange.asked)].append(exchange)
    guessed = []
    for delivery in found:
        waiting = nameless.get(_ends(delivery.exchange.asked, turned=True))
        orphan = delivery.receipt is not None and delivery.submit is None
        if orphan and waiting and waiting[0].request.at <= delivery.exchange.request.at:
            guessed.append(Delivery(delivery.exchange, delivery.receipt, waiting.popleft(), guessed=True))
        else:
            guessed.append(delivery)
    return guessed


def _ends(pdu: Pdu | None, *, turned: bool = False) -> tuple[str, str]:
    """Where a message goes and where it comes from; `turned`: of its answer."""
    ends = getattr(pdu, "destination_addr", ""), getattr(pdu, "source_addr", "")
    return ends[::-1] if turned else ends


def message_id(exchange: Exchange) -> str:
    """The id that the response of a submit gave; "" when it gave none."""
    return getattr(exchange.answered, "message_id", "") if exchange.accepted else ""


def _by_id(exchanges: list[Exchange]) -> dict[str, list[Exchange]]:
    by_id: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.request.direction == "in" and exchange.request.command_id in SUBMITS and message_id(exchange):
            by_id[key(message_id(exchange))].append(exchange)
    return by_id


def _submit_of(receipt: Receipt, delivery: Exchange, by_id: dict[str, list[Exchange]]) -> Exchange | None:
    """The latest submit before the receipt that has its id, and its addresses where several bases fit."""
    at = delivery.request.at
    named = [receipt.message_id] if receipt.message_id else []
    if receipt.text_message_id:
        named.append(receipt.text_message_id)
    found = [
        submit
        for written in named
        for candidate in candidate_keys(written)
        for submit in islice(reversed(by_id.get(candidate, [])), _MOST_NAMESAKES)
        if submit.request.at <= at
    ]
    person = getattr(delivery.asked, "source_addr", "")
    return next((s for s in found if getattr(s.asked, "destination_addr", "") == person), found[0] if found else None)
