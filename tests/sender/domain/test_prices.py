import pytest

from sender.domain.prices import Price


def test_amounts_are_exact() -> None:
    price = Price.parse(" 2.80 RUB")
    assert (str(price), str(price.amount), price.currency) == ("2.80 RUB", "2.80", "RUB")
    assert price.times(3) == "8.40 RUB"
    assert Price.parse("0.1 KZT").times(3) == "0.3 KZT"


@pytest.mark.parametrize("text", ["2.8", "RUB", "2,8 RUB", "-1 RUB", "1e3 RUB", "2.8 rub", "٢ RUB"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        Price.parse(text)
