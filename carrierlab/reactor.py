"""The one file of ``carrierlab`` that installs and imports the reactor: commands in real time run on it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import rich_click as click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from carrierlab.exit_codes import INTERRUPTED

T = TypeVar("T")


def with_reactor(main: Callable[[Any], Coroutine[Deferred[Any], Any, T]]) -> T:
    """Run a coroutine on the asyncio reactor and return its result. Ctrl-C stops it in order, and exits."""
    loop = _install_reactor()
    results: list[T | Failure] = []
    running: list[Deferred[T]] = []
    over: Deferred[None] = Deferred()
    interrupted = False

    def start() -> None:
        running.append(Deferred.fromCoroutine(main(loop)))
        running[0].addBoth(finish)

    def finish(result: T | Failure) -> None:
        results.append(result)
        over.callback(None)
        if not interrupted:
            loop.stop()

    def interrupt() -> Deferred[None]:
        nonlocal interrupted
        if not results:
            interrupted = True
            running[0].cancel()
        return over

    loop.callWhenRunning(start)
    loop.addSystemEventTrigger("before", "shutdown", interrupt)
    loop.run()
    if interrupted:
        click.echo("interrupted", err=True)
        raise SystemExit(INTERRUPTED)
    result = results[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result


def _install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic."""
    from twisted.internet import asyncioreactor

    asyncioreactor.install()  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    return reactor
