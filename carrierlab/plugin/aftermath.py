"""What is said and kept of a test that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pytest

from carrierlab.client import ClientError


class Witness(Protocol):
    """Whatever a test has used and can say what happened."""

    def sections(self) -> list[tuple[str, str]]:
        """Titles and texts for the report of the test."""

    def keep(self, directory: Path, name: str) -> list[Path]:
        """Write what happened to files there whose names begin with `name`."""


def describe(witnesses: Iterable[Witness], item: pytest.Item) -> list[tuple[str, str]]:
    """Sections for the report of a failing test; its journals are kept when --smsc-journal asks for it."""
    directory: Path | None = item.config.getoption("smsc_journal")
    sections: list[tuple[str, str]] = []
    for number, witness in enumerate(witnesses, 1):
        try:
            sections += witness.sections()
            if directory is not None:
                directory.mkdir(parents=True, exist_ok=True)
                name = re.sub(r"[^\w.-]+", "_", item.nodeid).strip("_")[-100:]
                kept = witness.keep(directory, name if number == 1 else f"{name}-{number}")
                sections.append(("smsc: kept", "\n".join(map(str, kept))))
        except (ClientError, OSError) as error:  # the test's own failure is what matters; this is said beside it
            sections.append(("smsc: the emulator cannot be asked", str(error)))
    return sections
