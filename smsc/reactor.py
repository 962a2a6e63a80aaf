"""The one place that knows the reactor: installed by the commands that run one, imported by nothing else."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from typing import Any


def install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic, on uvloop where that is installed."""
    from twisted.internet import asyncioreactor
    from twisted.python.log import PythonLoggingObserver

    loop = importlib.import_module("uvloop").new_event_loop() if importlib.util.find_spec("uvloop") else None
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    logging.getLogger("twisted").setLevel(logging.WARNING)
    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    return reactor
