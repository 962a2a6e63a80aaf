"""The reports as files: ``report.json`` for tools, ``junit.xml`` for a CI server, ``report.html`` for a browser."""

from __future__ import annotations

from pathlib import Path

from carrierlab.report.document import to_json
from carrierlab.report.html import to_html
from carrierlab.report.junit import to_junit
from carrierlab.report.played import Played
from carrierlab.report.result import Outcome

FILES = ("report.json", "junit.xml", "report.html")
"""What the report of a run consists of."""


def write_reports(outcome: Outcome, directory: Path) -> tuple[Path, ...]:
    """Write the files into ``directory``, made when missing; OSError when that cannot be done."""
    made = (to_json(outcome), to_junit([Played(outcome)]), to_html(outcome))
    return write_all(directory, dict(zip(FILES, made, strict=True)))


def write_all(directory: Path, contents: dict[str, bytes]) -> tuple[Path, ...]:
    """Write files by name."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, octets in contents.items():
        (directory / name).write_bytes(octets)
    return tuple(directory / name for name in contents)
