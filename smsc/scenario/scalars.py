"""Words of a scenario that stand for something of SMPP: addresses, statuses, the states of receipts."""

import re
from typing import ClassVar, Self

import msgspec

from smppkit.message_state import MessageState, state_of
from smppkit.status import CommandStatus, parse_status
from yamlmodel.suggest import did_you_mean

_LISTEN = re.compile(r"tcp:(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]*):)?([0-9]{1,5})", re.ASCII)
DEFAULT_HOST = "127.0.0.1"


class Listen(msgspec.Struct, frozen=True):
    """Where an operator listens, written `tcp:2775` or `tcp:0.0.0.0:2775`; port 0 takes any free port."""

    host: str
    port: int

    expected: ClassVar[str] = "an address such as tcp:2775 or tcp:127.0.0.1:2775"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _LISTEN.fullmatch(text)
        if match is None or int(match[2]) > 65535:
            raise ValueError(f"expected {cls.expected}")
        return cls((match[1] or DEFAULT_HOST).strip("[]"), int(match[2]))

    def __str__(self) -> str:
        return f"tcp:[{self.host}]:{self.port}" if ":" in self.host else f"tcp:{self.host}:{self.port}"


class Status(int):
    """A command_status, written by name (`ESME_RTHROTTLED`, `RTHROTTLED`) or number (`88`, `0x58`)."""

    expected: ClassVar[str] = "a command_status such as ESME_RTHROTTLED or 0x58"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the nearest status."""
        try:
            return cls(parse_status(text))
        except ValueError:
            hint = did_you_mean(text, [status.name for status in CommandStatus])
            raise ValueError(f"expected {cls.expected}{hint}") from None


class Stat(str):
    """The word for a final state in a receipt, such as `DELIVRD`; vendors' words are kept as written."""

    __slots__ = ()
    expected: ClassVar[str] = "a state of a receipt such as DELIVRD, UNDELIV, EXPIRED or REJECTD"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the word; ValueError names the nearest one."""
        if state_of(text) is None:
            raise ValueError(f"expected {cls.expected}{did_you_mean(text, [s.stat for s in MessageState])}")
        return cls(text)
