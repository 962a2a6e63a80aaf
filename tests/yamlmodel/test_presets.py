from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import pytest
from msgspec import Meta

from yamlmodel.errors import ConfigError
from yamlmodel.loader import load, loads
from yamlmodel.presets import Preset


class Inner(msgspec.Struct, frozen=True):
    a: int = 0
    b: int = 0


def find(written: str, base: Path | None) -> Path:
    if written == "unheard-of":
        raise ValueError("expected a name that is known")
    return (base or Path()) / f"{written}.yaml"


class Outer(msgspec.Struct, frozen=True):
    preset: ClassVar[Preset] = Preset("like", "values", find)

    like: str = ""
    inner: Inner = Inner()
    numbers: Annotated[list[int], Meta(description="some")] = []
    word: str = "none"


class Top(msgspec.Struct, frozen=True):
    outer: Outer


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "ready.yaml").write_text(
        "about: x\nvalues:\n  inner: {a: 1, b: 2}\n  numbers: [1, 2]\n  word: theirs\n"
    )
    return tmp_path


def read(directory: Path, text: str) -> Outer:
    path = directory / "top.yaml"
    path.write_text(text)
    return load(path, Top).outer


def test_a_preset_stands_under_what_the_file_says(directory: Path) -> None:
    outer = read(directory, "outer: {like: ready, inner: {b: 3}}")
    assert outer == Outer("ready", Inner(1, 3), [1, 2], "theirs")


def test_lists_and_words_are_replaced(directory: Path) -> None:
    outer = read(directory, "outer: {like: ready, numbers: [9], word: mine}")
    assert (outer.numbers, outer.word) == ([9], "mine")


def test_without_the_key_nothing_is_read(directory: Path) -> None:
    assert read(directory, "outer: {word: mine}") == Outer(word="mine")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("outer: {like: unheard-of}", "top.yaml:1:15: outer.like: expected a name that is known"),
        ("outer: {like: [a]}", "top.yaml:1:15: outer.like: found a list; expected a name"),
        ("outer: {like: missing}", "missing.yaml: no such file"),
        ("outer: {like: empty}", 'empty.yaml has no mapping "values"'),
        ("outer: {like: nested}", "nested.yaml names a like itself; expected all of it in one file"),
        ("outer: {like: ready, inner: {c: 1}}", 'top.yaml:1:30: outer.inner: unknown key "c"; known here: a, b'),
    ],
)
def test_mistakes_are_located(directory: Path, text: str, message: str) -> None:
    (directory / "empty.yaml").write_text("values: 3\n")
    (directory / "nested.yaml").write_text("values: {like: ready}\n")
    with pytest.raises(ConfigError) as caught:
        read(directory, text)
    assert message in str(caught.value)


def test_a_preset_that_cannot_be_read_is_located_where_it_is_named(directory: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(directory, "outer: {like: missing}")
    (problem,) = caught.value.problems
    assert (Path(problem.file).name, problem.line, problem.column) == ("top.yaml", 1, 15)
    assert problem.message == f"{directory / 'missing.yaml'}: no such file"


def test_a_mistake_within_the_preset_is_located_there(directory: Path) -> None:
    (directory / "wrong.yaml").write_text("values:\n  word: x\n  inner: {a: many}\n")
    with pytest.raises(ConfigError) as caught:
        read(directory, "outer: {like: wrong}")
    (problem,) = caught.value.problems
    assert (Path(problem.file).name, problem.line, problem.column) == ("wrong.yaml", 3, 14)


def test_text_without_a_file_takes_paths_from_here(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)
    assert loads("outer: {like: ready}", Top).outer.word == "theirs"


class _Child(msgspec.Struct, frozen=True, kw_only=True):
    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=1)] = 1
    limits: dict[str, int] = {}
    user: str = ""

    def problems(self) -> list[tuple[tuple[str, ...], str]]:
        return [] if self.user else [((), "no user")]


class _Parent(_Child, frozen=True, kw_only=True):
    heirs: ClassVar[str] = "children"
    children: dict[str, _Child] = {}

    def problems(self) -> list[tuple[tuple[str, ...], str]]:
        return [] if self.children else list(super().problems())


def test_heirs_have_what_they_do_not_say_themselves() -> None:
    parent = loads(
        "host: a\nlimits: {x: 1, y: 2}\nchildren:\n  one: {user: u, limits: {y: 3}}\n  two: {user: v, host: b}\n",
        _Parent,
    )
    assert parent.children == {
        "one": _Child(host="a", limits={"x": 1, "y": 3}, user="u"),
        "two": _Child(host="b", limits={"x": 1, "y": 2}, user="v"),
    }


def test_what_is_wrong_above_heirs_is_told_once_and_what_is_wrong_in_one_at_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        loads("port: 0\nhosst: a\nchildren:\n  one: {user: u}\n  two: {user: v, ports: 2}\n  three: {}\n", _Parent)
    found = [(problem.line, problem.path) for problem in caught.value.problems]
    assert sorted(found) == [(1, "port"), (2, ""), (5, "children.two")]
    with pytest.raises(ConfigError, match=r"6:.*children\.three: no user"):
        loads("host: a\n\n\nchildren:\n  one: {user: u}\n  three: {}\n", _Parent)
