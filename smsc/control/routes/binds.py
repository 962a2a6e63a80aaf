"""Who is bound."""

from __future__ import annotations

from litestar import get

from smsc.control.binds import Bind
from smsc.control.control import Control


@get("/api/binds")
async def binds(control: Control) -> list[Bind]:
    """All connections, in the order they came, operator by operator."""
    return control.binds.all()


HANDLERS = [binds]
