"""What a scenario file says: operators with their accounts and habits, and a timeline of what befalls them.

The names are the keys of the file, and each has its description beside it. Times are seconds.
"""

import enum
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from smppkit.message_ids import IdBase
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.patterns import AddressGlob, TextPattern
from smsc.scenario.scalars import DEFAULT_HOST, Listen, Stat, Status
from yamlmodel.scalars import Duration, Percent, Rate
from yamlmodel.suggest import did_you_mean

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class BindType(enum.Enum):
    """What a bind may be used for: submitting, receiving, or both."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class ReceiptForm(enum.Enum):
    """Where a receipt carries its content: text of appendix B, TLVs, or both."""

    TEXT = "text"
    TLV = "tlv"
    BOTH = "both"


class Account(msgspec.Struct, frozen=True):
    """Who may bind, and how much they may send."""

    system_id: Annotated[str, Meta(description="Name of the account", min_length=1, max_length=15)]
    password: Annotated[str, Meta(description="Its password", max_length=8)]
    binds: Annotated[int, Meta(description="Binds at once; 0 is any number", ge=0)] = 0
    window: Annotated[int, Meta(description="Unanswered submits at most; more are throttled", ge=1)] | None = None
    rate: Annotated[Rate, Meta(description="Submits at most; more get ESME_RTHROTTLED", examples=["100/s"])] | None = (
        None
    )
    senders: Annotated[list[str], Meta(description="Source addresses allowed; others get ESME_RINVSRCADR")] | None = (
        None
    )
    bind_types: Annotated[list[BindType], Meta(description="Binds allowed", min_length=1)] = msgspec.field(
        default_factory=lambda: list(BindType)
    )


class Submit(msgspec.Struct, frozen=True):
    """How submit_sm is answered."""

    latency: Annotated[Latency, Meta(description="Time to the response", examples=["lognormal 40ms p99 400ms"])] = (
        Fixed(0.0)
    )


class Receipts(msgspec.Struct, frozen=True):
    """What becomes of accepted messages, and how receipts say so."""

    delay: Annotated[Latency, Meta(description="Time from the response to the receipt")] = Fixed(1.0)
    outcome: Annotated[
        dict[Stat | Literal["none"], Percent],
        Meta(description="Share of messages per final state; `none` has no receipt", min_length=1),
    ] = msgspec.field(default_factory=lambda: {Stat("DELIVRD"): Percent(1.0)})
    ids: Annotated[IdBase, Meta(description="Base of the id in receipts; as in the response when omitted")] | None = (
        None
    )
    form: Annotated[ReceiptForm, Meta(description="Where the receipt carries its content")] = ReceiptForm.BOTH
    before_response: Annotated[bool, Meta(description="Send the receipt before the submit_sm_resp")] = False
    err: Annotated[dict[Stat, str], Meta(description="Error code per state; 000 or 001 when omitted")] = {}

    def problems(self) -> Problems:
        """Shares must be the whole."""
        total = sum(self.outcome.values())
        if abs(total - 1.0) > 1e-6:
            yield ("outcome",), f"the shares sum to {total * 100:g}%; expected 100%"


class When(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Which messages a rule is for; all conditions must hold, and none at all means every message."""

    to: Annotated[AddressGlob, Meta(description="Destination", examples=["77050000*"])] | None = None
    from_: Annotated[AddressGlob, Meta(description="Source address", examples=["SHOP"])] | None = None
    text: Annotated[TextPattern, Meta(description="Text of the message", examples=["/casino/i"])] | None = None
    account: Annotated[AddressGlob, Meta(description="system_id", examples=["shop"])] | None = None


class ReceiptChange(msgspec.Struct, frozen=True):
    """What a rule changes in the receipt; what is omitted is as for any other message."""

    stat: Annotated[Stat, Meta(description="State", examples=["UNDELIV"])] | None = None
    err: Annotated[str, Meta(description="Error code", examples=["069"])] | None = None
    delay: Annotated[Latency, Meta(description="Time from the response to the receipt")] | None = None


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


class Timers(msgspec.Struct, frozen=True):
    """When the operator acts on silence; null switches a timer off."""

    session_init: Annotated[Duration, Meta(description="From connection to bind")] | None = Duration(30)
    enquire_link: Annotated[Duration, Meta(description="Silence before enquire_link")] | None = Duration(30)
    inactivity: Annotated[Duration, Meta(description="Without messages before unbind")] | None = None
    response: Annotated[Duration, Meta(description="For the peer to answer")] = Duration(60)


class Operator(msgspec.Struct, frozen=True):
    """One emulated operator."""

    listen: Annotated[Listen, Meta(description="Address", examples=["tcp:2775"])] = Listen(DEFAULT_HOST, 2775)
    accounts: Annotated[Literal["any"] | list[Account], Meta(description="Who may bind; `any` lets everyone in")] = (
        "any"
    )
    submit: Annotated[Submit, Meta(description="How submit_sm is answered")] = Submit()
    receipts: Annotated[Receipts, Meta(description="What becomes of messages")] = Receipts()
    rules: Annotated[list[Rule], Meta(description="Special treatment, first match wins")] = []
    ids: Annotated[IdBase, Meta(description="Base of the id in responses")] = IdBase.DECIMAL
    timers: Annotated[Timers, Meta(description="Timers of its sessions")] = Timers()

    def problems(self) -> Problems:
        """Accounts are distinct, and rules speak of accounts that exist."""
        if self.accounts == "any":
            return
        seen: list[str] = []
        for index, account in enumerate(self.accounts):
            if account.system_id in seen:
                yield ("accounts", index, "system_id"), f'a second account "{account.system_id}"'
            seen.append(account.system_id)
        for index, rule in enumerate(self.rules):
            pattern = rule.when.account
            if pattern is not None and not any(pattern.compile()(system_id) for system_id in seen):
                message = f'found "{pattern}"; expected an account of this operator{did_you_mean(pattern, seen)}'
                yield ("rules", index, "when", "account"), message


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry of a timeline has."""

    at: Annotated[Duration, Meta(description="Time from the start", examples=["30s"])]
    operator: Annotated[str, Meta(description="Whom it befalls; all when omitted")] | None = None


class ThrottleFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="throttle", rename={"for_": "for"}):
    """Every account is limited further for a while; more gets ESME_RTHROTTLED."""

    rate: Annotated[Rate, Meta(description="Submits at most, per account", examples=["5/s"])]
    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class ResetFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="reset"):
    """Connections are cut with a TCP reset."""

    binds: Annotated[Literal["all"] | Annotated[int, Meta(ge=1)], Meta(description="How many")] = "all"


class OutageFault(Entry, frozen=True, kw_only=True, tag_field="fault", tag="outage", rename={"for_": "for"}):
    """Connections are cut and binds refused for a while."""

    for_: Annotated[Duration, Meta(description="How long; to the end when omitted")] | None = None


class MoMessage(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A message from a subscriber."""

    from_: Annotated[str, Meta(description="The subscriber", min_length=1, max_length=20)]
    to: Annotated[str, Meta(description="The short code or number written to", min_length=1, max_length=20)]
    text: Annotated[str, Meta(description="What it says")]


class MoEntry(Entry, frozen=True, kw_only=True):
    """A subscriber writes."""

    mo: Annotated[MoMessage, Meta(description="The message")]


Fault = ThrottleFault | ResetFault | OutageFault
TimelineEntry = ThrottleFault | ResetFault | OutageFault | MoEntry


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `workload` and `expect` are the harness's: accepted here and left alone."""

    scenario: Annotated[str, Meta(description="What it is about, in one line")] = ""
    seed: Annotated[int, Meta(description="Everything random follows from it")] = 0
    operators: Annotated[dict[str, Operator], Meta(description="Operators by name", min_length=1)]
    timeline: Annotated[list[TimelineEntry], Meta(description="What happens when")] = []
    workload: Any = None
    expect: Any = None

    def problems(self) -> Problems:
        """Names refer to something, and no two operators want one address."""
        for index, entry in enumerate(self.timeline):
            if entry.operator is not None and entry.operator not in self.operators:
                known = ", ".join(self.operators)
                hint = did_you_mean(entry.operator, self.operators)
                message = f'found "{entry.operator}"; expected an operator of this file ({known}){hint}'
                yield ("timeline", index, "operator"), message
        taken: dict[Listen, str] = {}
        for name, operator in self.operators.items():
            if operator.listen.port and operator.listen in taken:
                other = taken[operator.listen]
                yield ("operators", name, "listen"), f"{operator.listen} is already the address of {other}"
            taken.setdefault(operator.listen, name)
