"""The timers of an account's connections."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from yamlmodel.scalars import Duration

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Waits between attempts: each is twice the one before, up to the longest, and chance takes off up to half."""

    first: Annotated[Duration, Meta(description="After the first failure")]
    longest: Annotated[Duration, Meta(description="The wait grows no further")]

    def problems(self) -> Problems:
        """They are in order."""
        if self.first <= 0:
            yield ("first",), f"found {self.first:g}s; expected more than 0s"
        elif self.longest < self.first:
            yield ("longest",), f"found {self.longest:g}s; expected at least first ({self.first:g}s)"


_RECONNECT = Waits(first=Duration(1), longest=Duration(60))
_REFUSED = Waits(first=Duration(60), longest=Duration(600))


class TimersConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How long an account's connections wait, and for what (SMPP 3.4 §7.2)."""

    connect: Annotated[Duration, Meta(description="For the TCP connection")] = Duration(10)
    session_init: Annotated[
        Duration, Meta(description="From the connection to the response to our bind (or to an outbind)")
    ] = Duration(30)
    enquire_link_response: (
        Annotated[Duration, Meta(description="For any sign of life after an enquire_link; omitted: `response_timeout`")]
        | None
    ) = None
    inactivity: Annotated[Duration, Meta(description="Without traffic; then we unbind. Omitted: for ever")] | None = (
        None
    )
    unbind: Annotated[Duration, Meta(description="For answers in flight, then for unbind_resp")] = Duration(5)
    reconnect: Annotated[Waits, Meta(description="After a connection that failed or was lost")] = _RECONNECT
    refused: Annotated[Waits, Meta(description="After the operator refused our credentials")] = _REFUSED

    def problems(self) -> Problems:
        """None of them is nothing."""
        for key in ("connect", "session_init", "enquire_link_response", "inactivity", "unbind"):
            value = getattr(self, key)
            if value is not None and value <= 0:
                yield (key,), "found 0s; expected more than 0s"
