"""How an operator takes messages, as a scenario file says it. The names are the keys of the file; times are seconds."""

import enum
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from smppkit.enums import at_hand
from smppkit.status import CommandStatus
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.patterns import TextPattern
from smsc.scenario.scalars import Number, Octet, Status
from smsc.scenario.tlv_values import ExtraTlv, RequiredTlv, unknown_fields
from yamlmodel.scalars import Duration, Percent, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]
_REFUSES = "found ESME_ROK; expected a status that refuses the message"


class Per(enum.Enum):
    """What a limit counts for itself."""

    BIND = "bind"
    ACCOUNT = "account"
    SENDER = "sender"
    OPERATOR = "operator"


class Throttle(msgspec.Struct, frozen=True):
    """A limit of the rate of submits."""

    rate: Annotated[Rate, Meta(description="Submits at most", examples=["30/s"])]
    per: Annotated[Per, Meta(description="What has a limit of its own")] = Per.ACCOUNT
    burst: Annotated[int, Meta(description="Submits at once; as many as a second allows when omitted", ge=1)] | None = (
        None
    )
    status: Annotated[Status, Meta(description="What more gets")] = Status(CommandStatus.ESME_RTHROTTLED)

    def problems(self) -> Problems:
        """A limit refuses."""
        if not self.status:
            yield ("status",), _REFUSES


class Queue(msgspec.Struct, frozen=True):
    """A queue that drains at a rate and can be full."""

    capacity: Annotated[int, Meta(description="Messages it holds", ge=1)]
    drain: Annotated[Rate, Meta(description="How fast it empties", examples=["50/s"])]
    sticky: Annotated[Duration, Meta(description="How long it stays full once it was")] = Duration(0)
    status: Annotated[Status, Meta(description="What a submit gets when it is full")] = Status(
        CommandStatus.ESME_RMSGQFUL
    )

    def problems(self) -> Problems:
        """A full queue refuses."""
        if not self.status:
            yield ("status",), _REFUSES


class Unregistered(enum.Enum):
    """What becomes of a message whose sender is not the account's."""

    REJECT = "reject"
    REWRITE = "rewrite"
    ACCEPT_THEN_REJECT = "accept-then-reject"
    ACCEPT = "accept"


class SenderRules(msgspec.Struct, frozen=True):
    """What a source address may be."""

    alphanumeric: Annotated[int, Meta(description="Longest name; 0 allows none", ge=0, le=20)] = 20
    numeric: Annotated[int, Meta(description="Longest number; 0 allows none", ge=0, le=20)] = 20
    strict_ton: Annotated[bool, Meta(description="Names have TON 5 and NPI 0, numbers another TON")] = False
    status: Annotated[Status, Meta(description="What another sender gets")] = Status(CommandStatus.ESME_RINVSRCADR)
    unregistered: Annotated[
        Unregistered, Meta(description="What becomes of a message from a sender that the account does not have")
    ] = Unregistered.REJECT
    rewrite: Annotated[str, Meta(description="The sender it is rewritten to", max_length=20)] = ""

    def problems(self) -> Problems:
        """What is rewritten is rewritten to something."""
        if not self.status:
            yield ("status",), _REFUSES
        if self.unregistered is Unregistered.REWRITE and not self.rewrite:
            yield ("unregistered",), "found rewrite; expected the key rewrite beside it, with the sender to use"
        if self.rewrite and self.unregistered is not Unregistered.REWRITE:
            yield (
                ("rewrite",),
                f"nothing is rewritten with unregistered: {self.unregistered.value}; expected rewrite there",
            )


class Content(msgspec.Struct, frozen=True):
    """What a text may say. A long message is judged when its last part comes: that is the one which is refused."""

    templates: Annotated[list[TextPattern], Meta(description="Registered texts; others are refused")] | None = None
    template_status: Annotated[Status, Meta(description="What a text without a template gets")] = Status(0x00000258)
    spam: Annotated[list[TextPattern], Meta(description="Texts that are spam")] = []
    spam_status: Annotated[Status, Meta(description="What spam gets")] = Status(0x00000432)

    def problems(self) -> Problems:
        """What is not allowed is refused."""
        for key in ("template_status", "spam_status"):
            if not getattr(self, key):
                yield (key,), _REFUSES


DEFAULT_TRIES = tuple(Duration(seconds) for seconds in (60, 300, 900, 3600))


class Schedule(msgspec.Struct, frozen=True):
    """When messages are delivered: how far ahead they may lie, how long and how often they are tried."""

    longest: Annotated[Duration, Meta(description="Longest validity and schedule")] = Duration(14 * 86400)
    over: Annotated[Literal["clamp", "reject"], Meta(description="What becomes of a longer one")] = "clamp"
    validity: Annotated[Duration, Meta(description="Validity of a message that asks for none")] = Duration(2 * 86400)
    tries: Annotated[
        list[Duration],
        Meta(description="Waits between attempts to reach a subscriber; the last one repeats", min_length=1),
    ] = msgspec.field(default_factory=lambda: list(DEFAULT_TRIES))

    def problems(self) -> Problems:
        """Times that can be kept."""
        if self.validity > self.longest:
            yield ("validity",), f"found {self.validity:g}s; expected at most longest, {self.longest:g}s"
        for index, wait in enumerate(self.tries):
            if wait < 1:
                yield ("tries", index), "expected at least 1s"


@at_hand
class ErrorBody(enum.Enum):
    """What follows the header of an error response; anything but none is against SMPP 3.4 §4.4.2, and is seen."""

    NONE = "none"
    MESSAGE_ID = "message_id"
    NUL = "nul"
    TLVS = "tlvs"


class Submit(msgspec.Struct, frozen=True):
    """How submit_sm, submit_multi and data_sm are answered."""

    latency: Annotated[Latency, Meta(description="Time to the response", examples=["lognormal 40ms p99 400ms"])] = (
        Fixed(0.0)
    )
    throttles: Annotated[list[Throttle], Meta(description="Limits of the rate")] = []
    queue: Annotated[Queue, Meta(description="A queue that can be full")] | None = None
    window_status: Annotated[Status, Meta(description="What a submit beyond the window gets")] = Status(
        CommandStatus.ESME_RTHROTTLED
    )
    alphabet: Annotated[
        Literal["gsm7", "gsm7-packed", "latin1", "ascii"], Meta(description="What data_coding 0 is here")
    ] = "gsm7"
    data_codings: Annotated[list[Octet], Meta(description="data_coding values taken; all when omitted")] | None = None
    data_coding_status: (
        Annotated[
            Status, Meta(description="What another data_coding gets; 0x104 in SMPP 5.0 and 0x45 before when omitted")
        ]
        | None
    ) = None
    service_types: Annotated[list[str], Meta(description="service_type values taken; all when omitted")] | None = None
    senders: Annotated[SenderRules, Meta(description="What a source address may be")] = SenderRules()
    content: Annotated[Content, Meta(description="What a text may say")] = Content()
    required_tlvs: Annotated[list[RequiredTlv], Meta(description="TLVs that every submit must carry")] = []
    schedule: Annotated[Schedule, Meta(description="When messages are delivered, and how long they are tried")] = (
        Schedule()
    )
    error_body: Annotated[ErrorBody, Meta(description="What follows the header of an error response")] = ErrorBody.NONE
    tlvs: Annotated[list[ExtraTlv], Meta(description="TLVs of every accepted response")] = []
    refuse: Annotated[dict[Status, Percent], Meta(description="Share of messages refused by chance, by status")] = {}
    default_messages: Annotated[
        dict[Number, str], Meta(description="Texts by sm_default_msg_id; another id gets ESME_RINVDFTMSGID")
    ] = {}
    distribution_lists: Annotated[
        dict[str, list[str]], Meta(description="Numbers of the lists that submit_multi may name")
    ] = {}

    def problems(self) -> Problems:
        """Shares are at most the whole, octets are octets, numbers of lists are numbers."""
        yield from unknown_fields("tlvs", self.tlvs)
        total = sum(self.refuse.values())
        if total > 1 + 1e-6:
            yield ("refuse",), f"the shares sum to {total * 100:g}%; expected at most 100%"
        for status in self.refuse:
            if not status:
                yield ("refuse",), _REFUSES
        for key in ("window_status", "data_coding_status"):
            if getattr(self, key) == 0:
                yield (key,), _REFUSES
        for identity in self.default_messages:
            if not 1 <= identity <= 254:
                yield ("default_messages", str(identity)), f"found {identity}; expected an sm_default_msg_id, 1 to 254"
        for name, numbers in self.distribution_lists.items():
            if not 1 <= len(name) <= 20:
                yield ("distribution_lists", name), "expected a name of 1 to 20 characters"
            for index, number in enumerate(numbers):
                if not 1 <= len(number) <= 20:
                    yield ("distribution_lists", name, index), "expected a number of 1 to 20 characters"
