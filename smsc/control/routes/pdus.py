"""PDUs as they were on the wire."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from smppkit.commands import CommandId
from smsc.control.given import GivenControl, GivenQuery
from smsc.control.pdus import MOST_ON_A_PAGE, PduPage, PduView
from smsc.control.query import FILTERS, Option, Options, page, query
from webkit.problem import unknown
from webkit.turns import of_deferred

_COMMANDS = {command.name.lower(): int(command) for command in CommandId}
_FILTERS: Options = {
    "connection": Option("The number of a connection", "integer", 0),
    "operator": FILTERS["operator"],
    "system_id": FILTERS["system_id"],
    "direction": Option("in: from an ESME, out: to one", choices=("in", "out")),
    "command": Option("Such as submit_sm or deliver_sm_resp"),
    "status": FILTERS["status"],
    "since": FILTERS["since"],
}


@get("/api/pdus", **query(_FILTERS, page(MOST_ON_A_PAGE)))
async def pdus(control: GivenControl, asked: GivenQuery) -> PduPage:
    """PDUs, newest first, taken apart field by field; with `after` the oldest after it first."""
    filters = asked.filters()  # status and since are read as those of messages are
    command = asked.get("command")
    if command is not None and command not in _COMMANDS:
        raise unknown("command", command, _COMMANDS)
    found = control.pdus.page(
        limit=asked.get("limit", 50),
        before=asked.get("before"),
        after=asked.get("after"),
        connection=asked.get("connection"),
        operator=filters.operator,
        system_id=filters.system_id,
        direction=asked.get("direction"),
        command_id=None if command is None else _COMMANDS[command],
        status=filters.status,
        since=filters.since,
    )
    return await of_deferred(found)


@get("/api/pdus/{row:int}")
async def pdu(control: GivenControl, row: FromPath[int]) -> PduView:
    """One PDU, taken apart field by field."""
    return await of_deferred(control.pdus.one(row))


HANDLERS = [pdus, pdu]
