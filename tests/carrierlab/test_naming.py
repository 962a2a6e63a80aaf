"""Runs have names that any file system takes, each its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from carrierlab.naming import each_once, run_name


def test_a_run_is_named_after_scenario_matrix_and_seed() -> None:
    assert run_name("scenarios/every-persona.yaml", {"persona": "tlv-only"}, 13) == "every-persona-persona=tlv-only-13"
    assert run_name("a.yaml", {}, None) == "a"


@given(st.text(), st.text(), st.integers(min_value=0, max_value=2**64))
def test_whatever_a_variable_holds_the_name_is_a_short_one_of_one_part(file: str, value: str, seed: int) -> None:
    name = run_name(f"x{file}", {"text": f"../{value}"}, seed)
    assert len(name) <= 100
    assert name.isascii()
    assert not set(name) & set("/\\ \0:*?")
    assert name.endswith(f"-{seed}")


def test_names_that_are_there_already_get_a_number_that_is_free() -> None:
    assert each_once(["a-1", "a-1-2", "a-1", "a-1"]) == ["a-1", "a-1-2", "a-1-3", "a-1-4"]
