"""What the rules look at: who talks (Account), on which connection, and the PDUs that are under way on it."""

from __future__ import annotations

import msgspec

from smppkit.states import Version
from smsc.lint.finding import EXAMPLE_OCTETS, Example

MOST_PENDING = 4096
"""Requests of either side that a connection is remembered to have open; the oldest are forgotten first."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """One PDU: its header's fields, its octets, and when it was on the wire (unix seconds)."""

    direction: str
    command_id: int
    status: int
    sequence: int
    octets: bytes
    at: float
    row: int | None

    def trimmed(self) -> Head:
        """The same with no more octets than an example needs: for keeping."""
        if len(self.octets) <= EXAMPLE_OCTETS:
            return self
        return msgspec.structs.replace(self, octets=self.octets[:EXAMPLE_OCTETS])


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A request of the client that waits for its response."""

    command_id: int
    at: float


class Bind(msgspec.Struct, frozen=True, gc=False):
    """What a bind request says. `kind` is its command_id."""

    kind: int
    system_id: str
    password: bytes
    interface_version: int


class Account:
    """One system_id at one operator, over all of its connections. `crowd` stands for those past counting."""

    __slots__ = ("asked_receipts", "crowd", "first", "latency", "name", "operator", "submits")

    def __init__(self, operator: str, name: str, *, crowd: bool = False) -> None:
        self.operator = operator
        self.name = name
        self.crowd = crowd
        self.submits = 0
        self.asked_receipts = 0
        self.latency = 0.0
        """Seconds that the latest response to a submit took."""
        self.first: Example | None = None
        """Its first submit."""


class Connection:
    """One connection: what was said on it so far, as far as rules need it."""

    __slots__ = (
        "account",
        "asked",
        "bind",
        "bind_head",
        "bound",
        "bound_at",
        "disturbed",
        "heard_at",
        "last_at",
        "number",
        "opened_at",
        "operator",
        "overdue",
        "owed",
        "peer",
        "silence",
        "stated",
        "submits",
        "tls",
        "tls_offered",
        "unbinding",
        "unbound",
        "version",
        "window",
    )

    def __init__(
        self, number: int, at: float, operator: str, peer: str, account: Account, *, tls: bool, tls_offered: bool
    ) -> None:
        self.number = number
        self.opened_at = at
        self.operator = operator
        self.peer = peer
        self.account = account
        self.tls = tls
        self.tls_offered = tls_offered
        self.bind: Bind | None = None
        self.bind_head: Head | None = None
        self.bound = False
        self.bound_at = at
        self.version = Version.V34
        self.stated: int | None = None
        """sc_interface_version of the bind response."""
        self.window: int | None = None
        self.unbinding = False  # the client said unbind
        self.unbound = False  # either side said it
        self.asked: dict[int, Asked] = {}
        self.owed: dict[int, Head] = {}
        """Our requests that the client has not answered, in the order of sending."""
        self.overdue: dict[int, None] = {}
        """Sequence numbers of ours that were given up; an answer that comes after all is no stray."""
        self.submits = 0
        self.disturbed = False
        self.last_at = at  # anybody said anything
        self.heard_at = at  # the client said anything
        self.silence: float | None = None

    @property
    def host(self) -> str:
        """The peer without its port."""
        return self.peer.rpartition(":")[0] or self.peer
