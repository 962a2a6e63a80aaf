#!/usr/bin/env python3
"""Put what our commands print now into the pages that show it: blocks that begin with ```text OUTPUT-OF COMMAND.

Shown are the headline, the sections that the block shows already, and of a long list of expectations the first and
the last ones. Where a line differs from the one shown in how long this machine took only, the one shown stays: the rest
is of virtual time, and the same everywhere.

Usage: make_excerpts.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BY_HAND = {"reports.md"}
"""What it shows is chosen by hand, of files that runs left behind; the tests compare it."""
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in BY_HAND)]
BLOCK = re.compile(r"^```text OUTPUT-OF (?P<command>[^\n]+)\n(?P<shown>.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^(\w[\w ]*?)(?:, [^─]*)? ─+$")
TOOK = re.compile(r"\bin [\d.,]+ (?:µs|ms|s|min)\b")
EXPECTATIONS = "Expectations"
FIRST, LAST = 5, 3


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section by its title; those before the first section under ""."""
    title, found = "", {"": list[str]()}
    for line in text.splitlines():
        if match := SECTION.match(line):
            title = match[1]
            found[title] = []
        found[title].append(line.rstrip())
    return found


def excerpt(printed: str, shown: str) -> str:
    """Of what was printed, the sections that were shown."""
    wanted = sections(shown)
    kept: list[str] = []
    for title, lines in sections(printed).items():
        if title in wanted:
            kept += [*(shortened(lines) if title == EXPECTATIONS else lines), ""]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept).strip("\n"))
    known = {TOOK.sub("in some time", line): line for line in shown.splitlines()}
    return "".join(f"{known.get(TOOK.sub('in some time', line), line)}\n" for line in text.splitlines())


def shortened(lines: list[str]) -> list[str]:
    """The first and the last of a list of expectations, under its heading."""
    heading, *listed = [line for line in lines if line and not line.startswith("trace ")]
    if len(listed) <= FIRST + LAST:
        return [heading, *listed]
    return [heading, *listed[:FIRST], " …", *listed[-LAST:]]


def output(command: str) -> str:
    """What a command of ours prints, 80 columns wide."""
    program, *arguments = shlex.split(command)
    result = subprocess.run(
        [Path(sys.executable).parent / program, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def main() -> int:
    """Rewrite the pages; returns the exit code."""
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = BLOCK.sub(
            lambda block: (
                f"```text OUTPUT-OF {block['command']}\n{excerpt(output(block['command']), block['shown'])}```"
            ),
            before,
        )
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
