"""Which messages go where, and when an account is passed over."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from sender.config.scalars import Country, Prefix
from sender.domain.health import HealthPolicy
from sender.domain.message import MessageClass
from sender.domain.networks import BUILT_IN
from sender.domain.routing import Prefer, Route, Target
from yamlmodel.scalars import Duration, Percent
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class TargetConfig(msgspec.Struct, frozen=True):
    """An account that a route may lead to."""

    account: Annotated[str, Meta(description="Name of an operator above")]
    weight: Annotated[float, Meta(description="Its share, against those of the others", gt=0, le=1_000_000)] | None = (
        None
    )
    price: Annotated[float, Meta(description="Of a segment", ge=0)] | None = None


class RouteConfig(msgspec.Struct, frozen=True):
    """One route. Of those that fit the one with the most conditions decides, then the longest prefix."""

    operator: Annotated[str, Meta(description="Name of an operator above: the short form of `to` with one account")] = (
        ""
    )
    prefix: Annotated[Prefix, Meta(description="First digits; omitted: the default route")] = Prefix("")
    network: Annotated[str | list[str], Meta(description="Networks of the recipients", examples=["beeline-kz"])] = (
        msgspec.field(default_factory=list)
    )
    sender: Annotated[str, Meta(description="Source address of the messages")] = ""
    class_: Annotated[MessageClass, Meta(description="Class of the messages")] | None = msgspec.field(
        default=None, name="class"
    )
    country: Annotated[Country, Meta(description="Country of the recipients", examples=["KZ"])] | None = None
    to: Annotated[list[TargetConfig], Meta(description="Accounts, in order of preference")] = msgspec.field(
        default_factory=list
    )
    prefer: Annotated[Prefer, Meta(description="What decides between accounts that are well")] = Prefer.ORDER
    quality: Annotated[Percent, Meta(description="Least share delivered, where enough receipts tell")] | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it may lead to."""
        return (self.operator,) if self.operator else tuple(target.account for target in self.to)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it is for; none = all."""
        return (self.network,) if isinstance(self.network, str) else tuple(self.network)

    def route(self, accounts_of: Callable[[str], Mapping[str, int]] = lambda name: {name: 1}) -> Route:
        """The route that it describes; `accounts_of` gives the accounts of an operator that has several, weighted."""
        targets: list[Target] = []
        for it in self.to or [TargetConfig(self.operator)]:
            weights = accounts_of(it.account)
            whole = sum(weights.values())
            targets += [
                Target(account, (it.weight or 1.0) * weight / whole, it.price) for account, weight in weights.items()
            ]
        shared = not self.to and len(targets) > 1
        return Route(
            tuple(targets),
            str(self.prefix),
            self.networks,
            self.sender,
            self.class_,
            "" if self.country is None else self.country.lower(),
            Prefer.WEIGHT if shared else self.prefer,
            self.quality,
        )

    def problems(self) -> Problems:
        """It leads somewhere, and what decides is there to decide by."""
        if bool(self.operator) == bool(self.to):
            yield (), "expected exactly one of operator and to"
            return
        names = [it.account for it in self.to]
        for index, target in enumerate(self.to):
            if target.account in names[:index]:
                yield ("to", index, "account"), f'"{target.account}" stands here twice'
            if self.prefer is Prefer.PRICE and target.price is None:
                yield ("to", index), "no price; expected one, because prefer is price"
            if self.prefer is Prefer.ORDER and target.weight is not None:
                yield ("to", index, "weight"), "a weight says nothing here; expected prefer: weight"


class HealthConfig(HealthPolicy, frozen=True):
    """When an account of a route with several is passed over for the next, and how it comes back."""

    after: Annotated[Duration, Meta(description="Trouble lasts so long until it is passed over")] = Duration(10)
    errors: Annotated[Percent, Meta(description="Share of answers that are errors of the operator: trouble")] = Percent(
        0.5
    )
    least: Annotated[int, Meta(description="Answers, or receipts, before a share is believed", ge=1)] = 20
    half_life: Annotated[Duration, Meta(description="Answers weigh half after so long")] = Duration(60)
    receipts_half_life: Annotated[Duration, Meta(description="Receipts weigh half after so long")] = Duration(1800)
    rest: Annotated[Duration, Meta(description="Until it is tried again; doubles when that fails")] = Duration(30)
    longest_rest: Annotated[Duration, Meta(description="The rest grows no further")] = Duration(600)
    trickle: Annotated[Percent, Meta(description="Share of its numbers that it is tried with")] = Percent(0.05)
    failover_after: Annotated[Duration, Meta(description="Passed over so long, what waits for it goes elsewhere")] = (
        Duration(60)
    )

    def problems(self) -> Problems:
        """Times that are divided by, and shares that decide."""
        for key in ("half_life", "receipts_half_life", "rest"):
            if getattr(self, key) <= 0:
                yield (key,), "found 0s; expected more than 0s"
        for key in ("errors", "trickle"):
            if getattr(self, key) <= 0:
                yield (key,), "found 0%; expected more than 0%"
        if self.longest_rest < self.rest:
            yield ("longest_rest",), f"found {self.longest_rest:g}s; expected at least rest ({self.rest:g}s)"


def route_problems(routes: list[RouteConfig], operators: Collection[str], networks: Collection[str]) -> Problems:
    """Routes lead to operators, name networks that there are, and no two say the same."""
    seen: set[object] = set()
    for index, route in enumerate(routes):
        for place, account in enumerate(route.accounts):
            if account not in operators:
                hint = did_you_mean(account, operators) or "; known: " + ", ".join(operators)
                where: tuple[str | int, ...] = ("operator",) if route.operator else ("to", place, "account")
                yield ("routes", index, *where), f'found "{account}"; expected an operator of this file{hint}'
        for network in route.networks:
            if network not in BUILT_IN and network not in networks:
                hint = did_you_mean(network, [*networks, *BUILT_IN])
                yield (
                    ("routes", index, "network"),
                    f'found "{network}"; expected a network known here, or one that `networks` names{hint}',
                )
        if not route.accounts:
            continue
        conditions = route.route().conditions
        if conditions in seen:
            key: tuple[str | int, ...] = ("routes", index, "prefix") if route.prefix else ("routes", index)
            yield key, f"a second route for {route.route().describe()}"
        seen.add(conditions)
