"""The router of a program: the routes of its configuration, over what the store knows of numbers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sender.config.file import SenderConfig
from sender.domain.directory import operators
from sender.domain.health import Health
from sender.domain.networks import Aliases
from sender.domain.numbering import Numbering
from sender.domain.routing import Prefer, Route, Router, Target
from sender.store.sqlite import SqliteStore


def make_numbering(config: SenderConfig, store: SqliteStore | None) -> Numbering:
    """What is known of numbers: imported plans, where there is a store, and what comes with the program.

    Reads the whole of the plans; a second or so for a million ported numbers.
    """
    aliases = Aliases(config.networks)
    default = config.default_network
    if store is None:
        return Numbering(directory=operators(), aliases=aliases, default=default)
    verbs = store.numbering
    return Numbering(verbs.ranges(), verbs.ported(), operators(), aliases=aliases, default=default)


def needs_numbering(config: SenderConfig) -> bool:
    """Whether a route asks for a network: only then are the plans read."""
    return any(route.networks for route in config.routes)


def make_router(config: SenderConfig, store: SqliteStore | None = None, health: Callable[[], Health] = dict) -> Router:
    """The router that a configuration describes."""
    network = make_numbering(config, store).network if needs_numbering(config) else lambda _: ""
    return Router([over_accounts(route.route(), config) for route in config.routes], network=network, health=health)


def over_accounts(route: Route, config: SenderConfig) -> Route:
    """The route with accounts in place of operators; one that leads to an operator alone shares its accounts."""
    targets: list[Target] = []
    for target in route.targets:
        weights = config.accounts_of(target.account)
        whole = sum(weights.values())
        targets += [
            Target(account, target.weight * (weight / whole if len(weights) > 1 else 1), target.price)
            for account, weight in weights.items()
        ]
    shared = len(route.targets) == 1 and len(targets) > 1
    return msgspec.structs.replace(route, targets=tuple(targets), prefer=Prefer.WEIGHT if shared else route.prefer)
