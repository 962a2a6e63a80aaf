"""What a blast is to do, and how much it may."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from smppkit.text import Alphabet

MOST_MESSAGES: Final = 20_000_000
MOST_MATCHED: Final = 2_000_000
"""Messages whose ids are kept: some 200 octets of memory each."""
MOST_CONNECTIONS: Final = 1_000
MOST_WINDOW: Final = 10_000
MOST_UNDER_WAY: Final = 100_000
"""Messages that may wait for their answers on all connections together."""
MOST_SECONDS: Final = 3_600.0
MOST_RATE: Final = 1_000_000.0
MOST_RANGE: Final = 65_536
"""Addresses in a range: their submits are kept ready."""
MOST_LENGTH: Final = 2_000


class Receipts(Enum):
    """What becomes of delivery receipts."""

    NONE = "none"
    """They are not asked for."""
    COUNT = "count"
    """As many are waited for as messages were accepted."""
    MATCH = "match"
    """Each is matched with the message that it names."""


class BindKind(Enum):
    """How a connection binds."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A blast. Times are seconds, rates messages a second."""

    host: str
    port: int
    system_id: str
    """``{n}`` in it becomes the number of the connection, from 1."""
    password: str
    system_type: str = ""
    bind: BindKind = BindKind.TRANSCEIVER
    connections: int = 1
    window: int = 10
    """Unanswered submits on each connection."""
    messages: int | None = None
    """In the measured part; None: as many as `seconds` allow."""
    seconds: float | None = None
    warm_up: int = 1_000
    """Messages before the measured part."""
    rate: float | None = None
    """Open loop: so many on all connections together; None: closed loop."""
    text: str | None = None
    length: int = 160
    """Of the text in characters, where none is given."""
    alphabet: Alphabet = Alphabet.GSM7
    source: int = 1_000
    source_range: int = 1
    destination: int = 77_050_000_000
    destination_range: int = 1_000
    registered: bool = False
    """Ask for receipts though nothing is done with them."""
    receipts: Receipts = Receipts.NONE
    receipt_wait: float = 5.0
    """How long after the last receipt the others are waited for."""
    stall: float = 10.0
    """Without an answer for so long the run is over."""
    longest: float = 300.0
    """The whole run."""

    def __repr__(self) -> str:
        """Everything but the password."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__} | {"password": "…"}
        return f"Plan({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def asks_receipts(self) -> bool:
        """Whether registered_delivery asks for them."""
        return self.registered or self.receipts is not Receipts.NONE

    def problems(self) -> Iterator[str]:
        """What is wrong with it, in the words of the options."""
        caps: list[tuple[str, float | None, float]] = [
            ("--messages", self.messages, MOST_MESSAGES),
            ("--seconds", self.seconds, MOST_SECONDS),
            ("--longest", self.longest, MOST_SECONDS),
            ("--warm-up", self.warm_up, MOST_MESSAGES),
            ("--connections", self.connections, MOST_CONNECTIONS),
            ("--window", self.window, MOST_WINDOW),
            ("--rate", self.rate, MOST_RATE),
            ("--source-range times --destination-range", self.source_range * self.destination_range, MOST_RANGE),
            ("the text", len(self.text or ""), MOST_LENGTH),
            ("--length", self.length, MOST_LENGTH),
            ("--connections times --window", self.connections * self.window, MOST_UNDER_WAY),
        ]
        for name, value, most in caps:
            if value is not None and value > most:
                yield f"{name} is {value:,}; expected {most:,} at most"
        if (self.messages is None) is (self.seconds is None):
            yield "expected one of --messages and --seconds"
        if self.bind is BindKind.TRANSMITTER and self.receipts is not Receipts.NONE:
            yield "a transmitter is not sent receipts; expected --bind transceiver, or --receipts none"
        if self.receipts is Receipts.MATCH and (self.messages or 0) > MOST_MATCHED:
            yield f"--messages is {self.messages:,}; at most {MOST_MATCHED:,} are matched with their receipts"

    @property
    def most(self) -> int:
        """Messages that the measured part may have."""
        most = MOST_MATCHED if self.receipts is Receipts.MATCH else MOST_MESSAGES
        if self.messages is not None:
            return self.messages
        if self.rate is not None and self.seconds is not None:
            return max(1, min(most, round(self.rate * self.seconds)))
        return most
