"""What becomes of accepted messages and how receipts say so, as a scenario file says it. Times are seconds."""

import enum
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from smppkit.enums import at_hand
from smppkit.status import CommandStatus
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.receipt_text import CANONICAL, ReceiptText
from smsc.scenario.scalars import Octet, Stat, Status
from smsc.scenario.tlv_values import ExtraTlv, unknown_fields
from yamlmodel.scalars import Duration, Percent

Problems = Iterable[tuple[tuple[str | int, ...], str]]


@at_hand
class ReceiptForm(enum.Enum):
    """Where a receipt carries its content: text of appendix B, TLVs, or both."""

    TEXT = "text"
    TLV = "tlv"
    BOTH = "both"


@at_hand
class Carrier(enum.Enum):
    """The PDU that carries a receipt."""

    DELIVER_SM = "deliver_sm"
    DATA_SM = "data_sm"


class Route(enum.Enum):
    """Which bind of the account gets a receipt; where there is none, any that can receive."""

    ROUND_ROBIN = "round-robin"
    SAME_BIND = "same-bind"
    SIBLING = "sibling"
    RECEIVERS = "receivers"


@at_hand
class PerPart(enum.Enum):
    """Which parts of a long message have a receipt."""

    EVERY = "every"
    FIRST = "first"
    LAST = "last"


class Conflict(msgspec.Struct, frozen=True):
    """What the TLVs of a receipt say other than its text."""

    state: Annotated[Stat, Meta(description="State in message_state")] | None = None
    id: Annotated[IdStyle, Meta(description="How the id in receipted_message_id is written")] | None = None


class Notice(msgspec.Struct, frozen=True):
    """A receipt besides the final one."""

    stat: Annotated[Stat, Meta(description="Its state", examples=["ENROUTE"])]
    after: Annotated[Latency, Meta(description="Time from the response, or from the final receipt")] = Fixed(0.0)
    err: Annotated[str, Meta(description="Its error code")] = "000"
    esm_class: Annotated[Octet, Meta(description="esm_class")] = Octet(0x20)
    asked: Annotated[bool, Meta(description="Only when registered_delivery asks for it (bit 0x10)")] = True
    late: Annotated[bool, Meta(description="After the final receipt: out of order")] = False


class Retry(msgspec.Struct, frozen=True):
    """What an operator does about a delivery that was not acknowledged with ESME_ROK."""

    on: Annotated[list[Status], Meta(description="Statuses after which it tries again; others are final")] = (
        msgspec.field(
            default_factory=lambda: [
                Status(CommandStatus.ESME_RTHROTTLED),
                Status(CommandStatus.ESME_RSYSERR),
                Status(CommandStatus.ESME_RMSGQFUL),
                Status(CommandStatus.ESME_RSUBMITFAIL),
                Status(CommandStatus.ESME_RX_T_APPN),
                Status(CommandStatus.ESME_RQUERYFAIL),
                Status(CommandStatus.ESME_RDELIVERYFAILURE),
                Status(CommandStatus.ESME_RUNKNOWNERR),
            ]
        )
    )
    first: Annotated[Duration, Meta(description="Wait before the second attempt; it doubles")] = Duration(1)
    longest: Annotated[Duration, Meta(description="Longest wait")] = Duration(60)
    attempts: Annotated[int, Meta(description="Attempts at most; 0 is any number", ge=0)] = 0

    def problems(self) -> Problems:
        """What was acknowledged is not sent again, and waits grow."""
        if not all(self.on):
            yield ("on",), "found ESME_ROK; expected statuses that do not acknowledge"
        if not 0 < self.first <= self.longest:
            yield ("first",), f"found {self.first:g}s; expected more than 0s, and at most longest, {self.longest:g}s"


class Receipts(msgspec.Struct, frozen=True):
    """What becomes of accepted messages, and how receipts say so."""

    delay: Annotated[Latency, Meta(description="Time from the response to the final state and its receipt")] = Fixed(
        1.0
    )
    outcome: Annotated[
        dict[Stat | Literal["none"], Percent],
        Meta(description="Share of messages per final state; `none` is never heard of again", min_length=1),
    ] = msgspec.field(default_factory=lambda: {Stat("DELIVRD"): Percent(1.0)})
    ids: Annotated[IdStyle, Meta(description="How ids are written; as in responses when omitted")] | None = None
    form: Annotated[ReceiptForm, Meta(description="Where the receipt carries its content")] = ReceiptForm.BOTH
    text: Annotated[
        ReceiptText,
        Meta(description="Its text", examples=["'id:{id} done date:{done:YYYYMMDDhhmmss} stat:{stat} err:{err:4}'"]),
    ] = CANONICAL
    err: Annotated[dict[Stat, str], Meta(description="Error code per state; 000 or 001 when omitted")] = {}
    before_response: Annotated[bool, Meta(description="Send the receipt before the submit_sm_resp")] = False
    esm_class: Annotated[Octet, Meta(description="esm_class of a receipt")] = Octet(0x04)
    data_coding: Annotated[Octet, Meta(description="data_coding of a receipt")] = Octet(0)
    carrier: Annotated[Carrier, Meta(description="PDU that carries it")] = Carrier.DELIVER_SM
    network_type: (
        Annotated[int, Meta(description="Type in network_error_code, 1 to 8; no such TLV when omitted", ge=1, le=8)]
        | None
    ) = None
    conflict: Annotated[Conflict, Meta(description="What the TLVs say other than the text")] = Conflict()
    tlvs: Annotated[list[ExtraTlv], Meta(description="TLVs added to receipts")] = []
    notices: Annotated[list[Notice], Meta(description="Receipts besides the final one")] = []
    copies: Annotated[int, Meta(description="How often a receipt is sent", ge=1, le=10)] = 1
    rejected: Annotated[bool, Meta(description="Refused submits have a receipt REJECTD too")] = False
    unasked: Annotated[bool, Meta(description="Receipts for messages that did not ask for one too")] = False
    parts: Annotated[PerPart, Meta(description="Which parts of a long message have a receipt")] = PerPart.EVERY
    one_fate: Annotated[
        bool, Meta(description="All parts of a long message share one outcome, by chance and by rules")
    ] = True
    reassembly: (
        Annotated[Duration, Meta(description="How long the missing parts are waited for; then all of it fails")] | None
    ) = None
    route: Annotated[Route, Meta(description="Which bind gets receipts")] = Route.ROUND_ROBIN
    retry: Annotated[Retry, Meta(description="What is done about unacknowledged deliveries")] = Retry()

    def problems(self) -> Problems:
        """Shares must be the whole."""
        yield from unknown_fields("tlvs", self.tlvs)
        total = sum(self.outcome.values())
        if abs(total - 1.0) > 1e-6:
            yield ("outcome",), f"the shares sum to {total * 100:g}%; expected 100%"
        if self.form is ReceiptForm.TEXT:
            for key, said in (
                ("network_type", self.network_type),
                ("conflict", self.conflict.state or self.conflict.id),
            ):
                if said is not None:
                    yield (key,), "form: text has no TLVs to say this in; expected form: both or tlv"
        if self.reassembly is not None and not self.reassembly:
            yield ("reassembly",), "found 0s; expected some time, such as 5m"
