"""The fenced blocks of the README and of docs/, with what their info string says they are.

The first word is the language, as for any reader; the words after it say how the block is checked:

=====================  ==========================================================================================
``yaml scenario``      a whole scenario file, as ``carrierlab check`` takes it
``yaml serve``         a scenario file without workload, as ``smsc serve`` takes it: served, and somebody submits
``yaml operator``      the keys of one operator: it is served, and somebody submits
``yaml part``          top-level keys of a scenario file: completed and played
``yaml sender``        a whole sender.yaml
``sh``                 every command line is parsed by the program it calls, and the files it names exist
``sh curl``            every line is a request that the control API answers as its comment says (200 without one)
``sh sender-api``      the same of the API of a sender that serves, with $TOKEN for a token
``python sender-api``  run against such a sender
``yaml profile``       a profile of ``carrierlab load``
``python locust``      a locustfile: loaded, and its users are there
``text LOAD …``        what the command after LOAD prints; tests/loadtests runs it
``text OUTPUT-OF …``   what the command after OUTPUT-OF prints, lines of it; ``…`` stands for what is left out
``python``             run
``python conftest``    the conftest.py of the tests in the next three
``python pytest``      a file of tests, run by pytest with the plugin; ``pytest-asyncio`` and ``pytest-twisted`` with
                       those plugins too
``LANGUAGE FILE …``    that file of the repository, as it is
``mermaid``, ``text``  for readers only
=====================  ==========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += [ROOT / "scenarios" / "data" / "README.md"]


class Block(NamedTuple):
    """One fenced block."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def id(self) -> str:
        """Where it stands, for the name of a test."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order; the line is that of the block's first line."""
    for match in re.finditer(r"^( *)```([^\n]*)\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL):
        line = page.read_text()[: match.start(3)].count("\n") + 1
        body = re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
        yield Block(page, line, match[2].strip(), body)


BLOCKS = [block for page in PAGES if page.is_file() for block in blocks_of(page)]


def of_kind(*infos: str) -> list[Block]:
    """The blocks whose info string is one of `infos`."""
    return [block for block in BLOCKS if block.info in infos]


def starting(prefix: str) -> list[Block]:
    """The blocks whose info string begins with `prefix`."""
    return [block for block in BLOCKS if block.info.startswith(prefix)]


def command_lines(block: Block) -> list[str]:
    """The commands of a shell block, continued lines joined and comments left out."""
    joined = block.text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
