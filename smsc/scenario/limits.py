"""How much an operator takes: rates, a queue that can be full, and how busy it is. Memory is bounded."""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from smppkit.rate import Gcra
from smppkit.status import CommandStatus
from smsc.scenario.accounts import Account
from smsc.scenario.submitting import Per, Queue, Throttle

LIMITERS_KEPT: Final = 4096
_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)


def burst_of(rate: float) -> float:
    """As many at once as a second allows: a client that counts per second is within its rights."""
    return max(1.0, rate)


class RateLimit:
    """One limit, counted for each key on its own; beyond `LIMITERS_KEPT` the key unused for longest is forgotten."""

    __slots__ = ("_burst", "_limiters", "_rate", "status")

    def __init__(self, rate: float, burst: float | None, status: int) -> None:
        self._rate = rate
        self._burst = burst_of(rate) if burst is None else float(burst)
        self._limiters: OrderedDict[object, Gcra] = OrderedDict()
        self.status = status

    def __len__(self) -> int:
        return len(self._limiters)

    def take(self, key: object, now: float) -> bool:
        """Count one; False when it is over the limit."""
        limiters = self._limiters
        limiter = limiters.get(key)
        if limiter is None:
            limiter = limiters[key] = Gcra(self._rate, self._burst)
            if len(limiters) > LIMITERS_KEPT:
                limiters.popitem(last=False)
        elif len(limiters) > 1:
            limiters.move_to_end(key)
        return limiter.take(now)


Limit = Callable[[Account, int, str, float], int]
"""(account, bind, sender, now) → the command_status of what is over the limit, 0 for what is within."""


def throttle_limit(throttle: Throttle) -> Limit:
    """The limit that a scenario writes as a throttle."""
    limit = RateLimit(throttle.rate, throttle.burst, int(throttle.status))
    status = limit.status
    take = limit.take
    match throttle.per:
        case Per.BIND:
            return lambda account, bind, sender, now: 0 if take(bind, now) else status  # noqa: ARG005
        case Per.ACCOUNT:
            return lambda account, bind, sender, now: 0 if take(account.system_id, now) else status  # noqa: ARG005
        case Per.SENDER:
            return lambda account, bind, sender, now: (  # noqa: ARG005
                0 if take((account.system_id, sender), now) else status
            )
        case Per.OPERATOR:
            return lambda account, bind, sender, now: 0 if take(None, now) else status  # noqa: ARG005


class FillingQueue:
    """A queue that every submit goes into and that drains at a rate; once full it may stay full for a while."""

    __slots__ = ("_at", "_capacity", "_drain", "_full_until", "_level", "_status", "_sticky")

    def __init__(self, queue: Queue) -> None:
        self._capacity = queue.capacity
        self._drain = float(queue.drain)
        self._sticky = float(queue.sticky)
        self._status = int(queue.status)
        self._level = 0.0
        self._at = -math.inf
        self._full_until = -math.inf

    def __call__(self, account: Account, bind: int, sender: str, now: float) -> int:
        """See Limit."""
        self._drain_to(now)
        if now < self._full_until:
            return self._status
        # A hair of rounding must not refuse the message whose place has just become free.
        if self._level + 1.0 > self._capacity + 1e-9:
            self._full_until = now + self._sticky
            return self._status
        self._level += 1.0
        return 0

    def _drain_to(self, now: float) -> None:
        if now > self._at:
            self._level = max(0.0, self._level - (now - self._at) * self._drain)
            self._at = now


class AccountRates:
    """The limits of the accounts, and the tighter ones that faults may put on all of them or on single ones."""

    __slots__ = ("_limiters", "_single", "_throttle")

    def __init__(self) -> None:
        self._throttle: float | None = None
        self._single: Mapping[str, float] = {}
        self._limiters: OrderedDict[str, Gcra] = OrderedDict()

    def __len__(self) -> int:
        return len(self._limiters)

    def impose(self, throttle: float | None, single: Mapping[str, float] = MappingProxyType({})) -> None:
        """Limit every account to this, or no longer, and `single` ones to theirs; what was counted is forgotten."""
        self._throttle = throttle
        self._single = single
        self._limiters.clear()

    def forget(self, system_id: str | None) -> None:
        """What an account, or (None) any, has sent so far does not count any more."""
        if system_id is None:
            self._limiters.clear()
        else:
            self._limiters.pop(system_id, None)

    def take(self, account: Account, now: float) -> bool:
        """Count a submit against the limit of its account; False when it is over."""
        limiter = self._limiters.get(account.system_id)
        if limiter is None:
            limits = (account.rate, self._throttle, self._single.get(account.system_id))
            rate = min((limit for limit in limits if limit is not None), default=None)
            if rate is None:
                return True
            limiter = self._limiters[account.system_id] = Gcra(rate, burst_of(rate))
            if len(self._limiters) > LIMITERS_KEPT:
                self._limiters.popitem(last=False)
        return limiter.take(now)


class Load:
    """How busy an operator is: its submits a second, averaged over the last few seconds."""

    OPTIMUM: Final = 85
    """The congestion_state at the capacity: SMPP 5.0 §4.8.4.18 calls 80 to 89 the optimum."""
    CONGESTED: Final = 100
    _MEMORY = 2.0  # seconds in which a burst fades to a third

    __slots__ = ("_at", "_capacity", "_rate")

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity
        self._rate = 0.0
        self._at = -math.inf

    def count(self, now: float) -> None:
        """One more submit."""
        self._fade(now)
        self._rate += 1.0 / self._MEMORY

    def state(self, now: float) -> int:
        """The congestion_state, 0 to 100."""
        self._fade(now)
        return min(self.CONGESTED, round(self.OPTIMUM * self._rate / self._capacity))

    def _fade(self, now: float) -> None:
        if now > self._at:
            self._rate *= math.exp((self._at - now) / self._MEMORY)
            self._at = now
