"""What is wrong with a matrix."""

import pytest

from tests.yamlmodel.files import refused


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
