"""How ``carrierlab`` exits: the one list, which ``--help`` and docs/reports.md show."""

from __future__ import annotations

from typing import Final

PASSED: Final = 0
FAILED: Final = 1
UNUSABLE: Final = 2
INTERRUPTED: Final = 130

EXIT_CODES: Final[dict[int, str]] = {
    PASSED: "all went well: every expectation is met, every check passed, nothing is worse",
    FAILED: "a verdict, and not a good one: something is not met, has failed, is worse or differs",
    UNUSABLE: "nothing to judge: a bad file, option or place to write to",
    INTERRUPTED: "stopped by Ctrl-C",
}


def exit_codes_text() -> str:
    """Return the list as it stands under ``--help``."""
    return "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."
