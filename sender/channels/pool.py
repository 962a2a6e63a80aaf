"""The binds of one account: how many of each kind, what outlives their connections, and changes while they work."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime

from sender.channels.account import Account, BindKind
from sender.channels.bind import Bind, BindOwner, BindStatus
from sender.channels.limit import Limit
from sender.channels.outbind import OutbindListener
from sender.channels.outlet import Outlet
from sender.channels.status import BindView
from sender.channels.window import Window
from smppkit.transport import Link, Network

_IDENTITY = (
    "host",
    "port",
    "fallbacks",
    "system_id",
    "password",
    "system_type",
    "interface_version",
    "address_range",
    "addr_ton",
    "addr_npi",
)
"""What a session has from its beginning: when it changes, binds are made anew; and when their TLS does."""


class _Slot(msgspec.Struct):
    """A bind and what outlives its connections (I5)."""

    bind: Bind
    window: Window
    limit: Limit | None


class BindPool:
    """Keeps the binds of an account up; `owner` hears of them."""

    def __init__(
        self, account: Account, owner: BindOwner, *, clock: IReactorTime, network: Network, rng: random.Random
    ) -> None:
        self.account = account
        self.listener: OutbindListener | None = None
        self._owner = owner
        self._clock = clock
        self._network = network
        self._rng = rng
        self._made = 0
        self._started = False
        self._slots: list[_Slot] = []
        self._leaving: list[Bind] = []  # stopped by a change, and not gone yet
        for kind in account.kinds:
            self._add(kind)
        self._make_listener()

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def binds(self) -> list[Bind]:
        """Those that are to be up."""
        return [slot.bind for slot in self._slots]

    def start(self) -> None:
        """Bring every bind up."""
        self._started = True
        for slot in self._slots:
            slot.bind.start()
        if self.listener is not None:
            self.listener.start()

    def stop(self) -> Deferred[None]:
        """Unbind and close everything; fires when all connections are gone."""
        return self._end([*self.binds, *self._leaving], self.listener)

    def abort(self) -> None:
        """Drop every connection at once."""
        if self.listener is not None:
            self.listener.stop()
        for bind in [*self.binds, *self._leaving]:
            bind.abort()

    def outlet(self, bind: Bind, link: Link) -> Outlet:
        """The outlet of a bind that stands."""
        slot = next((slot for slot in self._slots if slot.bind is bind), None)
        if slot is None:  # it is being stopped
            return Outlet(bind.name, link, self._window(), None)
        return Outlet(bind.name, link, slot.window, slot.limit)

    def limit_of(self, name: str) -> Limit | None:
        """The limit of the bind of this name."""
        return next((slot.limit for slot in self._slots if slot.bind.name == name), None)

    def hold(self, until: float) -> None:
        """No bind with a limit of its own writes before `until`."""
        for slot in self._slots:
            if slot.limit is not None:
                slot.limit.hold(until)

    def views(self) -> Iterator[BindView]:
        """How each of them stands."""
        for slot in self._slots:
            bind, link = slot.bind, slot.bind.link
            host, port = bind.place
            bound = link is not None and link.session.bound
            yield BindView(
                name=bind.name,
                kind=bind.kind.value,
                status=bind.status.value,
                host=host,
                port=port,
                bound_at=bind.bound_at,
                bound_times=bind.bound_times,
                outbinds=bind.outbinds,
                outstanding=link.session.outstanding if link is not None and bound else 0,
                window=slot.window.size if bound and bind.kind.submits else None,
                window_shrunk=slot.window.shrunk,
                silent=link is not None and bound and link.session.enquiring,
                trouble=bind.trouble,
            )

    # --- changes ------------------------------------------------------------------------------

    def change(self, account: Account) -> list[Bind]:
        """Take another configuration of the account; returns the binds that have to be made anew for it.

        Limits, windows and timers hold at once, connections that are too many are unbound, those that are missing
        are made.
        """
        before, self.account = self.account, account
        for slot in self._slots:
            slot.bind.use(account)
            slot.window.resize(account.window, auto=account.window_auto)
            slot.limit = _changed(slot.limit, account.bind_rate)
            link = slot.bind.link
            if link is not None:
                link.session.config = account.session_config()
                link.flush()
        if before.outbind != account.outbind:
            self._end([bind for bind in self.binds if bind.listens], self.listener)
            self._drop([slot for slot in self._slots if slot.bind.listens])
            self._make_listener()
            if self.listener is not None and self._started:
                self.listener.start()
        self._fit_kinds(account)
        return [bind for bind in self.binds if bind.began_with is not None and needs_rebind(bind.began_with, account)]

    def _fit_kinds(self, account: Account) -> None:
        wanted = Counter(account.kinds)
        surplus = []
        for slot in self._slots:
            if slot.bind.listens:
                continue
            if wanted[slot.bind.kind]:
                wanted[slot.bind.kind] -= 1
            else:
                surplus.append(slot)
        self._end([slot.bind for slot in surplus], None)
        self._drop(surplus)
        for kind in account.kinds:
            if wanted[kind]:
                wanted[kind] -= 1
                self._add(kind)

    def _add(self, kind: BindKind, *, listens: bool = False) -> Bind:
        self._made += 1
        bind = Bind(
            f"{self.account.name}/{self._made}",
            kind,
            self.account,
            self._owner,
            clock=self._clock,
            network=self._network,
            rng=self._rng,
            listens=listens,
        )
        rate = self.account.bind_rate
        self._slots.append(_Slot(bind, self._window(), None if rate is None else Limit(rate, rate)))
        if self._started:
            bind.start()
        return bind

    def _window(self) -> Window:
        return Window(self.account.window, auto=self.account.window_auto)

    def _make_listener(self) -> None:
        outbind = self.account.outbind
        self.listener = None
        if outbind is not None:
            binds = [self._add(outbind.kind, listens=True) for _ in range(outbind.binds)]
            self.listener = OutbindListener(self.account, binds, clock=self._clock, network=self._network)

    def _drop(self, slots: list[_Slot]) -> None:
        gone = {id(slot) for slot in slots}
        self._slots = [slot for slot in self._slots if id(slot) not in gone]

    def _end(self, binds: list[Bind], listener: OutbindListener | None) -> Deferred[None]:
        ends = [] if listener is None else [listener.stop()]
        self._leaving += [bind for bind in binds if bind not in self._leaving]
        ends += [bind.stop() for bind in binds]
        stopping = DeferredList([end for end in ends if end is not None], fireOnOneErrback=True)
        return stopping.addCallback(self._ended)

    def _ended(self, _: object) -> None:
        self._leaving = [bind for bind in self._leaving if bind.status is not BindStatus.STOPPED]


def needs_rebind(before: Account, after: Account) -> bool:
    """Whether a session that began as `before` says cannot go on as `after` says."""
    if (before.tls and before.tls.files) != (after.tls and after.tls.files):
        return True
    return any(getattr(before, key) != getattr(after, key) for key in _IDENTITY)


def _changed(limit: Limit | None, rate: float | None) -> Limit | None:
    """The limit of a bind under another contract: what it has written lately still counts."""
    if rate is None or limit is None:
        return None if rate is None else Limit(rate, rate)
    if limit.rate != rate:
        limit.recap(rate)
        limit.rate = rate
    return limit
