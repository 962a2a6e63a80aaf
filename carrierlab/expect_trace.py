"""The expectation that a run in virtual time is, octet for octet, the one that it was.

::

    expect:
      - {trace: 9c1e5f0a77b2, note: the run that we looked at}
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from carrierlab.expect import Verdict


class TraceHash(str):
    """A trace hash as a report has it, or how it begins."""

    __slots__ = ()
    expected: ClassVar[str] = "a trace hash: 12 to 64 hexadecimal digits in lower case"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the digits; ValueError names the form that is expected."""
        if re.fullmatch("[0-9a-f]{12,64}", text) is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(text)


class TraceExpectation(msgspec.Struct, frozen=True, kw_only=True):
    """The trace of the run, with the file's seed, is this one. There is one in virtual time only."""

    trace: Annotated[TraceHash, Meta(description="The hash, or its beginning", examples=["9c1e5f0a77b2"])]
    note: Annotated[str, Meta(description="Why it is expected, shown when it is not met")] = ""

    @property
    def metric(self) -> str:
        """What reports call it."""
        return "trace"

    @property
    def operator(self) -> None:
        """It is about the whole run."""

    def check(self, digest: str) -> Verdict:
        """Compare with the trace of the run."""
        return Verdict(
            expectation=self,
            met=digest.startswith(self.trace),
            found=digest[: len(self.trace)],
            wanted=f"equals {self.trace}",
            examples=(),
        )
