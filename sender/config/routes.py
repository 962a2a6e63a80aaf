"""Which numbers go where, and what is sent again when."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from sender.config.scalars import Prefix
from sender.domain.retry import RetryPolicy
from sender.domain.routing import Route
from yamlmodel.scalars import Duration

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class RouteConfig(Route, frozen=True):
    """One route; the longest prefix wins."""

    operator: Annotated[str, Meta(description="Name of an operator above")]
    prefix: Annotated[Prefix, Meta(description="First digits; omitted: the default route")] = Prefix("")


class RetryConfig(RetryPolicy, frozen=True):
    """When a message that was refused for now is submitted again."""

    first: Annotated[Duration, Meta(description="Wait after the first refusal; doubles every time")] = Duration(1)
    longest: Annotated[Duration, Meta(description="The wait grows no further")] = Duration(60)
    give_up: Annotated[Duration, Meta(description="Since the first submit; after it the refusal is final")] = Duration(
        3600
    )

    def problems(self) -> Problems:
        """The waits are in order."""
        if self.first <= 0:
            yield ("first",), f"found {self.first:g}s; expected more than 0s"
        elif self.longest < self.first:
            yield ("longest",), f"found {self.longest:g}s; expected at least first ({self.first:g}s)"
