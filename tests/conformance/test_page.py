"""docs/conformance.md lists every check as the program knows it, and every option of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrierlab.conformance.catalogue import CHECKS
from carrierlab.conformance.check import VERSION_NAMES, Check
from carrierlab.conformance.command import conformance_command

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text()


def row(check: Check) -> str:
    """The line of the table on the page."""
    versions = ", ".join(VERSION_NAMES[version] for version in check.versions)
    chosen = {version: check.ours(version) for version in check.versions}
    different = set(chosen.values())
    if len(different) == 1:
        ours = different.pop() or ""
    else:
        ours = ", ".join(f"{VERSION_NAMES[version]}: {does}" for version, does in chosen.items() if does)
    return f"| {check.id} | {check.title.replace('*', chr(92) + '*')} | {check.spec} | {versions} | {ours} |"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_on_the_page(check: Check) -> None:
    assert row(check) in PAGE.splitlines()


def test_every_option_is_on_the_page() -> None:
    command = conformance_command(lambda main: [])
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert {name for name in options if f"`{name}" not in PAGE} == set()
