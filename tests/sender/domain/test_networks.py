import pytest

from sender.domain.networks import Aliases, country_of, plain


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("79161234567", "ru"),
        ("77051234567", "kz"),
        ("76001234567", "kz"),
        ("905321234567", "tr"),
        ("447700900123", "gb"),
        ("12025550123", "us"),
        ("998901234567", "uz"),
        ("0", ""),
    ],
)
def test_the_country_of_a_number(number, country):
    assert country_of(number) == country


@pytest.mark.parametrize(
    ("name", "country", "network"),
    [
        ('ПАО "Вымпел-Коммуникации"', "ru", "beeline-ru"),
        ("Публичное акционерное общество «Мобильные ТелеСистемы»", "ru", "mts-ru"),
        ('ООО "Т2 Мобайл"', "ru", "t2-ru"),
        ('ООО "Скартел"', "ru", "yota-ru"),
        ("MegaFon", "ru", "megafon-ru"),
        ("Beeline", "kz", "beeline-kz"),
        ("Kcell/Activ", "kz", "kcell-kz"),
        ("T2", "kz", "tele2-kz"),
        ("Turk Telekom", "tr", "turktelekom-tr"),
        ("28601", "tr", "turkcell-tr"),
        ("beeline-kz", "ru", "beeline-kz"),  # a network's own name, wherever the number was
        ('ООО "Лайкамобайл"', "ru", "лайкамобайл-ru"),
        ("Nobody", "", "nobody"),
    ],
)
def test_an_operator_is_one_network_whatever_its_source_calls_it(name, country, network):
    assert Aliases().network(name, country) == network


def test_a_configuration_adds_names_and_networks_and_its_word_counts_first():
    aliases = Aliases({"virtual-ru": ["Лайкамобайл"], "yota-ru": ["MegaFon"]})
    assert aliases.network('ООО "Лайкамобайл"', "ru") == "virtual-ru"
    assert aliases.network("virtual-ru", "ru") == "virtual-ru"
    assert aliases.network("MegaFon", "ru") == "yota-ru"


def test_a_plain_name_has_neither_legal_form_nor_quotation_marks():
    assert plain('ПАО "Вымпел-Коммуникации"') == "вымпел-коммуникации"
    assert plain("Sun Telecom Ltd.") == "sun-telecom"
