"""What is answered where there is no journal to read."""

from __future__ import annotations

from webkit.problem import Problem


def no_journal() -> Problem:
    """There is nothing to read."""
    return Problem(
        409,
        "this emulator keeps no journal (--no-journal), so there are no messages and PDUs to read",
        kind="no-journal",
    )
