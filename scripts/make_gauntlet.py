#!/usr/bin/env python3
"""Make what follows from the receipt variants: the scenario of the gauntlet, its recipients, the table of its page.

Usage: make_gauntlet.py [--check]     (--check compares only; exit code 1 if something is out of date)
"""

from __future__ import annotations

import sys
from pathlib import Path

from carrierlab.gauntlet.plan import all_courses, recipients_csv
from carrierlab.gauntlet.written import RECIPIENTS, markdown_table, scenario_text

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "receipt-gauntlet.yaml"
PAGE = ROOT / "docs" / "gauntlet.md"
MARK = "<!-- Made by scripts/make_gauntlet.py: the rest of the page -->\n"


def made() -> dict[Path, str]:
    """The files and what belongs into them."""
    courses = all_courses()
    words = PAGE.read_text().partition(MARK)[0]
    return {
        SCENARIO: scenario_text(courses),
        SCENARIO.parent / RECIPIENTS: recipients_csv(courses),
        PAGE: f"{words}{MARK}\n{markdown_table(courses)}",
    }


def main() -> int:
    """Write the files, or compare them."""
    stale = [file for file, text in made().items() if not file.exists() or file.read_text() != text]
    if "--check" in sys.argv[1:]:
        for file in stale:
            print(f"{file.relative_to(ROOT)} is out of date: run scripts/make_gauntlet.py", file=sys.stderr)
        return 1 if stale else 0
    for file, text in made().items():
        file.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
