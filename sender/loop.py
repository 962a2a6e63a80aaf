"""The asyncio reactor with fewer turns between a cause and what it has to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from smppkit.eager import EagerConnector


class Loop(AsyncioSelectorReactor):
    """Connections are eager, and what another thread asks for is done in the next turn, not in the one after that."""

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
