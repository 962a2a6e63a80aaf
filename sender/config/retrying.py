"""What is sent again, and when: for all operators, and what is different for one."""

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from sender.config.scalars import Status
from sender.domain.retry import RetryClass, RetryPolicy
from yamlmodel.scalars import Duration

_Statuses: TypeAlias = dict[Status, RetryClass]
_NO_STATUSES: Any = msgspec.field(default_factory=dict)

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class RetryConfig(RetryPolicy, frozen=True):
    """When a message that was refused for now is submitted again."""

    first: Annotated[Duration, Meta(description="Wait after the first refusal; doubles every time")] = Duration(1)
    longest: Annotated[Duration, Meta(description="The wait grows no further")] = Duration(60)
    give_up: Annotated[Duration, Meta(description="Since the first submit; after it the refusal is final")] = Duration(
        3600
    )
    attempts: Annotated[int, Meta(description="Submits of a segment; throttling ends none", ge=1)] | None = None
    statuses: Annotated[_Statuses, Meta(description="What a status means, if not the usual")] = _NO_STATUSES

    def problems(self) -> Problems:
        """The waits are in order, and success is none of the refusals."""
        yield from _waits(self.first, self.longest)
        yield from _statuses(self.statuses)


class OperatorRetry(msgspec.Struct, frozen=True, kw_only=True):
    """What is different for one operator; statuses are added to those of the file."""

    first: Annotated[Duration, Meta(description="Wait after the first refusal")] | None = None
    longest: Annotated[Duration, Meta(description="The wait grows no further")] | None = None
    give_up: Annotated[Duration, Meta(description="Since the first submit")] | None = None
    attempts: Annotated[int, Meta(description="Submits of a segment; throttling ends none", ge=1)] | None = None
    statuses: Annotated[dict[Status, RetryClass], Meta(description="What this operator means by a status")] = (
        msgspec.field(default_factory=dict)
    )

    def problems(self) -> Problems:
        """Success is none of the refusals, and the waits are in order as far as they are given."""
        if self.first is not None:
            yield from _waits(self.first, self.longest if self.longest is not None else self.first)
        yield from _statuses(self.statuses)

    def over(self, general: RetryPolicy) -> RetryPolicy:
        """The policy of this operator, where `general` is that of the file."""
        own = {key: value for key in self.__struct_fields__ if (value := getattr(self, key)) is not None}
        own["statuses"] = {**general.statuses, **self.statuses}
        policy = {key: getattr(general, key) for key in RetryPolicy.__struct_fields__} | own
        policy["longest"] = max(policy["first"], policy["longest"])
        return RetryPolicy(**policy)


def _waits(first: float, longest: float) -> Problems:
    if first <= 0:
        yield ("first",), f"found {first:g}s; expected more than 0s"
    elif longest < first:
        yield ("longest",), f"found {longest:g}s; expected at least first ({first:g}s)"


def _statuses(statuses: dict[Status, RetryClass]) -> Problems:
    if 0 in statuses:
        yield ("statuses",), "found ESME_ROK; expected statuses of refusals"
