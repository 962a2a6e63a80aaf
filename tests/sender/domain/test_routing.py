import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.routing import Route, Router


def test_the_longest_prefix_wins():
    router = Router([Route("default"), Route("kz", "7"), Route("beeline", "7705"), Route("kcell", "7701")])
    assert router.operator_for("77051234567") == "beeline"
    assert router.operator_for("77011234567") == "kcell"
    assert router.operator_for("79161234567") == "kz"
    assert router.operator_for("905321234567") == "default"


def test_without_a_default_a_number_may_have_no_route():
    assert Router([Route("kz", "77")]).operator_for("79161234567") is None
    assert Router([]).operator_for("7") is None


def test_a_number_shorter_than_the_prefix_does_not_match():
    assert Router([Route("kz", "77051")]).operator_for("7705") is None


def test_two_routes_for_one_prefix_are_refused():
    with pytest.raises(ValueError, match='"77"'):
        Router([Route("a", "77"), Route("b", "77")])


digits = st.text(alphabet="0123456789", max_size=5)


@given(st.dictionaries(digits, st.text(min_size=1, max_size=3)), digits)
def test_routing_is_what_trying_every_prefix_gives(operators, number):
    matching = [prefix for prefix in operators if number.startswith(prefix)]
    expected = operators[max(matching, key=len)] if matching else None
    router = Router(Route(operator, prefix) for prefix, operator in operators.items())
    assert router.operator_for(number) == expected
