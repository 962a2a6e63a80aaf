"""What was done by whom."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromQuery, QueryParameter

from sender.store.access import Deed
from sender.web.guard import GivenApi
from webkit.problem import known_number


class AuditPage(msgspec.Struct, frozen=True):
    """Some lines, newest first. `next` is the `cursor` of the next page; null when there is none."""

    deeds: list[Deed]
    next: int | None


@get("/v1/audit", opt={"scope": "admin"})
async def page(
    api: GivenApi,
    cursor: FromQuery[int | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> AuditPage:
    """What tokens and commands changed: who, what, when, from where, with what outcome; no texts, no numbers."""
    before = None if cursor is None else known_number("cursor", cursor)
    found = await api.read(lambda store: store.access.deeds(before=before, limit=limit))
    return AuditPage(found, found[-1].id if len(found) == limit else None)


HANDLERS = [page]
