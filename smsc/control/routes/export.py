"""What is in the journal, as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import IO

from litestar import get
from litestar.response import Stream

from smsc.control.export import FORMATS, Format, capture, piece
from smsc.control.given import GivenControl, GivenQuery
from smsc.control.messages import MessageDesk
from smsc.control.query import FILTERS, Option, query
from smsc.control.reader import Shelf
from smsc.journal.message_filter import MessageFilter
from webkit.problem import Problem
from webkit.turns import of_deferred

_PCAP = "pcap"
_OF_CONNECTIONS = frozenset({"operator", "system_id"})
_FORMAT = {"format": Option("json unless given", choices=(*FORMATS, _PCAP))}
_PIECE = 1 << 16  # octets


@get("/api/export", **query(_FORMAT, FILTERS))
async def export(control: GivenControl, asked: GivenQuery) -> Stream:
    """Messages that match, oldest first, as JSON, CSV or JUnit; or PDUs (of an operator, an account) as a capture."""
    wanted, name = asked.filters(), asked.get("format", "json")
    if name == _PCAP:
        if others := [field for field in wanted.given() if field not in _OF_CONNECTIONS]:
            detail = "a packet capture has whole connections; expected no filter but operator and system_id"
            raise Problem(400, f"{others[0]}: {detail}", field=others[0])

        def work(shelf: Shelf) -> IO[bytes]:
            return capture(shelf, wanted.operator, wanted.system_id)

        file = await of_deferred(control.messages.reader.read(work))
        return _download(_read(file), "application/vnd.tcpdump.pcap", "pcap")
    form = FORMATS[name]
    return _download(_pieces(control.messages, form, wanted), form.media_type, form.suffix)


def _download(content: AsyncIterator[bytes], media_type: str, suffix: str) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="smsc.{suffix}"', "Cache-Control": "no-store"}
    return Stream(content, media_type=media_type, headers=headers)


async def _pieces(desk: MessageDesk, form: Format, wanted: MessageFilter) -> AsyncIterator[bytes]:
    after, now = 0, desk.feed.now()
    while True:
        octets, last = await of_deferred(desk.reader.read(lambda shelf: piece(shelf, form, wanted, now, after)))  # noqa: B023 - read at once
        yield octets
        if last is None:
            return
        after = last


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    try:
        while octets := await loop.run_in_executor(None, file.read, _PIECE):
            yield octets
    finally:
        file.close()


HANDLERS = [export]
