"""The emulator as a whole: operators, counters, metrics, health."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from smsc.control.given import GivenControl
from smsc.control.metrics import CONTENT_TYPE, render
from smsc.control.overview import Health, OperatorView, health_of, operators_of, stats_of


@get("/api/operators")
async def operators(control: GivenControl) -> list[OperatorView]:
    """Every operator: where it listens, who is bound, what it has done."""
    return operators_of(control.emulator)


@get("/api/stats")
async def stats(control: GivenControl) -> dict[str, Any]:
    """All counters of each operator, and their sums."""
    return stats_of(control.emulator.stats)


@get("/metrics", media_type=CONTENT_TYPE)
async def metrics(control: GivenControl) -> Response[bytes]:
    """The counters as Prometheus reads them."""
    return Response(render(control), media_type=CONTENT_TYPE)


@get("/healthz")
async def healthz(control: GivenControl) -> Response[Health]:
    """200 while all operators listen and the journal writes, else 503; needs no token."""
    health = health_of(control.emulator, control.journal)
    return Response(health, status_code=200 if health.status == "ok" else 503, headers={"Cache-Control": "no-store"})


HANDLERS = [operators, stats, metrics, healthz]
