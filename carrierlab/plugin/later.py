"""The same calls for tests that may not block: as coroutines, and as Deferreds. Each runs in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class Awaitables:
    """Every method of an object as a coroutine function, for asyncio."""

    def __init__(self, blocking: Any) -> None:
        self._blocking = blocking

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._blocking, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(method, *args, **kwargs)

        return call


class Deferreds:
    """Every method of an object with a Deferred as its result, for Twisted; they fire in the reactor's thread."""

    def __init__(self, blocking: Any) -> None:
        self._blocking = blocking

    def __getattr__(self, name: str) -> Callable[..., Deferred[Any]]:
        method = getattr(self._blocking, name)

        def call(*args: Any, **kwargs: Any) -> Deferred[Any]:
            from twisted.internet.threads import deferToThread

            return deferToThread(method, *args, **kwargs)

        return call
