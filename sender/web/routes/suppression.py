"""The suppression list: who must not be written to."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta
from twisted.internet.defer import Deferred

from sender.domain.scope import ScopeError, read_scope
from sender.store import lookup
from sender.store.suppression import Suppressed
from sender.web.guard import GivenApi, GivenToken
from sender.web.reading import address_of, body_of, decoded, number_of
from webkit.problem import Problem
from webkit.turns import of_deferred

_MOST_NUMBERS: Final = 1000


class SuppressionEntry(msgspec.Struct, frozen=True):
    """A number, how far its opt-out reaches, and where that comes from. `at` is unix time."""

    number: str
    scope: str
    source: str
    reason: str
    at: float


class SuppressionPage(msgspec.Struct, frozen=True):
    """Some entries. `next` is the `cursor` of the next page; null when there is none."""

    entries: list[SuppressionEntry]
    next: str | None


class SuppressionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers to put on the list."""

    numbers: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(min_length=1, max_length=_MOST_NUMBERS)]
    scope: Annotated[str, Meta(max_length=40, description="all, advertising, or from:SENDER")] = "advertising"
    reason: Annotated[str, Meta(max_length=200)] = ""


class SuppressionChange(msgspec.Struct, frozen=True):
    """How many entries were changed; the others were as they are now already."""

    changed: int


@get("/v1/suppression", opt={"scope": ("suppression", "read")})
async def page(
    api: GivenApi,
    to: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=lookup.MOST)] = 100,
) -> SuppressionPage:
    """Entries of the list, of one number or of all."""
    number = None if to is None else int(number_of(api, to))
    after = None if cursor is None else _after(cursor)
    found = await api.read(lambda store: lookup.suppressed(store.database, number=number, after=after, limit=limit))
    entries = [SuppressionEntry(str(it.number), it.scope, it.source, it.reason, it.at) for it in found]
    return SuppressionPage(entries, f"{found[-1].scope}/{found[-1].number}" if len(found) == limit else None)


def _after(cursor: str) -> tuple[str, int]:
    scope, slash, number = cursor.rpartition("/")
    if not slash or not number.isdecimal() or len(number) > 18:
        raise Problem(400, "cursor: expected the `next` of the page before", field="cursor")
    return scope, int(number)


@post(
    "/v1/suppression", status_code=200, opt={"scope": "suppression", "reads": {"application/json": SuppressionRequest}}
)
async def add(request: Request[Any, Any, Any], api: GivenApi, token: GivenToken) -> SuppressionChange:
    """Put numbers on the list: nothing more is written to them, messages that wait included."""
    asked = decoded(await body_of(request), SuppressionRequest)
    scope, now = _scope(asked.scope), api.now
    source = f"api:{token.name}"
    entries = [
        Suppressed(int(number_of(api, number, "numbers")), scope, source, asked.reason, "", now)
        for number in asked.numbers
    ]
    deed = api.deed(token, address_of(request), "suppression.add", scope)

    def verb() -> int:
        changed = len(api.store.suppression.add(entries))
        api.store.access.note([msgspec.structs.replace(deed, outcome=f"{changed} added", items=len(entries))])
        return changed

    changed = await api.write(verb)
    await of_deferred(Deferred.fromCoroutine(api.sender.on_outside_change()))
    return SuppressionChange(changed)


@delete("/v1/suppression", status_code=200, opt={"scope": "suppression"})
async def remove(
    request: Request[Any, Any, Any],
    api: GivenApi,
    token: GivenToken,
    to: Annotated[str, QueryParameter(max_length=100)],
    from_scope: Annotated[str | None, QueryParameter(name="scope")] = None,
    reason: Annotated[str, QueryParameter(max_length=200)] = "",
) -> SuppressionChange:
    """Take a number off the list: from one scope, or from all. The history keeps that it was there."""
    number = int(number_of(api, to))
    scope = None if from_scope is None else _scope(from_scope)
    deed = api.deed(token, address_of(request), "suppression.remove", scope or "every scope")

    def verb() -> int:
        changed = len(
            api.store.suppression.remove(number, scope, source=f"api:{token.name}", reason=reason, at=deed.at)
        )
        api.store.access.note([msgspec.structs.replace(deed, outcome=f"{changed} removed")])
        return changed

    changed = await api.write(verb)
    await of_deferred(Deferred.fromCoroutine(api.sender.on_outside_change()))
    return SuppressionChange(changed)


def _scope(text: str) -> str:
    try:
        return read_scope(text)
    except ScopeError as error:
        raise Problem(422, str(error), field="scope") from None


HANDLERS = [page, add, remove]
