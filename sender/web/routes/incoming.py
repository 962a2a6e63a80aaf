"""Messages of subscribers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromQuery, QueryParameter

from sender.store import lookup
from sender.store.incoming import Incoming
from sender.web.guard import GivenApi
from webkit.problem import known_number


class IncomingPage(msgspec.Struct, frozen=True):
    """Some messages, newest first. `next` is the `cursor` of the next page; null when there is none."""

    messages: list[Incoming]
    next: int | None


@get("/v1/incoming", opt={"scope": "read"})
async def page(
    api: GivenApi,
    source: Annotated[str | None, QueryParameter(name="from", max_length=100)] = None,
    label: FromQuery[str | None] = None,
    cursor: FromQuery[int | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=lookup.MOST)] = 100,
) -> IncomingPage:
    """Messages of subscribers, newest first: of a number, with a label or a keyword's action."""
    number = None if source is None else source.removeprefix("+")
    before = None if cursor is None else known_number("cursor", cursor)
    found = await api.read(
        lambda store: lookup.incoming(store.database, source=number, label=label, before=before, limit=limit)
    )
    return IncomingPage(found, found[-1].id if len(found) == limit else None)


HANDLERS = [page]
