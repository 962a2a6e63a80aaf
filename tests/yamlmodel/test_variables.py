"""Variables: `${name}` anywhere in a file."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.yamlmodel.files import File, Part, refused, write
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load_located, loads
from yamlmodel.scalars import Rate


class Plain(Struct, frozen=True):
    title: str


def test_a_variable_stands_for_its_value_with_its_type() -> None:
    text = """
vars: {n: 7, yes: true, who: Ann, list: [a, b], part: {window: 3, rate: 5/s}, none: ~}
title: "${who} has ${n}"
seed: ${n}
fast: "${yes}"
steps: ["${who}", x]
parts: {one: "${part}", two: {names: "${list}", window: "${n}", rate: "${n}/s"}}
free: ["${n}", "${none}", "a${n}", "$${n}", "${n|1}"]
"""
    file = loads(text, File)
    assert (file.title, file.seed, file.fast, file.steps) == ("Ann has 7", 7, True, ["Ann", "x"])
    assert file.parts == {"one": Part(Rate(5), 3), "two": Part(Rate(7), 7, ["a", "b"])}
    assert file.free == [7, None, "a7", "${n}", 7]


def test_a_default_holds_where_there_is_no_variable() -> None:
    file = loads('seed: "${n|4}"\ntitle: "${who|nobody} ${what|}"\nfree: "${x|}"', File)
    assert (file.seed, file.title, file.free) == (4, "nobody ", "")


def test_variables_are_made_of_others() -> None:
    assert loads('vars: {a: "${b}${b}", b: "${c}x", c: 1}\ntitle: ${a}', File).title == "1x1x"
    assert loads("vars: {key: title}\n${key}: x", File).title == "x"


def test_what_is_given_takes_the_place_of_what_the_file_says(tmp_path: Path) -> None:
    path = write(tmp_path, main='vars: {n: 1, who: Ann}\nseed: ${n}\ntitle: "${who}, ${x|y}"')
    assert load_located(path, File, {"n": "50", "x": "z: 1"}).value == File("Ann, z: 1", 50)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'vars: {rate: 1}\ntitle: "at ${rat}"',
            'f.yaml:2:8: title: found "${rat}"; expected a variable of this file (rate); did you mean "rate"?',
        ),
        (
            "parts: {a: {window: '${w}'}}",
            'f.yaml:1:21: parts.a.window: found "${w}"; expected a variable of this file (th',
        ),
        (
            "vars: {w: 0}\nparts: {a: {window: '${w}'}}",
            'f.yaml:2:21: parts.a.window: found "0"; expected at least 1 (the v',
        ),
        (
            "vars: {w: x}\nseed: ${w}",
            'f.yaml:2:7: seed: found "x"; expected a whole number such as 10 (the variable w)',
        ),
        (
            "vars: {a: '${b}', b: '${a}'}\ntitle: ${a}",
            "f.yaml:1:22: vars.b: the variable a is made of itself (a → b → a)",
        ),
        ("vars: {l: [1]}\ntitle: x${l}", "f.yaml:2:8: title: found a list in ${l}; expected a word or number within"),
        ("vars: [a]", "f.yaml:1:7: vars: found a list; expected a mapping of names to values"),
        ("vars: {a b: 1}", 'f.yaml:1:8: vars: found "a b"; expected a name of letters, digits, _ and -'),
        ("vars: {a: 1, a: 2}", 'f.yaml:1:14: vars: the key "a" stands here twice'),
        ("vars: {a: 1}\nvars: {a: 2}", 'f.yaml:2:1: the key "vars" stands here twice'),
        ("seed: {a: ${n}}", "f.yaml:1:12: not valid YAML: expected ',' or '}', but got '{'"),
        (
            "steps: ['${}']",
            'f.yaml:1:9: steps[0]: found "${}"; expected a variable of this file (there are none in vars)',
        ),
    ],
)
def test_a_mistake_with_variables_is_located(text: str, problem: str) -> None:
    assert refused(text)[0].startswith(problem)


def test_what_is_given_must_be_known(tmp_path: Path) -> None:
    path = write(tmp_path, main="vars: {rate: 1}\nseed: ${rate}\ntitle: ${who|x}")
    with pytest.raises(
        ConfigError, match=r'found "rat"; expected a variable of this file \(rate, who\); did you mean "rate"'
    ):
        load_located(path, File, {"rat": "5"})


def test_variables_cannot_blow_up() -> None:
    words = "vars:\n  v0: " + "x" * 100 + "\n"
    words += "".join(f'  v{n}: "{f"${{v{n - 1}}}" * 10}"\n' for n in range(1, 30))
    assert "the variables make more than 1 MiB of text" in refused(f"{words}title: ${{v29}}")[0]
    lists = "vars:\n  v0: [x, x]\n" + "".join(f'  v{n}: ["${{v{n - 1}}}", "${{v{n - 1}}}"]\n' for n in range(1, 30))
    assert "more than 200000 values" in refused(f"{lists}free: ${{v29}}")[0]
    chain = "vars:\n" + "".join(f"  v{n}: ${{v{n + 1}}}\n" for n in range(3000)) + "  v3000: x\n"
    assert "more than 40 variables within each other" in refused(f"{chain}title: ${{v0}}")[0]


def test_a_model_without_runs_takes_its_text_as_it_is() -> None:
    assert loads("title: ${x}", Plain).title == "${x}"


@settings(deadline=None)
@given(st.text(alphabet='vars:{} $a|\n"[]-', max_size=40))
def test_any_text_is_a_file_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        assert isinstance(loads(text, File), File)
