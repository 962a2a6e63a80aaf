"""What a session tells its owner. Drained with ``Session.events()``, in the order things happened."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from smppkit.pdus import Pdu
from smppkit.runs import ReceiptRun, SubmitRun
from smppkit.states import BindState
from smppkit.stream import BadPdu


class NoResponseCause(Enum):
    """Why a request will never be answered; the peer may or may not have acted on it."""

    TIMEOUT = "response timeout"
    CONNECTION_LOST = "connection lost"
    UNREADABLE = "unreadable response"


class Bound(msgspec.Struct, frozen=True, gc=False):
    """The session is bound. ESME: `pdu` is the bind_resp that came; SMSC: the one that was sent."""

    state: BindState
    pdu: Pdu


class Request(msgspec.Struct, frozen=True, gc=False):
    """The peer asks something that the owner must answer with ``Session.respond``, or give up with ``forget``.

    Exceptions: alert_notification and outbind have no response.
    """

    pdu: Pdu


class RequestRun(msgspec.Struct, frozen=True, gc=False):
    """The peer asks for the same so often: as many `Request` events. Only where ``Session.read_runs`` was asked for.

    To be answered with ``Session.respond_run``, given up with ``forget_run``, or taken apart with ``unroll``.
    """

    run: SubmitRun


class ReceiptsDelivered(msgspec.Struct, frozen=True, gc=False):
    """The peer delivers receipts: as many `Request` events. Only where ``Session.read_runs`` was asked for.

    To be answered as a `RequestRun` is.
    """

    run: ReceiptRun


class Response(msgspec.Struct, frozen=True, gc=False):
    """A request of ours was answered, by its own response or by a generic_nack.

    `context` is what was given to ``send``; `sent_at` the `now` of that call. `request` is None, here and in the next
    two, when it was sent with ``send_encoded``.
    """

    request: Pdu | None
    response: Pdu
    context: object
    sent_at: float


class AcceptedResponses(msgspec.Struct, frozen=True, gc=False):
    """Requests of ours were answered by their own responses, with ESME_ROK and nothing beside it.

    As many `Response` events, only where ``Session.read_runs`` was asked for; `contexts` is in their order.
    """

    contexts: Sequence[object]


class SubmitsTaken(msgspec.Struct, frozen=True, gc=False):
    """submit_sm of ours, sent at one time, were answered with ESME_ROK and their ids, and nothing beside that.

    As many `Response` events, only where ``Session.read_runs`` was asked for; `contexts` and `message_ids` are in their
    order.
    """

    contexts: Sequence[object]
    message_ids: list[str]
    sent_at: float


class NoResponse(msgspec.Struct, frozen=True, gc=False):
    """A request of ours will not be answered. Whether the peer acted on it is unknown."""

    request: Pdu | None
    context: object
    cause: NoResponseCause
    sent_at: float


class LateResponse(msgspec.Struct, frozen=True, gc=False):
    """The response to a request that had been given up with ``NoResponse(TIMEOUT)``: the doubt is over."""

    request: Pdu | None
    response: Pdu
    context: object
    sent_at: float


class Alive(msgspec.Struct, frozen=True, gc=False):
    """The peer was heard again after the owner had asked for a sign of life (Session.enquire)."""


class BadPduReceived(msgspec.Struct, frozen=True, gc=False):
    """The peer sent something unreadable. The session has answered it already."""

    bad: BadPdu


class Unbound(msgspec.Struct, frozen=True, gc=False):
    """One end has said unbind: no new request may be sent. ``Closing`` follows once all is answered."""

    by_peer: bool


class Closing(msgspec.Struct, frozen=True, gc=False):
    """The session is over: flush what is queued, then close the transport."""

    reason: str


Event = (
    Bound
    | Request
    | RequestRun
    | ReceiptsDelivered
    | Response
    | AcceptedResponses
    | SubmitsTaken
    | NoResponse
    | LateResponse
    | Alive
    | BadPduReceived
    | Unbound
    | Closing
)
