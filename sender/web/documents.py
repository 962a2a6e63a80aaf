"""The OpenAPI document: with the bodies that routes read by themselves, and how everything is refused."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin

_REF = "#/components/schemas/{name}"


class Problem(msgspec.Struct):
    """What is wrong with a request (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Wrong] = []


class Wrong(msgspec.Struct):
    """One field that is wrong, and what to do about it."""

    field: str
    detail: str
    remedy: str


class Document(JsonRenderPlugin):
    """The document as JSON."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """See OpenAPIRenderPlugin."""
        return msgspec.json.encode(completed(request.app, openapi_schema))


def completed(app: Litestar, document: dict[str, Any]) -> dict[str, Any]:
    """The document with what Litestar cannot know."""
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    _, problem = msgspec.json.schema_components([Problem, Wrong], ref_template=_REF)
    schemas.update(problem)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in getattr(handler, "http_methods", ()):
                operation = document["paths"].get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    _complete(operation, handler.opt, schemas)
    return document


def _complete(operation: dict[str, Any], opt: dict[str, Any], schemas: dict[str, Any]) -> None:
    operation["security"] = [{"token": []}, {}] if opt.get("open") else [{"token": []}]
    if opt.get("scope"):
        scopes = opt["scope"] if isinstance(opt["scope"], str) else " or ".join(opt["scope"])
        operation["description"] = f"{operation.get('description', '')}\n\nScope: {scopes}.".strip()
    reads: dict[str, Any] = opt.get("reads") or {}
    if reads:
        content = {}
        for media, kind in reads.items():
            (schema,), found = msgspec.json.schema_components([kind], ref_template=_REF)
            schemas.update(found)
            content[media] = {"schema": schema}
        operation["requestBody"] = {"required": True, "content": content}
    if opt.get("idempotent"):
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same request with the same key is carried out once, within 24 hours",
                "schema": {"type": "string", "maxLength": 255},
            }
        )
    operation["responses"]["default"] = {
        "description": "What is wrong",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    operation["responses"].pop("400", None)
