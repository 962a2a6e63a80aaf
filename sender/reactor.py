"""The reactor: the one place where the sender installs and imports it."""

from __future__ import annotations

import gc
import sys
from typing import Any, Final

_SWITCH: Final = 0.0005
"""Seconds after which the store's thread lets the reactor in, and the other way round. With CPython's 5 ms a one-time
code loses that much at every step between them, and there are four."""

_GARBAGE: Final = (50_000, 50, 100)
"""When the collector looks for cycles. What is on its way makes none, and there is much of it: with CPython's (700, 10,
10) every hundred messages were gone through again and again, for a fifth of all time."""


def install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic."""
    sys.setswitchinterval(_SWITCH)
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(*_GARBAGE)
    from twisted.internet.main import installReactor
    from twisted.python.log import PythonLoggingObserver

    from sender.loop import Loop

    installReactor(Loop())  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    return reactor
