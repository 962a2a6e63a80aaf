import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yamlmodel.errors import ConfigError
from yamlmodel.json_values import of_text, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("10", 10),
        ("-3", -3),
        ("0123", 123),
        ("0x58", 88),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("3s", "3s"),
        ("12:30", "12:30"),
        ("2024-01-02", "2024-01-02"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_plain_scalar_has_the_value_of_yaml_1_2(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_quotes_make_text() -> None:
    assert of_text("{a: '1', b: \"true\", c: 1}") == {"a": "1", "b": "true", "c": 1}


def test_keys_are_texts() -> None:
    assert of_text("{1: a, true: b}") == {"1": "a", "true": "b"}


def test_merges_override_nothing_and_the_first_source_wins() -> None:
    text = "one: &a {x: 1, y: 1}\ntwo: &b {x: 2, z: 2}\nboth: {<<: [*a, *b], y: 3}\n"
    assert of_text(text)["both"] == {"x": 1, "y": 3, "z": 2}


def test_what_cannot_be_parsed_is_said() -> None:
    with pytest.raises(ConfigError, match="not valid YAML"):
        of_text("{a: [}")


@settings(deadline=None)
@given(st.recursive(st.integers(-(2**63), 2**63) | st.text("abc", min_size=1), st.lists))
def test_json_is_read_as_it_is(value: object) -> None:
    assert of_text(json.dumps([value])) == [value]
