"""Who is kept out for a while, and which lost binds still count: arithmetic of times, with bounded memory.

An address is an IP address as text, without its port.
"""

from collections import OrderedDict, deque
from typing import Any, Final

from smppkit.rate import Gcra
from smsc.scenario.accounts import Access
from smsc.scenario.binding import comes_from
from smsc.scenario.limits import burst_of

ADDRESSES_KEPT: Final = 4096
GHOSTS_KEPT: Final = 1000
"""Of one system_id; no account has as many binds."""


class Gate:
    """What an operator remembers of those who knock; beyond `ADDRESSES_KEPT` the one met longest ago is forgotten."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._rates: OrderedDict[str, Gcra] = OrderedDict()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._locked: OrderedDict[str, float] = OrderedDict()
        self._ghosts: OrderedDict[str, deque[float]] = OrderedDict()

    def connecting(self, address: str, now: float) -> bool:
        """Count a new connection; False when it is to be dropped at once, without a word.

        That is when the address connects too fast, or when it may not bind and such binds are dropped: those who are
        answered have to bind first.
        """
        access = self._access
        if access.address_refused == "drop" and (
            not comes_from(address, access.allow) or self.locked_out(address, now)
        ):
            return False
        if access.connect_rate is None:
            return True
        limiter = self._rates.get(address)
        if limiter is None:
            limiter = self._rates[address] = Gcra(access.connect_rate, burst_of(access.connect_rate))
            _forget(self._rates)
        else:
            self._rates.move_to_end(address)
        return limiter.take(now)

    def bind_failed(self, address: str, now: float) -> None:
        """A bind from there was refused; too many of them lock the address out."""
        lock_out = self._access.lock_out
        if lock_out is None:
            return
        failures = self._failures.setdefault(address, deque(maxlen=lock_out.failures))
        self._failures.move_to_end(address)
        _forget(self._failures)
        failures.append(now)
        # The deque holds as many as lock out: they do when the oldest of them still counts.
        if len(failures) == lock_out.failures and now - failures[0] <= lock_out.within:
            self._locked[address] = now + lock_out.for_
            self._locked.move_to_end(address)
            _forget(self._locked)
            del self._failures[address]

    def locked_out(self, address: str, now: float) -> bool:
        """Whether an address has failed to bind too often, and its time is not over yet."""
        until = self._locked.get(address)
        if until is None:
            return False
        if now < until:
            return True
        del self._locked[address]
        return False

    def lost(self, system_id: str, address: str, now: float) -> None:
        """A bind went without unbind: as a ghost it still counts for a while, wherever it came from."""
        if not self._access.ghost:
            return
        ghosts = self._ghosts.setdefault(system_id, deque(maxlen=GHOSTS_KEPT))
        self._ghosts.move_to_end(system_id)
        _forget(self._ghosts)
        ghosts.append(now + self._access.ghost)

    def binds(self, system_id: str, now: float) -> int:
        """How many ghosts a system_id has: lost binds that count beside those it really has."""
        ghosts = self._ghosts.get(system_id)
        if ghosts is None:
            return 0
        while ghosts and ghosts[0] <= now:
            ghosts.popleft()
        if not ghosts:
            del self._ghosts[system_id]
        return len(ghosts)

    def __len__(self) -> int:
        return len(self._rates) + len(self._failures) + len(self._locked) + len(self._ghosts)


def _forget(table: OrderedDict[str, Any]) -> None:
    while len(table) > ADDRESSES_KEPT:
        table.popitem(last=False)
