#!/usr/bin/env python3
"""Make docs/scenario.schema.json, for editors, out of the model of a scenario file.

Usage: make_schema.py [--check]     (--check compares only; exit code 1 if the file is out of date)
"""

from __future__ import annotations

import sys
from pathlib import Path

from carrierlab.commands.schema import schema_text

FILE = Path(__file__).resolve().parent.parent / "docs" / "scenario.schema.json"


def main(arguments: list[str]) -> int:
    """Write or check the file; returns the exit code."""
    content = schema_text("scenario")
    if arguments == ["--check"]:
        if FILE.is_file() and FILE.read_text(encoding="utf-8") == content:
            return 0
        print(f"{FILE.name} is out of date: run scripts/make_schema.py", file=sys.stderr)
        return 1
    if arguments:
        print("usage: make_schema.py [--check]", file=sys.stderr)
        return 2
    FILE.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
