"""Rules as a scenario file says them: which messages, and what is done to them otherwise.

The names are the keys of the file. Times are seconds.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from smppkit.text import Alphabet
from smsc.scenario.counting import Count, Per
from smsc.scenario.id_style import IdStyle
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.patterns import AddressPattern, TextPattern, groups_of
from smsc.scenario.receipt_text import RuleReceiptText
from smsc.scenario.receipts import Carrier, Conflict, Notice, ReceiptForm, Receipts
from smsc.scenario.scalars import Number, Octet, Span, Stat, Status
from smsc.scenario.template import COUNT, RuleTemplate, Template
from smsc.scenario.tlv_values import ExtraTlv, TlvMatch
from yamlmodel.scalars import Duration, Percent, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]


def alternatives(patterns: AddressPattern | list[AddressPattern] | None) -> tuple[AddressPattern, ...]:
    """The patterns of which one must fit; none where there is no condition."""
    if patterns is None:
        return ()
    return tuple(patterns) if isinstance(patterns, list) else (patterns,)


class Match(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What a message is; all that is said must hold."""

    to: (
        Annotated[AddressPattern, Meta(description="Destination, or a list of which one fits", examples=["77050000*"])]
        | Annotated[list[AddressPattern], Meta(min_length=1, max_length=1000)]
        | None
    ) = None
    from_: (
        Annotated[AddressPattern, Meta(description="Source address, or a list of which one fits", examples=["SHOP"])]
        | Annotated[list[AddressPattern], Meta(min_length=1, max_length=1000)]
        | None
    ) = None
    text: Annotated[TextPattern, Meta(description="Text of the message", examples=["/casino/i"])] | None = None
    account: Annotated[AddressPattern, Meta(description="system_id", examples=["shop"])] | None = None
    encoding: (
        Annotated[Alphabet | Octet, Meta(description="Alphabet of the text, or a data_coding", examples=["ucs2"])]
        | None
    ) = None
    parts: Annotated[Span, Meta(description="Parts of the whole message", examples=["2+"])] | None = None
    part: Annotated[Span, Meta(description="Which part it is", examples=["1"])] | None = None
    tlv: Annotated[Number | TlvMatch, Meta(description="A TLV that is there, by its tag or with its value")] | None = (
        None
    )
    from_ton: Annotated[int, Meta(description="source_addr_ton", ge=0, le=255)] | None = None
    registered: Annotated[bool, Meta(description="Whether a receipt was asked for")] | None = None


class When(Match, frozen=True, rename={"from_": "from", "not_": "not"}):
    """Which messages a rule is for; all conditions must hold, and none at all means every message.

    Only messages for which everything else holds are counted.
    """

    not_: Annotated[Match, Meta(description="Messages that are all of this are left out")] | None = None
    after: Annotated[Duration, Meta(description="From this time of the scenario on", examples=["30s"])] | None = None
    before: Annotated[Duration, Meta(description="Up to this time of the scenario", examples=["1m"])] | None = None
    count: Annotated[Count, Meta(description="Which of these messages it is", examples=["3", "every 10th"])] | None = (
        None
    )
    rate: Annotated[Rate, Meta(description="While they come faster than this", examples=["10/s"])] | None = None
    per: Annotated[Per, Meta(description="What is counted for itself")] = Per.OPERATOR

    def problems(self) -> Problems:
        """There is a time between after and before."""
        if self.after is not None and self.before is not None and self.before <= self.after:
            yield ("before",), f"found {self.before:g}s; expected more than after, {self.after:g}s"


class RuleReply(msgspec.Struct, frozen=True):
    """What the subscriber answers once the message is delivered."""

    text: Annotated[RuleTemplate, Meta(description="What it says", examples=["'You wrote: {text}'"])]
    after: Annotated[Latency, Meta(description="Time from delivery to the answer")] = Fixed(5.0)


class ReceiptChange(msgspec.Struct, frozen=True):
    """What a rule changes in the receipt; what is omitted is as for any other message."""

    stat: Annotated[Stat, Meta(description="State", examples=["UNDELIV"])] | None = None
    err: Annotated[str, Meta(description="Error code", examples=["069"])] | None = None
    delay: Annotated[Latency, Meta(description="Time from the response to the receipt")] | None = None
    ids: Annotated[IdStyle, Meta(description="How its id is written")] | None = None
    form: Annotated[ReceiptForm, Meta(description="Where it carries its content")] | None = None
    text: Annotated[RuleReceiptText, Meta(description="Its text")] | None = None
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


class Rule(msgspec.Struct, frozen=True, rename={"in_": "in"}):
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
    id: Annotated[
        str,
        Meta(
            description="Its name for changes at run time; rule-1 and so on when omitted",
            max_length=64,
            pattern="^[A-Za-z0-9_.-]*$",
        ),
    ] = ""
    in_: Annotated[dict[str, str], Meta(description="States that machines must be in", examples=["{login: sent}"])] = {}
    then: Annotated[dict[str, str], Meta(description="States that machines are in after it")] = {}
    message_id: (
        Annotated[RuleTemplate, Meta(description="The message_id; {id} is the usual one", examples=["'X-{id}'"])] | None
    ) = None
    tlvs: Annotated[list[ExtraTlv], Meta(description="TLVs added to the response, after those of every response")] = []
    reply: Annotated[RuleReply, Meta(description="What the subscriber answers")] | None = None

    @property
    def refuses(self) -> bool:
        """Whether the message is turned down by a status."""
        return isinstance(self.respond, Status) and self.respond != 0

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its regular expressions, by number and name."""
        return groups_of(*alternatives(self.when.to), self.when.text)

    @property
    def counts(self) -> bool:
        """Whether somebody wants to know how many messages met it."""
        return self.when.count is not None or self.when.rate is not None or self._says_count

    @property
    def _says_count(self) -> bool:
        return any(COUNT in template.names for _, template in self._templates())

    def problems(self) -> Problems:
        """A rule does something, and nothing that cannot happen; its templates speak of what there is."""
        does = (self.respond, self.receipt, self.latency, self.message_id, self.reply)
        if all(act is None for act in does) and not self.then and not self.tlvs:
            yield (), "the rule does nothing; expected respond, receipt, latency, reply, message_id, tlvs or then"
        for key in ("receipt", "message_id", "reply"):
            if self.refuses and getattr(self, key) is not None:
                yield (key,), f"a refused message has no {key}; remove respond or {key}"
        groups = self.groups
        for steps, template in self._templates():
            refusal = template.refusal(groups, counts=True)
            if refusal is not None:
                yield steps, refusal

    def _templates(self) -> Iterator[tuple[tuple[str | int, ...], Template]]:
        """Every template in it, and where it stands."""
        if self.message_id is not None:
            yield ("message_id",), self.message_id
        if self.reply is not None:
            yield ("reply", "text"), self.reply.text
        yield from _texts(("tlvs",), self.tlvs)
        if isinstance(self.receipt, ReceiptChange):
            if self.receipt.text is not None:
                yield ("receipt", "text"), self.receipt.text
            yield from _texts(("receipt", "tlvs"), self.receipt.tlvs or [])


def _texts(steps: tuple[str, ...], extras: list[ExtraTlv]) -> Iterator[tuple[tuple[str | int, ...], Template]]:
    for index, extra in enumerate(extras):
        if extra.text is not None:
            yield (*steps, index, "text"), extra.text
