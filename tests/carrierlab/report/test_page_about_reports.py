"""docs/reports.md names what there is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from carrierlab.report.comparison import BETTER, Better
from carrierlab.report.latency import KINDS
from carrierlab.traces.format import End, FaultMark, Header, Link, Octets, OperatorState, Remark, SenderState

TEXT = (Path(__file__).parents[3] / "docs" / "reports.md").read_text()


def rows(first: str) -> list[str]:
    return [line for line in TEXT.splitlines() if line.startswith(f"| {first} |")]


@pytest.mark.parametrize("line", [Octets, Link, SenderState, OperatorState, FaultMark, Remark, End])
def test_every_key_of_a_trace_is_on_the_page(line: type[msgspec.Struct]) -> None:
    (row,) = rows(f"`{line.__struct_config__.tag}`")
    assert row.split("|")[2].strip() == ", ".join(f"`{name}`" for name in line.__struct_fields__)


def test_the_head_of_a_trace_is_on_the_page() -> None:
    (row,) = rows("(first line)")
    assert row.split("|")[2].strip() == ", ".join(f"`{name}`" for name in Header.__struct_fields__)


@pytest.mark.parametrize("better", [Better.MORE, Better.LESS])
def test_every_direction_is_on_the_page(better: Better) -> None:
    (row,) = rows(better.value)
    names = {name.strip().strip("`") for name in row.split("|")[2].split("all that begin")[0].split(",")} - {""}
    assert names == {name for name, way in BETTER.items() if way is better}
    if better is Better.LESS:
        assert all(f"`{name}`" in row for name in KINDS)
