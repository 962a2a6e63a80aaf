from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yamlmodel.errors import ConfigError, Problem
from yamlmodel.nodes import MAX_BYTES, compose, read_text


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        compose(text, "f.yaml")
    assert len(caught.value.problems) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.yaml:1:1: the file is empty"),
        ("# only a comment\n", "f.yaml:1:1: the file is empty"),
        ("a: [1, 2", "f.yaml:1:9: not valid YAML: expected ',' or ']'"),
        ("a: 1\nb: 'x", "f.yaml:2:6: not valid YAML: found unexpected end of stream"),
        ("a:\n\t- 1", "f.yaml:2:1: not valid YAML: a tab cannot indent YAML; use spaces"),
        ("to: *01", "f.yaml:1:5: not valid YAML: quote a value that begins with"),
        ("to: *", 'f.yaml:1:6: not valid YAML: quote a value that begins with "*" or "&"'),
        ("a: @x", "f.yaml:1:4: not valid YAML: found character '@' that cannot start any token; quote the value"),
        ("a: 1\n---\nb: 2", 'f.yaml:2:1: not valid YAML: a second document begins here ("---"); expected one'),
        ("a: 1\nb: x\x07y", "f.yaml:2:5: the control character U+0007 cannot stand in YAML"),
        ("a: !!python/object/apply:os.system [x]", 'f.yaml:1:4: the tag "python/object/apply:os.system" is not used'),
        ("a: !lat x", 'f.yaml:1:4: the tag "!lat" is not used here'),
        ("a: !!binary aGk=", 'f.yaml:1:4: the tag "binary" is not used here'),
        ("a: &x [*x]", "f.yaml:1:4: an alias refers to the value that contains it"),
        ("a: &x {b: {c: *x}}", "f.yaml:1:4: an alias refers to the value that contains it"),
        (r'a: "\ud83d"', "f.yaml:1:4: half a surrogate pair"),
        ("a: b: c", "f.yaml:1:5: not valid YAML: mapping values are not allowed here"),
    ],
)
def test_what_is_no_plain_yaml_is_one_located_line(text: str, line: str) -> None:
    assert refused(text).startswith(line)


def test_nesting_is_bounded_before_the_stack_is() -> None:
    assert "more than 40 levels of nesting" in refused("[" * 100_000)
    assert "more than 40 levels of nesting" in refused("- " * 10_000 + "x")


def test_aliases_are_bounded_in_size() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "more than 200000 values, aliases expanded" in refused("\n".join(lines))


def test_aliases_are_bounded_in_depth() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} {'[' * 20}*a{n - 1}{']' * 20}" for n in range(1, 200)]
    assert "more than 40 levels of nesting, aliases expanded" in refused("\n".join(lines))


def test_a_few_aliases_are_welcome() -> None:
    compose("a: &a {b: 1}\nc: *a\nd: [*a, *a]", "f.yaml")


@given(st.text(alphabet="ab01:-[]{}*&!|>'\"#,? \n\t%@<~\ufeff\x85é", max_size=60))
def test_any_text_gives_a_tree_or_a_located_problem(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        compose(text, "f.yaml")
    except ConfigError as error:
        problems = error.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def problem_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(path)
    return str(caught.value)


def test_a_missing_file_a_directory_and_a_huge_file_are_said_so(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "no.yaml") == f"{tmp_path / 'no.yaml'}: no such file"
    assert problem_of(tmp_path) == f"{tmp_path}: is a directory; expected a YAML file"
    assert problem_of(tmp_path / "no.yaml" / "x") == f"{tmp_path / 'no.yaml' / 'x'}: no such file"
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    assert problem_of(huge).endswith("huge.yaml: larger than 1 MiB")


def test_a_file_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1")
    assert problem_of(file / "b.yaml").endswith("cannot be read: Not a directory")


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("a: 1\nname: Жан".encode("cp1251"))
    assert problem_of(file).endswith("a.yaml:2:7: not UTF-8 (octet 0xc6); save the file as UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_text(file) == "a: 1"
