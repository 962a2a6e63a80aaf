"""Time: looked at, paused, resumed, advanced."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post

from smsc.control.asked import Nothing, asks, order_of
from smsc.control.control import Control
from smsc.control.given import GivenControl
from smsc.control.timekeeping import AdvanceOrder, Timekeeper
from webkit.problem import Problem
from webkit.turns import of_deferred


class ClockView(msgspec.Struct, frozen=True):
    """The emulator's time in unix seconds. `virtual`: it is not the machine's, for it was steered."""

    now: float
    paused: bool
    virtual: bool
    speed: float


def _view(control: Control) -> ClockView:
    time = control.steering.time
    if time is None:
        return ClockView(control.wall(), paused=False, virtual=False, speed=1.0)
    return ClockView(control.wall(), paused=time.clock.paused, virtual=time.clock.steered, speed=1.0)


def _time(control: Control) -> Timekeeper:
    time = control.steering.time
    if time is None:
        raise Problem(409, "the time of this emulator cannot be steered: it was made on a clock of another kind")
    return time


@get("/api/clock")
async def clock(control: GivenControl) -> ClockView:
    """The emulator's time, and whether it runs."""
    return _view(control)


@post("/api/clock/pause", status_code=200, **asks(Nothing))
async def pause(request: Request[Any, Any, Any], control: GivenControl) -> ClockView:
    """Let time stand still: nothing falls due any more, but for what is due at this very moment. Connections stay."""
    await order_of(request, Nothing)
    _time(control).pause()
    return _view(control)


@post("/api/clock/resume", status_code=200, **asks(Nothing))
async def resume(request: Request[Any, Any, Any], control: GivenControl) -> ClockView:
    """Let time run on from where it stands."""
    await order_of(request, Nothing)
    _time(control).resume()
    return _view(control)


@post("/api/clock/advance", status_code=200, **asks(AdvanceOrder))
async def advance(request: Request[Any, Any, Any], control: GivenControl) -> ClockView:
    """Pass through time at once: what falls due on the way happens in order, and has happened when this answers."""
    order = await order_of(request, AdvanceOrder)
    await of_deferred(_time(control).advance(order.by))
    return _view(control)


HANDLERS = [clock, pause, resume, advance]
