"""Words of a scenario that stand for something of SMPP: addresses, statuses, the states of receipts."""

import ipaddress
import re
from typing import ClassVar, Self

import msgspec

from smppkit.message_state import MessageState, state_of
from smppkit.states import Version
from smppkit.status import CommandStatus, parse_status
from yamlmodel.suggest import did_you_mean

_LISTEN = re.compile(r"tcp:(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]*):)?([0-9]{1,5})", re.ASCII)
DEFAULT_HOST = "127.0.0.1"
_HIGHEST = 999  # what "2+" ends at: a message has 255 parts at most


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


class SpokenVersion(int):
    """A version of SMPP, written `3.3`, `3.4` or `5.0`; the number is its interface_version."""

    expected: ClassVar[str] = "a version of SMPP: 3.3, 3.4 or 5.0"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the versions there are."""
        version = {"3.3": Version.V33, "3.4": Version.V34, "5.0": Version.V50, "5": Version.V50}.get(text)
        if version is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(version)

    @property
    def version(self) -> Version:
        """The version."""
        return Version(self)


class IpRange(str):
    """Addresses as a network: `127.0.0.0/8`, `10.1.2.3`, `::1`."""

    __slots__ = ()
    expected: ClassVar[str] = "an IP address or network such as 10.1.2.3 or 127.0.0.0/8"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address or a network; ValueError names the form that is expected."""
        try:
            return cls(ipaddress.ip_network(text))
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None

    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The network."""
        return ipaddress.ip_network(self)


class HexOctets(bytes):
    """Octets written in hexadecimal: `0a 1b 2c`."""

    expected: ClassVar[str] = "octets in hexadecimal such as 0a1b2c"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None


class Number(int):
    """A whole number, decimal or hexadecimal: `1024` or `0x0400`."""

    expected: ClassVar[str] = "a whole number such as 1024 or 0x0400"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            return cls(int(text, 0))
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None


class Octet(int):
    """One octet of a PDU, decimal or hexadecimal: `4` or `0x04`."""

    expected: ClassVar[str] = "an octet such as 4 or 0x04, at most 255"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            value = int(text, 0)
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None
        if not 0 <= value <= 0xFF:
            raise ValueError(f"expected {cls.expected}")
        return cls(value)


_SPAN = re.compile(r"([0-9]{1,3})(?:(\+)|-([0-9]{1,3}))?", re.ASCII)


class Span(msgspec.Struct, frozen=True):
    """A number or a range of them, written `3`, `2-5` or `2+`."""

    low: int
    high: int

    expected: ClassVar[str] = "a number or a range such as 3, 2-5 or 2+"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _SPAN.fullmatch(text)
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        low = int(match[1])
        high = _HIGHEST if match[2] else int(match[3] or low)
        if high < low:
            raise ValueError(f"expected the lower number first: {high}-{low}")
        return cls(low, high)

    def __contains__(self, number: int) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low}"
        return f"{self.low}+" if self.high == _HIGHEST else f"{self.low}-{self.high}"
