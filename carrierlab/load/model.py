"""A generated load, as a scenario file says it. The names are the keys of the file; times are seconds.

```yaml
workload:
  load:
    arrival: poisson
    stages: [{rate: 20/s, for: 30s}, {from: 20/s, to: 200/s, for: 1m}, {for: 10s}, {rate: 50/s, count: 500}]
    mix:
      - {share: 80%, to: "7705#######", text: "Your code is {digits:6}"}
      - {share: 20%, to: "7701#######", from: NEWS, length: 300, alphabet: ucs2}
```
"""

import enum
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, Final, Self

import msgspec
from msgspec import Meta

from sender.config.binds import BindMode
from sender.pipeline.compose import SenderError, check_sender
from smppkit.gsm0338 import UnencodableText
from smppkit.segments import LongMessage
from smppkit.text import Alphabet, encode_text
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]

MOST_MESSAGES: Final = 1_000_000
"""What one load may have: all of it is in memory until it is judged."""
FIELDS: Final = {"digits": "digits:6 is six random digits", "n": "n is which message it is", "to": "to is its number"}
_FIELD = re.compile(r"\{([a-z]*)(?::([0-9]{1,3}))?\}")


class Arrival(enum.Enum):
    """How messages fall due around their rate."""

    CONSTANT = "constant"
    POISSON = "poisson"
    BURST = "burst"


class NumberPattern(str):
    """A number, of which each `#` is a random digit, such as `7705#######`."""

    __slots__ = ()
    expected: ClassVar[str] = "a number such as 77050000001 or 7705#######, each # a random digit"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take digits and `#`; a leading plus is dropped. ValueError names the form that is expected."""
        pattern = text.strip().removeprefix("+")
        if not re.fullmatch("[0-9#]{1,20}", pattern, re.ASCII):
            raise ValueError(f"expected {cls.expected}")
        return cls(pattern)


class TextTemplate(str):
    """A text with `{digits:6}` (random), `{n}` (which message it is) and `{to}` (its number)."""

    __slots__ = ()
    expected: ClassVar[str] = "a text, with {digits:6}, {n} and {to} where they are wanted"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check its fields; ValueError names those there are."""
        for match in _FIELD.finditer(text):
            if match[1] not in FIELDS or (match[1] == "digits") is (match[2] is None):
                known = "; ".join(FIELDS.values())
                raise ValueError(f'found "{match[0]}" in the text; {known}{did_you_mean(match[1], FIELDS)}')
        return cls(text)

    def pieces(self) -> list[str | int]:
        """The text cut at its fields: text, ``n`` and ``to`` as ``"{n}"``, ``"{to}"``, and counts of digits."""
        pieces: list[str | int] = []
        end = 0
        for match in _FIELD.finditer(self):
            pieces += [self[end : match.start()], int(match[2]) if match[2] else match[0]]
            end = match.end()
        return [piece for piece in [*pieces, self[end:]] if piece != ""]


class Said(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One kind of message: to whom, from whom, and what it says."""

    share: (
        Annotated[Percent, Meta(description="How many of the messages; what is left, divided, when omitted")] | None
    ) = None
    to: Annotated[NumberPattern, Meta(description="Its number", examples=["7705#######"])] = NumberPattern(
        "7705#######"
    )
    from_: (
        Annotated[str, Meta(description="Source address; the account's first when omitted", examples=["SHOP"])] | None
    ) = None
    text: Annotated[TextTemplate, Meta(description="Its text", examples=["Your code is {digits:6}"])] | None = None
    length: Annotated[int, Meta(description="A text of so many random characters instead", ge=1, le=10_000)] | None = (
        None
    )
    alphabet: (
        Annotated[
            Alphabet, Meta(description="How it is encoded; the first of gsm7 and ucs2 that holds it when omitted")
        ]
        | None
    ) = None
    long_message: Annotated[LongMessage, Meta(description="How it is cut when it is long")] = LongMessage.UDH8
    registered: Annotated[bool, Meta(description="Ask for a receipt")] = True

    def problems(self) -> Problems:
        """It has one text, which its alphabet can hold."""
        if self.text is not None and self.length is not None:
            yield ("length",), "found text and length; expected one of them"
        if self.text is not None and self.alphabet is not None:
            try:
                encode_text(self.text, self.alphabet)
            except UnencodableText as error:
                yield ("text",), f"{self.alphabet.value} has no {' '.join(error.characters)}"
        if self.from_ is not None:
            try:
                check_sender(self.from_)
            except SenderError as error:
                yield ("from",), str(error)


class Kind(Said, frozen=True):
    """One kind of message of a load."""

    operator: Annotated[str, Meta(description="Where it goes; that of the load when omitted")] | None = None


class Stage(msgspec.Struct, frozen=True, rename={"for_": "for", "from_": "from"}):
    """A stretch of a load: at one rate, from one to another, or nothing at all."""

    rate: Annotated[Rate, Meta(description="Messages", examples=["50/s"])] | None = None
    from_: Annotated[Rate, Meta(description="The rate at its beginning, going to `to`", examples=["20/s"])] | None = (
        None
    )
    to: Annotated[Rate, Meta(description="The rate at its end", examples=["200/s"])] | None = None
    for_: Annotated[Duration, Meta(description="How long", examples=["30s"])] | None = None
    count: Annotated[int, Meta(description="So many messages, instead of so long", ge=1)] | None = None

    def problems(self) -> Problems:
        """It has an end, and at most one rate."""
        if (self.from_ is None) is not (self.to is None):
            yield (), "expected both from and to, or rate alone"
        if self.rate is not None and self.from_ is not None:
            yield ("rate",), "found rate and from; expected one of them"
        if (self.for_ is None) is (self.count is None):
            yield (), f"found {'neither for nor count' if self.count is None else 'both for and count'}; expected one"
        elif self.count is not None and self.rate is None:
            yield ("count",), "a stage that counts has one rate; expected the key rate"

    def expected(self) -> float:
        """About how many messages it has."""
        if self.count is not None:
            return self.count
        first, last = self.ends()
        return (first + last) / 2 * float(self.for_ or 0)

    def ends(self) -> tuple[float, float]:
        """The rates at its beginning and its end, in messages a second."""
        if self.rate is not None:
            return float(self.rate), float(self.rate)
        return float(self.from_ or 0), float(self.to or 0)


class Load(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """Messages that are due when they are due, whether or not earlier ones were answered: an open loop."""

    operator: Annotated[str, Meta(description="Where it goes; the first of the file when omitted")] | None = None
    account: Annotated[str, Meta(description="system_id it binds with; each operator's first when omitted")] | None = (
        None
    )
    arrival: Annotated[Arrival, Meta(description="How messages fall due")] = Arrival.CONSTANT
    burst: Annotated[int, Meta(description="Messages that fall due together, when they come in bursts", ge=2)] = 10
    rate: Annotated[Rate, Meta(description="Messages, when there is one stage only", examples=["50/s"])] | None = None
    for_: Annotated[Duration, Meta(description="How long, at `rate`", examples=["1m"])] | None = None
    count: Annotated[int, Meta(description="So many messages, at `rate`", ge=1)] | None = None
    stages: Annotated[list[Stage], Meta(description="One stretch after the other", min_length=1)] | None = None
    mix: Annotated[list[Kind], Meta(description="Kinds of messages", min_length=1)] = msgspec.field(
        default_factory=lambda: [Kind()]
    )
    binds: Annotated[int, Meta(description="Binds with each operator", ge=1)] = 1
    bind: Annotated[BindMode, Meta(description="How to bind")] = BindMode.TRANSCEIVER
    window: Annotated[int, Meta(description="Unanswered submits per bind; the account's when omitted", ge=1)] | None = (
        None
    )
    response_timeout: Annotated[Duration, Meta(description="For a response to a submit_sm")] = Duration(30)
    give_up: Annotated[Duration, Meta(description="A message not written so long after it was due never is")] = (
        Duration(30)
    )
    receipt_wait: Annotated[Duration, Meta(description="Wait after the last receipt for those still missing")] = (
        Duration(30)
    )

    def plan(self) -> list[Stage]:
        """Its stages, also where the file has one rate."""
        return self.stages or [Stage(rate=self.rate, for_=self.for_, count=self.count)]

    def problems(self) -> Problems:
        """It has stages in one way, and shares that add up."""
        if (self.rate is None) is (self.stages is None):
            found = "neither rate nor stages" if self.rate is None else "both rate and stages"
            yield (), f"found {found}; expected one of them"
            return
        if self.stages is not None:
            for key in ("for", "count"):
                if getattr(self, "for_" if key == "for" else key) is not None:
                    yield (key,), "belongs to rate; stages have theirs"
        else:
            yield from self.plan()[0].problems()
        most = sum(stage.expected() for stage in self.plan())
        if most > MOST_MESSAGES:
            yield (), f"has about {most:,.0f} messages; expected {MOST_MESSAGES:,} at most"
        yield from share_problems(self.mix)

    def shares(self) -> list[float]:
        """The share of each kind; those that say none divide what is left."""
        return shares_of(self.mix)


def share_problems(mix: Sequence[Said]) -> Problems:
    """The shares of a mix must be the whole."""
    given = [kind.share for kind in mix if kind.share is not None]
    total = sum(given)
    if total > 1 + 1e-9 or (len(given) == len(mix) and total < 1 - 1e-9):
        yield ("mix",), f"the shares add up to {total * 100:g}%; expected 100%"


def shares_of(mix: Sequence[Said]) -> list[float]:
    """The share of each kind; those that say none divide what is left."""
    given = [kind.share for kind in mix]
    without = given.count(None)
    left = max(0.0, 1 - sum(share for share in given if share is not None))
    return [left / without if share is None else float(share) for share in given]
