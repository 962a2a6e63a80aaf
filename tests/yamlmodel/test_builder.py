import enum
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads
from yamlmodel.scalars import Duration, Percent, Rate


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Account(Struct, frozen=True):
    system_id: Annotated[str, Meta(min_length=1, max_length=15)]
    password: str = ""
    rate: Rate | None = None
    window: Annotated[int, Meta(ge=1, le=100)] = 10


class Everything(Struct, frozen=True, kw_only=True):
    text: str = "t"
    maybe_text: str | None = "m"
    whole: int = 1
    number: float = 1.5
    flag: bool = False
    path: Path | None = None
    colour: Colour = Colour.RED
    word: Literal["small", "large"] = "small"
    several: Literal["all"] | int = "all"
    limited: Annotated[int | None, Meta(gt=0, lt=10)] = None
    duration: Duration = Duration(1)
    share: Percent | None = None
    ints: list[int] = []
    pair: tuple[str, ...] = ()
    by_name: dict[str, Account] = {}
    accounts: Literal["any"] | list[Account] = "any"
    account: Account | None = None
    shares: Annotated[dict[Colour, Percent], Meta(min_length=1, max_length=1)] = {}
    some: Annotated[list[str], Meta(min_length=1)] | None = None
    raw: Any = None


class At(Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    at: Duration
    for_: Duration | None = None


class Throttle(At, frozen=True, kw_only=True, tag_field="fault", tag="throttle"):
    rate: Rate


class Reset(At, frozen=True, kw_only=True, tag_field="fault", tag="reset"):
    binds: Literal["all"] | Annotated[int, Meta(ge=1)] = "all"


class Mo(At, frozen=True, kw_only=True):
    mo: str


class Timeline(Struct, frozen=True):
    entries: list[Throttle | Reset | Mo]


class Route(Struct, frozen=True):
    operator: str


class Sums(Struct, frozen=True):
    shares: dict[str, Percent]

    def problems(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            yield ("shares",), "the shares do not sum to 100%"


class Routed(Struct, frozen=True):
    routes: list[Route]
    sums: Sums | None = None
    operators: list[str] = []

    def problems(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        for index, route in enumerate(self.routes):
            if route.operator not in self.operators:
                yield ("routes", index, "operator"), f'no operator "{route.operator}"'


class Picky(Struct, frozen=True):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


def lines(text: str, model: type[Struct]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, model, "f.yaml")
    return [str(problem).removeprefix("f.yaml:") for problem in caught.value.problems]


# --- values ---


def test_an_empty_mapping_gives_the_defaults() -> None:
    assert loads("{}", Everything) == Everything()


def test_every_kind_of_value_is_read() -> None:
    value = loads(
        """
        text: SHOP
        maybe_text: null
        whole: 0x10
        number: 2
        flag: yes
        path: people.csv
        colour: green
        word: large
        several: 3
        limited: 9
        duration: 40ms
        share: 94%
        ints: [1, -2, 1_000]
        pair: [a, b]
        by_name: {one: {system_id: shop}}
        accounts: [{system_id: shop, rate: 100/s}]
        account: {system_id: shop, password: secret, window: 1}
        shares: {red: 100%}
        raw: {a: [1, 1.5, true, null, x, "1"]}
        """,
        Everything,
    )
    assert value == Everything(
        text="SHOP",
        maybe_text=None,
        whole=16,
        number=2.0,
        flag=True,
        path=Path("people.csv"),
        colour=Colour.GREEN,
        word="large",
        several=3,
        limited=9,
        duration=Duration(0.04),
        share=Percent(0.94),
        ints=[1, -2, 1000],
        pair=("a", "b"),
        by_name={"one": Account("shop")},
        accounts=[Account("shop", rate=Rate(100))],
        account=Account("shop", "secret", window=1),
        shares={Colour.RED: Percent(1)},
        raw={"a": [1, 1.5, True, None, "x", "1"]},
    )
    assert type(value.duration) is Duration
    assert type(value.pair) is tuple


@pytest.mark.parametrize(
    "text",
    ["77051234567", "0123", "069", "1:30", "yes", "no", "on", "1e3", "0x1F", "2026-01-01", "1_000", "+7705", ".5"],
)
def test_a_text_is_what_stands_there_whatever_yaml_takes_it_for(text: str) -> None:
    assert loads(f"text: {text}", Everything).text == text
    assert loads(f"by_name: {{{text}: {{system_id: {text}}}}}", Everything).by_name == {text: Account(text)}


@pytest.mark.parametrize(("word", "flag"), [("true", True), ("No", False), ("ON", True), ("off", False)])
def test_a_flag_is_any_boolean_of_yaml(word: str, flag: bool) -> None:
    assert loads(f"flag: {word}", Everything).flag is flag


def test_defaults_are_not_shared_between_values() -> None:
    assert loads("{}", Everything).ints is not loads("{}", Everything).ints


def test_an_alias_repeats_a_value_and_a_merge_overrides_nothing() -> None:
    value = loads(
        """
        account: &shop {system_id: shop, password: secret, window: 3}
        by_name:
          same: *shop
          other: {<<: *shop, system_id: other}
          third: {<<: [{window: 7, system_id: x}, *shop]}
        """,
        Everything,
    )
    assert value.by_name == {
        "same": Account("shop", "secret", window=3),
        "other": Account("other", "secret", window=3),
        "third": Account("x", "secret", window=7),
    }


# --- wrong values: what was found, what is expected ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("text: [a]", "1:7: text: found a list; expected text"),
        ("text: {a: b}", "1:7: text: found a mapping; expected text"),
        ("text:", '1:6: text: found nothing; expected text; write "" for an empty text'),
        ("text: null", "1:7: text: found null; expected text; quote it if the word itself is meant"),
        ("whole: ten", '1:8: whole: found "ten"; expected a whole number such as 10'),
        ("whole: 1.5", '1:8: whole: found "1.5"; expected a whole number such as 10'),
        ("whole: 010", '1:8: whole: found "010"; expected a whole number such as 10'),
        ("whole: 1:30", '1:8: whole: found "1:30"; expected a whole number such as 10'),
        ("whole: yes", '1:8: whole: found "yes"; expected a whole number such as 10'),
        (
            'whole: "10"',
            '1:8: whole: found the text "10"; expected a whole number such as 10, without quotes',
        ),
        (f"whole: {'9' * 41}", f'1:8: whole: found "{"9" * 41}"; expected a whole number such as 10'),
        ("number: .inf", '1:9: number: found ".inf"; expected a number such as 1.5'),
        ("number: 1e999", '1:9: number: found "1e999"; expected a number such as 1.5'),
        ("flag: maybe", '1:7: flag: found "maybe"; expected true or false'),
        ('flag: "yes"', '1:7: flag: found "yes"; expected true or false'),
        ("flag: 1", '1:7: flag: found "1"; expected true or false'),
        ("colour: gren", '1:9: colour: found "gren"; expected one of red, green; did you mean "green"?'),
        ("word: medium", '1:7: word: found "medium"; expected one of small, large'),
        ("several: al", '1:10: several: found "al"; expected "all" or a whole number such as 10; did you mean "all"?'),
        ("several: [1]", '1:10: several: found a list; expected "all" or a whole number such as 10'),
        ("limited: 10", '1:10: limited: found "10"; expected below 10'),
        ("limited: 0", '1:10: limited: found "0"; expected above 0'),
        ("duration: soon", '1:11: duration: found "soon"; expected a duration such as 40ms, 3s, 2m or 1h'),
        ("duration: ~", "1:11: duration: found ~; expected a duration such as 40ms, 3s, 2m or 1h"),
        ("share: 94", '1:8: share: found "94"; expected a percentage such as 94%'),
        ("ints: 3", '1:7: ints: found "3"; expected a list'),
        ("ints:", "1:6: ints: found nothing; expected a list; or remove the key"),
        ("ints: [1, x, 3]", '1:11: ints[1]: found "x"; expected a whole number such as 10'),
        ("by_name: [a]", "1:10: by_name: found a list; expected a mapping (name: value)"),
        (
            "accounts: anyone",
            '1:11: accounts: found "anyone"; expected "any" or a list of {system_id: ...}; did you mean "any"?',
        ),
        ("account: shop", '1:10: account: found "shop"; expected a mapping with system_id, password, rate, window'),
        ("shares: {blue: 1%}", '1:10: shares.blue: found "blue"; expected one of red, green'),
        ("shares: {}", "1:9: shares: found 0 entries; expected at least 1"),
        ("shares: {red: 1%, green: 2%}", "1:9: shares: found 2 entries; expected at most 1"),
        ("some: []", "1:7: some: found 0 entries; expected at least 1"),
        ("account: {system_id: ''}", '1:22: account.system_id: found ""; expected at least 1 characters'),
        (
            "account: {system_id: a-name-too-long-for-smpp}",
            '1:22: account.system_id: found "a-name-too-long-for-smpp"; expected at most 15 characters',
        ),
        ("account: {system_id: s, window: 0}", '1:33: account.window: found "0"; expected at least 1'),
        ("account: {system_id: s, window: 101}", '1:33: account.window: found "101"; expected at most 100'),
        ("account: {}", '1:10: account: the key "system_id" is missing; expected text'),
        ("raw: {a: 1, a: 2}", '1:13: raw: the key "a" stands here twice (first on line 1)'),
        ("raw: {[a]: 1}", "1:7: raw: found a list as a key; expected a word"),
        ("raw: {<<: 1}", '1:11: raw: found "1" after "<<"; expected a mapping to merge'),
        ("[]", "1:1: found a list; expected a mapping with text, maybe_text, whole, number, flag, path, ..."),
    ],
)
def test_a_wrong_value_says_what_was_found_and_what_is_expected(text: str, line: str) -> None:
    assert lines(text, Everything) == [line]


def test_long_values_are_cut_in_the_message() -> None:
    (line,) = lines(f"whole: {'x' * 500}", Everything)
    assert len(line) < 140
    assert "xxx..." in line


def test_a_message_stays_on_one_line_whatever_stands_in_the_file() -> None:
    (line,) = lines(r'whole: "\n\x1b[31m\"x\""', Everything)
    assert line == r'1:8: whole: found the text "\n\u001b[31m\"x\""; expected a whole number such as 10, without quotes'
    (line,) = lines(r'by_name: {"a\nb": 1}', Everything)
    assert line.startswith(r'1:19: by_name."a\nb": found "1"; expected a mapping')
    (line,) = lines(r'"\e[0m": 1', Everything)
    assert line.startswith(r'1:1: unknown key "\u001b[0m"')


def test_pairs_of_surrogates_as_json_writes_them_are_one_character() -> None:
    assert loads(r'text: "\ud83d\ude00 \u041f"', Everything).text == "😀 П"


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    assert lines("account: {sistem_id: a, system_id: b, pasword: c}", Everything) == [
        '1:11: account: unknown key "sistem_id"; known here: system_id, password, rate, window',
        '1:39: account: unknown key "pasword"; did you mean "password"?',
    ]


def test_a_key_that_stands_twice_names_the_first() -> None:
    assert lines("text: a\nwhole: 1\ntext: b\n", Everything) == [
        '3:1: the key "text" stands here twice (first on line 1)'
    ]


def test_all_problems_are_listed_in_the_order_of_the_file() -> None:
    text = """
whole: x
accounts:
  - {system_id: a, rate: 10}
  - {sistem: b}
flag: 3
colour: blue
"""
    assert lines(text, Everything) == [
        '2:8: whole: found "x"; expected a whole number such as 10',
        '4:26: accounts[0].rate: found "10"; expected a rate such as 100/s, 600/m or 3600/h',
        '5:5: accounts[1]: the key "system_id" is missing; expected text',
        '5:6: accounts[1]: unknown key "sistem"; did you mean "system_id"?',
        '6:7: flag: found "3"; expected true or false',
        '7:9: colour: found "blue"; expected one of red, green',
    ]


def test_a_problem_behind_an_alias_is_listed_at_its_one_place() -> None:
    found = lines("account: &a {system_id: x, window: 0}\nby_name: {b: *a}", Everything)
    assert [line.partition(": ")[0] for line in found] == ["1:36", "1:36"]


# --- unions of mappings ---


def test_a_mapping_is_told_apart_by_its_keys() -> None:
    value = loads(
        """
        entries:
          - {at: 1s, for: 2s, fault: throttle, rate: 5/s}
          - {fault: reset, at: 3s, binds: 2}
          - {at: 4s, mo: STOP}
        """,
        Timeline,
    )
    assert value.entries == [
        Throttle(at=Duration(1), for_=Duration(2), rate=Rate(5)),
        Reset(at=Duration(3), binds=2),
        Mo(at=Duration(4), mo="STOP"),
    ]


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            "{at: 1s, fault: throtle, rate: 5/s}",
            'entries[0].fault: found "throtle"; expected one of throttle, reset; did you mean "throttle"?',
        ),
        ("{at: 1s, fault: [x]}", "entries[0].fault: found a list; expected one of throttle, reset"),
        ("{at: 1s, fault: reset, rate: 5/s}", 'entries[0]: unknown key "rate"; known here: at, for, binds, fault'),
        ("{at: 1s, fault: throttle}", 'entries[0]: the key "rate" is missing; expected a rate such as 100/s, '),
        ("{at: 1s, fault: reset, mo: STOP}", 'entries[0]: unknown key "mo"; known here: at, for, binds, fault'),
        ("{at: 1s}", 'entries[0]: expected the key "fault" or "mo"'),
        ("{at: 1s, fualt: reset}", 'entries[0]: expected the key "fault" or "mo"; did you mean "fault"?'),
        ("{at: 1s, fault: reset, binds: 0}", 'entries[0].binds: found "0"; expected at least 1'),
        ("reset", 'entries[0]: found "reset"; expected a mapping with "fault" or "mo"'),
    ],
)
def test_keys_are_judged_by_the_kind_of_the_mapping(entry: str, line: str) -> None:
    (found,) = lines(f"entries:\n  - {entry}", Timeline)
    assert line in found


# --- problems of the whole ---


def test_problems_of_the_whole_are_located() -> None:
    text = """
operators: [a]
routes:
  - operator: a
  - operator: b
"""
    assert lines(text, Routed) == ['5:15: routes[1].operator: no operator "b"']


def test_problems_of_a_part_have_the_path_from_the_top() -> None:
    text = "routes: []\nsums:\n  shares: {x: 40%, y: 50%}\n"
    assert lines(text, Routed) == ["3:11: sums.shares: the shares do not sum to 100%"]


def test_a_value_error_of_the_model_is_a_problem() -> None:
    assert lines("{low: 3, high: 2}", Picky) == ["1:1: low is above high"]


def test_a_path_into_a_merged_mapping_is_located() -> None:
    text = "operators: []\nroutes:\n  - {<<: {operator: b}}\n"
    assert lines(text, Routed) == ['3:21: routes[0].operator: no operator "b"']


def test_a_type_that_cannot_be_read_is_the_programmers_error() -> None:
    class Wrong(Struct):
        field: complex

    with pytest.raises(TypeError, match="complex"):
        loads("field: 1", Wrong)
