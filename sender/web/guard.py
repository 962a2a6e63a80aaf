"""Who is let in: asked before anything of a body is read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler

from sender.store.access import Token
from sender.web.api import Api
from webkit.problem import Problem

GivenApi = NamedDependency[Api]
GivenToken = NamedDependency[Token]

_TOKEN = "sender.token"  # noqa: S105 - the name of it
_OUR_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = "sender.headers"
"""Where the headers about the rate are kept until the answer is sent."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request in, or raise a Problem: 401 without a good token, 403 without the scope, 429 beyond the rate."""
    api = api_of(connection)
    scope = handler.opt.get("scope")
    documented = connection.scope["path"].startswith("/schema")
    if api.is_open and (documented or handler.opt.get("open")) and _by_our_name(connection):
        return
    try:
        token = api.book.recognise(connection.headers.get("authorization", ""), api.now)
    except Problem:
        api.counts.unknown_tokens += 1
        raise
    connection.scope["state"][_TOKEN] = token
    wanted = [scope] if isinstance(scope, str) else list(scope or ())
    if wanted and "admin" not in token.scopes and not set(wanted) & set(token.scopes):
        raise Problem(
            403, f"this token has the scopes {', '.join(token.scopes) or 'none'}; expected {' or '.join(wanted)}",
            kind="scope",
        )  # fmt: skip
    if not handler.opt.get("counts_itself"):
        spend(connection, api, token, 1)


def _by_our_name(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether who asks calls this machine by its own name: a page of somebody else in a browser here does not."""
    try:
        return urlsplit(f"//{connection.headers.get('host', '')}").hostname in _OUR_NAMES
    except ValueError:
        return False


def spend(connection: ASGIConnection[Any, Any, Any, Any], api: Api, token: Token, count: int) -> None:
    """Count messages or a request against the rate of a token; Problem 429."""
    try:
        connection.scope["state"][HEADERS] = api.book.take(token, api.moment, count)
    except Problem:
        api.counts.too_fast += 1
        raise


def api_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Api:
    """What the routes work with."""
    api: Api = connection.app.state.api
    return api


def token_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Token:
    """Whose request it is."""
    token: Token = connection.scope["state"][_TOKEN]
    return token


def owner(token: Token) -> int | None:
    """Whose messages and campaigns a token may see: its own, or everybody's."""
    return None if "admin" in token.scopes else token.id
