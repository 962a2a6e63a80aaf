"""The web application: routes, who is let in, and how what is wrong is said."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

import sender.web.routes
from sender.store.access import Token
from sender.store.intake import Insufficient, KeyReused
from sender.store.records import StoreError
from sender.web.api import Api
from sender.web.documents import Document
from sender.web.guard import HEADERS, guard, token_of
from sender.web.reading import AnyRequest
from sender.web.tokens import TooFast
from sender.web.tracing import make_tracer
from sender.web.wording import balance_body
from webkit.asked import check_head, check_parameter
from webkit.problem import Problem
from webkit.schema_page import PlainPage

MOST_OCTETS = 64 * 1024  # of a body, but for routes that say otherwise

_SPAN = "sender.span"
_log = logging.getLogger(__name__)

_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


def make_app(api: Api) -> Litestar:
    """The application for one running sender."""
    handlers = [
        handler
        for module in sorted(pkgutil.iter_modules(sender.web.routes.__path__), key=lambda module: module.name)
        for handler in importlib.import_module(f"sender.web.routes.{module.name}").HANDLERS
    ]

    return Litestar(
        route_handlers=handlers,
        state=State({"api": api, "tracer": make_tracer(api.config.tracing)}),
        dependencies={
            "api": Provide(lambda: api, sync_to_thread=False),
            "token": Provide(_token, sync_to_thread=False),
        },
        guards=[guard],
        before_request=_check_query,
        before_send=[_finish],
        middleware=[_bounded],
        exception_handlers={
            Problem: _problem,
            HTTPException: _http_problem,
            KeyReused: _key_reused,
            Insufficient: _insufficient,
            StoreError: _store_error,
            Exception: _fault,
        },
        openapi_config=OpenAPIConfig(
            title="sender",
            version=version("carrierlab"),
            description="Send SMS, and read what became of them.",
            path="/schema",
            use_handler_docstrings=True,
            render_plugins=[Document(), PlainPage()],
        ),
        request_max_body_size=MOST_OCTETS,
        logging_config=None,
        debug=False,
    )


def _token(request: AnyRequest) -> Token:
    return token_of(request)


async def _check_query(request: Request[Any, Any, Any]) -> None:
    if not request.scope["query_string"]:
        return
    known = []
    for name, parameter in request.route_handler.parsed_fn_signature.parameters.items():
        given = parameter.kwarg_definition
        known.append(getattr(given, "query", None) or getattr(given, "name", None) or name)
    for name in request.query_params:
        check_parameter(name, known)


def _bounded(app: ASGIApp) -> ASGIApp:
    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:  # there are none, and the web server lets none in
            return
        check_head(scope)
        tracer = scope["litestar_app"].state.tracer
        if tracer is None:
            await app(scope, receive, send)
            return
        with tracer.request(scope["method"], scope.get("path_template") or "none") as span:
            scope["state"][_SPAN] = span
            await app(scope, receive, send)

    return bounded


async def _finish(message: Message, scope: Scope) -> None:
    """Every answer gets the headers that it needs, and is counted under its route."""
    if message["type"] != "http.response.start":
        return
    limits = scope["state"].get(HEADERS) or {}
    message["headers"] = [
        *message["headers"],
        *_SECURITY,
        *((name.lower().encode(), value.encode()) for name, value in limits.items()),
    ]
    span = scope["state"].get(_SPAN)
    if span is not None:
        span.set_attribute("http.response.status_code", message["status"])
    api: Api = scope["litestar_app"].state.api
    api.counts.requests[scope.get("path_template") or "none", message["status"]] += 1


# --- what is wrong ---------------------------------------------------------------------------------


def _problem(_: AnyRequest, problem: Problem) -> Response[bytes]:
    return _said(problem)


def _said(problem: Problem) -> Response[bytes]:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if isinstance(problem, TooFast):
        headers |= problem.headers
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _http_problem(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    extra: Sequence[Any] = error.extra if isinstance(error.extra, list) else []
    wrong = [entry for entry in extra if isinstance(entry, dict) and "message" in entry]
    said = "; ".join(f"{entry.get('key', '')}: {entry['message']}" for entry in wrong)
    errors = [{"field": str(it.get("key", "")), "detail": it["message"], "remedy": ""} for it in wrong]
    more: dict[str, Any] = {"errors": errors} if errors else {}
    unknown = f"there is nothing at {request.url.path[:100]}; /schema lists what there is"
    detail = said or (unknown if error.status_code == 404 else error.detail)
    return _said(Problem(error.status_code, detail, **more))


def _key_reused(_: AnyRequest, __: KeyReused) -> Response[bytes]:
    detail = "this Idempotency-Key came before, with another request; give every request a key of its own"
    return _said(Problem(422, detail, kind="key-reused"))


def _insufficient(request: AnyRequest, error: Insufficient) -> Response[bytes]:
    api: Api = request.app.state.api
    balance = balance_body(error.balance, api.config.currency)
    detail = "the balance does not suffice for these messages; nothing of the request was taken"
    return _said(Problem(402, detail, kind="insufficient-balance", balance=balance, needed=error.needed / 1_000_000))


def _store_error(request: AnyRequest, error: StoreError) -> Response[bytes]:
    _log.error("%s %s: %s", request.method, request.url.path, error)
    return _said(Problem(503, "the store cannot be used at present; nothing was taken", kind="store"))


def _fault(request: AnyRequest, error: Exception) -> Response[bytes]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _said(Problem(500, "a fault of the sender; its log says more"))
