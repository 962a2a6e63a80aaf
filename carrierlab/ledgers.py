"""The two books of a run, kept by two programs that do not see each other's.

The sender's store says what it believes it sent; the operators' journal says what they received, decided and
reported. Neither is taken on trust: every judgement in :mod:`carrierlab.metrics` lays one beside the other.

Times are unix seconds (simulated ones in virtual time).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sender.domain.message import State


class SentPart(msgspec.Struct, frozen=True, gc=False):
    """One segment as the sender knows it."""

    number: int
    """From 1."""
    state: State
    smsc_id: str | None
    """The operator's id as it stood in the response; None when no response brought one."""
    resends: int = 0
    """How many times it was sent again after a doubt."""


class SentMessage(msgspec.Struct, frozen=True):
    """One message as the sender knows it."""

    recipient: str
    """E.164 digits without the plus."""
    operator: str
    state: State
    parts: tuple[SentPart, ...] = ()
    """The segments that were ever submitted."""
    status: int = 0
    """The command_status of a refusal, 0 when there was none."""
    err: str | None = None
    """The operator's error code in the receipt that decided the state."""
    text: str | None = None
    """What the recipient was to read; None when it is not known."""
    account: str = ""
    """system_id of the account it goes through; empty when it is not known."""
    number: int = 0
    """Which message of a load it is, from 1; 0 in a campaign, which has each recipient once."""
    due: float | None = None
    """When it was to be sent (unix seconds); None in a campaign, which sends as fast as it may."""
    written_at: float | None = None
    """When its first segment was written; None when it never was, and in a campaign."""
    answered_at: float | None = None
    """When the response to its last segment came; None when one is missing, and in a campaign."""

    @property
    def key(self) -> str:
        """What tells it from every other message."""
        return f"{self.recipient}#{self.number}" if self.number else self.recipient


class Reject(msgspec.Struct, frozen=True):
    """One row of the recipients file that was not sent to."""

    line: int
    reason: str


class Parked(msgspec.Struct, frozen=True):
    """One receipt that the sender acknowledged, keeps, and has found no message for."""

    operator: str
    smsc_id: str
    """As the receipt writes it."""
    recipient: str


class SenderLedger(msgspec.Struct, frozen=True):
    """What the sender's store says after the run."""

    messages: tuple[SentMessage, ...]
    rejects: tuple[Reject, ...] = ()
    parked: tuple[Parked, ...] = ()


class Moment(NamedTuple):
    """When something went over the wire: unix time, its place in the order of all PDUs, and on which connection."""

    at: float
    order: int
    connection: int = 0


class Submit(msgspec.Struct, frozen=True, gc=False):
    """One submit_sm as its operator knows it."""

    operator: str
    recipient: str
    received_at: float
    status: int = 0
    smsc_id: str = ""
    """As written in the response; empty when refused."""
    part: int = 1
    parts: int = 1
    text: str = ""
    """This segment, decoded as its data_coding says."""
    answered: Moment | None = None
    """When the response was written; None when it never was."""
    outcome: str | None = None
    """The final state that the operator brought the message to (``DELIVRD``), None while there is none."""
    reported: Moment | None = None
    """When the receipt was first written to a bind; None while it is owed."""
    reported_id: str | None = None
    """The message id as the receipt writes it."""
    reports: int = 0
    """Receipts written about it in all: notices, copies and what was sent again too."""
    acknowledged_at: float | None = None
    """When the deliver_sm_resp for the receipt came."""
    account: str = ""
    """system_id of the ESME."""
    source: str = ""
    """The sender's address."""
    number: int = 0
    """Which message of a load it is a part of; 0 when its recipient says that."""

    @property
    def key(self) -> str:
        """The message it is a part of: ``SentMessage.key``."""
        return f"{self.recipient}#{self.number}" if self.number else self.recipient


class Reception(msgspec.Struct, frozen=True, gc=False):
    """One message from a handset (MO) that an operator had for the sender."""

    operator: str
    source: str
    text: str
    acknowledged_at: float | None = None
    at: float = 0.0
    """When the handset wrote it."""
    account: str = ""


class Bind(msgspec.Struct, frozen=True, gc=False):
    """One bind that an operator answered."""

    operator: str
    at: float
    account: str = ""


class OperatorLedger(msgspec.Struct, frozen=True):
    """What the journal of the emulated operators says after the run."""

    submits: tuple[Submit, ...]
    binds: tuple[Bind, ...] = ()
    receptions: tuple[Reception, ...] = ()
    refused_binds: tuple[Bind, ...] = ()


class Span(msgspec.Struct, frozen=True):
    """When the workload began and was over (unix seconds), and the binds it was configured to hold."""

    started_at: float
    ended_at: float
    binds: dict[str, int] = {}
    """Configured binds per operator: what is bound beyond them is a reconnect."""
