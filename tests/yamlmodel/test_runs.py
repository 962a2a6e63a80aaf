"""Files that are more than one file, or more than one run: includes, variables, matrices."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, load_located, loads
from yamlmodel.runs import load_runs
from yamlmodel.scalars import Rate


class Part(Struct, frozen=True):
    rate: Rate | None = None
    window: Annotated[int, Meta(ge=1)] = 1
    names: list[str] = []
    csv: Path | None = None


class File(Struct, frozen=True):
    has_runs: ClassVar[bool] = True

    title: str = ""
    seed: int = 0
    fast: bool = False
    steps: list[str] = []
    parts: dict[str, Part] = {}
    free: Any = None


class Plain(Struct, frozen=True):
    title: str


def refused(text: str, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, File, "f.yaml")
    return str(caught.value).splitlines()


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        path = directory / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return directory / "main.yaml"


# --- variables --------------------------------------------------------------------------------------


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


@given(st.text(alphabet='vars:{} $a|\n"[]-', max_size=40))
def test_any_text_is_a_file_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        assert isinstance(loads(text, File), File)


# --- includes ---------------------------------------------------------------------------------------


def test_what_is_included_lies_beneath(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main="include: [common.yaml, more.yaml]\ntitle: mine\nsteps: [c]\nparts: {a: {window: 5}}",
        common="title: theirs\nseed: 1\nsteps: [a]\nparts: {a: {rate: 1/s, names: [x]}, b: {window: 2}}",
        more="seed: 2\nsteps: [b]\nparts: {a: {names: [y]}}",
    )
    assert load(path, File) == File(
        "mine", 2, steps=["a", "b", "c"], parts={"a": Part(Rate(1), 5, ["y"]), "b": Part(window=2)}
    )


def test_included_files_include_others_and_name_paths_from_where_they_are(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        main="include: sub/one.yaml\nvars: {n: 2}\ntitle: ${n}",
        sub__one="include: two.yaml\nvars: {n: 1, m: 3}\nparts: {a: {csv: one.csv}}",
        sub__two="seed: ${m}\nparts: {b: {csv: '${f|two.csv}'}}",
    )
    file = load(path, File)
    assert (file.title, file.seed) == ("2", 3)
    assert file.parts["a"].csv == tmp_path / "sub" / "one.csv"
    assert file.parts["b"].csv == tmp_path / "sub" / "two.csv"


def included_problem(directory: Path, **files: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(directory, **files), File)
    return str(caught.value).replace(f"{directory}/", "").splitlines()[0]


def test_a_mistake_is_located_in_the_file_that_makes_it(tmp_path: Path) -> None:
    main = "include: one.yaml\n"
    for one, problem in (
        ("title: x\nsed: 1", 'one.yaml:2:1: unknown key "sed"; did you mean "seed"?'),
        ("parts: {a: {window: 0}}", 'one.yaml:1:21: parts.a.window: found "0"; expected at least 1'),
        ("seed: ${n}", 'one.yaml:1:7: seed: found "${n}"; expected a variable of this file'),
        ("a: [", "one.yaml:1:5: not valid YAML"),
        ("[]", "one.yaml:1:1: found a list; expected a mapping to include"),
        ("include: main.yaml", "one.yaml:1:10: include: main.yaml includes itself (main.yaml → one.yaml → main.yaml)"),
        ("include: two.yaml", "one.yaml:1:10: include: two.yaml: no such file"),
    ):
        assert included_problem(tmp_path, main=main, one=one).startswith(problem)
    assert included_problem(tmp_path, main="include: [{}]").startswith("main.yaml:1:11: include: found a mapping; expe")


def test_includes_are_bounded(tmp_path: Path) -> None:
    deep = {f"f{n}": f"include: f{n + 1}.yaml" for n in range(20)}
    assert "8 within each other" in included_problem(tmp_path, main="include: f0.yaml", **deep)
    wide = {"main": "include: [" + ", ".join(["leaf.yaml"] * 65) + "]", "leaf": "seed: 1"}
    assert "more than 64 files" in included_problem(tmp_path, **wide)


def test_a_text_that_is_no_file_includes_nothing() -> None:
    assert refused("include: a.yaml") == ["f.yaml:1:10: include: a text that is no file cannot include one"]


# --- matrix -----------------------------------------------------------------------------------------

MATRIX = """
matrix: {window: [1, 10], who: [ann, bob], exclude: [{window: 1, who: bob}]}
vars: {text: "${who}!"}
title: ${text}
parts: {a: {window: "${window}"}}
"""


def test_every_combination_is_a_run_with_its_variables(tmp_path: Path) -> None:
    runs = load_runs(write(tmp_path, main=MATRIX), File)
    assert [(run.name, run.value.title, run.value.parts["a"].window) for run in runs] == [
        ("window=1, who=ann", "ann!", 1),
        ("window=10, who=ann", "ann!", 10),
        ("window=10, who=bob", "bob!", 10),
    ]
    assert runs[2].variables == {"window": "10", "who": "bob"}
    assert runs[2].slug == "window=10_who=bob"


def test_runs_are_picked_by_their_values(tmp_path: Path) -> None:
    path = write(tmp_path, main=MATRIX)

    def names(overrides: dict[str, str] | None = None, **only: list[str]) -> list[str]:
        return [run.name for run in load_runs(path, File, overrides, only)]

    assert names(window=["10"]) == ["window=10, who=ann", "window=10, who=bob"]
    assert names(window=["1", "10"], who=["bob"]) == ["window=10, who=bob"]
    assert names({"who": "eve"}) == ["window=1", "window=10"]
    assert load_located(path, File, {"who": "eve"}, {"window": ["1"]}).value.title == "eve!"
    for only, problem in (
        ({"window": ["100"]}, 'found window="100"; expected one of 1, 10; did you mean "10"?'),
        ({"windo": ["1"]}, 'found "windo"; expected a variable of the matrix (window, who); did you mean "window"?'),
        ({"window": ["1"], "who": ["bob"]}, "no run of the matrix has all of the values that are picked"),
    ):
        with pytest.raises(ConfigError) as caught:
            names(**only)
        assert problem in str(caught.value)


def test_where_one_run_is_wanted_a_matrix_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, main=MATRIX)
    with pytest.raises(ConfigError, match=r"matrix: makes 3 runs \(window=1, who=ann; .*\); expected one to be picked"):
        load(path, File)
    assert load_located(path, File, only={"who": ["bob"]}).value.title == "bob!"


def test_a_mistake_of_some_runs_says_of_which(tmp_path: Path) -> None:
    path = write(tmp_path, main="matrix: {w: [0, 1, x]}\nseed: a\nparts: {a: {window: '${w}'}}")
    with pytest.raises(ConfigError) as caught:
        load_runs(path, File)
    assert [str(problem).partition("main.yaml:")[2] for problem in caught.value.problems] == [
        '2:7: seed: found "a"; expected a whole number such as 10',
        '3:21: parts.a.window: found "0"; expected at least 1 (the variable w) (with w=0)',
        '3:21: parts.a.window: found "x"; expected a whole number such as 10 (the variable w) (with w=x)',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("matrix: [1]", "f.yaml:1:9: matrix: found a list; expected a mapping of names to lists of values"),
        ("matrix: {a: 1}", 'f.yaml:1:13: matrix.a: found "1"; expected a list of values'),
        ("matrix: {a: []}", "f.yaml:1:13: matrix.a: found a list; expected a list of values"),
        ("matrix: {a: [[1]]}", "f.yaml:1:14: matrix.a[0]: found a list; expected a word or number"),
        ("matrix: {a: [1, 1]}", 'f.yaml:1:17: matrix.a[1]: "1" stands here twice'),
        (
            "matrix: {a: [1], exclude: [{b: 1}]}",
            'f.yaml:1:29: matrix.exclude[0].b: found "b"; expected a variable of the',
        ),
        ("matrix: {a: [1], exclude: [{a: 2}]}", 'f.yaml:1:32: matrix.exclude[0].a: found a="2"; expected one of 1'),
        ("matrix: {a: [1], exclude: [{a: 1}]}", "f.yaml:1:9: matrix.exclude: leaves no run at all"),
        ("vars: {a: 1}\nmatrix: {a: [1]}", "f.yaml:1:11: vars.a: a is a variable of the matrix already"),
    ],
)
def test_a_mistake_in_a_matrix_is_located(text: str, problem: str) -> None:
    assert refused(text)[0].startswith(problem)


def test_a_matrix_is_bounded() -> None:
    values = "[" + ", ".join(map(str, range(100))) + "]"
    assert (
        "matrix: makes 1000000 runs; expected 1000 at most"
        in refused(f"matrix: {{a: {values}, b: {values}, c: {values}}}")[0]
    )
