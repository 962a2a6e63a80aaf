"""Messages by the number of the subscriber, as a phone shows them."""

from __future__ import annotations

import msgspec
from litestar import get

from smsc.control.control import Control
from smsc.control.query import Option, Query, limit, query
from smsc.control.turns import of_deferred
from smsc.journal.messages import Conversation
from smsc.journal.whole import WholeMessage

MOST = 500


class Conversations(msgspec.Struct, frozen=True):
    """One for each number, the latest first."""

    items: list[Conversation]


class Talk(msgspec.Struct, frozen=True):
    """The newest messages of one number, oldest first."""

    items: list[WholeMessage]


@get("/api/conversations", **query({"q": Option("Words, as in the filter of messages")}, limit(MOST)))
async def conversations(control: Control, asked: Query) -> Conversations:
    """One for each subscriber's number, the latest first."""
    found = control.messages.conversations(asked.filters().q, asked.get("limit", 50))
    return Conversations(await of_deferred(found))


_ONE = {"system_id": Option("Only those of this account"), "before": Option("Only what is older", "integer", 0)}


@get("/api/conversations/{number:str}", **query(_ONE, limit(MOST)))
async def conversation(control: Control, number: str, asked: Query) -> Talk:
    """The newest messages from and to a number, both directions, oldest first."""
    found = control.messages.conversation(
        number, system_id=asked.get("system_id"), limit=asked.get("limit", 50), before=asked.get("before")
    )
    return Talk(await of_deferred(found))


HANDLERS = [conversations, conversation]
