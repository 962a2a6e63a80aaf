"""Faults that are on, put on and taken off."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath

from smsc.control.asked import asks, done, order_of
from smsc.control.faults import FaultOrder
from smsc.control.given import GivenControl
from smsc.control.kinds import KindView, kinds
from smsc.control.standing import StandingView, standing


class FaultMade(msgspec.Struct, frozen=True):
    """A fault that was put on: its id, and whether it is on, or happened at once and is over."""

    id: str
    on: bool


@get("/api/faults")
async def faults(control: GivenControl) -> list[StandingView]:
    """The faults that are on: those of the scenario, and those that were put on here."""
    return standing(control)


@get("/api/faults/kinds")
async def known() -> list[KindView]:
    """The kinds of faults there are, with their keys."""
    return kinds()


@post("/api/faults", **asks(FaultOrder))
async def put_on(request: Request[Any, Any, Any], control: GivenControl) -> FaultMade:
    """Put a fault on, for a time or until it is taken off; it strikes what is connected already."""
    made = done(control.steering.faults.put_on(await order_of(request, FaultOrder)))
    return FaultMade(str(made.number), bool(made.undo))


@delete("/api/faults/{fault:str}", status_code=204)
async def take_off(control: GivenControl, fault: FromPath[str]) -> None:
    """Take a fault off."""
    done(control.steering.take_off(fault))


HANDLERS = [faults, known, put_on, take_off]
