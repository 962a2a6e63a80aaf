"""Messages: search, one, the latest, wait, count, verify."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, JSONBody

from smsc.control.given import GivenControl, GivenQuery
from smsc.control.messages import MOST_ON_A_PAGE, MessagePage, Verified
from smsc.control.query import FILTERS, page, query, read_filters
from smsc.control.story import MessageDetail
from smsc.control.waiting import Came, Missed
from smsc.journal.whole import WholeMessage
from webkit.problem import Problem
from webkit.turns import of_deferred, unless_gone


class Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"from_": "from"}):
    """Conditions, as the query parameters of the same names; all that are given must hold."""

    to: str | int | None = None
    from_: str | int | None = None
    text: str | int | None = None
    text_matches: str | None = None
    operator: str | None = None
    system_id: str | None = None
    direction: str | None = None
    state: str | None = None
    status: str | int | None = None
    command: str | None = None
    encoding: str | None = None
    parts: int | str | None = None
    complete: bool | None = None
    message_id: str | int | None = None
    id: int | None = None
    since: float | str | None = None
    until: float | str | None = None
    q: str | None = None


class WaitRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is waited for: `count` messages with an id above `after`, for `timeout` seconds."""

    filters: Filters = Filters()
    count: int = 1
    timeout: float = 10.0
    after: int | None = None


class CountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is counted."""

    filters: Filters = Filters()


class VerifyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many messages are expected: one of `equals`, `at_least` and `at_most`."""

    filters: Filters = Filters()
    equals: int | None = None
    at_least: int | None = None
    at_most: int | None = None


class Count(msgspec.Struct, frozen=True):
    """How many messages match."""

    count: int


@get("/api/messages", **query(FILTERS, page(MOST_ON_A_PAGE)))
async def search(control: GivenControl, asked: GivenQuery) -> MessagePage:
    """Messages that match, newest first; with `after` the oldest after it first."""
    found = control.messages.page(
        asked.filters(), limit=asked.get("limit", 50), before=asked.get("before"), after=asked.get("after")
    )
    return await of_deferred(found)


@get("/api/messages/latest", **query(FILTERS))
async def latest(control: GivenControl, asked: GivenQuery) -> WholeMessage:
    """The newest message that matches; 404 with what came closest when none does."""
    return await of_deferred(control.messages.latest(asked.filters()))


@get("/api/messages/{number:int}")
async def one(control: GivenControl, number: FromPath[int]) -> MessageDetail:
    """One message: its parts, their PDUs field by field, and what happened when."""
    return await of_deferred(control.messages.detail(number))


@post("/api/messages/wait", status_code=200)
async def wait(request: Request[Any, Any, Any], control: GivenControl, data: JSONBody[WaitRequest]) -> Came:
    """Wait until enough messages match; 408 with what came closest when they do not come in time."""
    waiting = control.messages.wait(_filters(data.filters), count=data.count, timeout=data.timeout, after=data.after)
    outcome = await unless_gone(request, waiting)
    if isinstance(outcome, Missed):
        raise _missed(outcome, data)
    return outcome


@post("/api/messages/count", status_code=200)
async def count(control: GivenControl, data: JSONBody[CountRequest]) -> Count:
    """How many messages match."""
    return Count(await of_deferred(control.messages.count(_filters(data.filters))))


@post("/api/messages/verify", status_code=200)
async def verify(control: GivenControl, data: JSONBody[VerifyRequest]) -> Verified:
    """Whether as many messages match as are expected; 409 with what came closest when not."""
    given = {kind: number for kind in ("equals", "at_least", "at_most") if (number := getattr(data, kind)) is not None}
    if len(given) != 1:
        raise Problem(400, f"found {', '.join(given) or 'none'}; expected one of equals, at_least and at_most")
    ((kind, number),) = given.items()
    verdict = await of_deferred(control.messages.verify(_filters(data.filters), kind, number))  # type: ignore[arg-type]
    if not verdict.met:
        raise Problem(
            409,
            f"{verdict.count} messages match; expected {verdict.wanted}",
            kind="not-met",
            met=False,
            count=verdict.count,
            near_misses=verdict.near_misses,
        )
    return verdict


def _filters(given: Filters) -> Any:
    return read_filters(msgspec.to_builtins(given))


def _missed(outcome: Missed, asked: WaitRequest) -> Problem:
    filters = ", ".join(f"{name}: {value}" for name, value in msgspec.to_builtins(asked.filters).items()) or "any"
    return Problem(
        408,
        f"{outcome.found} of {asked.count} messages came within {asked.timeout:g} s ({filters})",
        kind="nothing-came",
        found=outcome.found,
        seen=outcome.seen,
        near_misses=outcome.near_misses,
    )


HANDLERS = [search, latest, one, wait, count, verify]
