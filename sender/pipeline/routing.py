"""The router of a program: the routes of its configuration, over what the store knows of numbers."""

from __future__ import annotations

from collections.abc import Callable

from sender.config.file import SenderConfig
from sender.domain.directory import operators
from sender.domain.health import Health
from sender.domain.networks import Aliases
from sender.domain.numbering import Numbering
from sender.domain.routing import Router
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
    return Router([route.route(config.accounts_of) for route in config.routes], network=network, health=health)
