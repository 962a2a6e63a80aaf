"""Load shapes: how much load there is when. In an open loop that is a rate, in a closed loop a number of users. Pure.

A shape is a list of spans, each going from one level to another in so many seconds. The search for a limit has none: it
decides as it goes (`carrierlab.loadtest.limit`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, NamedTuple, Self

import msgspec
from msgspec import Meta

from carrierlab.load.model import Arrival, Load, Stage
from yamlmodel.scalars import Duration, Rate

_MOST_STEPS = 1000


class Level(float):
    """How much load: a rate (`50/s`) in an open loop, a number of users (`20`) in a closed one."""

    expected: ClassVar[str] = "a rate such as 50/s (open loop) or a number of users such as 20 (closed loop)"
    users: bool

    def __new__(cls, value: float, *, users: bool) -> Self:
        """`users`: it is a number of users."""
        level = super().__new__(cls, value)
        level.users = users
        return level

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        written = text.strip()
        if written.isascii() and written.isdigit() and 0 < len(written) < 7:
            return cls(int(written), users=True)
        try:
            return cls(Rate.parse(written), users=False)
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None

    def __str__(self) -> str:
        return f"{int(self)}" if self.users else f"{float(self):g}/s"


class Span(NamedTuple):
    """From one level to another in so many seconds."""

    first: float
    last: float
    seconds: float


class Steady(msgspec.Struct, frozen=True, tag_field="shape", tag="steady", rename={"for_": "for"}):
    """The same all the time."""

    at: Annotated[Level, Meta(description="How much", examples=["50/s"])]
    for_: Annotated[Duration, Meta(description="How long", examples=["1m"])]

    def spans(self) -> Iterator[Span]:
        """See the module."""
        yield Span(self.at, self.at, self.for_)


class Ramp(msgspec.Struct, frozen=True, tag_field="shape", tag="ramp", rename={"from_": "from", "for_": "for"}):
    """From one level to another, evenly."""

    from_: Annotated[Level, Meta(description="At the beginning", examples=["10/s"])]
    to: Annotated[Level, Meta(description="At the end", examples=["100/s"])]
    for_: Annotated[Duration, Meta(description="How long that takes", examples=["1m"])]
    hold: Annotated[Duration, Meta(description="How long it stays there")] = Duration(0)

    def spans(self) -> Iterator[Span]:
        """See the module."""
        yield Span(self.from_, self.to, self.for_)
        yield Span(self.to, self.to, self.hold)


class Step(msgspec.Struct, frozen=True, tag_field="shape", tag="step", rename={"from_": "from"}):
    """In steps from one level to another."""

    from_: Annotated[Level, Meta(description="The first step", examples=["10/s"])]
    by: Annotated[Level, Meta(description="How much each one adds", examples=["10/s"])]
    to: Annotated[Level, Meta(description="The last step at most", examples=["100/s"])]
    every: Annotated[Duration, Meta(description="How long a step is", examples=["30s"])]

    def spans(self) -> Iterator[Span]:
        """See the module."""
        level = float(self.from_)
        while level <= float(self.to) * (1 + 1e-9):
            yield Span(level, level, self.every)
            level += float(self.by)

    def problems(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Its steps can be counted."""
        if self.to < self.from_:
            yield ("to",), f"found {self.to}; expected {self.from_} at least, where it begins"
        elif (self.to - self.from_) / self.by > _MOST_STEPS:
            yield ("by",), f"makes more than {_MOST_STEPS} steps; expected larger ones"


class Spike(msgspec.Struct, frozen=True, tag_field="shape", tag="spike", rename={"for_": "for"}):
    """The usual, then much more for a while, then the usual again."""

    usual: Annotated[Level, Meta(description="Before and after", examples=["20/s"])]
    peak: Annotated[Level, Meta(description="In between", examples=["200/s"])]
    before: Annotated[Duration, Meta(description="How long the usual lasts")] = Duration(30)
    for_: Annotated[Duration, Meta(description="How long the peak lasts", examples=["10s"])] = Duration(10)
    after: Annotated[Duration, Meta(description="How long it is watched after that")] = Duration(30)

    def spans(self) -> Iterator[Span]:
        """See the module."""
        yield Span(self.usual, self.usual, self.before)
        yield Span(self.peak, self.peak, self.for_)
        yield Span(self.usual, self.usual, self.after)


class Soak(msgspec.Struct, frozen=True, tag_field="shape", tag="soak", rename={"for_": "for"}):
    """Up in a while, and then the same for hours."""

    at: Annotated[Level, Meta(description="How much", examples=["50/s"])]
    for_: Annotated[Duration, Meta(description="How long it stays there", examples=["8h"])]
    rise: Annotated[Duration, Meta(description="How long the way up takes")] = Duration(60)

    def spans(self) -> Iterator[Span]:
        """See the module."""
        yield Span(0.0 if not self.at.users else 1.0, self.at, self.rise)
        yield Span(self.at, self.at, self.for_)


class Limit(msgspec.Struct, frozen=True, tag_field="shape", tag="limit", rename={"from_": "from"}):
    """The rate is raised in steps until a threshold breaks, goes back, and is confirmed: the limit."""

    from_: Annotated[Rate, Meta(description="The first step", examples=["10/s"])]
    by: Annotated[Rate, Meta(description="How much each one adds", examples=["10/s"])]
    most: Annotated[Rate, Meta(description="No higher than this", examples=["200/s"])]
    every: Annotated[Duration, Meta(description="How long a step is")] = Duration(10)
    confirm: Annotated[Duration, Meta(description="How long the rate that is found must hold")] = Duration(30)
    rest: Annotated[Duration, Meta(description="Pause after a step, for what is on its way")] = Duration(2)
    precision: (
        Annotated[Rate, Meta(description="Halve the last step until it is no larger than this; `by` when omitted")]
        | None
    ) = None

    def problems(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """It goes up."""
        if self.most < self.from_:
            yield ("most",), f"found {self.most:g}/s; expected {self.from_:g}/s at least, where it begins"
        elif (self.most - self.from_) / self.by > _MOST_STEPS:
            yield ("by",), f"makes more than {_MOST_STEPS} steps; expected larger ones"


Planned = Steady | Ramp | Step | Spike | Soak
"""The shapes whose spans are known beforehand."""
AnyShape = Planned | Limit


def levels(shape: AnyShape) -> dict[str, Level]:
    """The levels that a shape is written with, by key."""
    given = ((name, getattr(shape, name)) for name in shape.__struct_fields__)
    return {name.rstrip("_"): value for name, value in given if isinstance(value, Level)}


def without_time(shape: AnyShape) -> str | None:
    """The key of a time that is zero, and without which the shape is none."""
    needed = ("every", "confirm") if isinstance(shape, Limit | Step) else ("for_",)
    if isinstance(shape, Ramp | Spike | Soak) and any(span.seconds for span in shape.spans()):
        return None
    return next((key.rstrip("_") for key in needed if not getattr(shape, key, 1.0)), None)


def highest(shape: AnyShape) -> float:
    """The highest level that it comes to."""
    if isinstance(shape, Limit):
        return float(shape.most)
    return max(max(span.first, span.last) for span in shape.spans() if span.seconds)


def expected_messages(shape: Planned) -> float:
    """About how many messages an open loop of this shape has."""
    return sum((span.first + span.last) / 2 * span.seconds for span in shape.spans())


def open_loop(spans: list[Span], arrival: Arrival, burst: int) -> Load:
    """The spans as an open loop, for `carrierlab.load.arrivals.due_times`."""
    stages = [Stage(from_=Rate(span.first), to=Rate(span.last), for_=Duration(span.seconds)) for span in spans]
    return Load(arrival=arrival, burst=burst, stages=stages)


def users_at(shape: Planned, seconds: float) -> int | None:
    """How many users a closed loop has so long after its beginning; None when it is over."""
    begins = 0.0
    for span in shape.spans():
        if span.seconds and seconds < begins + span.seconds:
            return max(1, round(span.first + (span.last - span.first) * (seconds - begins) / span.seconds))
        begins += span.seconds
    return None
