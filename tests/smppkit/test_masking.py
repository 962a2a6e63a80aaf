"""Numbers in logs."""

import pytest

from smppkit.masking import masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("77051234567", "7705*****67"),
        ("+77051234567", "7705*****67"),
        ("1234567", "1234*67"),
        ("1414", "1414"),
        ("SHOP", "SHOP"),
        ("", ""),
    ],
)
def test_people_are_masked_and_services_are_not(address: str, shown: str) -> None:
    assert masked(address) == shown
