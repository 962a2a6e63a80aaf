#!/usr/bin/env python3
"""Write the table of planted bugs in docs/simulation.md from the patches in tests/planted.

Usage: make_planted.py [--check]     (--check only says, by its exit code, whether the page is up to date)
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "simulation.md"
BEGIN, END = "<!-- planted bugs, made by scripts/make_planted.py -->\n", "<!-- end of planted bugs -->\n"


def table() -> str:
    """One row for each patch: its number, what it breaks, and where."""
    rows = ["| | what it breaks | where |", "|---|---|---|"]
    for patch in sorted((ROOT / "tests" / "planted").glob("*.patch")):
        lines = patch.read_text("utf-8").splitlines()
        files = dict.fromkeys(line.removeprefix("+++ b/") for line in lines if line.startswith("+++ b/"))
        number = patch.stem.partition("-")[0]
        rows.append(
            f"| [{number}](../{patch.relative_to(ROOT)}) | {lines[0]} | "
            + ", ".join(f"`{name}`" for name in files)
            + " |"
        )
    return "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """See the docstring of this file."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = before + BEGIN + table() + END + after
    if "--check" in arguments:
        return 0 if made == text else 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
