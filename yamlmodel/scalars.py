"""Quantities as people write them: durations, rates and percentages.

A scalar type of a model is any class with `parse(text)`: it gets the text as it stands in the file, and raises
`ValueError` with the form it expects ("expected a duration such as 40ms"). Its attribute `expected` names that
form where several types are possible.
"""

import math
import re
from typing import ClassVar, Self

_NUMBER = r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_DURATION = re.compile(rf"{_NUMBER}\s*(us|ms|s|m|h|d|)", re.ASCII)
_RATE = re.compile(rf"{_NUMBER}\s*/\s*(s|m|h)", re.ASCII)
_PERCENT = re.compile(rf"{_NUMBER}\s*%", re.ASCII)

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


class Duration(float):
    """A time span in seconds, written `40ms`, `3s`, `1.5s`, `2m`, `1h`, `3d`; a bare number is seconds."""

    expected: ClassVar[str] = "a duration such as 40ms, 3s, 2m or 1h"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        number, unit = match.groups()
        return cls(_finite(number, cls.expected) * _SECONDS[unit])


class Rate(float):
    """Events per second, written `100/s`, `600/m` or `3600/h`; always above zero."""

    expected: ClassVar[str] = "a rate such as 100/s, 600/m or 3600/h"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _RATE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        number, unit = match.groups()
        rate = _finite(number, cls.expected) / _SECONDS[unit]
        if rate <= 0:
            raise ValueError(f"expected {cls.expected}, above zero")
        return cls(rate)


class Percent(float):
    """A share between 0 and 1, written `94%` or `0.5%`, at most `100%`."""

    expected: ClassVar[str] = "a percentage such as 94%"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = _PERCENT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        number = _finite(match[1], cls.expected)
        if number > 100:
            raise ValueError(f"expected {cls.expected}, at most 100%")
        return cls(number / 100)


def _finite(number: str, expected: str) -> float:
    """Digits may be endless; a float is not."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"expected {expected}, within reason")
    return value
