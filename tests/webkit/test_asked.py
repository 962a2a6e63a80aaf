"""What every request is held to."""

from __future__ import annotations

from typing import Any

import pytest

from webkit.asked import check_head, check_parameter
from webkit.problem import Problem
from webkit.server import HEADER_OCTETS


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (["state", "since"], '"stat" is no query parameter; did you mean "state"?'),
        (["before"], '"stat" is no query parameter; there are before'),
        ([], '"stat" is no query parameter; there is none here'),
    ],
)
def test_a_parameter_that_nobody_knows_is_told(known: list[str], said: str) -> None:
    with pytest.raises(Problem) as wrong:
        check_parameter("stat", known)
    assert (wrong.value.status, wrong.value.detail, wrong.value.fields) == (400, said, {"field": "stat"})
    check_parameter("stat", [*known, "stat"])


def test_a_head_that_nobody_reads_is_refused() -> None:
    scope: Any = {"raw_path": b"/", "query_string": b"", "headers": [(b"a", b"b" * (HEADER_OCTETS - 2))]}
    check_head(scope)
    scope["query_string"] = b"x"
    with pytest.raises(Problem) as wrong:
        check_head(scope)
    assert wrong.value.status == 431
