"""The OpenAPI document as a page: plain HTML, so that it needs no script and nothing of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from litestar.connection import Request
from litestar.enums import MediaType
from litestar.openapi.plugins import OpenAPIRenderPlugin


class PlainPage(OpenAPIRenderPlugin):
    """Lists every operation with its parameters."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        return "\n".join(_page(openapi_schema)).encode()


def _page(document: dict[str, Any]) -> Iterator[str]:
    title = f"{escape(document['info']['title'])} API"
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
    yield f'<h1>{title}</h1><p>For programs: <a href="/schema/openapi.json">openapi.json</a>.</p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['description'])}</p>"
            yield from _parameters(operation.get("parameters", []))
    yield "</body></html>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if parameters:
        yield "<dl>"
        for parameter in parameters:
            name, description = escape(parameter["name"]), escape(parameter.get("description", ""))
            yield f"<dt><code>{name}</code></dt><dd>{description}</dd>"
        yield "</dl>"
