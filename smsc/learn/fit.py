"""What is known of an operator: values with the evidence for each."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import msgspec

from smppkit.message_ids import IdBase

T = TypeVar("T")

FEW: Final = 30
"""With fewer samples a fitted value is a guess, and says so."""


class Fitted(msgspec.Struct, Generic[T], frozen=True):
    """A value, from how many samples it comes, and what there is to say about it."""

    value: T
    samples: int
    note: str = ""

    @property
    def few(self) -> bool:
        """Whether there is little evidence."""
        return self.samples < FEW


class Spread(msgspec.Struct, frozen=True):
    """A distribution of seconds. `shape` is fixed (first), uniform (first to second), normal (first: mean, second:
    deviation) or lognormal (first: median, second: 99th percentile).
    """

    shape: str
    first: float
    second: float = 0.0


class Ids(msgspec.Struct, frozen=True):
    """How ids are written: base, zeros up to a width, case of letters, what stands around ("SMS-{}")."""

    base: IdBase
    width: int = 0
    case: str = ""
    large: bool = False
    around: str = "{}"


class TlvSeen(msgspec.Struct, frozen=True):
    """A TLV that is always there: its octets, or a text in which {id} stands for the id of the message."""

    tag: int
    octets: bytes
    text: str = ""


class Limit(msgspec.Struct, frozen=True):
    """A limit of the rate: per second, what is counted for itself, how many at once, what more gets."""

    rate: float
    per: str
    burst: int
    status: int


class NoticeSeen(msgspec.Struct, frozen=True):
    """A receipt besides the final one."""

    stat: str
    after: Spread
    err: str
    esm_class: int
    asked: bool
    late: bool


class AccountSeen(msgspec.Struct, frozen=True):
    """Who bound. `binds` at once at most, 0 when no limit was met; a password may be hidden."""

    system_id: str
    password: str
    binds: int = 0


class Inactivity(msgspec.Struct, frozen=True):
    """After how many seconds without messages a session is ended, and how: unbind or drop."""

    seconds: float
    ends: str


class SubmitFit(msgspec.Struct):
    """How messages are taken."""

    latency: Fitted[Spread] | None = None
    limits: list[Fitted[Limit]] = []
    refused: dict[int, Fitted[float]] = {}
    """Share by status, of what no limit refuses."""
    error_body: Fitted[str] | None = None
    tlvs: list[Fitted[TlvSeen]] = []
    ids: Fitted[Ids] | None = None


class ReceiptFit(msgspec.Struct):
    """What becomes of messages, and how receipts say so."""

    outcome: dict[str, Fitted[float]] = {}
    """Share by the word of `stat:`; "none" for those never heard of again."""
    delay: Fitted[Spread] | None = None
    before_response: Fitted[bool] | None = None
    ids: Fitted[Ids] | None = None
    """None: as in responses."""
    form: Fitted[str] | None = None
    text: Fitted[str] | None = None
    err: dict[str, Fitted[str]] = {}
    esm_class: Fitted[int] | None = None
    data_coding: Fitted[int] | None = None
    carrier: Fitted[str] | None = None
    network_type: Fitted[int] | None = None
    conflict_state: Fitted[str] | None = None
    conflict_ids: Fitted[Ids] | None = None
    tlvs: list[Fitted[TlvSeen]] = []
    notices: list[Fitted[NoticeSeen]] = []
    copies: Fitted[int] | None = None


class SessionFit(msgspec.Struct):
    """How sessions are held."""

    version: Fitted[int] | None = None
    says_version: Fitted[bool] | None = None
    system_id: Fitted[str] | None = None
    enquire_link: Fitted[float | None] | None = None
    """Seconds of silence; None: never."""
    inactivity: Fitted[Inactivity] | None = None
    accounts: list[Fitted[AccountSeen]] = []
    too_many_binds: Fitted[int] | None = None


class Fit(msgspec.Struct):
    """One operator. `remarks` are for people: what was seen and could not be fitted."""

    operator: str
    began: float
    ended: float
    connections: int = 0
    submits: int = 0
    session: SessionFit = msgspec.field(default_factory=SessionFit)
    submit: SubmitFit = msgspec.field(default_factory=SubmitFit)
    receipts: ReceiptFit = msgspec.field(default_factory=ReceiptFit)
    remarks: list[str] = []
