"""The way in for people, where a token is asked for: they give it once, and a cookie stands for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie

from smsc.control.given import GivenPolicy
from smsc.control.security import COOKIE
from webkit.problem import Problem

LASTS = 30 * 24 * 3600  # seconds

_WRONG = "this is not the token of this emulator"
_PAGE = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>smsc</title><meta name="viewport" content="width=device-width"></head>
<body>
<h1>smsc</h1>
<form method="post" action="/login">
<p><label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Log in</button></p>
%s</form>
</body>
</html>
"""


@get("/login", media_type="text/html", include_in_schema=False)
async def form() -> Response[bytes]:
    """Where the token is asked for."""
    return _form(200)


def _form(status: int, said: str = "") -> Response[bytes]:
    page = _PAGE % (f'<p role="alert">{said}; try again</p>\n'.encode() if said else b"")
    return Response(page, status_code=status, media_type="text/html", headers={"Cache-Control": "no-store"})


@post("/login", include_in_schema=False)
async def login(request: Request[Any, Any, Any], policy: GivenPolicy) -> Response[bytes]:
    """Give the token, and get a cookie."""
    given = parse_qs((await request.body()).decode("latin-1"), max_num_fields=5).get("token", [""])[0]
    if policy.token is None or not policy.knows(given):
        if "text/html" in request.headers.get("accept", ""):
            return _form(401, _WRONG)
        raise Problem(401, _WRONG)
    cookie = Cookie(COOKIE, value=policy.session(), path="/", httponly=True, samesite="strict", max_age=LASTS)
    return Response(b"", status_code=303, headers={"Location": "/"}, cookies=[cookie])


HANDLERS = [form, login]
