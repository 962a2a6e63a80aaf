"""When an entry of a timeline begins: at a time, after another entry, again and again, or on an event.

```yaml
timeline:
  - {at: 30s, for: 20s, name: storm, fault: throttle, rate: 5/s}
  - {after: 5s, fault: reset}                               # after the entry before it began
  - {after: {end_of: storm, delay: 1s}, fault: unbind}
  - {at: 10s, every: {period: 20s, times: 3}, mo: {from: "77010000001", to: SHOP, text: PING}}
  - {when: 1000 accepted, fault: restart}
```
"""

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, Self

import msgspec
from msgspec import Meta

from yamlmodel.scalars import Duration
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]

COUNTED: Final[dict[str, str]] = {
    "accepted": "Messages accepted",
    "submitted": "Messages submitted, refused ones included",
    "refused": "Messages refused",
    "receipts": "Receipts acknowledged",
    "binds": "Binds accepted",
    "mo": "Messages of subscribers acknowledged",
}
"""What an event may count, and what that is."""

_TEXT = re.compile(r"(an?|[0-9][0-9,_ ]*)\s+([a-z]+)", re.ASCII)
_SINGULAR = {"receipt": "receipts", "bind": "binds"}


class After(msgspec.Struct, frozen=True):
    """An entry that another one is waited for by."""

    start_of: Annotated[str, Meta(description="Name of an entry: each time it begins", examples=["storm"])] | None = (
        None
    )
    end_of: Annotated[str, Meta(description="Name of an entry: each time it ends", examples=["storm"])] | None = None
    delay: Annotated[Duration, Meta(description="How long after that")] = Duration(0)

    @property
    def entry(self) -> str:
        """Whom it waits for."""
        return self.start_of or self.end_of or ""

    def problems(self) -> Problems:
        """It waits for one thing."""
        if (self.start_of is None) is (self.end_of is None):
            found = "neither start_of nor end_of" if self.end_of is None else "both start_of and end_of"
            yield (), f"found {found}; expected one of them"


class Every(msgspec.Struct, frozen=True):
    """How an entry is repeated, from when it first began."""

    period: Annotated[Duration, Meta(description="From one beginning to the next", examples=["20s"])]
    times: Annotated[int, Meta(description="How often it begins in all; for ever when omitted", ge=1)] | None = None
    until: Annotated[Duration, Meta(description="Begin no more from then on, in time from the start")] | None = None

    def problems(self) -> Problems:
        """Time passes between two beginnings."""
        if not self.period:
            yield ("period",), "found 0s; expected some time, such as 20s"


class OccasionText(str):
    """An event in words: `1,000 accepted`, `a bind`."""

    __slots__ = ()
    expected: ClassVar[str] = "an event such as 1000 accepted, 5 refused or a bind"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the words; ValueError names the form that is expected."""
        match = _TEXT.fullmatch(text.strip())
        word = "" if match is None else _SINGULAR.get(match[2], match[2])
        if match is None or word not in COUNTED or not (match[1].startswith("a") or _number(match[1])):
            hint = did_you_mean(text.split()[-1], COUNTED) if text.split() else ""
            raise ValueError(f"expected {cls.expected}; what is counted is one of {', '.join(COUNTED)}{hint}")
        return cls(text)

    def read(self) -> tuple[str, int]:
        """What is counted, and up to where."""
        match = _TEXT.fullmatch(self.strip())
        if match is None:
            raise ValueError(f"expected {self.expected}")
        return _SINGULAR.get(match[2], match[2]), 1 if match[1].startswith("a") else _number(match[1])


def _number(text: str) -> int:
    return int(re.sub("[,_ ]", "", text))


class Occasion(msgspec.Struct, frozen=True):
    """An event: a counter of an operator has grown by so much since the timeline began."""

    accepted: Annotated[int, Meta(description=COUNTED["accepted"], ge=1)] | None = None
    submitted: Annotated[int, Meta(description=COUNTED["submitted"], ge=1)] | None = None
    refused: Annotated[int, Meta(description=COUNTED["refused"], ge=1)] | None = None
    receipts: Annotated[int, Meta(description=COUNTED["receipts"], ge=1)] | None = None
    binds: Annotated[int, Meta(description=COUNTED["binds"], ge=1)] | None = None
    mo: Annotated[int, Meta(description=COUNTED["mo"], ge=1)] | None = None
    operator: (
        Annotated[str, Meta(description="Who counts; whom the entry befalls when omitted, or all together")] | None
    ) = None
    delay: Annotated[Duration, Meta(description="How long after that")] = Duration(0)
    times: Annotated[int, Meta(description="How often: each time as many more have come", ge=1)] = 1

    @classmethod
    def of(cls, written: "OccasionText | Occasion") -> "Occasion":
        """The event that was written in either way."""
        if isinstance(written, Occasion):
            return written
        word, count = written.read()
        return msgspec.structs.replace(cls(), **{word: count})

    @property
    def counted(self) -> str:
        """The counter it is about, a key of `COUNTED`."""
        return next(word for word in COUNTED if getattr(self, word) is not None)

    @property
    def count(self) -> int:
        """How much that has to grow."""
        return int(getattr(self, self.counted))

    def words(self) -> str:
        """The event for people: "1,000 accepted"."""
        of = "" if self.operator is None else f" by {self.operator}"
        return f"{self.count:,} {self.counted}{of}"

    def problems(self) -> Problems:
        """It counts one thing."""
        given = [word for word in COUNTED if getattr(self, word) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            yield (), f"found {found}; expected exactly one of {', '.join(COUNTED)}"


At = Annotated[Duration, Meta(description="Time from the start", examples=["30s"])] | None
AfterKey = (
    Annotated[
        Duration, Meta(description="Time after the entry before it began, or after a named one", examples=["10s"])
    ]
    | After
    | None
)
EveryKey = Annotated[Duration, Meta(description="Again and again, from `at` on", examples=["20s"])] | Every | None
WhenKey = Annotated[OccasionText, Meta(description="On an event", examples=["1000 accepted"])] | Occasion | None
Name = Annotated[str, Meta(description="What other entries and phases call it", min_length=1, max_length=64)] | None
Whom = Annotated[str, Meta(description="Whom it befalls; all when omitted")] | None


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry of a timeline has."""

    at: At = None
    after: AfterKey = None
    every: EveryKey = None
    when: WhenKey = None
    name: Name = None
    operator: Whom = None


FIELDS: Final = [(field.name, field.type, None) for field in msgspec.structs.fields(Timed)]
"""The same as ``msgspec.defstruct`` takes them: a fault and this cannot both be bases of a struct."""


def timing_problems(entry: Timed) -> Problems:
    """An entry begins in one way, and what comes again has ended before."""
    given = [key for key in ("at", "after", "when") if getattr(entry, key) is not None]
    if not given and entry.every is None:
        yield (), "nothing says when it begins; expected at, after, every or when"
    elif len(given) > 1:
        yield (given[1],), f"found {' and '.join(given)}; expected one of them"
    every = repeated(entry)
    if every is None:
        return
    if not every.period and entry.every is not every:
        yield ("every",), "found 0s; expected some time, such as 20s"
    if entry.when is not None and Occasion.of(entry.when).times > 1:
        yield ("every",), "it begins more than once already: remove every, or times of when"
    lasts = getattr(entry, "for_", None)
    if lasts is not None and lasts >= every.period:
        path = ("every",) if entry.every is not every else ("every", "period")
        yield path, f"it begins again before it has ended; expected more than its for, {lasts:g}s"


def repeated(entry: Timed) -> Every | None:
    """How an entry is repeated, however it was written."""
    return entry.every if entry.every is None or isinstance(entry.every, Every) else Every(entry.every)


def first_at(entry: Timed) -> float | None:
    """When an entry first begins, in seconds from the start; None when that depends on what happens."""
    if entry.at is not None:
        return float(entry.at)
    if entry.after is not None or entry.when is not None:
        return None
    every = repeated(entry)
    return None if every is None else float(every.period)
