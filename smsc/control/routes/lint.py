"""What the clients do wrong."""

from __future__ import annotations

from litestar import Response, get

from smsc.control.control import Control
from smsc.control.query import Option, Query, query
from smsc.control.turns import of_deferred
from smsc.lint.report import FORMATS, render

_TYPES = {"json": "application/json", "text": "text/plain", "junit": "application/xml", "sarif": "application/json"}
_OPTIONS = {
    "format": Option("json unless given", choices=tuple(FORMATS)),
    "system_id": Option("Only what this account does"),
    "since": Option("Only what was done since: unix seconds, or 2026-03-01T12:00:00Z"),
}


@get("/api/lint", **query(_OPTIONS))
async def lint(control: Control, asked: Query) -> Response[str]:
    """What the lint has found so far: in the journal, or of the one that watches (--lint)."""
    filters, form = asked.filters(), asked.get("format", "json")
    report = await of_deferred(control.lint.report(filters.since, filters.system_id))
    return Response(render(report, form), media_type=_TYPES[form])


HANDLERS = [lint]
