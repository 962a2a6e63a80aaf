"""The values that cross the border of the store.

All times are unix seconds (the epoch of the process plus its monotonic clock). A *message* is one text to one number;
a *part* is one segment of it, numbered from 1, and one submit_sm. An *account* is the name of an operator account
in the configuration (``beeline-kz``); a message's `operator` is the account it goes through.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

from sender.domain.dialect import Form
from sender.domain.message import DoubtCause, MessageClass, State
from smppkit.enums import at_hand
from smppkit.message_state import MessageState


class StoreError(Exception):
    """The store cannot be opened or written; the text is for the person who runs the sender."""


class StoreUnavailable(StoreError):
    """The store cannot be written for now; nothing of what was asked has happened."""


class CampaignState(Enum):
    """Whether a campaign's recipients are all in the store."""

    IMPORTING = "importing"
    """Messages are being added; none may be claimed. After a crash the import starts again from the file."""
    RUNNING = "running"
    """All messages are stored; `Campaign.counts` tells how far it is."""


class CampaignKind(Enum):
    """Where the messages of a campaign come from."""

    FILE = "file"
    """A recipients file, read once."""
    API = "api"
    """Calls of the API: the campaign stands, and messages are added to it for as long as it lives."""


class NewCampaign(msgspec.Struct, frozen=True):
    """What `create_campaign` needs to know."""

    name: str
    template: str
    sender: str
    """Source address: alphanumeric (at most 11 characters) or digits."""
    message_class: MessageClass
    recipients: str
    """Absolute path of the recipients file, read again when an interrupted import is resumed."""
    rejects: str
    """Absolute path of the rejects file, or empty."""
    at: float
    priority: int | None = None
    """0 (lowest) to 9; None = that of the class."""
    starts_at: float | None = None
    """Nothing of it is claimed before; None = at once."""
    expires_at: float | None = None
    """Nothing of it is written from then on; None = no deadline."""
    quiet: str | None = None
    """Quiet hours as JSON; None = none of its own."""
    kind: CampaignKind = CampaignKind.FILE
    options: str = "{}"
    """How texts are made, as JSON."""


class Campaign(msgspec.Struct, frozen=True):
    """A stored campaign."""

    id: int
    name: str
    state: CampaignState
    template: str
    sender: str
    message_class: MessageClass
    recipients: str
    rejects: str
    created_at: float
    rows: int
    """Rows of the recipients file, good and bad; 0 until the import is finished."""
    rejected: int
    """Rows that went to the rejects file."""
    messages: int
    """Messages accepted into the campaign (I4: equals the sum over all states at every instant)."""
    priority: int
    """0 (lowest) to 9."""
    paused: bool
    """Nothing of it is claimed or written until it is resumed."""
    cancelled: bool
    """Nothing of it is claimed or written any more; what waits becomes cancelled."""
    starts_at: float | None
    expires_at: float | None
    quiet: str | None
    kind: CampaignKind
    options: str


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What the gate asks about a campaign: see `Campaign`."""

    paused: bool
    cancelled: bool
    starts_at: float | None
    expires_at: float | None


class NewMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One message of a campaign that is being imported."""

    row: int
    number: str
    """E.164 digits without the plus."""
    operator: str
    """The account it goes through; in a chunk it is the import's guess, or empty."""
    fields: dict[str, str]
    """Only what the template uses."""


class Chunk(msgspec.Struct, frozen=True):
    """Recipients that wait to become messages, from the cursor on."""

    id: int
    campaign: Campaign
    taken: int
    """The cursor: how many of the chunk are messages already."""
    recipients: tuple[NewMessage, ...]


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """A message taken from the queue, to be rendered and submitted or released."""

    message_id: int
    campaign_id: int
    number: str
    fields: dict[str, str]
    attempts: int
    """The most times that one part of it was submitted before."""
    parts: int
    """Of how many parts it consisted when it was submitted before; 0 when it never was."""
    parts_done: tuple[int, ...]
    """Parts that must not be sent (again): accepted in an earlier attempt, or in doubt with no resend."""
    resends: int
    """The most that one part was resent after a doubt, what is to be submitted now included: for
    `MessageClass.resend_allowed`."""
    tried_since: float | None
    """When it was first submitted: for the give-up time of the retry policy."""
    expires: float | None = None
    """Its own deadline; that of the campaign counts too."""


class Intent(msgspec.Struct, frozen=True, gc=False):
    """A submit_sm about to be written: committed before any octet leaves (I2)."""

    message_id: int
    part: int
    parts: int
    account: str
    epoch: int
    """Which bind, from `new_epoch`."""
    sequence: int
    at: float


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """ESME_ROK with the operator's message id."""

    message_id: int
    part: int
    smsc_id: str
    at: float


Attempt: TypeAlias = tuple[int, int]
"""Which submit of a part: the epoch of its bind and its sequence number."""


class Retry(msgspec.Struct, frozen=True, gc=False):
    """Refused for now (throttled, queue full …): to be submitted again from `due` on."""

    message_id: int
    part: int
    status: int
    due: float
    at: float
    late: Attempt | None = None
    """The attempt, when it had been given up before: if another one has followed, this says nothing of that one."""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Refused for good: the message is rejected with this command_status."""

    message_id: int
    part: int
    status: int
    at: float
    late: Attempt | None = None
    """As in `Retry`."""


class InDoubt(msgspec.Struct, frozen=True, gc=False):
    """No answer and no knowledge. `resend_due` is when to send it again, None to leave it in doubt."""

    message_id: int
    part: int
    cause: DoubtCause
    resend_due: float | None
    at: float
    late: Attempt | None = None
    """As in `Retry`."""


class NotSent(msgspec.Struct, frozen=True, gc=False):
    """The intent was committed but certainly never written: back to the queue, as if it had not been claimed."""

    message_id: int
    part: int
    due: float


class Dropped(msgspec.Struct, frozen=True, gc=False):
    """The intent was committed, never written, and never will be: the message ends in `state`.

    `state` is cancelled, blocked or expired; `reason` is for people.
    """

    message_id: int
    part: int
    state: State
    reason: str
    at: float


Outcome = Accepted | Retry | Refused | InDoubt | NotSent | Dropped


class ReceiptIn(msgspec.Struct, frozen=True, gc=False):
    """A delivery receipt as it came from an account."""

    account: str
    message_id: str
    """The operator's id as written in the receipt, in whatever base."""
    state: MessageState
    stat: str
    err: str | None
    number: str
    """The handset's number (the receipt's source_addr), as the operator writes it; empty when there is none."""
    at: float
    sender: str = ""
    """Our source address (the receipt's destination_addr), as the operator writes it."""
    text: str = ""
    """The beginning of the message's text, when the receipt carries it."""
    reference: int | None = None
    """user_message_reference, where the operator echoes it: the low 16 bits of our message id."""
    form: Form | None = None
    """What the receipt looks like, for the receipts that are looked at so closely."""


@at_hand
class ReceiptFate(Enum):
    """What became of a receipt. Each one is stored whatever its fate."""

    MATCHED = "matched"
    """It told something new about a part."""
    REPEATED = "repeated"
    """Its part had a final state, or this very state, already."""
    PARKED = "parked"
    """No part carries its id (yet), or two could: kept until it is clear."""
    RESOLVED_DOUBT = "resolved_doubt"
    """No part carries its id, but exactly one message in doubt on this account goes to its number."""


class ReceiptResult(msgspec.Struct, frozen=True, gc=False):
    """The fate of one receipt, in the order they were given."""

    fate: ReceiptFate
    message_id: int | None = None
    part: int | None = None
    state: State | None = None
    """The state of the message now."""


class Recovery(msgspec.Struct, frozen=True):
    """What `recover` found after the last stop."""

    released: int
    """Messages that were claimed and never submitted: queued again."""
    in_doubt: int
    """Messages left in doubt because a submit was under way and their class forbids a resend."""
    requeued: int
    """Messages whose submit was under way and whose class allows a resend: queued again, counted as resends."""
    resolved: int
    """Messages under way whose receipt had already come."""
    importing: tuple[int, ...]
    """Campaigns whose import was cut: `restart_import`, then read the file again."""
