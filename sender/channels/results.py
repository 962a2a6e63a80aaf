"""What goes into a channel and what comes out of it: values, no behaviour."""

from __future__ import annotations

import msgspec

from sender.domain.message import DoubtCause, MessageClass, State
from smppkit.pdus import DataSm, DeliverSm
from smppkit.runs import ReceiptRun
from smppkit.transport import Link


class Submit(msgspec.Struct, gc=False):
    """One segment of one message on its way: one submit_sm.

    It carries what the decision about its answer will need, so that nothing has to be looked up again.
    """

    message_id: int
    campaign_id: int
    part: int
    parts: int
    source_addr: str
    destination_addr: str
    body: bytes
    """The submit_sm behind its header, in the version that its bind speaks."""
    sequence: int
    message_class: MessageClass
    attempts: int
    """How many times the message was submitted before."""
    resends: int
    """How many submits of it followed a doubt, this one included."""
    tried_since: float | None
    """Unix time of the first attempt."""
    expires: float | None = None
    """Unix time from which it must not be written any more."""
    under_way: int = 0
    """Submits of its bind that were unanswered when it was written, itself included."""
    alone: bool = False
    """Whether it was the only one of the whole account."""

    @property
    def urgent(self) -> bool:
        """Whether it goes before everything that is not: a one-time code."""
        return self.message_class is MessageClass.CODE


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The operator answered; `status` 0 comes with its message id."""

    submit: Submit
    status: int
    smsc_id: str
    late_on: int | None = None
    """The epoch of the bind, when the submit had been given up before: it may have been sent again since."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """Submits that the operator accepted, with its message ids in their order: as many `Answered` of status 0."""

    submits: list[Submit]
    smsc_ids: list[str]


class Unanswered(msgspec.Struct, frozen=True, gc=False):
    """Written, and no answer will come."""

    submit: Submit
    cause: DoubtCause


class Unwritten(msgspec.Struct, frozen=True, gc=False):
    """Certainly never written: its bind was lost, or the channel stopped, before its turn came."""

    submit: Submit


class Later(msgspec.Struct, frozen=True, gc=False):
    """Not now: it goes back to the queue until `due` (unix time)."""

    due: float
    reason: str


class Never(msgspec.Struct, frozen=True, gc=False):
    """Never: its message ends in `state` (cancelled, blocked or expired)."""

    state: State
    reason: str


Hold = Later | Never


class Withheld(msgspec.Struct, frozen=True, gc=False):
    """Certainly never written: at the instant of writing something forbade it (I7)."""

    submit: Submit
    hold: Hold


class Postponed(msgspec.Struct, frozen=True, gc=False):
    """Certainly never written: its sender's limit has no room for it for another `delay` seconds."""

    submit: Submit
    delay: float


One = Answered | Unanswered | Unwritten | Withheld | Postponed
"""What became of one submit."""
Result = Taken | One


class Delivery(msgspec.Struct, frozen=True):
    """A deliver_sm or data_sm of the operator, to be acknowledged when it is safe."""

    link: Link
    pdu: DeliverSm | DataSm


class Receipts(msgspec.Struct, frozen=True):
    """Receipts that came one behind another, to be acknowledged together when it is safe."""

    link: Link
    run: ReceiptRun


Delivered = Delivery | Receipts
