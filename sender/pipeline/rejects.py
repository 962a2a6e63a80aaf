"""The file of the rows that were left out: line, reason, and the row as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from sender.domain.rows import BadRow


class RejectsFile:
    """Written row by row; removed again when there was nothing to write. OSError when it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        # Undecodable octets of the recipients file go out as they came in.
        self._file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(("line", "reason", "raw"))

    def add(self, row: BadRow) -> None:
        """Write one bad row."""
        self.rows += 1
        self._writer.writerow((row.line, row.reason, row.raw))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        if not self.rows:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()
