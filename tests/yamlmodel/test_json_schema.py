import enum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from tests.yamlmodel.validation import valid
from yamlmodel.errors import ConfigError
from yamlmodel.json_schema import DRAFT, json_schema
from yamlmodel.json_values import of_text
from yamlmodel.loader import loads
from yamlmodel.presets import Preset
from yamlmodel.scalars import Duration, Percent, Rate


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Hex(int):
    expected: ClassVar[str] = "a number in hexadecimal such as 0x10"

    @classmethod
    def parse(cls, text: str) -> "Hex":
        return cls(int(text, 16))


class Cut(msgspec.Struct, frozen=True, tag_field="fault", tag="cut"):
    """A connection is cut.

    More about it.
    """

    at: Duration


class Slow(msgspec.Struct, frozen=True, tag_field="fault", tag="slow"):
    by: Duration = Duration(1)


class Message(msgspec.Struct, frozen=True):
    text: str


class Scalars(msgspec.Struct, frozen=True):
    """All kinds of scalars."""

    text: Annotated[str, Meta(description="A word", max_length=5)] = ""
    whole: Annotated[int, Meta(ge=0, le=9999)] = 3
    number: Annotated[float, Meta(gt=0)] = 1.5
    flag: bool = False
    file: Path = Path("a.csv")
    wait: Annotated[Duration, Meta(description="How long", examples=["40ms"])] = Duration(90)
    rate: Rate | Literal["unlimited"] | None = None
    share: Percent = Percent(0.5)
    colour: Colour = Colour.GREEN
    level: Literal[1, 2] = 1
    mask: Hex = Hex(16)
    maybe: int | None = None


class Whole(msgspec.Struct, frozen=True):
    events: list[Cut | Slow | Message] = []
    named: Annotated[dict[str, Scalars], Meta(min_length=1)] = {}
    shares: Annotated[dict[Colour, Percent], Meta(examples=["{red: 5%}"])] = {}
    colours: Annotated[tuple[Colour, ...], Meta(min_length=1, max_length=2)] = (Colour.RED,)
    anything: Any = None
    below: "Whole | None" = None
    users: Literal["any"] | list[Message] = "any"


SCALARS = json_schema(Scalars)
WHOLE = json_schema(Whole)


def property_of(key: str) -> dict[str, Any]:
    return SCALARS["properties"][key]


def test_a_schema_says_which_draft_it_is_and_what_it_is_about() -> None:
    assert SCALARS["$schema"] == DRAFT
    assert (SCALARS["title"], SCALARS["description"]) == ("Scalars", "All kinds of scalars.")
    assert SCALARS["additionalProperties"] is False
    assert "required" not in SCALARS


def test_a_key_has_description_form_default_and_examples() -> None:
    assert property_of("wait") == {
        "description": "How long. A duration such as 40ms, 3s, 2m or 1h",
        "type": ["string", "number"],
        "default": "90s",
        "examples": ["40ms"],
    }
    assert property_of("text") == {
        "description": "A word",
        "type": ["string", "number", "boolean"],
        "maxLength": 5,
        "default": "",
    }


def test_defaults_are_written_as_in_a_file() -> None:
    written = {key: value.get("default") for key, value in SCALARS["properties"].items()}
    assert written == {
        "text": "",
        "whole": 3,
        "number": 1.5,
        "flag": False,
        "file": "a.csv",
        "wait": "90s",
        "rate": None,
        "share": "50%",
        "colour": "green",
        "level": 1,
        "mask": None,  # "16" would be read as 22
        "maybe": None,
    }
    assert WHOLE["properties"]["colours"]["default"] == ["red"]


def test_a_spelling_gives_the_default_of_a_class() -> None:
    schema = json_schema(Scalars, {Hex: lambda value: f"{value:#x}g"})
    assert "default" not in schema["properties"]["mask"]
    assert json_schema(Scalars, {Hex: lambda value: f"{value:#x}"})["properties"]["mask"]["default"] == 16


def test_the_words_of_a_class_that_can_be_listed_are() -> None:
    assert json_schema(Scalars, words={Hex: ("a", "10")})["properties"]["mask"]["enum"] == ["a", 10, "10"]


def test_structs_are_shared_told_apart_and_may_hold_themselves() -> None:
    assert set(WHOLE["$defs"]) == {"Cut", "Slow", "Message", "Scalars", "Whole"}
    assert WHOLE["$defs"]["Cut"]["required"] == ["fault", "at"]
    assert (WHOLE["$defs"]["Cut"]["title"], WHOLE["$defs"]["Cut"]["description"]) == (
        "fault: cut",
        "A connection is cut.",
    )
    assert WHOLE["properties"]["below"] == {"anyOf": [{"$ref": "#/$defs/Whole"}, {"type": "null"}]}


def test_examples_of_mappings_are_mappings() -> None:
    assert WHOLE["properties"]["shares"]["examples"] == [{"red": "5%"}]


@pytest.mark.parametrize(
    "text",
    [
        "events: [{fault: cut, at: 3}, {fault: slow}, {text: 77051234567}, {text: yes}]",
        "named: {x: {text: true, whole: 1_000, flag: off, mask: 0x1f}}",
        "named: {x: {level: 2}, y: {level: '2', maybe: null, rate: unlimited}, z: {rate: 5/s}}",
        "shares: {red: 5%}",
        "colours: [red, green]",
        "below: {below: {anything: [1, {a: b}]}}",
        "{below: ~, users: any}",
        "users: [{text: a}]",
    ],
)
def test_what_the_model_accepts_is_valid(text: str) -> None:
    loads(text, Whole)
    assert valid(of_text(text), WHOLE)


@pytest.mark.parametrize(
    "text",
    [
        "eventz: []",
        "events: [{fault: cut}]",
        "events: [{fault: cutt, at: 3s}]",
        "events: [{fault: slow, text: a}]",
        "events: [{}]",
        "events: {}",
        "events: ~",
        "named: {}",
        "named: {x: {text: toolong}}",
        "named: {x: {whole: -1}}",
        "named: {x: {whole: '5'}}",
        "named: {x: {whole: 1.5}}",
        "named: {x: {number: 0}}",
        "named: {x: {flag: 1}}",
        "named: {x: {colour: blue}}",
        "named: {x: {level: 3}}",
        "named: {x: {share: 5}}",
        "named: {x: {text: [a]}}",
        "shares: {blue: 5%}",
        "colours: []",
        "colours: [red, red, red]",
        "below: {below: {unknown: 1}}",
        "users: all",
    ],
)
def test_what_the_model_refuses_by_key_type_word_or_limit_is_not_valid(text: str) -> None:
    with pytest.raises(ConfigError):
        loads(text, Whole)
    assert not valid(of_text(text), WHOLE)


WRITTEN = st.one_of(
    st.from_regex(r"[-+]?[0-9]{1,5}(_[0-9]{1,3})?(\.[0-9]{0,3})?(e[0-9])?(ms|s|m|/s|%)?", fullmatch=True),
    st.sampled_from(["yes", "Off", "true", "TRUE", "~", "null", "red", "any", "unlimited", "0x1f", ".5", '"1"', "'2'"]),
    st.text("abxy019.", min_size=1, max_size=6),
)


@pytest.mark.parametrize("key", Scalars.__struct_fields__)
def test_no_scalar_that_the_model_accepts_is_underlined(key: str) -> None:
    @given(WRITTEN)
    def check(written: str) -> None:
        text = f"{key}: {written}\n"
        try:
            loads(text, Scalars)
        except ConfigError:
            return
        assert valid(of_text(text), SCALARS)

    check()


class Address(msgspec.Struct, frozen=True):
    host: str
    port: int = 1


class Habit(msgspec.Struct, frozen=True):
    preset: ClassVar[Preset] = Preset("like", "values", lambda written, base: (base or Path()) / written)

    like: str = ""
    address: Address | None = None
    more: list[Address] = []


class Habits(msgspec.Struct, frozen=True):
    habits: dict[str, Habit]
    address: Address | None = None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("habits: {x: {like: a, address: {port: 3}}}", True),
        ("habits: {x: {like: a, address: {prot: 3}}}", False),
        ("habits: {x: {like: a, more: [{port: 3}]}}", False),
        ("{habits: {}, address: {port: 3}}", False),
        ("{address: {host: a}}", False),
    ],
)
def test_beneath_a_preset_nothing_is_missed_but_in_lists(text: str, expected: bool) -> None:
    schema = json_schema(Habits)
    assert set(schema["$defs"]) == {"Address", "AddressOverride", "Habit"}
    assert valid(of_text(text), schema) is expected


def test_models_of_one_name_are_kept_apart() -> None:
    other = msgspec.defstruct("Message", [("number", int)], module="elsewhere")
    both = msgspec.defstruct("Both", [("one", Message), ("two", other)])
    assert set(json_schema(both)["$defs"]) == {"Message", "elsewhere.Message"}


class Played(msgspec.Struct, frozen=True):
    has_runs: ClassVar[bool] = True

    port: int
    address: Address | None = None
    more: list[Address] = []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port: 3", True),
        ("address: {port: 3}", False),
        ("include: a.yaml", True),
        ("{include: [a.yaml], address: {port: 3}}", True),
        ("{include: [a.yaml], more: [{port: 3}]}", False),
        ("{port: '${port}', address: '${a|b}', vars: {port: [1]}}", True),
        ("{port: 'x', vars: {}}", False),
        ("{port: 1, matrix: {a: [1, b], exclude: [{a: 1}]}}", True),
        ("{port: 1, matrix: {a: 1}}", False),
        ("{port: 1, matrix: {a: []}}", False),
    ],
)
def test_files_with_runs_may_say_what_their_model_does_not(text: str, expected: bool) -> None:
    assert valid(of_text(text), json_schema(Played)) is expected
