"""Files that are made of several."""

from pathlib import Path

import pytest

from tests.yamlmodel.files import File, Part, refused, write
from yamlmodel.errors import ConfigError
from yamlmodel.loader import load
from yamlmodel.scalars import Rate


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
