"""The faults there are. A new one is a file beside this one and a line here."""

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, Union

import msgspec
from msgspec import Meta

from smsc.faults.bad_sequence import BadSequence
from smsc.faults.bandwidth import Bandwidth
from smsc.faults.base import Fault, Problems, WireFault, kind_of
from smsc.faults.close_after import CloseAfter
from smsc.faults.coalesce import Coalesce
from smsc.faults.crlf import Crlf
from smsc.faults.delay import Delay
from smsc.faults.dribble import Dribble
from smsc.faults.duplicate_response import DuplicateResponse
from smsc.faults.error_body import ErrorBody
from smsc.faults.garbage import Garbage
from smsc.faults.generic_nack import GenericNackFault
from smsc.faults.half_open import HalfOpen
from smsc.faults.http_banner import HttpBanner
from smsc.faults.no_response import NoResponse
from smsc.faults.outbind import OutbindFault
from smsc.faults.reset import ResetFault
from smsc.faults.reset_in_pdu import ResetInPdu
from smsc.faults.restart import Restart
from smsc.faults.slice import Slice
from smsc.faults.slow_close import SlowClose
from smsc.faults.stall import Stall
from smsc.faults.swapped_responses import SwappedResponses
from smsc.faults.unbind import UnbindFault
from smsc.faults.unknown_command import UnknownCommand
from smsc.faults.unknown_response import UnknownResponse
from smsc.faults.wrong_length import WrongLength
from smsc.scenario.timing import FIELDS, Timed, timing_problems
from yamlmodel.scalars import Duration

_KINDS: Final[tuple[type[Fault], ...]] = (
    # how octets travel
    Slice,
    Coalesce,
    Delay,
    Bandwidth,
    Dribble,
    Stall,
    # how connections end
    HalfOpen,
    ResetFault,
    ResetInPdu,
    CloseAfter,
    SlowClose,
    # what is no SMPP
    Garbage,
    HttpBanner,
    Crlf,
    WrongLength,
    # SMPP at the wrong place
    UnknownCommand,
    UnknownResponse,
    DuplicateResponse,
    SwappedResponses,
    NoResponse,
    GenericNackFault,
    BadSequence,
    ErrorBody,
    # the message centre itself
    UnbindFault,
    OutbindFault,
    Restart,
)

FAULTS: Final[dict[str, type[Fault]]] = {kind_of(kind): kind for kind in _KINDS}
"""Every fault by the word for it."""

_For = Annotated[Duration, Meta(description="How long; to the end when omitted")] | None
_From = Annotated[Duration, Meta(description="From when on; from the start when omitted")]
_Until = Annotated[Duration, Meta(description="Until when; to the end when omitted")] | None


def _derived(kind: type[Fault], suffix: str, fields: list[Any], namespace: dict[str, Any]) -> type[Fault]:
    own = {field.name for field in msgspec.structs.fields(kind)}
    return msgspec.defstruct(  # type: ignore[return-value]
        f"{kind.__name__}{suffix}",
        [field for field in fields if field[0] not in own],
        bases=(kind,),
        namespace={"__doc__": kind.__doc__, **namespace},
        module=kind.__module__,
        frozen=True,
        kw_only=True,
        tag=kind_of(kind),
        rename={"for_": "for", "from_": "from"},
    )


def entry_of(kind: type[Fault]) -> type[Fault]:
    """A fault as an entry of a timeline: with what says when it begins, `for` and `operator`."""

    def problems(self: Any) -> Problems:
        yield from kind.problems(self)
        yield from timing_problems(self)

    return _derived(kind, "Entry", [*FIELDS, ("for_", _For, None)], {"problems": problems})


def standing_of(kind: type[WireFault]) -> type[WireFault]:
    """A fault as an operator's habit: with the window `from` and `until`."""
    fields = [("from_", _From, Duration(0)), ("until", _Until, None)]

    def problems(self: Any) -> Problems:
        yield from kind.problems(self)
        if self.until is not None and self.until <= self.from_:
            yield ("until",), "it ends before it begins; expected a time after from"

    namespace = {"standing": True, "problems": problems}
    return _derived(kind, "Standing", fields, namespace)  # type: ignore[return-value]


ENTRIES: Final[dict[str, type[Fault]]] = {tag: entry_of(kind) for tag, kind in FAULTS.items()}
"""Every fault as an entry of a timeline."""
STANDING: Final[dict[str, type[WireFault]]] = {
    tag: standing_of(kind) for tag, kind in FAULTS.items() if issubclass(kind, WireFault)
}
"""Every fault of connections as an operator's habit."""

if TYPE_CHECKING:

    class FaultEntry(Fault, Timed, frozen=True, kw_only=True, tag=""):
        """What all entries have. To whoever reads a file it is the union of them."""

        for_: Duration | None = None

    class StandingFault(WireFault, frozen=True, kw_only=True, tag=""):
        """What all habits have. To whoever reads a file it is the union of them."""

        from_: Duration = Duration(0)
        until: Duration | None = None

    AnyFault: TypeAlias = Fault
else:
    AnyFault = Union[tuple(FAULTS.values())]  # noqa: UP007 - of a tuple
    FaultEntry = Union[tuple(ENTRIES.values())]  # noqa: UP007
    StandingFault = Union[tuple(STANDING.values())]  # noqa: UP007
