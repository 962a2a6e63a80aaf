"""What an operator takes for a segment: exact amounts, never floating point."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import ClassVar, Self

_WRITTEN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Z]{3})", re.ASCII)


class Price(str):
    """An amount of money, written `2.8 RUB`."""

    __slots__ = ()
    expected: ClassVar[str] = "an amount and a currency such as 2.8 RUB"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(f"{match[1]} {match[2]}")

    @property
    def amount(self) -> Decimal:
        """The number."""
        return Decimal(self.partition(" ")[0])

    @property
    def currency(self) -> str:
        """The three letters of ISO 4217."""
        return self.partition(" ")[2]

    def times(self, count: int) -> Price:
        """The price of so many."""
        return Price(f"{self.amount * count:f} {self.currency}")
