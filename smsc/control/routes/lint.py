"""What the clients do wrong."""

from __future__ import annotations

from litestar import Response, get

from smsc.control.given import GivenControl, GivenQuery
from smsc.control.query import FILTERS, Option, query
from smsc.lint.report import FORMATS, render
from webkit.turns import of_deferred

_TYPES = {"json": "application/json", "text": "text/plain", "junit": "application/xml", "sarif": "application/json"}
_OPTIONS = {
    "format": Option("json unless given", choices=tuple(FORMATS)),
    "system_id": FILTERS["system_id"],
    "since": FILTERS["since"],
}


@get("/api/lint", **query(_OPTIONS))
async def lint(control: GivenControl, asked: GivenQuery) -> Response[str]:
    """What the lint has found so far: in the journal, or of the one that watches (--lint)."""
    filters, form = asked.filters(), asked.get("format", "json")
    report = await of_deferred(control.lint.report(filters.since, filters.system_id))
    return Response(render(report, form), media_type=_TYPES[form])


HANDLERS = [lint]
