"""The SMSC under test, as whoever runs the checks describes it, and the world the checks live in."""

from __future__ import annotations

import msgspec
from twisted.internet.interfaces import IReactorTime

from carrierlab.conformance.check import CannotJudge
from smppkit.transport import Network


class Target(msgspec.Struct, frozen=True):
    """An SMSC and an account there. Times are seconds; checks do not apply where they need what is None."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    destination: str | None = None
    """A number whose messages are delivered."""
    failing: str | None = None
    """A number whose messages are accepted, and fail."""
    refused: str | None = None
    """A number that is refused in the response."""
    unavailable: str | None = None
    """A number that is switched off: alerts come for it."""
    own: str | None = None
    """A number that is this account: messages to it come back."""
    timeout: float = 2.0
    """For every answer."""
    receipts: float = 10.0
    """For a receipt."""
    window: int | None = None
    """Requests that may be unanswered at once."""
    session_init: float | None = None
    """After which an unbound connection is closed."""
    enquire_link: float | None = None
    """Silence after which the SMSC sends enquire_link."""
    response: float | None = None
    """How long the SMSC waits for our answers."""
    inactivity: float | None = None
    """Without messages, after which the SMSC unbinds or closes."""

    def need(self, name: str, meaning: str) -> str:
        """The address called `name`; CannotJudge when it was not given."""
        value = getattr(self, name)
        if value is None:
            raise CannotJudge(f"needs {meaning} (--{name})")
        return str(value)

    def seconds(self, name: str) -> float:
        """The time called `name`; CannotJudge when it was not given."""
        value = getattr(self, name)
        if value is None:
            raise CannotJudge(f"needs the SMSC's timer (--{name.replace('_', '-')})")
        return float(value)


class Surroundings(msgspec.Struct, frozen=True):
    """A clock, a network, and the unix time of the clock's zero."""

    clock: IReactorTime
    network: Network
    epoch: float
