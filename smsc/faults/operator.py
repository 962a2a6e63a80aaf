"""Faults of the message centre itself, and what it must offer for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from smsc.faults.base import Fault

Undo: TypeAlias = Callable[[], None]


class Centre(Protocol):
    """What remembers messages."""

    def forget(self) -> None:
        """Lose every message, every state and whatever is owed to ESMEs, as a restart without storage does."""


class FaultyOperator(Protocol):
    """A message centre to which something can happen."""

    @property
    def centre(self) -> Centre:
        """Its memory."""

    def unbind_all(self, binds: Literal["all"] | int, *, at_once: bool = False) -> None:
        """Unbind that many bound connections; `at_once` in the middle of whatever is going on there."""

    def outbind(self, host: str, port: int, system_id: str, password: str) -> None:
        """Connect to an ESME and ask it to bind (SMPP 3.4 §2.2.1)."""

    def begin_outage(self) -> None:
        """Cut every connection and refuse new ones."""

    def end_outage(self) -> None:
        """Be there again."""


class OperatorFault(Fault, frozen=True, kw_only=True, tag=""):
    """A fault of the message centre; only a timeline has it."""

    def begin(self, operator: FaultyOperator) -> Undo | None:
        """Let it happen; returns how to end it, when it lasts."""
        raise NotImplementedError
