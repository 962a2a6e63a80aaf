"""The entries of a timeline, as a scenario file says them. The names are the keys of the file; times are seconds."""

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from smsc.faults.registry import ENTRIES, FaultEntry
from smsc.scenario.mobile import MoMessage, UssdSession
from yamlmodel.scalars import Duration, Rate

if TYPE_CHECKING:
    from smsc.faults.reset import ResetFault as ResetFault
else:
    ResetFault = ENTRIES["reset"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry of a timeline has."""

    at: Annotated[Duration, Meta(description="Time from the start", examples=["30s"])]
    operator: Annotated[str, Meta(description="Whom it befalls; all when omitted")] | None = None


class ThrottleFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="throttle", rename={"for_": "for"}):
    """Every account is limited further for a while; more gets ESME_RTHROTTLED."""

    rate: Annotated[Rate, Meta(description="Submits at most, per account", examples=["5/s"])]
    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class OutageFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="outage", rename={"for_": "for"}):
    """Connections are cut and binds refused for a while."""

    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class UssdEntry(Entry, frozen=True, kw_only=True):
    """A subscriber opens a USSD session."""

    ussd: Annotated[UssdSession, Meta(description="What is dialled and answered")]


class AlertEntry(Entry, frozen=True, kw_only=True):
    """A subscriber is available again: alert_notification."""

    alert: Annotated[str, Meta(description="The subscriber's number", min_length=1, max_length=64)]
    account: Annotated[str, Meta(description="Whose ESME is told; all when omitted")] | None = None
    status: Annotated[int, Meta(description="ms_availability_status", ge=0, le=2)] = 0


class MoEntry(Entry, frozen=True, kw_only=True):
    """A subscriber writes."""

    mo: Annotated[MoMessage, Meta(description="The message")]


Fault = ThrottleFault | ResetFault | OutageFault
TimelineEntry = ThrottleFault | OutageFault | FaultEntry | MoEntry | UssdEntry | AlertEntry
