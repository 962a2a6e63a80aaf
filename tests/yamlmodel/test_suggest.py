import pytest

from yamlmodel.suggest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "known", "name"),
    [
        ("throtle", ["reset", "throttle", "outage"], "throttle"),
        ("delivrd", ["UNDELIV", "DELIVRD"], "DELIVRD"),
        ("reciepts", ["receipts", "rules"], "receipts"),
        ("xyz", ["receipts", "rules"], None),
        ("", ["a"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case(word: str, known: list[str], name: str | None) -> None:
    assert nearest(word, known) == name


def test_nothing_is_said_when_nothing_is_near() -> None:
    assert did_you_mean("xyz", ["receipts"]) == ""
    assert did_you_mean("receipt", ["receipts"]) == '; did you mean "receipts"?'
