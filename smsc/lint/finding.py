"""What the lint has found: how often a client broke a rule, and the first PDU that did."""

from __future__ import annotations

from enum import IntEnum

import msgspec

EXAMPLE_OCTETS = 512
"""Octets kept of an example; a longer PDU is shown in part."""

EXAMPLE_CHARACTERS = 2_000
"""Characters kept of its fields."""
DETAIL_CHARACTERS = 300
"""Characters kept of what was wrong."""


class Severity(IntEnum):
    """How bad it is: an ERROR breaks the protocol or the text, a WARNING costs, a NOTE is worth knowing."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """As reports and options write it."""
        return self.name.lower()


class Example(msgspec.Struct, frozen=True):
    """One PDU of a conversation, its secrets masked. Times are unix seconds.

    `octets` are its first 512 at most, `length` is how many there were; `row` is that of the journal, where there is
    one.
    """

    connection: int
    peer: str
    direction: str
    at: float
    row: int | None
    command: str
    sequence: int
    fields: str
    octets: bytes
    length: int


class Finding(msgspec.Struct):
    """One rule that one account broke, `count` times; the detail and the example are of the first time."""

    rule: str
    operator: str
    account: str
    """The system_id; empty before anybody said who he is."""
    count: int
    first_at: float
    last_at: float
    detail: str
    example: Example | None
