"""What subscribers send, as a scenario file says it: messages, replies, traffic, USSD. Times are seconds."""

import enum
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from smppkit.segments import LongMessage
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.patterns import AddressPattern, TextPattern, groups_of
from smsc.scenario.scalars import Octet
from smsc.scenario.template import RuleTemplate
from yamlmodel.scalars import Percent, Rate

Problems = Iterable[tuple[tuple[str | int, ...], str]]


class PartOrder(enum.Enum):
    """The order in which the parts of a long MO are delivered."""

    SENT = "sent"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


class MoShape(msgspec.Struct, frozen=True):
    """How what subscribers write is put on the wire."""

    long_message: Annotated[LongMessage, Meta(description="How long messages are cut")] = LongMessage.UDH8
    order: Annotated[PartOrder, Meta(description="Order of the parts")] = PartOrder.SENT
    lose_part: Annotated[Percent, Meta(description="Share of parts that never come")] = Percent(0.0)
    repeat_part: Annotated[Percent, Meta(description="Share of parts that come twice")] = Percent(0.0)
    hide_udhi: Annotated[bool, Meta(description="Leave the UDHI bit out: the header looks like text")] = False
    data_coding: Annotated[Octet, Meta(description="data_coding, whatever the text is written in")] | None = None


class MoMessage(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A message from a subscriber."""

    from_: Annotated[str, Meta(description="The subscriber", min_length=1, max_length=20)]
    to: Annotated[str, Meta(description="The short code or number written to", min_length=1, max_length=20)]
    text: Annotated[str, Meta(description="What it says")]
    shape: Annotated[MoShape, Meta(description="How it is put on the wire; the operator's when omitted")] | None = None


class Reply(msgspec.Struct, frozen=True, rename={"to_": "to", "from_": "from"}):
    """Subscribers answer messages that were delivered to them; the first entry that matches a message is its."""

    say: Annotated[
        dict[RuleTemplate, Percent],
        Meta(description="Share of subscribers per answer; the rest says nothing", min_length=1),
    ]
    to_: Annotated[AddressPattern, Meta(description="Which subscribers, by their number")] | None = None
    from_: Annotated[AddressPattern, Meta(description="Which sender they were written by")] | None = None
    text: Annotated[TextPattern, Meta(description="What was written to them", examples=["/reply yes/i"])] | None = None
    after: Annotated[Latency, Meta(description="Time from delivery to the answer")] = Fixed(5.0)

    def problems(self) -> Problems:
        """Shares are at most the whole."""
        total = sum(self.say.values())
        if total > 1 + 1e-6:
            yield ("say",), f"the shares sum to {total * 100:g}%; expected at most 100%"
        for template in self.say:
            refusal = template.refusal(groups_of(self.to_, self.text))
            if refusal is not None:
                yield ("say", str(template)), refusal


class MoTraffic(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Subscribers write all the time, at random."""

    rate: Annotated[Rate, Meta(description="Messages on average", examples=["5/s"])]
    from_: Annotated[
        str,
        Meta(
            description="Their numbers; each # is a random digit",
            examples=["7701#######"],
            min_length=1,
            max_length=20,
            pattern="^[+]?[0-9#]+$",
        ),
    ]
    to: Annotated[str, Meta(description="The short code or number written to", min_length=1, max_length=20)]
    texts: Annotated[list[str], Meta(description="What they say, one of these", min_length=1)]
    most: Annotated[int, Meta(description="How many in all; any number when omitted", ge=1)] | None = None


class SessionId(enum.Enum):
    """Where a USSD session's number travels."""

    ITS_SESSION_INFO = "its_session_info"
    USER_MESSAGE_REFERENCE = "user_message_reference"


class UssdSession(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A subscriber dials, and answers each screen that the ESME sends."""

    from_: Annotated[str, Meta(description="The subscriber", min_length=1, max_length=20)]
    dials: Annotated[
        str,
        Meta(
            description="What is dialled; also the address written to",
            examples=['"*100#"'],
            min_length=1,
            max_length=20,
        ),
    ]
    answers: Annotated[list[str], Meta(description="What is answered to each screen; then the session ends")] = []
    after: Annotated[Latency, Meta(description="Time from a screen to its answer")] = Fixed(2.0)
    session_id: Annotated[SessionId, Meta(description="TLV that carries the session's number")] = (
        SessionId.ITS_SESSION_INFO
    )


class MobileOriginated(msgspec.Struct, frozen=True):
    """What subscribers send."""

    shape: Annotated[MoShape, Meta(description="How it is put on the wire")] = MoShape()
    replies: Annotated[list[Reply], Meta(description="Answers to messages")] = []
    traffic: Annotated[list[MoTraffic], Meta(description="Messages all the time")] = []
