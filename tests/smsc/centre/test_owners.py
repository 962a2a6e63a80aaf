"""Which account a number belongs to."""

from __future__ import annotations

from smsc.centre.owners import Owners
from smsc.scenario.accounts import Account
from smsc.scenario.patterns import AddressPattern

SHOP = Account(system_id="shop", password="", senders=["SHOP", "1414"])
BANK = Account(system_id="bank", password="", numbers=[AddressPattern("14*"), AddressPattern("BANK")])


def test_a_number_counts_before_a_sender_and_both_before_the_first_account() -> None:
    owners = Owners([SHOP, BANK], lambda: "nobody")
    assert [owners.of(number) for number in ("1414", "BANK", "SHOP", "77051234567")] == ["bank", "bank", "shop", "shop"]


def test_another_account_is_never_ones_own() -> None:
    owners = Owners([SHOP, BANK], lambda: "nobody")
    assert (owners.other("1414", "shop"), owners.other("1414", "bank"), owners.other("SHOP", "bank")) == (
        "bank",
        "",
        "",
    )
    assert owners.numbers
    assert not Owners([SHOP], lambda: "").numbers


def test_where_everyone_is_let_in_it_goes_to_somebody() -> None:
    assert Owners("any", lambda: "first comer").of("1414") == "first comer"
    assert Owners([], lambda: "first comer").of("1414") == "first comer"
