"""What segments cost, exactly."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from smsc.scenario.price import Amount, Price
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads


class File(msgspec.Struct):
    price: Amount | Price


def price(text: str) -> Price:
    return Price.of(loads(f"price: {text}", File, "p.yaml").price)


def test_a_price_may_be_one_amount() -> None:
    assert price("4.00 KZT") == Price(Amount(Decimal("4.00"), "KZT"))
    assert price("0.1").for_segment("SHOP", "7705") * 3 == Decimal("0.3"), "no floating point"


def test_the_first_exception_that_fits_counts() -> None:
    given = price('{segment: 4 KZT, except: [{from: BANK, to: "7701*", segment: 9}, {to: "770*", segment: 3.2 KZT}]}')
    prices = [given.for_segment(*pair) for pair in [("BANK", "77011"), ("BANK", "7705"), ("SHOP", "7701"), ("X", "90")]]
    assert prices == [Decimal(9), Decimal("3.2"), Decimal("3.2"), Decimal(4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cheap", "expected an amount such as 4.00 or 4.00 KZT"),
        ("-1", "expected an amount such as 4.00"),
        ("1e3", "expected an amount such as 4.00"),
        ("{segment: 4 KZT, except: [{segment: 3}]}", "it says no segments; expected to, from or both"),
        ('{segment: 4 KZT, except: [{to: "7*", segment: 3 UZS}]}', "p.yaml:1:54: price.except[0].segment: found 3 UZS"),
    ],
)
def test_mistakes_are_named(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        price(text)
    assert expected in str(caught.value)
