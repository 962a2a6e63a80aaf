"""The table of behaviours: which function shows which file of `scenarios/`, and what the behaviour belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.smsc.behaviours.world import World

Proof = Callable[[World], None]


class Behaviour(NamedTuple):
    """One behaviour of an operator: its group, and the function that asserts what is on the wire."""

    group: str
    proof: Proof


BEHAVIOURS: dict[str, Behaviour] = {}
"""By the name of the file, without its suffix."""


def shows(group: str, *files: str) -> Callable[[Proof], Proof]:
    """Enter a function into the table: for the file of its own name, or for those that are named."""

    def enter(proof: Proof) -> Proof:
        for name in files or (proof.__name__.replace("_", "-"),):
            if name in BEHAVIOURS:
                raise ValueError(f"{name} is shown twice")
            BEHAVIOURS[name] = Behaviour(group, proof)
        return proof

    return enter
