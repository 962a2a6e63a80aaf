"""The exit codes stand in one place, and both the help and the page say what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from carrierlab.cli import main
from carrierlab.exit_codes import EXIT_CODES

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


def test_the_page_lists_every_code() -> None:
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in PAGE.read_text()


@pytest.mark.parametrize("command", [[], ["run"], ["compare"], ["trace"]])
def test_the_help_lists_every_code(command: list[str]) -> None:
    result = CliRunner(env={"COLUMNS": "1000"}).invoke(main, [*command, "--help"])
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in result.output
