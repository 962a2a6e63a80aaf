from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from carrierlab.plugin.namespace import LONGEST, system_id_for


def test_a_name_is_readable_and_the_same_in_every_run() -> None:
    name = system_id_for("tests/test_otp.py::test_otp_sent[kcell]")
    assert name.startswith(("otp_sent-", "otp_sent_"))
    assert name == system_id_for("tests/test_otp.py::test_otp_sent[kcell]")


def test_parameters_files_and_runs_are_told_apart() -> None:
    nodes = ["a.py::test_long_name_of_it[1]", "a.py::test_long_name_of_it[2]", "b.py::test_long_name_of_it[1]"]
    assert len({system_id_for(node, run) for node in nodes for run in ("", "host:1", "host:2")}) == 9


@given(st.text(min_size=1))
def test_any_name_makes_a_system_id(node: str) -> None:
    name = system_id_for(node)
    assert name.isascii()
    assert name.isprintable()
    assert 1 <= len(name) <= LONGEST
