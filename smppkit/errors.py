"""What can go wrong, and whose fault it is.

SmppError
├── EncodeError          ours: this PDU cannot be put on the wire
├── LocalProtocolError   ours: not legal now
│   └── WindowFull       ours: legal, but too many requests are outstanding
└── PduError             the peer's: a PDU that cannot be read, and the status it earns
"""

from smppkit.status import status_name


class SmppError(Exception):
    """Base of every error of this package."""


class EncodeError(SmppError):
    """This PDU cannot be put on the wire: names the field, what is wrong with its value and the limit."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class PduError(SmppError):
    """A peer's PDU that cannot be read; `status` is the command_status that its response should carry."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status_name(status)}: {reason}")
        self.status = int(status)
        self.reason = reason


class LocalProtocolError(SmppError):
    """We tried something that is illegal in the present state."""


class WindowFull(LocalProtocolError):
    """As many requests are outstanding as the window allows: wait for a response first."""
