"""Whether we live, whether we can work, how every account stands, and all of it for Prometheus."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from sender.pipeline.live import LiveStatus
from sender.store import lookup
from sender.web.guard import GivenApi
from sender.web.health import reasons
from sender.web.metrics import CONTENT_TYPE, render


class Health(msgspec.Struct, frozen=True):
    """`status` is ok, or unready with the reasons."""

    status: str
    reasons: list[str] = []


@get("/healthz", opt={"open": True, "scope": "monitor"})
async def live() -> Health:
    """The process lives: its loop answers."""
    return Health("ok")


@get("/readyz", opt={"open": True, "scope": "monitor"})
async def ready(api: GivenApi) -> Response[Any]:
    """Whether messages are taken and leave; 503 with the reasons when not."""
    found = reasons(api.live, api.live.look())
    body = Health("unready", found) if found else Health("ok")
    return Response(msgspec.json.encode(body), status_code=503 if found else 200, media_type="application/json")


@get("/v1/binds", opt={"scope": ("monitor", "read")})
async def binds(api: GivenApi) -> LiveStatus:
    """How every operator account and its binds stand now."""
    return api.live.look()


@get("/metrics", media_type=CONTENT_TYPE, opt={"open": True, "scope": "monitor"})
async def metrics(api: GivenApi) -> bytes:
    """For Prometheus."""
    totals = await api.read(lambda store: lookup.totals(store.database))
    return render(api, totals)


HANDLERS = [live, ready, binds, metrics]
