"""The people behind the numbers, as a scenario file says it: on, off, roaming, full, ported. Times are seconds."""

import enum
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from smsc.scenario.latency import Latency
from smsc.scenario.patterns import AddressPattern
from smsc.scenario.scalars import Stat, Status
from yamlmodel.scalars import Duration, Percent

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Condition(enum.Enum):
    """How a subscriber is, and so what becomes of a message to it."""

    ON = "on"  # delivered as the operator's receipts say
    OFF = "off"  # tried until it is on again or the message expires
    ROAMING = "roaming"  # delivered, later
    FULL = "full"  # memory capacity exceeded: tried as with off
    PORTED = "ported"  # of another network by now: UNDELIV
    BLACKLISTED = "blacklisted"  # wants no messages: REJECTD
    LANDLINE = "landline"  # takes no messages: UNDELIV
    UNKNOWN = "unknown"  # nobody has this number: UNDELIV


class Phase(msgspec.Struct, frozen=True, rename={"is_": "is", "for_": "for"}):
    """One stretch of what a number goes through."""

    is_: Annotated[Condition, Meta(description="How it is", examples=["off"])]
    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class Subscriber(msgspec.Struct, frozen=True, rename={"is_": "is"}):
    """Numbers and how they behave; the first entry that matches a number is its."""

    numbers: Annotated[AddressPattern, Meta(description="Which numbers", examples=["7701*"])]
    is_: Annotated[Condition, Meta(description="How they are")] = Condition.ON
    over_time: Annotated[
        list[Phase], Meta(description="How they are one after another, from the start; then as `is` says")
    ] = []
    repeat: Annotated[bool, Meta(description="Go through `over_time` again and again")] = False
    share: Annotated[Percent, Meta(description="Share of the numbers, always the same ones")] = Percent(1.0)
    respond: Annotated[Status, Meta(description="Refuse submits to them with this status")] | None = None
    stat: Annotated[Stat, Meta(description="Final state instead of the condition's own")] | None = None
    err: Annotated[str, Meta(description="Error code instead of the condition's own")] | None = None
    delay: Annotated[Latency, Meta(description="Time to the final state instead of the operator's")] | None = None

    def problems(self) -> Problems:
        """Phases last, and only the last one may have no end."""
        for index, phase in enumerate(self.over_time):
            if phase.for_ is not None and not phase.for_:
                yield ("over_time", index, "for"), "found 0s; expected some time, such as 2m"
        for index, phase in enumerate(self.over_time[:-1]):
            if phase.for_ is None:
                yield ("over_time", index), "only the last phase may go on for ever; expected for: 2m"
        if self.repeat and (not self.over_time or self.over_time[-1].for_ is None):
            yield ("repeat",), "found true; expected phases that all have an end"
