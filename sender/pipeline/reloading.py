"""A new configuration for a sender that runs: all of it or nothing, and no bind is dropped that need not be.

What can fail comes first: files are read, and where a session has to begin anew the binds of an account are made anew
one at a time, its siblings working on. When one that stood does not stand again, everything is put back as it was. Then
follows what cannot fail: limits, windows, timers, routes; accounts that are new connect, those that are gone drain.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred

from sender.channels.account import Account
from sender.channels.bind import Bind, BindStatus
from sender.config.file import SenderConfig
from sender.config.operator import AccountConfig
from sender.config.reload import Change, How, compare, document
from sender.domain.health import Health
from sender.domain.routing import Router
from sender.pipeline.campaigns import Composers
from sender.pipeline.compose import Wording
from sender.pipeline.lane import Lane
from sender.pipeline.lanes import Lanes
from sender.pipeline.routing import make_router
from sender.store.sqlite import SqliteStore

log = logging.getLogger(__name__)


class ReloadRefused(Exception):
    """The new configuration was not applied, and the old one is at work; the text is for people."""


class Reloading:
    """Applies configurations to the lanes of one sender."""

    def __init__(
        self,
        lanes: Lanes,
        *,
        store: SqliteStore,
        salt: bytes,
        router: Router,
        health: Callable[[], Health],
        wordings: dict[str, Wording],
        composers: Composers,
        accounts: dict[str, AccountConfig],
    ) -> None:
        """`wordings` and `accounts` are shared with who reads them, and changed in place, as `router` is."""
        self.salt = salt
        self._store = store
        self._lanes = lanes
        self._router = router
        self._health = health
        self._wordings = wordings
        self._composers = composers
        self._accounts = accounts
        self._working = False

    async def apply(self, old: SenderConfig, new: SenderConfig) -> list[Change]:
        """Make `new` hold in place of `old`; returns what has changed. ReloadRefused; TlsFileError is one of them."""
        if self._working:
            raise ReloadRefused("another configuration is being applied; try again when that is done")
        changes = compare(document(old, self.salt), document(new, self.salt))
        fixed = [change for change in changes if change.how is How.RESTART]
        if fixed:
            lines = "".join(f"\n{change}" for change in fixed)
            raise ReloadRefused(f"nothing was changed, for this needs a restart:{lines}")
        self._working = True
        try:
            await self._apply(new, changes)
        finally:
            self._working = False
        return changes

    async def _apply(self, new: SenderConfig, changes: list[Change]) -> None:
        configs = new.accounts()
        touched = {change.account for change in changes if change.account}
        accounts = {name: Account.of(name, config) for name, config in configs.items() if name in touched}
        router = make_router(new, self._store, self._health)
        lanes = {lane.account.name: lane for lane in self._lanes}
        changed = {lanes[name]: account for name, account in accounts.items() if name in lanes}
        await self._change_lanes(changed)
        self._commit(new, configs, router)

    async def _change_lanes(self, changed: Mapping[Lane, Account]) -> None:
        """Change accounts one after the other; when one fails, those before it are put back."""
        before = {lane: lane.account for lane in changed}
        done: list[Lane] = []
        for lane, account in changed.items():
            done.append(lane)
            reason = await _change(lane, account)
            if reason is not None:
                for other in reversed(done):
                    await _change(other, before[other])
                raise ReloadRefused(f"nothing was changed: {account.name}: {reason}")

    def _commit(self, new: SenderConfig, configs: Mapping[str, AccountConfig], router: Router) -> None:
        """What cannot fail."""
        # Messages of accounts that are gone are still composed while those drain.
        self._wordings.update({name: Wording.of(config) for name, config in configs.items()})
        self._composers.rewrite()
        self._accounts.clear()
        self._accounts.update(configs)
        self._router.become(router)
        known = {lane.account.name: lane for lane in self._lanes}
        for name, config in configs.items():
            policy = config.retry.over(new.retry)
            if name in known:
                self._lanes.change_policy(known[name], policy)
            else:
                self._lanes.join(self._lanes.make(name, config, policy))
        for name, lane in known.items():
            if name not in configs:
                self._lanes.leave(lane)


async def _change(lane: Lane, account: Account) -> str | None:
    """Change the account of a lane; why it could not be, when a bind that stood does not stand again."""
    lane.account = account
    stale = lane.channel.change(account)
    for bind in stale:
        stood = bind.status is BindStatus.BOUND
        reason = await _made_anew(bind, stood)
        if reason is not None:
            return f"{bind.name}: {reason}"
    return None


async def _made_anew(bind: Bind, stood: bool) -> str | None:
    rebound: Deferred[str | None] = bind.rebind()
    if not stood:  # it was down already: whether it comes up says nothing about the change
        rebound.addErrback(lambda failure: log.error("%s: %s", bind.name, failure.getErrorMessage()))
        return None
    return await rebound
