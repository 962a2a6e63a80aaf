"""The one place that knows the reactor: installed by the commands that run one, imported by nothing else."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from twisted.python.log import callWithLogger


class DirectLoop(asyncio.SelectorEventLoop):
    """Calls whoever reads a socket, without what Twisted wants around that: a context for the prefix of its old log.

    Nobody writes into that log, and at every read it costs some 3 µs. What is raised is logged by asyncio.
    """

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]
        """See asyncio."""
        if callback is callWithLogger:
            callback, args = args[1], args[2:]  # behind the logger
        super().add_reader(fd, callback, *args)


def install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic."""
    with _without_openssl():
        importlib.import_module("twisted.internet.endpoints")
        from twisted.internet import asyncioreactor
        from twisted.internet.main import installReactor
    from twisted.python.log import PythonLoggingObserver

    class DirectReactor(asyncioreactor.AsyncioSelectorReactor):
        """What another thread asks for, as the journal's does at each commit, is done in the next turn.

        Twisted does it in the one after that.
        """

        def callFromThread(  # type: ignore[override] # noqa: N802 - Twisted's name, whose bases disagree
            self, f: Callable[..., Any], *args: object, **kwargs: object
        ) -> None:
            """See IReactorFromThreads."""
            self._asyncioEventloop.call_soon_threadsafe(partial(f, *args, **kwargs))

    loop = DirectLoop()
    asyncio.set_event_loop(loop)
    installReactor(DirectReactor(loop))  # type: ignore[no-untyped-call]
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
