"""Names of files for runs: after scenario, matrix and seed, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_UNSAFE: Final = re.compile(r"[^\w.=-]+", re.ASCII)
_LONGEST: Final = 100


def run_name(file: str, parameters: Mapping[str, str], seed: int | None) -> str:
    """Return ``every-persona-persona=tlv-only-13``: letters, digits, and ``. = - _``; 100 of them at most."""
    words = [Path(file).stem, *(f"{key}={value}" for key, value in parameters.items())]
    end = "" if seed is None else f"-{seed}"
    return _UNSAFE.sub("_", "-".join(words))[: _LONGEST - len(end)] + end


def each_once(names: Iterable[str]) -> list[str]:
    """Return the names, with a number behind those that were there already: ``quickstart-1-2``."""
    seen: set[str] = set()
    told = []
    for name in names:
        number, free = 1, name
        while free in seen:
            number += 1
            free = f"{name}-{number}"
        seen.add(free)
        told.append(free)
    return told
