"""What an operator takes for a message: exact amounts, never floating point.

```yaml
price: 4.00 KZT
price: {segment: 4.00 KZT, except: [{from: BANK, segment: 5.50}, {to: "7705*", segment: 3.20}]}
```
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from smsc.scenario.patterns import AddressGlob

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(?:\s+(\S{1,8}))?", re.ASCII)


class Amount(msgspec.Struct, frozen=True):
    """An amount of money, written `4.00` or `4.00 KZT`."""

    value: Decimal
    currency: str = ""

    expected: ClassVar[str] = "an amount such as 4.00 or 4.00 KZT"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(Decimal(match[1]), match[2] or "")

    def __str__(self) -> str:
        return f"{self.value} {self.currency}".rstrip()


class PriceException(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Segments that cost something else."""

    segment: Annotated[Amount, Meta(description="For each of them", examples=["3.20"])]
    to: Annotated[AddressGlob, Meta(description="Destination", examples=["7705*"])] | None = None
    from_: Annotated[AddressGlob, Meta(description="Source address", examples=["BANK"])] | None = None

    def problems(self) -> Problems:
        """It is about something."""
        if self.to is None and self.from_ is None:
            yield (), "it says no segments; expected to, from or both"


class Price(msgspec.Struct, frozen=True, rename={"except_": "except"}):
    """What a segment costs that is accepted."""

    segment: Annotated[Amount, Meta(description="For each segment", examples=["4.00 KZT"])]
    except_: Annotated[list[PriceException], Meta(description="Other prices, first match wins")] = []

    @classmethod
    def of(cls, written: "Amount | Price") -> "Price":
        """The price that was written in either way."""
        return written if isinstance(written, Price) else Price(written)

    @property
    def currency(self) -> str:
        """What all amounts are in."""
        return self.segment.currency

    def problems(self) -> Problems:
        """There is one currency."""
        for index, other in enumerate(self.except_):
            if other.segment.currency not in ("", self.currency):
                yield (
                    ("except", index, "segment"),
                    f"found {other.segment}; expected an amount in {self.currency or 'no currency'}",
                )

    def for_segment(self, source: str, destination: str) -> Decimal:
        """What one segment costs."""
        for other in self.except_:
            if other.to is not None and not other.to.compile()(destination):
                continue
            if other.from_ is not None and not other.from_.compile()(source):
                continue
            return other.segment.value
        return self.segment.value
