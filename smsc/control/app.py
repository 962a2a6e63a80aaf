"""The web application: routes, what they are given, who is let in, and how what is wrong is said."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, Message, Receive, Scope, Send

import smsc.control.routes
from smsc.control.control import Control
from smsc.control.query import read_query
from smsc.control.security import HEADERS, Policy
from smsc.journal.message_filter import FilterError
from webkit.asked import check_head
from webkit.problem import Problem
from webkit.schema_page import PlainPage
from yamlmodel.suggest import did_you_mean

MOST_OCTETS = 1 << 20  # of a request's body

_log = logging.getLogger("smsc")


def make_app(control: Control, policy: Policy) -> Litestar:
    """The application for one emulator."""
    handlers = [
        handler
        for module in sorted(pkgutil.iter_modules(smsc.control.routes.__path__), key=lambda module: module.name)
        for handler in importlib.import_module(f"smsc.control.routes.{module.name}").HANDLERS
    ]

    def guard(app: ASGIApp) -> ASGIApp:
        return _guarded(app, policy)

    return Litestar(
        route_handlers=handlers,
        dependencies={
            "control": Provide(lambda: control, sync_to_thread=False),
            "policy": Provide(lambda: policy, sync_to_thread=False),
            "asked": Provide(read_query, sync_to_thread=False),
        },
        before_request=_check_query,
        before_send=[_add_headers],
        middleware=[guard],
        exception_handlers={Problem: _problem, FilterError: _unfit, HTTPException: _http_problem, Exception: _fault},
        openapi_config=OpenAPIConfig(
            title="smsc",
            version=version("carrierlab"),
            description="What an emulated SMSC has seen and does.",
            path="/schema",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin(), PlainPage()],
        ),
        request_max_body_size=MOST_OCTETS,
        logging_config=None,
        debug=False,
    )


async def _check_query(request: Request[Any, Any, Any]) -> None:
    read_query(request)


# --- who is let in ---------------------------------------------------------------------------------


def _guarded(app: ASGIApp, policy: Policy) -> ASGIApp:
    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:  # there are none, and the web server lets none in
            return
        check_head(scope)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = policy.refusal(scope["method"], scope["path"], headers)
        if refusal is not None:
            raise refusal
        await app(scope, receive, send)

    return guarded


_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


async def _add_headers(message: Message, _: Scope) -> None:
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *_HEADERS]


# --- what is wrong ---------------------------------------------------------------------------------


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if problem.status == 401 and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return Response(b"", status_code=303, headers={"Location": "/login"})
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _unfit(request: Request[Any, Any, Any], error: FilterError) -> Response[bytes]:
    return _problem(request, Problem(400, str(error), field=error.field))


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    extra: Sequence[Any] = error.extra if isinstance(error.extra, list) else []
    wrong = [entry for entry in extra if isinstance(entry, dict) and "message" in entry]
    said = "; ".join(_said(request, entry) for entry in wrong)
    key = _key(wrong[0]) if wrong else ""
    field = {"field": key} if key else {}
    unknown = f"there is nothing at {request.url.path[:100]}; /schema lists what there is"
    return _problem(
        request, Problem(error.status_code, said or (unknown if error.status_code == 404 else error.detail), **field)
    )


def _said(request: Request[Any, Any, Any], entry: dict[str, Any]) -> str:
    key = _key(entry)
    return (f"{key}: " if key else "") + _hinted(request, entry["message"])


def _key(entry: dict[str, Any]) -> str:
    """Where in a body something is wrong; "" when it is the body itself, which Litestar calls data."""
    key = str(entry.get("key", ""))
    return "" if key == "data" else key


_NO_BODY = "'data'"  # all that Litestar says
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")


def _hinted(request: Request[Any, Any, Any], message: str) -> str:
    """What is wrong with a body, with the nearest name where one is not known."""
    if message == _NO_BODY:
        return "the body is empty; expected a JSON object"
    found = _UNKNOWN.search(message)
    body = request.route_handler.parsed_fn_signature.parameters.get("data")
    if found is None or body is None:
        return message
    names = _names(body.annotation)
    hint = did_you_mean(found[1], names) or f"; known here: {', '.join(names)}"
    return message.replace(found[0], f'unknown key "{found[1]}"{hint}')


def _names(kind: Any) -> dict[str, None]:
    """The names of a struct's fields, and of those within them, in order."""
    names: dict[str, None] = {}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            names |= {field.encode_name: None, **_names(field.type)}
    return names


def _fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(request, Problem(500, "a fault of the emulator; its log says more"))
