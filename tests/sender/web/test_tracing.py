"""Traces: where the packages are there and wanted, a request is a span of its route."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from sender.config.serve import TracingConfig
from sender.web.tracing import make_tracer
from tests.sender.web.conftest import Site

WANTED = "serve: {tracing: {sample: 0.5}}\n"


class Span(dict[str, Any]):
    def set_attribute(self, name: str, value: Any) -> None:
        self[name] = value


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """Stand-ins for the packages, which are no dependency; the spans that they are asked for."""
    made: list[Span] = []

    class Provider:
        def __init__(self, sampler: Any) -> None:
            assert sampler == ("parent", 0.5)

        def add_span_processor(self, processor: Any) -> None:
            assert processor == ("batch", "otlp")

        def get_tracer(self, name: str) -> Any:
            return self

        @contextmanager
        def start_as_current_span(self, name: str) -> Iterator[Span]:
            made.append(Span(name=name))
            yield made[-1]

    stand_ins = {
        "opentelemetry.sdk.trace": SimpleNamespace(TracerProvider=Provider),
        "opentelemetry.sdk.trace.export": SimpleNamespace(BatchSpanProcessor=lambda exporter: ("batch", exporter)),
        "opentelemetry.sdk.trace.sampling": SimpleNamespace(
            ParentBased=lambda root: ("parent", root), TraceIdRatioBased=lambda share: share
        ),
        "opentelemetry.exporter.otlp.proto.http.trace_exporter": SimpleNamespace(OTLPSpanExporter=lambda: "otlp"),
    }
    for name in stand_ins:
        for depth in range(1, name.count(".") + 1):
            parent = ".".join(name.split(".")[:depth])
            monkeypatch.setitem(sys.modules, parent, sys.modules.get(parent, ModuleType(parent)))
    for name, module in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, module)  # type: ignore[arg-type]
    return made


def test_a_request_is_a_span_named_after_its_route(sites: Callable[..., Site], spans: list[Span]) -> None:
    site = sites(serve=WANTED)
    site.client(site.token()).get("/v1/messages/77051234567")
    assert spans == [
        {
            "name": "GET /v1/messages/{message_id}",
            "http.request.method": "GET",
            "http.route": "/v1/messages/{message_id}",
            "http.response.status_code": 404,
        }
    ]


def test_without_a_wish_nothing_is_loaded_or_traced(site: Site, spans: list[Span]) -> None:
    site.client(site.token()).get("/v1/messages")
    assert make_tracer(None) is None
    assert spans == []


def test_without_the_packages_it_is_said_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert make_tracer(TracingConfig()) is None
    assert "install opentelemetry-sdk" in caplog.text
