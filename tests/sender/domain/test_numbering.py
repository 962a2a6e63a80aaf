import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.directory import operators
from sender.domain.networks import PREFIXES, Aliases
from sender.domain.numbering import LONGEST, Numbering, OverlapError, Range, Source, check_overlaps


def span(first: str, last: str, operator: str, region: str = "") -> Range:
    return Range(int(first.ljust(LONGEST, "0")), int(last.ljust(LONGEST, "9")), operator, region)


PLAN = [
    span("79000000000", "79000061999", 'ООО "Т2 Мобайл"', "Краснодарский край"),
    span("79000062000", "79000062999", 'ПАО "МегаФон"', "Ростовская область"),
    span("7916", "7916", 'ПАО "Мобильные ТелеСистемы"', "Москва"),
]


def test_a_ported_number_then_the_plan_then_the_directory_then_built_in_prefixes_then_the_default():
    numbering = Numbering(PLAN, [(79000000001, "Beeline")], [("7900", "Tele2"), ("79", "MegaFon")], default="whoever")
    found = {
        "79000000001": ("beeline-ru", Source.PORTED),
        "79000000002": ("t2-ru", Source.PLAN),
        "79161234567": ("mts-ru", Source.PLAN),
        "79000063000": ("t2-ru", Source.DIRECTORY),
        "79990000000": ("megafon-ru", Source.DIRECTORY),
        "77051234567": ("beeline-kz", Source.BUILT_IN),
        "447700900123": ("whoever", Source.DEFAULT),
    }
    for number, (network, source) in found.items():
        assert (numbering.look(number).network, numbering.look(number).source) == (network, source)
        assert numbering.network(number) == network


def test_the_edges_of_a_range_belong_to_it():
    numbering = Numbering(PLAN, default="none")
    assert numbering.network("79000061999") == "t2-ru"
    assert numbering.network("79000062000") == "megafon-ru"
    assert numbering.network("79000062999") == "megafon-ru"
    assert numbering.network("79000063000") == "none"


def test_people_are_told_the_range_and_its_region():
    found = Numbering(PLAN).look("79000000002")
    assert found.detail == 'ООО "Т2 Мобайл", 79000000-79000061'
    assert found.region == "Краснодарский край"
    assert Numbering(PLAN).look("79161234567").detail == 'ПАО "Мобильные ТелеСистемы", 7916'


def test_of_two_ports_of_one_number_the_later_holds():
    assert Numbering(ported=[(79000000001, "MTS"), (79000000001, "Beeline")]).network("79000000001") == "beeline-ru"


def test_every_prefix_of_the_reference_is_its_network_with_and_without_the_directory():
    """The directory is consulted first and must not disagree."""
    bare, full = Numbering(), Numbering(directory=operators())
    for network, prefixes in PREFIXES.items():
        for prefix in prefixes:
            number = prefix.ljust(12 if prefix.startswith("90") else 11, "1")
            assert bare.network(number) == network
            assert full.network(number) == network


def test_ranges_that_share_a_number_are_told():
    ranges = [span("7900", "7901", "a"), span("7950", "7950", "b"), span("79015", "79015", "c")]
    with pytest.raises(OverlapError, match="79015 and 7900-7901 share numbers") as caught:
        check_overlaps(ranges)
    assert (caught.value.later, caught.value.earlier) == (2, 0)
    check_overlaps(ranges[:2])


digits = st.text(alphabet="123", min_size=1, max_size=4)


@given(st.dictionaries(digits, st.sampled_from("abcdef"), max_size=12), st.text(alphabet="123", min_size=4, max_size=6))
def test_the_directory_is_what_trying_every_prefix_gives(prefixes, number):
    matching = [prefix for prefix in prefixes if number.startswith(prefix)]
    expected = prefixes[max(matching, key=len)] if matching else ""
    found = Numbering(directory=prefixes.items(), aliases=Aliases({name: [] for name in "abcdef"})).look(number)
    assert (found.detail if found.source is Source.DIRECTORY else "") == expected
