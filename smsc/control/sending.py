"""What is sent because somebody says so: messages of subscribers, any PDU, receipts before their time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from smppkit.codec import CODECS
from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.errors import EncodeError, LocalProtocolError
from smppkit.pdus import Pdu
from smsc.centre.handsets import LeftOut
from smsc.control.declined import Declined, Why
from smsc.control.operators import Operators, account_of, connection_numbered, operator_named
from smsc.control.pdu_order import BadPduOrder, octets_of, pdu_of
from smsc.scenario.mobile import MoMessage
from smsc.scenario.scalars import Stat
from smsc.server.connection import Connection
from yamlmodel.scalars import Duration

_OURS_TO_SAY: Final = frozenset({CommandId.UNBIND, CommandId.OUTBIND})
"""What a session would take for more than a request: as octets it is only what is seen on the wire."""
_log = logging.getLogger("smsc")


class MoOrder(MoMessage, frozen=True, rename={"from_": "from"}):
    """A message from a subscriber, and where it arises."""

    operator: Annotated[str, Meta(description="The subscriber's operator; the only one when omitted")] | None = None
    system_id: (
        Annotated[str, Meta(description="The account that gets it; the one that the number belongs to when omitted")]
        | None
    ) = None


class ReceiptOrder(msgspec.Struct, frozen=True):
    """What becomes of a message, and what its receipt says."""

    stat: Annotated[Stat, Meta(description="The state", examples=["UNDELIV"])] = Stat("DELIVRD")
    err: Annotated[str, Meta(description="The error code; the state's own when omitted", max_length=20)] | None = None
    delay: Annotated[Duration, Meta(description="How much later")] = Duration(0)
    part: Annotated[int, Meta(description="The part of a long message; all when omitted", ge=1, le=255)] | None = None


class Sent(msgspec.Struct, frozen=True):
    """A PDU that was sent; `expects_answer`: the session waits for its response."""

    connection: int
    octets: bytes
    expects_answer: bool


class Part(msgspec.Struct, frozen=True):
    """One part of a message as the journal has it."""

    row: int
    operator: str
    system_id: str
    command: str
    part: int
    status: int
    message_id: str | None
    state: str | None


class Sending:
    """Sends through the operators of an emulator."""

    def __init__(self, operators: Operators) -> None:
        self._operators = operators

    def mobile_originated(self, order: MoOrder) -> list[int] | Declined:
        """A subscriber writes; the journal's rows of the parts."""
        operator = operator_named(self._operators, order.operator, order.system_id)
        if isinstance(operator, Declined):
            return operator
        if order.system_id is not None and (unknown := account_of(operator, order.system_id)) is not None:
            return unknown
        written = operator.centre.mobile_originated(order, order.system_id)
        if isinstance(written, LeftOut):
            return Declined(Why.IMPOSSIBLE, f"the message is not delivered: {written.reason}", "text")
        return written

    def pdu(self, number: int, body: Mapping[str, Any]) -> Sent | Declined:
        """Send a PDU on a connection: by its fields, or as octets that are sent as they are. Both are in the journal.

        A request that the session may make now is made by it: it has a number of the session's, a place in the window,
        and its response is waited for. All else is only written: responses, what has a sequence_number of its own, and
        what is not legal in this state.
        """
        found = connection_numbered(self._operators, number)
        if isinstance(found, Declined):
            return found
        operator, connection = found
        try:
            if "hex" in body:
                if len(body) > 1:
                    other = next(key for key in body if key != "hex")
                    raise BadPduOrder(other, "stands beside hex; expected either hex or command and fields")
                return _as_octets(connection, octets_of(body["hex"]))
            pdu = pdu_of(body, operator.state.operator.submit.alphabet)
            return _as_pdu(connection, pdu, numbered="sequence_number" in body)
        except BadPduOrder as error:
            return Declined(Why.IMPOSSIBLE, str(error), error.key)
        except EncodeError as error:
            return Declined(Why.IMPOSSIBLE, str(error), error.field.rpartition(".")[2])
        except LocalProtocolError as error:
            return Declined(Why.TOO_LATE, f"connection {number}: {error}", "connection")

    def receipt(self, parts: list[Part], order: ReceiptOrder) -> list[int] | Declined:
        """Let the parts of a message come to an end, with receipts, whatever was planned; the rows of those that do.

        `parts` are all of one message. Declined when it is the fault of each of them.
        """
        chosen = parts if order.part is None else [part for part in parts if part.part == order.part]
        if not chosen:
            known = ", ".join(str(part.part) for part in parts)
            return Declined(Why.UNKNOWN, f"part: found {order.part}; expected one of {known}", "part")
        concluded: list[int] = []
        refused: Declined | None = None
        for part in chosen:
            reason = self._conclude(part, order)
            if reason is None:
                concluded.append(part.row)
            else:
                refused = refused or reason
        return concluded if concluded or refused is None else refused

    def _conclude(self, part: Part, order: ReceiptOrder) -> Declined | None:
        if part.command == "deliver_sm":
            return Declined(Why.IMPOSSIBLE, f"message {part.row} is one of a subscriber: it has no receipt", "id")
        if part.status or part.message_id is None:
            return Declined(Why.IMPOSSIBLE, f"message {part.row} was not accepted ({part.status:#x})", "id")
        operator = self._operators.get(part.operator)
        held = None if operator is None else operator.centre.find(part.system_id, part.message_id, part.row)
        if operator is None or held is None:
            state = f", which was {part.state} when it was last heard of" if part.state else ""
            return Declined(Why.TOO_LATE, f"{part.operator} does not know message {part.row} any more{state}", "id")
        if held.final(operator.clock.seconds()):
            return Declined(Why.TOO_LATE, f"message {part.row} is {held.fate.stat} for good", "id")
        operator.centre.conclude(held, order.stat, order.err, float(order.delay))
        return None


def _as_octets(connection: Connection, octets: bytes) -> Sent:
    if not octets:
        raise BadPduOrder("hex", "found nothing; expected the octets of a PDU")
    connection.say(octets)
    _log.info("%r: %d octets sent by hand", connection, len(octets))
    return Sent(connection.number, octets, expects_answer=False)


def _as_pdu(connection: Connection, pdu: Pdu, *, numbered: bool) -> Sent:
    session = connection.link.session
    is_request = not pdu.command_id & RESPONSE_BIT
    if is_request and not numbered and not pdu.command_status and pdu.command_id not in _OURS_TO_SAY:
        if session.may_send(pdu.command_id) and session.window_free > 0:
            session.send(pdu, connection.link.clock.seconds())
            octets = CODECS[connection.version].encoders[type(pdu)](pdu)
            connection.flush()
            _log.info("%r: %s sent by hand", connection, pdu.name)
            return Sent(connection.number, octets, expects_answer=pdu.response_class is not None)
        pdu.sequence_number = session.reserve(1)
    octets = CODECS[connection.version].encoders[type(pdu)](pdu)
    connection.say(octets)
    _log.info("%r: %s sent by hand", connection, pdu.name)
    return Sent(connection.number, octets, expects_answer=False)
