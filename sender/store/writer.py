"""Who runs the verbs: one writer, group commit, results as Deferreds.

Calls are gathered into one transaction, so that the cost of making it durable is shared. Nobody waits for a group to
fill: what comes while one is being committed makes the next one, so that a call that is alone costs one commit, and a
thousand a second share as many as the disk can make.
Urgent calls (for one-time codes) go first; they end a group that is being executed after the call that is running.
A Deferred fires after the commit: what it says has happened survives a power cut (I9).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime

from sender.store.group import Call, Groups, deliver, failure
from sender.store.records import StoreError, StoreUnavailable
from sender.store.sqlite import SqliteStore

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

GROUP_CALLS: Final = 500
_PATIENCE: Final = 4
"""Groups of urgent calls in a row, of which the last takes along one call that is not: nothing waits for ever."""


class Writer(Protocol):
    """Runs verbs of a store in the order of the calls."""

    @property
    def trouble(self) -> str | None:
        """Why the store cannot be written now, for people; None when it can."""
        ...

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run ``verb(*args)`` in a transaction; fires after its commit, or fails with what the verb raised.

        While the store cannot be written the call waits, and is run when it can be. StoreError when the writer is
        closed or in a `hurry`, or when the store is damaged.
        """
        ...

    def urgent(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """The same, ahead of every call that is not urgent."""
        ...

    def attempt(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """As `call`, for who cannot wait: StoreUnavailable while the store cannot be written."""
        ...

    def hurry(self) -> None:
        """From now on no call waits for a store that cannot be written: StoreUnavailable for those that do."""
        ...

    def close(self) -> Deferred[None]:
        """Finish what was called, in a hurry, then stop. The store itself stays open."""
        ...


class _Desk:
    """What both writers do with calls until they are run."""

    def __init__(self, store: SqliteStore) -> None:
        self._groups = Groups(store.database)
        self._calls: deque[Call] = deque()
        self._urgent: deque[Call] = deque()
        self._closing: Deferred[None] | None = None

    @property
    def trouble(self) -> str | None:
        """See `Writer.trouble`."""
        return self._groups.trouble

    def call(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.call`."""
        return self._take(self._calls, partial(verb, *args, **kwargs), patient=True)

    def urgent(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.urgent`."""
        return self._take(self._urgent, partial(verb, *args, **kwargs), patient=True)

    def attempt(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """See `Writer.attempt`."""
        return self._take(self._calls, partial(verb, *args, **kwargs), patient=False)

    def _take(self, calls: deque[Call], run: Callable[[], Any], *, patient: bool) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        if self._closing is not None:
            done.errback(failure(StoreError("the store is closed")))
        elif not patient and self._groups.trouble is not None:
            done.errback(failure(StoreUnavailable(self._groups.trouble)))
        else:
            self._put(calls, Call(run, done, patient))
        return done

    def _put(self, calls: deque[Call], call: Call) -> None:
        raise NotImplementedError


def _first(calls: deque[Call], limit: int) -> list[Call]:
    return [calls.popleft() for _ in range(min(len(calls), limit))]


def _tell(before: str | None, now: str | None) -> None:
    """Say once that the store cannot be written, and once that it can be again."""
    if now is not None and now != before:
        log.error("%s; sending waits, and goes on by itself", now)
    elif now is None and before is not None:
        log.warning("the store is written again; sending goes on")


class ThreadWriter(_Desk):
    """A thread that runs the calls; `reactor` gets the results of a group in one ``callFromThread``."""

    def __init__(self, store: SqliteStore, reactor: IReactorFromThreads) -> None:
        super().__init__(store)
        self._reactor = reactor
        self._changed = threading.Condition()
        self._last = False
        self._urgent_groups = 0  # in a row
        # A daemon: a process that ends without close() ends as in a crash, which the store is made for.
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """See `Writer.hurry`."""
        with self._changed:
            self._groups.hurried = True
            self._changed.notify()

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            with self._changed:
                self._last = self._groups.hurried = True
                self._changed.notify()
        self._closing.chainDeferred(done)
        return done

    def _put(self, calls: deque[Call], call: Call) -> None:
        with self._changed:
            calls.append(call)
            self._changed.notify()

    def _work(self) -> None:
        groups = self._groups
        while True:
            if groups.trouble is not None and not groups.hurried:
                with self._changed:
                    self._changed.wait_for(self._in_a_hurry, groups.wait)
                self._run([])
            elif group := self._gather():
                self._run(group)
            else:
                break
        self._reactor.callFromThread(self._stopped)

    def _run(self, group: list[Call]) -> None:
        before = self._groups.trouble
        # Urgent calls are few, and are not put off for those that come after them.
        told, rest = self._groups.run(group, _never if self._urgent_groups else self._interrupted)
        if rest:
            with self._changed:
                self._calls.extendleft(reversed(rest))
        if before != self._groups.trouble:
            self._reactor.callFromThread(_tell, before, self._groups.trouble)
        if told:
            self._reactor.callFromThread(deliver, told)

    def _gather(self) -> list[Call]:
        """The next group: the urgent calls, or what there is; empty when it is time to stop."""
        with self._changed:
            self._changed.wait_for(self._something)
            if not self._urgent:
                self._urgent_groups = 0
                return _first(self._calls, GROUP_CALLS)
            self._urgent_groups += 1
            group = _first(self._urgent, GROUP_CALLS)
            if self._urgent_groups % _PATIENCE == 0:
                group += _first(self._calls, 1)
            return group

    def _something(self) -> bool:
        return bool(self._urgent or self._calls or self._last)

    def _in_a_hurry(self) -> bool:
        return self._groups.hurried

    def _interrupted(self) -> bool:
        return bool(self._urgent)

    def _stopped(self) -> None:
        self._thread.join()
        if self._closing is not None:
            self._closing.callback(None)


def _never() -> bool:
    return False


class InlineWriter(_Desk):
    """The same in the time of a clock: a group is committed half of `latency` after its first call, told half later."""

    def __init__(self, store: SqliteStore, clock: IReactorTime, latency: float = 0.002) -> None:
        super().__init__(store)
        self._clock = clock
        self._half = latency / 2
        self._timers: dict[int, IDelayedCall] = {}
        self._serial = 0
        self._gathering: int | None = None

    def hurry(self) -> None:
        """See `Writer.hurry`."""
        self._groups.hurried = True
        if self._groups.trouble is not None and self._gathering is not None:
            self._timers.pop(self._gathering).cancel()
            self._gathering = self._later(self._half, self._commit)

    def close(self) -> Deferred[None]:
        """See `Writer.close`."""
        done: Deferred[None] = Deferred()
        if self._closing is None:
            self._closing = Deferred()
            self.hurry()
        self._closing.chainDeferred(done)
        self._stop_when_idle()
        return done

    def abandon(self) -> None:
        """Stop as a killed process does: what was not committed is lost, and nobody hears of what was."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._calls.clear()
        self._urgent.clear()
        self._groups.kept.clear()
        self._closing = self._closing or Deferred()

    def _put(self, calls: deque[Call], call: Call) -> None:
        calls.append(call)
        self._gather()

    def _gather(self) -> None:
        if self._gathering is None and (self._calls or self._urgent):
            self._gathering = self._later(self._half, self._commit)

    def _commit(self) -> None:
        self._gathering = None
        groups, before = self._groups, self._groups.trouble
        waited = before is not None and not groups.hurried
        told, _ = groups.run([] if waited else _first(self._urgent or self._calls, GROUP_CALLS))
        _tell(before, groups.trouble)
        if told:
            self._later(self._half, deliver, told)
        if groups.trouble is not None and not groups.hurried:
            self._gathering = self._later(groups.wait, self._commit)
        else:
            self._gather()

    def _later(self, delay: float, action: Callable[..., None], *args: Any) -> int:
        self._serial += 1
        serial = self._serial

        def act() -> None:
            del self._timers[serial]
            action(*args)
            self._stop_when_idle()

        self._timers[serial] = self._clock.callLater(delay, act)
        return serial

    def _stop_when_idle(self) -> None:
        if self._closing is not None and not self._timers and not self._closing.called:
            self._closing.callback(None)
