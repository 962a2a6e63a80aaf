"""Rules as a scenario file says them: which messages, and what is done to them otherwise.

The names are the keys of the file. Times are seconds.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from smppkit.text import Alphabet
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Latency
from smsc.scenario.patterns import AddressGlob, TextPattern
from smsc.scenario.receipt_text import ReceiptText
from smsc.scenario.receipts import Carrier, Conflict, Notice, ReceiptForm, Receipts
from smsc.scenario.scalars import Number, Octet, Span, Stat, Status
from smsc.scenario.tlv_values import ExtraTlv
from yamlmodel.scalars import Percent

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class When(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Which messages a rule is for; all conditions must hold, and none at all means every message."""

    to: Annotated[AddressGlob, Meta(description="Destination", examples=["77050000*"])] | None = None
    from_: Annotated[AddressGlob, Meta(description="Source address", examples=["SHOP"])] | None = None
    text: Annotated[TextPattern, Meta(description="Text of the message", examples=["/casino/i"])] | None = None
    account: Annotated[AddressGlob, Meta(description="system_id", examples=["shop"])] | None = None
    encoding: (
        Annotated[Alphabet | Octet, Meta(description="Alphabet of the text, or a data_coding", examples=["ucs2"])]
        | None
    ) = None
    parts: Annotated[Span, Meta(description="Parts of the whole message", examples=["2+"])] | None = None
    part: Annotated[Span, Meta(description="Which part it is", examples=["1"])] | None = None
    tlv: Annotated[Number, Meta(description="Tag of a TLV that is there", examples=["0x1400"])] | None = None
    from_ton: Annotated[int, Meta(description="source_addr_ton", ge=0, le=255)] | None = None
    registered: Annotated[bool, Meta(description="Whether a receipt was asked for")] | None = None


class ReceiptChange(msgspec.Struct, frozen=True):
    """What a rule changes in the receipt; what is omitted is as for any other message."""

    stat: Annotated[Stat, Meta(description="State", examples=["UNDELIV"])] | None = None
    err: Annotated[str, Meta(description="Error code", examples=["069"])] | None = None
    delay: Annotated[Latency, Meta(description="Time from the response to the receipt")] | None = None
    ids: Annotated[IdStyle, Meta(description="How its id is written")] | None = None
    form: Annotated[ReceiptForm, Meta(description="Where it carries its content")] | None = None
    text: Annotated[ReceiptText, Meta(description="Its text")] | None = None
    before_response: Annotated[bool, Meta(description="Send it before the submit_sm_resp")] | None = None
    esm_class: Annotated[Octet, Meta(description="Its esm_class")] | None = None
    data_coding: Annotated[Octet, Meta(description="Its data_coding")] | None = None
    carrier: Annotated[Carrier, Meta(description="PDU that carries it")] | None = None
    network_type: Annotated[int, Meta(description="Type in network_error_code", ge=1, le=8)] | None = None
    conflict: Annotated[Conflict, Meta(description="What its TLVs say other than its text")] | None = None
    tlvs: Annotated[list[ExtraTlv], Meta(description="TLVs added to it")] | None = None
    notices: Annotated[list[Notice], Meta(description="Receipts besides it")] | None = None
    copies: Annotated[int, Meta(description="How often it is sent", ge=1, le=10)] | None = None

    def look(self, receipts: Receipts) -> Receipts | None:
        """The operator's receipts with these changes; None where only the fate is changed."""
        given = {key: getattr(self, key) for key in self.__struct_fields__[3:]}
        changes = {key: value for key, value in given.items() if value is not None}
        return msgspec.structs.replace(receipts, **changes) if changes else None


class Rule(msgspec.Struct, frozen=True):
    """A special treatment for some messages; the first rule that matches is the only one applied."""

    when: Annotated[When, Meta(description="Which messages")] = When()
    respond: (
        Annotated[Status | Literal["none"], Meta(description="Status of the response; `none` never answers")] | None
    ) = None
    receipt: Annotated[ReceiptChange | Literal["none"], Meta(description="Its receipt; `none` sends none")] | None = (
        None
    )
    latency: Annotated[Latency, Meta(description="Time to the response")] | None = None
    probability: Annotated[Percent, Meta(description="Share of the matching messages")] = Percent(1.0)
    note: Annotated[str, Meta(description="What the rule is for, shown to people")] = ""

    @property
    def refuses(self) -> bool:
        """Whether the message is turned down by a status."""
        return isinstance(self.respond, Status) and self.respond != 0

    def problems(self) -> Problems:
        """A rule does something, and nothing that cannot happen."""
        if self.respond is None and self.receipt is None and self.latency is None:
            yield (), "the rule does nothing; expected respond, receipt or latency"
        if self.refuses and self.receipt is not None:
            yield ("receipt",), "a refused message has no receipt; remove respond or receipt"
