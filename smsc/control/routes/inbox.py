"""The page of the inbox: static files, nothing else."""

from __future__ import annotations

import re
from importlib.resources import files

from litestar import Response, get
from litestar.params import FromPath

from webkit.problem import Problem

_FILES = files("smsc.control") / "inbox"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*\.(?P<suffix>html|js|css|svg|png|ico|webmanifest)")
_TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "webmanifest": "application/manifest+json",
}


@get("/", include_in_schema=False)
async def index() -> Response[bytes]:
    """The page."""
    return _file("index.html")


@get("/static/{path:path}", include_in_schema=False)
async def static(path: FromPath[str]) -> Response[bytes]:
    """What it needs."""
    return _file(path.lstrip("/"))


def _file(path: str) -> Response[bytes]:
    *folders, name = path.split("/")
    match = _NAME.fullmatch(name)
    where = _FILES
    for folder in folders:
        where = where / folder
    if match is None or not all(re.fullmatch(r"[a-z0-9_-]+", folder) for folder in folders):
        raise Problem(404, "there is no such file")
    where = where / name
    if not where.is_file():
        raise Problem(404, "there is no such file")
    return Response(where.read_bytes(), media_type=_TYPES[match["suffix"]], headers={"Cache-Control": "no-cache"})


HANDLERS = [index, static]
