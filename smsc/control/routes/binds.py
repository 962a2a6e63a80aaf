"""Who is bound."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from smsc.control.binds import BusyBind
from smsc.control.given import GivenControl


@get("/api/binds")
async def binds(control: GivenControl) -> list[BusyBind]:
    """All connections, in the order they came, operator by operator; rates and latencies from the first look on."""
    return control.binds.all()


@get("/api/binds/{connection:int}")
async def bind(control: GivenControl, connection: FromPath[int]) -> BusyBind:
    """One connection."""
    return control.binds.one(connection)


HANDLERS = [binds, bind]
