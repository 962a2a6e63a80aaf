"""What is known of an emulator that runs beside us, wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

import msgspec

START_SECONDS: Final = 30.0
"""After which an emulator that is not ready is given up."""
UNBIND_SECONDS: Final = 0.5
"""For clients to answer the unbind at the end; those that have not are cut."""


class Where(msgspec.Struct, frozen=True):
    """Where an emulator is."""

    url: str
    """Of its control API."""
    operators: dict[str, tuple[str, int]]
    """Host and port by operator, in the order of the scenario."""


class Background(Protocol):
    """An emulator that runs beside us. Its methods block, and may be called from any thread."""

    where: Where

    def copy_journal(self, path: Path) -> None:
        """Write all that is in its journal to a file."""

    def stop(self) -> None:
        """End it in order and wait until it has ended."""


class StartError(Exception):
    """An emulator did not start; the text says why."""
