import pytest

from sender.domain.numbers import digits_of, same_number, tail


@pytest.mark.parametrize(
    ("number", "spelling"),
    [
        ("77051234567", "77051234567"),
        ("77051234567", "+77051234567"),
        ("77051234567", "0077051234567"),
        ("77051234567", "7051234567"),  # national
        ("77051234567", "87051234567"),  # national with its trunk prefix
        ("905321234567", "05321234567"),
        ("3725123456", "5123456"),
        ("77051234567", "7 (705) 123-45-67"),
        ("375291234567", "80291234567"),  # Belarus: trunk prefix 8, then 0
        ("37061234567", "861234567"),  # Lithuania as it was
        ("5215512345678", "525512345678"),  # Mexico, with the 1 of mobiles and without
    ],
)
def test_spellings_of_one_number_agree(number, spelling):
    assert same_number(number, spelling)
    assert same_number(spelling, number)
    assert tail(number) == tail(spelling) != ""


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("77051234567", "77051234568"),
        ("77051234567", "77011234567"),  # another operator, the same last seven digits
        ("77051234567", "79051234567"),
        ("77051234567", ""),
        ("77051234567", "SHOP"),
        ("77051234567", "4567"),  # a short code does not identify a handset
        ("77051234567", "7705***4567"),  # what is hidden may be anything
        ("37061234567", "871234567"),
    ],
)
def test_other_numbers_do_not(number, other):
    assert not same_number(number, other)
    assert not same_number(other, number)


def test_what_is_too_short_has_no_tail():
    assert tail("SHOP") == tail("") == tail("7705") == ""
    assert digits_of("+7 705") == "7705"


def test_equal_texts_are_one_address_whatever_they_are():
    assert same_number("SHOP", "SHOP")
