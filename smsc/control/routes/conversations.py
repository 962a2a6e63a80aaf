"""Messages by the number of the subscriber, as a phone shows them."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.params import FromPath

from smsc.control.given import GivenControl, GivenQuery
from smsc.control.query import FILTERS, Option, limit, query
from smsc.journal.messages import Conversation
from smsc.journal.whole import WholeMessage
from webkit.turns import of_deferred

MOST = 500


class Conversations(msgspec.Struct, frozen=True):
    """One for each number, the latest first."""

    items: list[Conversation]


class Talk(msgspec.Struct, frozen=True):
    """The newest messages of one number, oldest first."""

    items: list[WholeMessage]


@get("/api/conversations", **query({"q": FILTERS["q"]}, limit(MOST)))
async def conversations(control: GivenControl, asked: GivenQuery) -> Conversations:
    """One for each subscriber's number, the latest first."""
    found = control.messages.conversations(asked.filters().q, asked.get("limit", 50))
    return Conversations(await of_deferred(found))


_ONE = {"system_id": FILTERS["system_id"], "before": Option("Only what is older", "integer", 0)}


@get("/api/conversations/{number:str}", **query(_ONE, limit(MOST)))
async def conversation(control: GivenControl, number: FromPath[str], asked: GivenQuery) -> Talk:
    """The newest messages from and to a number, both directions, oldest first."""
    found = control.messages.conversation(
        number, system_id=asked.get("system_id"), limit=asked.get("limit", 50), before=asked.get("before")
    )
    return Talk(await of_deferred(found))


HANDLERS = [conversations, conversation]
