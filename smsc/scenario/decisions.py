"""What the engine decides: values, performed by others. All times are seconds from the submit."""

from typing import Final, Literal, TypeAlias

import msgspec

from smppkit.message_state import MessageState
from smppkit.tlvs import Tlv
from smsc.scenario.receipts import Receipts
from smsc.scenario.template import Words

Refusal: TypeAlias = int | Literal["drop"]
"""What a bind earns: a command_status (0 lets it in), or the end of the connection without a word."""

NOTHING: Final = 0
EVERY_STATE: Final = sum(1 << state for state in MessageState)
FAILURES: Final = sum(1 << state for state in MessageState if state.final and state is not MessageState.DELIVERED)


class Fate(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """What becomes of a message, as its receipt tells it: the word of `stat:`, the code of `err:`, the state."""

    stat: str
    err: str
    state: MessageState


class PlannedNotice(msgspec.Struct, frozen=True, gc=False):
    """A receipt besides the final one.

    `after` counts from the submit, or, with `late`, from the final receipt. It was asked for, or needs no asking.
    """

    after: float
    fate: Fate
    esm_class: int
    late: bool = False


class PlannedReply(msgspec.Struct, frozen=True, gc=False):
    """What the subscriber answers, so many seconds after the message was delivered."""

    after: float
    text: str


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What is to become of a message when nobody interferes (cancels, replaces, restarts).

    `fate` comes `ends_after`; None: never heard of again, ENROUTE for good. A fate that is not final (ACCEPTD, ENROUTE)
    is the last that is ever heard too. The message is SCHEDULED until `starts_after`. It is EXPIRED at `expires_after`
    where that comes before `ends_after`: the plan has seen to that already.

    `receipt_id` is the id as receipts write it; `tlv_id` as receipted_message_id has it, "" for the same. `wanted` has
    the bit `1 << state` for each state that earns a receipt, and is 0 where none does. With `early` the receipt goes
    out before the response, which is due no sooner.

    `source_addr` is what the sender was rewritten to, "" as submitted; `text` the predefined message that stands for
    the submitted one, "" as submitted. `look` is how this message's receipts look, None as the operator's all do.
    `words` are what templates in receipts say of it beyond the message itself, None where they say no such thing.
    """

    fate: Fate
    ends_after: float | None
    starts_after: float = 0.0
    expires_after: float = 0.0
    receipt_id: str = ""
    wanted: int = NOTHING
    early: bool = False
    notices: tuple[PlannedNotice, ...] = ()
    source_addr: str = ""
    text: str = ""
    look: Receipts | None = None
    tlv_id: str = ""
    words: Words | None = None
    reply: PlannedReply | None = None


class Revision(msgspec.Struct, frozen=True, gc=False):
    """A later part changed what becomes of an earlier one: the message `number` has this plan from now on.

    The plan's times count from the submit that brought the revision, not from the message's own.
    """

    number: int
    plan: Plan


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer to one message.

    `status` 0 accepts it: then `message_id` is the id for the response and `number` the same as a number. The response
    is due `respond_after` seconds after the submit, or never (`no_response`: the message is taken, as far as `status`
    and `plan` say, but nobody is told).

    `tlvs` go into the response of an accepted message; `body` is what follows the header of a refusal, b"" as the
    specification has it. `rejected_receipt` is the receipt of a refused message, where the operator writes such;
    it has `number` too. `revises` are earlier messages whose plans change. `remark` is for people: what the tester
    wrote that could not be obeyed.
    """

    status: int
    message_id: str = ""
    respond_after: float = 0.0
    plan: Plan | None = None
    no_response: bool = False
    number: int = 0
    tlvs: tuple[Tlv, ...] = ()
    body: bytes = b""
    rejected_receipt: Plan | None = None
    revises: tuple[Revision, ...] = ()
    remark: str = ""
