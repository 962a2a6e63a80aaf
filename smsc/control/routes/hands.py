"""What is done by hand: connections ended and stalled, PDUs, messages of subscribers and receipts sent."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath

from smsc.control.asked import Nothing, asks, done, order_of
from smsc.control.connections import DropOrder, StallOrder
from smsc.control.given import GivenControl
from smsc.control.pdus import SentView
from smsc.control.sending import MoOrder, ReceiptOrder
from webkit.problem import Problem
from webkit.turns import of_deferred


class MoMade(msgspec.Struct, frozen=True):
    """The message of a subscriber: its id, that of its first part, and of all its parts."""

    id: int
    rows: list[int]


class Concluded(msgspec.Struct, frozen=True):
    """The rows of the parts that came to their end."""

    rows: list[int]


@post("/api/binds/{connection:int}/drop", status_code=204, **asks(DropOrder))
async def drop(request: Request[Any, Any, Any], control: GivenControl, connection: FromPath[int]) -> None:
    """End a connection: unbind, reset, or close."""
    done(control.steering.connections.drop(connection, await order_of(request, DropOrder)))


@post("/api/binds/{connection:int}/stall", status_code=204, **asks(StallOrder))
async def stall(request: Request[Any, Any, Any], control: GivenControl, connection: FromPath[int]) -> None:
    """Neither read from a connection nor write to it, for a time or until it is undone."""
    done(control.steering.connections.stall(connection, await order_of(request, StallOrder)))


@post("/api/binds/{connection:int}/unstall", status_code=204, **asks(Nothing))
async def unstall(request: Request[Any, Any, Any], control: GivenControl, connection: FromPath[int]) -> None:
    """Let a stalled connection go on; what has come to wait goes on its way."""
    await order_of(request, Nothing)
    done(control.steering.connections.unstall(connection))


@post("/api/binds/{connection:int}/pdu")
async def pdu(request: Request[Any, Any, Any], control: GivenControl, connection: FromPath[int]) -> SentView:
    """Send any PDU: `hex`, exactly as it is, or `command` and its fields by their names in SMPP."""
    try:
        body = msgspec.json.decode(await request.body())
    except msgspec.DecodeError as error:
        raise Problem(400, f"not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Problem(400, "found no object; expected hex, or command and its fields")
    return SentView.of(done(control.steering.sending.pdu(connection, body)))


@post("/api/mo", **asks(MoOrder))
async def mo(request: Request[Any, Any, Any], control: GivenControl) -> MoMade:
    """A subscriber writes."""
    rows = done(control.steering.sending.mobile_originated(await order_of(request, MoOrder)))
    return MoMade(rows[0], rows)


@post("/api/messages/{number:int}/receipt", status_code=200, **asks(ReceiptOrder))
async def receipt(request: Request[Any, Any, Any], control: GivenControl, number: FromPath[int]) -> Concluded:
    """Let a message come to its end now, with a receipt that says so; what was planned is cut short."""
    order = await order_of(request, ReceiptOrder)
    parts = await of_deferred(control.messages.parts(number))
    return Concluded(done(control.steering.sending.receipt(parts, order)))


HANDLERS = [drop, stall, unstall, pdu, mo, receipt]
