"""What is learned from receipts, and when it is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.dialect import (
    CERTAIN,
    MULTIPART,
    Dialect,
    Form,
    IdRule,
    Learned,
    NumberRule,
    PartsRule,
    Relation,
    Settings,
    count,
    readings,
    receipt_key,
    stored_key,
    words_agree,
)
from smppkit.message_ids import key


def learned(**ids: int) -> Learned:
    return Learned(ids={name.replace("_", "-"): times for name, times in ids.items()})


def test_one_receipt_is_a_leaning_and_twenty_are_certain() -> None:
    assert learned().leaning is None
    assert learned(hex_decimal=1).leaning is Relation.HEX_DECIMAL
    assert learned(hex_decimal=CERTAIN - 1).relation is None
    assert learned(hex_decimal=CERTAIN).relation is Relation.HEX_DECIMAL


def test_two_habits_are_none_and_a_coincidence_is_no_habit() -> None:
    assert learned(same=50, hex_decimal=50).relation is None
    assert learned(same=50, hex_decimal=50).leaning is None
    assert learned(same=500, hex_decimal=2).relation is Relation.SAME


@pytest.mark.parametrize(
    ("rule", "relation"),
    [
        (IdRule.LEARNED, Relation.SAME),
        (IdRule.ANY, None),
        (IdRule.DECIMAL_HEX, Relation.DECIMAL_HEX),
        (IdRule.SAME, Relation.SAME),
    ],
)
def test_the_configuration_wins(rule: IdRule, relation: Relation | None) -> None:
    assert Dialect(Settings(ids=rule), learned(same=CERTAIN)).relation is relation


def test_what_is_forgotten_is_learned_anew() -> None:
    known = learned(same=CERTAIN)
    known.contrary = 30
    known.forget_ids()
    assert (known.relation, known.leaning, known.contrary) == (None, None, 0)


@pytest.mark.parametrize(
    ("shown", "rule"),
    [({"every": MULTIPART}, "all"), ({"first": MULTIPART}, "first"), ({"last": 12}, "last"), ({"some": 12}, "all")],
)
def test_the_parts_rule_is_what_messages_show(shown: dict[str, int], rule: str) -> None:
    assert Dialect(Settings(), Learned(parts=shown)).parts is PartsRule(rule)


def test_until_the_parts_rule_is_known_every_part_counts() -> None:
    mixed = Learned(parts={"first": MULTIPART, "every": 3})
    assert Dialect(Settings(), mixed).parts is PartsRule.ALL
    assert Dialect(Settings(parts=PartsRule.ANY), mixed).parts is PartsRule.ANY


def test_numbers_are_compared_until_none_ever_agreed() -> None:
    assert not Dialect(Settings(), Learned(strangers=CERTAIN)).numbers_count
    assert Dialect(Settings(), Learned(strangers=CERTAIN, agreeing=1)).numbers_count
    assert Dialect(Settings(numbers=NumberRule.COMPARE), Learned(strangers=CERTAIN)).numbers_count
    assert not Dialect(Settings(numbers=NumberRule.IGNORE), Learned()).numbers_count


def test_a_habit_of_few_words_stays_of_few_words() -> None:
    habit: dict[str, int] = {}
    for word in range(1000):
        count(habit, str(word))
    assert len(habit) == 33
    assert sum(habit.values()) == 1000


def test_a_form_is_counted_by_what_it_shows() -> None:
    known = Learned()
    known.note_form(Form("YYMMDDhhmm", "text", "deliver_sm", 4))
    known.note_form(Form("", "tlv", "data_sm", 0))
    assert known.dates == {"YYMMDDhhmm": 1, "none": 1}
    assert (known.sources, known.carriers) == ({"text": 1, "tlv": 1}, {"deliver_sm": 1, "data_sm": 1})
    assert known.classes == {"0x04": 1, "0x00": 1}


def test_the_delay_is_an_average() -> None:
    assert Learned().average_delay is None
    assert Learned(timed=4, delay=10.0).average_delay == 2.5


@given(st.integers(0, 2**70))
def test_a_key_of_a_response_is_found_from_its_receipt_and_back(number: int) -> None:
    spelled = {
        Relation.SAME: (str(number), str(number)),
        Relation.HEX_DECIMAL: (f"{number:X}", str(number)),
        Relation.DECIMAL_HEX: (str(number), f"{number:X}"),
    }
    for relation, (response, receipt) in spelled.items():
        assert stored_key(receipt, relation) == key(response)
        assert receipt_key(response, relation) == key(receipt)
        assert key(response) in {found for _, found in readings(receipt)}


@pytest.mark.parametrize("name", ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "SAR-17-2-1", ""])
def test_a_name_has_one_reading(name: str) -> None:
    assert readings(name) == ((Relation.SAME, key(name)),)
    assert stored_key(name, Relation.HEX_DECIMAL) == key(name)


@pytest.mark.parametrize(
    ("said", "whole", "agree"),
    [
        ("Dear Aigerim, your o", "Dear Aigerim, your order 17 is ready", True),
        ("DEAR AIGERIM YOUR", "Dear Aigerim, your order 17 is ready", True),
        ("Dear Marat, your ord", "Dear Aigerim, your order 17 is ready", False),
        ("order 17 is ready", "Dear Aigerim, your order 17 is ready", True),  # the second part of it
        ("Уважаемая Айгерим", "Уважаемая Айгерим, заказ 17 готов", True),
        ("????????? ???????", "Уважаемая Айгерим, заказ 17 готов", None),
        ("450A DLVRD TO SMSC", "Dear Aigerim", False),
        ("Dear", "Dear Aigerim, your order 17 is ready", None),
        ("", "Dear Aigerim", None),
        ("Hi", "Hi", True),
    ],
)
def test_words_of_a_receipt_are_of_a_message_or_not(said: str, whole: str, agree: bool | None) -> None:
    assert words_agree(said, whole) is agree
