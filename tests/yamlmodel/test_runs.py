"""Files that are many runs."""

from pathlib import Path

import pytest

from tests.yamlmodel.files import File, write
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, load_located
from yamlmodel.runs import load_runs

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


def test_a_variable_of_an_included_file_gives_way_to_the_matrix(tmp_path: Path) -> None:
    common = "vars: {window: 5, who: ann}\ntitle: ${who}\nparts: {a: {window: '${window}'}}"
    runs = load_runs(write(tmp_path, main="include: common.yaml\nmatrix: {window: [1, 10]}", common=common), File)
    assert [(run.value.title, run.value.parts["a"].window) for run in runs] == [("ann", 1), ("ann", 10)]
    with pytest.raises(ConfigError, match="window is a variable of the matrix already"):
        load_runs(write(tmp_path, main="include: common.yaml", common=f"matrix: {{window: [1]}}\n{common}"), File)


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
