"""The pages hold together: links lead somewhere, made pages are up to date, everything is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rich_click as click

import carrierlab.cli
import sender.cli
import smsc.cli
from smsc.scenario.defaults import default_scenario, magic_numbers
from tests.docs.blocks import PAGES, ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as they are made for readers on the web."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        found.add(kept if kept not in found else f"{kept}-1")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for groups in LINK.findall(page.read_text()):
        target = groups[0] or groups[1]
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.relative_to(ROOT)}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.relative_to(ROOT)}: {target}"


def test_the_reference_is_up_to_date() -> None:
    result = subprocess.run([sys.executable, ROOT / "scripts" / "make_reference.py", "--check"], check=False)
    assert result.returncode == 0


def test_the_picture_is_sound() -> None:
    root = ElementTree.parse(ROOT / "docs" / "architecture.svg").getroot()  # noqa: S314 # our own file
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "architecture.svg" in (ROOT / "README.md").read_text()


def test_every_scenario_is_on_the_page_about_scenarios() -> None:
    text = (ROOT / "docs" / "scenario-guide.md").read_text()
    for file in (ROOT / "scenarios").glob("*.yaml"):
        assert f"../scenarios/{file.name}" in text, file.name


def test_every_magic_number_is_on_the_page_about_the_emulator() -> None:
    text = (ROOT / "docs" / "smsc.md").read_text()
    for pattern, note in magic_numbers(default_scenario()):
        assert f"| `…{pattern.lstrip('*')}` | {note} |" in text, pattern


@pytest.mark.parametrize("program", [carrierlab, smsc, sender], ids=lambda module: module.__name__)
def test_every_command_is_documented(program: object) -> None:
    group: click.Group = program.cli.main  # type: ignore[attr-defined]
    name = program.__name__  # type: ignore[attr-defined]
    text = "\n".join(page.read_text() for page in PAGES)
    for command in group.list_commands(click.Context(group)):
        assert f"{name} {command}" in text, f"{name} {command}"
