"""The HTTP API: where it is, what a segment costs, what may be uploaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from sender.config.tls import ServerTlsConfig
from webkit.address import HttpAddress

Problems = Iterable[tuple[tuple[str | int, ...], str]]

_MILLION = 1_000_000


class Listen(str):
    """An address to listen on, written `127.0.0.1:8080`, `[::1]:8080`, or `8080` for this machine alone."""

    __slots__ = ()
    expected: ClassVar[str] = "an address such as 127.0.0.1:8080, or a port"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        try:
            HttpAddress.parse(text)
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None
        return cls(text)

    @property
    def address(self) -> HttpAddress:
        """As host and port."""
        return HttpAddress.parse(self)


class Money(int):
    """An amount of the currency, kept in millionths, written `0.05` or `12`; six decimals at most."""

    expected: ClassVar[str] = "an amount such as 12 or 0.05"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?", text.strip(), re.ASCII)
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(int(match[1]) * _MILLION + int((match[2] or "").ljust(6, "0")))


def money_text(millionths: int) -> str:
    """An amount as people write it: `12`, `0.05`, `-3.5`."""
    whole, rest = divmod(abs(millionths), _MILLION)
    digits = f"{whole}.{rest:06}".rstrip("0").rstrip(".")
    return f"-{digits}" if millionths < 0 else digits


class Size(int):
    """A number of octets, written `64KiB`, `256MiB`, `2GiB`, or a bare number."""

    expected: ClassVar[str] = "a size such as 256MiB"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; ValueError names the form that is expected."""
        match = re.fullmatch(r"([0-9]{1,12})\s*(KiB|MiB|GiB|)", text.strip(), re.ASCII)
        if match is None:
            raise ValueError(f"expected {cls.expected}")
        return cls(int(match[1]) << {"": 0, "KiB": 10, "MiB": 20, "GiB": 30}[match[2]])


class TracingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Traces with OpenTelemetry, where its packages are installed; its own variables say where they go."""

    sample: Annotated[float, Meta(description="Share of the requests that are traced", ge=0, le=1)] = 0.01


class ServeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP API of `sender serve`."""

    listen: Annotated[Listen, Meta(description="Where; beyond this machine only once there are tokens")] = Listen(
        "127.0.0.1:8080"
    )
    uploads: Annotated[Path, Meta(description="Directory for recipients files that were uploaded")] | None = None
    largest_upload: Annotated[Size, Meta(description="Of a recipients file")] = Size(256 << 20)
    prices: Annotated[
        dict[str, Money], Meta(description="What a segment costs a prepaid token, by operator account")
    ] = msgspec.field(default_factory=dict)
    currency: Annotated[str, Meta(description="Of prices and balances", max_length=10)] = ""
    tls: Annotated[ServerTlsConfig, Meta(description="HTTPS instead of HTTP")] | None = None
    tracing: Annotated[TracingConfig, Meta(description="OpenTelemetry")] | None = None

    def problems(self) -> Problems:
        """What no single key shows."""
        if self.largest_upload <= 0:
            yield ("largest_upload",), "found 0; expected more"
