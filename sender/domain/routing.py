"""Which operator account a message goes through: a route is found by what the message is, an account by how they do.

A route says for which messages it is, and which accounts may take them in which order. Of the routes that fit, the
one with the most conditions (network, sender, class) decides; among those the longest prefix; then a country; then
the first. The accounts of a route are passed over while they are unhealthy or below the route's quality floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Final

import msgspec

from sender.domain.health import HEALTHY, Circuit, Health, Standing
from sender.domain.message import MessageClass
from sender.domain.networks import country_of


class Prefer(Enum):
    """What decides between the accounts of a route that are well."""

    ORDER = "order"
    """The first."""
    PRICE = "price"
    """The cheapest; between equals their weights."""
    WEIGHT = "weight"
    """All, each with its share of the numbers; a number keeps its account while that is well."""


class Target(msgspec.Struct, frozen=True):
    """An account that a route may lead to."""

    account: str
    weight: float = 1.0
    price: float | None = None
    """Of one segment, in whatever money all of them are."""


class Route(msgspec.Struct, frozen=True):
    """Messages that fit every condition given may go through `targets`. Nothing given = every message."""

    targets: tuple[Target, ...]
    prefix: str = ""
    """First E.164 digits."""
    networks: tuple[str, ...] = ()
    sender: str = ""
    message_class: MessageClass | None = None
    country: str = ""
    """ISO 3166-1 alpha-2, in lower case."""
    prefer: Prefer = Prefer.ORDER
    quality: float | None = None
    """Least share delivered of an account, where there are receipts enough to tell."""

    @property
    def conditions(self) -> tuple[str, tuple[str, ...], str, MessageClass | None, str]:
        """Two routes with the same ones contradict each other."""
        return self.prefix, tuple(sorted(self.networks)), self.sender, self.message_class, self.country

    def describe(self) -> str:
        """In words, for people."""
        said = [
            f"network {' or '.join(self.networks)}" if self.networks else "",
            f"sender {self.sender}" if self.sender else "",
            f"class {self.message_class.value}" if self.message_class is not None else "",
            f"prefix {self.prefix}" if self.prefix else "",
            f"country {self.country.upper()}" if self.country else "",
        ]
        return ", ".join(it for it in said if it) or "every message"


class Choice(msgspec.Struct, frozen=True):
    """Where a message goes."""

    account: str
    route: Route
    target: Target
    reason: str
    waits: bool = False
    """No account of the route is well: it waits for the one it would go through."""


class Step(msgspec.Struct, frozen=True):
    """One line of the explanation of a choice."""

    about: str
    says: str


_Key = tuple[str, str, MessageClass]
_REMEMBERED: Final = 10_000
"""Combinations of network, sender and class whose routes are remembered."""


class Router:
    """Routes messages. `network` finds the network of a number; `health` is looked at anew for every message."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        network: Callable[[str], str] = lambda _: "",
        country: Callable[[str], str] = country_of,
        health: Callable[[], Health] = dict,
    ) -> None:
        self.routes = tuple(routes)
        seen: set[object] = set()
        for route in self.routes:
            if route.conditions in seen:
                raise ValueError(f"two routes for {route.describe()}")
            seen.add(route.conditions)
        self._network = network
        self._country = country
        self._health = health
        order = sorted(enumerate(self.routes), key=lambda it: (*_rank(it[1]), it[0]))
        self._ordered = [route for _, route in order]
        self._needs_network = any(route.networks for route in self.routes)
        self._fitting: dict[_Key, list[Route]] = {}

    def renumber(self, network: Callable[[str], str]) -> None:
        """Find networks in another way from now on: a plan was imported."""
        self._network = network

    def route(
        self, number: str, *, sender: str = "", message_class: MessageClass = MessageClass.SERVICE, without: str = ""
    ) -> Choice | None:
        """The account for E.164 digits, never `without`; None when no route fits."""
        route = self._find(number, sender, message_class)
        return None if route is None else choose(route, number, self._health(), without)

    def accounts(self, numbers: Iterable[str], *, sender: str, message_class: MessageClass) -> list[str | None]:
        """The accounts of many numbers, as `route` says them one by one; for all of them health is looked at once."""
        choices = map(self.chooser(sender=sender, message_class=message_class), numbers)
        return [None if choice is None else choice.account for choice in choices]

    def chooser(self, *, sender: str, message_class: MessageClass) -> Callable[[str], Choice | None]:
        """`route` for many numbers of one moment: routes and health are as they are now, and looked at once."""
        health = self._health()
        network_of = self._network if self._needs_network else None
        fitting: dict[str, list[Route]] = {}
        alone: dict[int, Choice | None] = {}  # of routes that lead to one account, by identity

        def choice_of(number: str) -> Choice | None:
            network = "" if network_of is None else network_of(number)
            routes = fitting.get(network)
            if routes is None:
                routes = fitting[network] = self._fit(network, sender, message_class)
            for route in routes:
                if number.startswith(route.prefix) and (not route.country or self._in_country(route, number)):
                    key = id(route)
                    if key in alone:
                        return alone[key]
                    choice = choose(route, number, health)
                    if len(route.targets) == 1:
                        alone[key] = choice
                    return choice
            return None

        return choice_of

    def become(self, other: Router) -> None:
        """Route as `other` does from now on: whoever holds this router need not hear of new routes."""
        self.__dict__.update(other.__dict__)

    def explain(self, number: str, *, sender: str, message_class: MessageClass) -> tuple[list[Step], Choice | None]:
        """The choice step by step."""
        network = self._network(number)
        steps = [Step("network", network or "unknown")]
        fitting = [
            route
            for route in self._fit(network, sender, message_class)
            if number.startswith(route.prefix) and self._in_country(route, number)
        ]
        if not fitting:
            return [*steps, Step("route", "none fits")], None
        route = fitting[0]
        steps.append(Step("route", f"{route.describe()} (of {len(fitting)} that fit, the one that says the most)"))
        health = self._health()
        steps += [Step(f"account {it.account}", _account(route, it, number, health)) for it in route.targets]
        chosen = choose(route, number, health)
        if chosen is not None:
            steps.append(Step("choice", f"{chosen.account}: {chosen.reason}"))
        return steps, chosen

    def _find(self, number: str, sender: str, message_class: MessageClass) -> Route | None:
        network = self._network(number) if self._needs_network else ""
        key = (network, sender, message_class)
        fitting = self._fitting.get(key)
        if fitting is None:
            if len(self._fitting) >= _REMEMBERED:
                self._fitting.clear()
            fitting = self._fitting[key] = self._fit(*key)
        for route in fitting:
            if number.startswith(route.prefix) and (not route.country or self._in_country(route, number)):
                return route
        return None

    def _fit(self, network: str, sender: str, message_class: MessageClass) -> list[Route]:
        return [
            route
            for route in self._ordered
            if (not route.networks or network in route.networks)
            and (not route.sender or sender == route.sender)
            and route.message_class in (None, message_class)
        ]

    def _in_country(self, route: Route, number: str) -> bool:
        return not route.country or self._country(number) == route.country


def _rank(route: Route) -> tuple[int, int, bool]:
    conditions = bool(route.networks) + bool(route.sender) + (route.message_class is not None)
    return -conditions, -len(route.prefix), not route.country


def choose(route: Route, number: str, health: Health, without: str = "") -> Choice | None:
    """The account of a route for a number; None when only `without` is left."""
    targets = route.targets
    if len(targets) == 1:
        target = targets[0]
        if target.account == without:
            return None
        waits = health.get(target.account, HEALTHY).circuit is Circuit.OPEN
        return Choice(target.account, route, target, "the only account of the route", waits)
    if without:
        targets = tuple(it for it in targets if it.account != without)
        if not targets:
            return None
    well = [it for it in targets if _well(it, number, health)]
    good = [it for it in well if not _too_low(route, health.get(it.account, HEALTHY))]
    if good:
        target, reason = _preferred(route, good, number)
        return Choice(target.account, route, target, reason)
    if well:  # the floor is there to choose by, not to stop at
        target = max(well, key=lambda it: health.get(it.account, HEALTHY).quality or 0.0)
        return Choice(target.account, route, target, "none reaches the quality floor: the best of them")
    target, reason = _preferred(route, targets, number)
    return Choice(target.account, route, target, f"none is well: it waits for this one ({reason})", waits=True)


def _well(target: Target, number: str, health: Health) -> bool:
    standing = health.get(target.account, HEALTHY)
    return standing.share >= 1.0 or draw(number, target.account) < standing.share


def _too_low(route: Route, standing: Standing) -> bool:
    return route.quality is not None and standing.quality is not None and standing.quality < route.quality


def _preferred(route: Route, targets: Sequence[Target], number: str) -> tuple[Target, str]:
    if route.prefer is Prefer.ORDER or len(targets) == 1:
        return targets[0], "the first that is well"
    if route.prefer is Prefer.PRICE:
        price = min(_price(it) for it in targets)
        cheapest = [it for it in targets if _price(it) == price]
        return _by_weight(cheapest, number), f"the cheapest, {price:g}"
    return _by_weight(targets, number), "its share by weight"


def _price(target: Target) -> float:
    return target.price if target.price is not None else float("inf")


def _by_weight(targets: Sequence[Target], number: str) -> Target:
    """Weighted rendezvous hashing: when an account drops out, only its own numbers go elsewhere.

    The largest of draw ** (1 / weight) falls on each with a chance in proportion to its weight.
    """
    if len(targets) == 1:
        return targets[0]
    return max(targets, key=lambda it: draw(number, it.account) ** (1.0 / it.weight) if it.weight > 0 else -1.0)


def draw(number: str, account: str) -> float:
    """A number in [0, 1) that is always the same for this number on this account."""
    return int.from_bytes(blake2b(f"{account}/{number}".encode(), digest_size=6).digest(), "big") / 2.0**48


def _account(route: Route, target: Target, number: str, health: Health) -> str:
    standing = health.get(target.account, HEALTHY)
    said = [standing.circuit.value]
    if standing.reason:
        said.append(standing.reason)
    if standing.circuit is Circuit.HALF_OPEN:
        said.append("this number is tried" if _well(target, number, health) else "this number is not tried yet")
    if standing.quality is not None:
        floor = f", below the floor of {route.quality:.0%}" if _too_low(route, standing) else ""
        said.append(f"{standing.quality:.0%} delivered{floor}")
    if route.prefer is Prefer.WEIGHT:
        said.append(f"weight {target.weight:g}")
    if target.price is not None:
        said.append(f"price {target.price:g}")
    return ", ".join(said)
