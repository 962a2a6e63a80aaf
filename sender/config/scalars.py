"""Values that are written as one word."""

import re
from typing import ClassVar, Self

import phonenumbers

from smppkit.status import CommandStatus, parse_status
from yamlmodel.suggest import did_you_mean


class Country(str):
    """A region as phone numbers know it, written `KZ`; ISO 3166-1 alpha-2."""

    __slots__ = ()
    expected: ClassVar[str] = "a country code of two letters such as KZ"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        region = text.strip().upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"expected {cls.expected}")
        return cls(region)


class Prefix(str):
    """The first digits of international numbers, written `7705`."""

    __slots__ = ()
    expected: ClassVar[str] = "the first digits of international numbers, without plus, such as 7705"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
            raise ValueError(f"expected {cls.expected}")
        return cls(text)


class Status(int):
    """A command_status, written by name (`ESME_RSYSERR`, `RSYSERR`) or number (`8`, `0x400`)."""

    expected: ClassVar[str] = "a command_status such as ESME_RSYSERR or 0x400"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the nearest status."""
        try:
            return cls(parse_status(text))
        except ValueError:
            hint = did_you_mean(text, [status.name for status in CommandStatus])
            raise ValueError(f"expected {cls.expected}{hint}") from None
