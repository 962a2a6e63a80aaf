"""Receivers of webhooks for tests, in virtual time: every answer is what the test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from carrierlab.clock import SimClock
from sender.pipeline.webhooks.posting import Request, Response, Unreached

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OK = Response(200)

Decide = Callable[[Request], Response | str | None]
"""A response, why there is none, or None for a server that never answers."""


class Web:
    """Every consumer there is."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.decide: Decide = lambda _: OK
        self.latency = 0.05
        self.requests: list[tuple[float, Request]] = []
        self.open = 0
        self.most_open: Counter[str] = Counter()
        self._open: Counter[str] = Counter()

    def post(self, request: Request) -> Deferred[Response]:
        self.requests.append((self.clock.seconds(), request))
        answer = self.decide(request)
        calls: list[IDelayedCall] = []

        def close() -> None:
            self._open[request.pool] -= 1

        def cancelled(_: Deferred[Response]) -> None:
            close()
            for call in calls:
                call.cancel()

        done: Deferred[Response] = Deferred(cancelled)
        self._open[request.pool] += 1
        self.most_open[request.pool] = max(self.most_open[request.pool], self._open[request.pool])

        def end() -> None:
            close()
            if isinstance(answer, Response):
                done.callback(answer)
            else:
                done.errback(Unreached(answer or "no answer"))

        calls.append(self.clock.callLater(request.timeout if answer is None else self.latency, end))
        return done

    def of(self, name: str) -> list[Request]:
        return [request for _, request in self.requests if request.pool == name]

    def times(self, name: str = "crm") -> list[float]:
        return [at for at, request in self.requests if request.pool == name]
