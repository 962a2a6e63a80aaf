"""The list is whole, and people name parts of it."""

from __future__ import annotations

import pytest

from carrierlab.conformance.catalogue import CHECKS, Selection, select
from carrierlab.conformance.check import V50


def test_there_are_79_checks_each_with_a_title_a_source_and_versions() -> None:
    assert [check.number for check in CHECKS] == list(range(1, 80))
    assert [check.id for check in CHECKS][::78] == ["C01", "C79"]
    for check in CHECKS:
        assert check.title, check.id
        assert check.spec, check.id
        assert check.versions, check.id


def test_what_the_specification_leaves_open_says_what_we_do() -> None:
    silent = {check.number for check in CHECKS if "silent" in check.spec}
    assert silent == {5, 6, 7, 11, 22, 27, 33, 35, 38, 39, 47, 59, 60}
    for check in CHECKS:
        if check.number in silent:
            assert all(check.ours(version) for version in check.versions), check.id


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("C15", {15}), ("C15,C37-C39", {15, 37, 38, 39}), ("1-3, c5", {1, 2, 3, 5}), ("C78-79", {78, 79})],
)
def test_checks_are_named_by_number_and_range(text: str, numbers: set[int]) -> None:
    assert Selection.parse(text) == numbers


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "such as C15"), ("C", "such as C15"), ("C0", "C01 to C79"), ("C80", "C01 to C79"), ("C9-C5", "C01 to C79")],
)
def test_other_names_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Selection.parse(text)


def test_only_and_skip() -> None:
    assert [check.number for check in select({3, 1, 2}, {2})] == [1, 3]
    assert len(select(skip={1})) == 78
    assert all(V50 in check.versions for check in select({29, 79}))
