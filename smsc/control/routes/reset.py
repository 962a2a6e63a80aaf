"""Forgetting: an account and all that goes with it, or everything."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, post
from msgspec import Meta

from smsc.control.asked import asks, order_of
from smsc.control.given import GivenControl, GivenQuery
from smsc.control.query import Option, query
from webkit.turns import of_deferred


class ResetOrder(msgspec.Struct, frozen=True):
    """Whose is forgotten."""

    system_id: (
        Annotated[str, Meta(description="The account; all of them when null or omitted", min_length=1)] | None
    ) = None


@post("/api/reset", status_code=204, **asks(ResetOrder))
async def reset(request: Request[Any, Any, Any], control: GivenControl) -> None:
    """Forget all that an account, or everybody, has brought about, and what was put on for it. Binds stay."""
    order = await order_of(request, ResetOrder)
    await of_deferred(control.steering.reset(order.system_id))


@delete("/api/messages", status_code=204, **query({"system_id": Option("The account; all of them when omitted")}))
async def forget(control: GivenControl, asked: GivenQuery) -> None:
    """The same."""
    await of_deferred(control.steering.reset(asked.get("system_id")))


HANDLERS = [reset, forget]
