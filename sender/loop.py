"""The asyncio reactor with fewer turns between a cause and what it has to do, and less to do in each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.base import DelayedCall
from twisted.python import log

from smppkit.eager import EagerConnector


class Loop(AsyncioSelectorReactor):
    """Connections are eager; what another thread asks for, and what is due now, is done in the next turn."""

    def connectTCP(  # noqa: N802 - Twisted's name
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30.0,
        bindAddress: Any = None,  # noqa: N803
    ) -> Any:
        """See IReactorTCP."""
        connector = EagerConnector(host, port, factory, timeout, bindAddress, self)
        connector.connect()
        return connector

    def callFromThread(  # type: ignore[override] # noqa: N802 - Twisted's name, whose bases disagree
        self, f: Callable[..., Any], *args: object, **kwargs: object
    ) -> None:
        """See IReactorFromThreads."""
        self._asyncioEventloop.call_soon_threadsafe(partial(f, *args, **kwargs))

    def callLater(  # type: ignore[override] # noqa: N802 - Twisted's name, and its bases name what is called otherwise
        self, delay: float, f: Callable[..., Any], *args: object, **kwargs: object
    ) -> DelayedCall:
        """See IReactorTime."""
        if delay:
            return super().callLater(delay, f, *args, **kwargs)  # type: ignore[no-untyped-call,no-any-return]
        call = DelayedCall(self.seconds(), f, args, kwargs, _cancelled, self._soon, self.seconds)
        self._soon(call)
        return call

    def stop(self) -> None:
        """See IReactorCore: the turn that ends it is one of the timers'."""
        super().stop()  # type: ignore[no-untyped-call]
        self._asyncioEventloop.call_soon(self._onTimer)

    def _soon(self, call: DelayedCall) -> None:
        self._asyncioEventloop.call_soon(self._do, call)

    def _do(self, call: DelayedCall) -> None:
        if call.cancelled or call.called:
            return
        if call.delayed_time:  # somebody has put it off
            call.activate_delay()
        if call.time > self.seconds():
            self._asyncioEventloop.call_at(call.time, self._do, call)
            return
        call.called = 1
        try:
            call.func(*call.args, **call.kw)
        except Exception:  # noqa: BLE001 - as the reactor does: said, and the loop goes on
            log.err()  # type: ignore[no-untyped-call]


def _cancelled(_: DelayedCall) -> None:
    """There is nothing to be taken out of anything."""
