"""A thread with a reactor of its own.

The global reactor is neither installed nor imported, so what runs besides may be blocking, threaded, asyncio or
Twisted, with any reactor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from carrierlab.background.running import START_SECONDS, StartError, Where

T = TypeVar("T")


class Serving(Protocol):
    """What a thread serves; made, started and stopped in that thread."""

    def start(self) -> Any:
        """Begin; a Deferred that fires with a Where."""

    def stop(self) -> Any:
        """End in order; a Deferred."""

    def close(self) -> None:
        """Let go of files, when the reactor has ended."""


class ReactorThread:
    """A thread with a reactor of its own, which serves one thing from ``start`` to ``stop``."""

    def __init__(self, build: Callable[[Any], Serving], name: str = "smsc") -> None:
        """`build(reactor)` is called in the thread, on the running reactor."""
        self._build = build
        self._serving: Serving | None = None
        self._started: Future[Where] = Future()
        self._failure: BaseException | None = None
        self._reactor: Any = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Where:
        """Return where it is once it is ready; StartError, or what kept it from starting."""
        # Imported by whoever waits for it, not by the thread beside it: imports of one package from two threads at
        # once are what import locks are there to survive, not to invite.
        import twisted.internet.asyncioreactor  # noqa: F401

        self._thread.start()
        try:
            return self._started.result(START_SECONDS)
        except TimeoutError:
            self.stop()
            raise StartError(f"the emulator was not ready after {START_SECONDS:g} s") from None
        except BaseException:
            if not self._started.done():  # we were interrupted; else it has failed, and ends by itself
                self._reactor.callFromThread(self._stop)
            self._thread.join()
            raise

    def stop(self) -> None:
        """End in order and wait for the end of the thread. What failed on the way is raised."""
        if self._thread.is_alive():
            self._reactor.callFromThread(self._stop)
            self._thread.join()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def call(self, work: Callable[[], T]) -> T:
        """What `work` returns, called in the thread."""
        answer: Future[T] = Future()

        def call() -> None:
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                answer.set_exception(error)

        self._reactor.callFromThread(call)
        return answer.result()

    # --- in the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        from twisted.internet.asyncioreactor import AsyncioSelectorReactor

        loop = asyncio.SelectorEventLoop()
        self._reactor = reactor = AsyncioSelectorReactor(loop)
        # The I/O thread, of which Twisted has one, is the one of the program that we are guests of.
        reactor._registerAsIOThread = False
        # Within the event loop: what starts may ask for the running one.
        reactor.callLater(0, self._begin)  # type: ignore[no-untyped-call]
        try:
            reactor.run(installSignalHandlers=False)  # type: ignore[no-untyped-call]
            if self._serving is not None:
                self._serving.close()
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits: by start or by stop
            self._failed(error)
        finally:
            _dismantle(reactor)
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _begin(self) -> None:
        from twisted.internet.defer import maybeDeferred

        def begin() -> Any:
            self._serving = self._build(self._reactor)
            return self._serving.start()

        maybeDeferred(begin).addCallbacks(self._started.set_result, self._broken)

    def _stop(self) -> None:
        from twisted.internet.defer import maybeDeferred

        if not self._ending:
            stopping = maybeDeferred(lambda: None if self._serving is None else self._serving.stop())
            stopping.addCallbacks(lambda _: self._end(), self._broken)

    def _broken(self, failure: Any) -> None:
        self._failed(failure.value)
        self._end()

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            self._reactor.stop()

    def _failed(self, error: BaseException) -> None:
        if self._started.done():
            self._failure = error
        else:
            self._started.set_exception(error)


def _dismantle(reactor: Any) -> None:
    """Close what a reactor leaves open because it expects the process to end with it."""
    for reader in list(reactor._internalReaders):
        reactor.removeReader(reader)
        reader.connectionLost(None)
    reactor._internalReaders.clear()
    for selectable in reactor.removeAll():
        selectable.connectionLost(None)
    for call in reactor.getDelayedCalls():
        call.cancel()
