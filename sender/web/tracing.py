"""Traces of requests, where OpenTelemetry is installed and the configuration asks for them; it is no dependency."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sender.config.serve import TracingConfig

log = logging.getLogger(__name__)

_NAME = "carrierlab.sender"


class Tracer:
    """Makes a span of each request that is sampled."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def request(self, method: str, route: str) -> Iterator[Any]:
        """A span named after the route, never after the path: that may hold numbers."""
        with self._tracer.start_as_current_span(f"{method} {route}") as span:
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            yield span


def make_tracer(config: TracingConfig | None) -> Tracer | None:
    """The tracer that a configuration asks for; None without one, and where the packages are missing.

    Spans go where the OTLP exporter's own environment variables (``OTEL_EXPORTER_OTLP_ENDPOINT``) say.
    """
    if config is None:
        return None
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        sampling = importlib.import_module("opentelemetry.sdk.trace.sampling")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        log.warning("serve.tracing: %s; install opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http", error)
        return None
    provider = sdk.TracerProvider(sampler=sampling.ParentBased(sampling.TraceIdRatioBased(config.sample)))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return Tracer(provider.get_tracer(_NAME))
