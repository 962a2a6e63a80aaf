"""The scenario and its timeline."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post

from smsc.control.asked import Nothing, asks, order_of
from smsc.control.given import GivenControl
from smsc.control.timetable import ScenarioView


@get("/api/scenario")
async def scenario(control: GivenControl) -> ScenarioView:
    """The scenario, and where each entry of its timeline stands."""
    return control.timetable.view()


@post("/api/scenario/begin", status_code=200, **asks(Nothing))
async def begin(request: Request[Any, Any, Any], control: GivenControl) -> ScenarioView:
    """Let the timeline begin again: what is on is ended, and its time is zero now."""
    await order_of(request, Nothing)
    control.timetable.begin()
    return control.timetable.view()


HANDLERS = [scenario, begin]
