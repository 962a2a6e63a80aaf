"""The one place that knows the reactor: installed by the commands that run one, imported by nothing else."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic, on uvloop where that is installed."""
    with _without_openssl():
        importlib.import_module("twisted.internet.endpoints")
        from twisted.internet import asyncioreactor
    from twisted.python.log import PythonLoggingObserver

    loop = importlib.import_module("uvloop").new_event_loop() if importlib.util.find_spec("uvloop") else None
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    logging.getLogger("twisted").setLevel(logging.WARNING)
    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    return reactor


@contextmanager
def _without_openssl() -> Iterator[None]:
    """Twisted imports OpenSSL wherever it finds it; without TLS that is a third of the memory and time of a start.

    Twisted then does without STARTTLS, which SMPP does not have. smppkit.tls imports OpenSSL when it is wanted.
    """
    if "OpenSSL" in sys.modules:
        yield
        return
    sys.modules["OpenSSL"] = None  # type: ignore[assignment] # importing it raises ImportError
    try:
        yield
    finally:
        del sys.modules["OpenSSL"]
