"""What a rule is: a few words for people, and the moments of a conversation at which it wants to be asked.

A rule overrides the hooks it needs and leaves the others alone: those are not called for it. A hook returns None, or
what is wrong in a few words; the PDU that it was asked about becomes the example. Whatever a rule remembers is
bounded: per account (there are at most `smsc.lint.lint.MOST_ACCOUNTS`), or per connection until ``closed``.
"""

from __future__ import annotations

from typing import ClassVar

from smsc.lint.conversation import Account, Asked, Bind, Connection, Head
from smsc.lint.finding import Severity
from smsc.lint.settings import LintSettings
from smsc.lint.submission import Submission


class Rule:
    """One thing that a client can do wrong."""

    id: ClassVar[str]
    """In lower case with dashes; reports and docs name the rule by it."""
    severity: ClassVar[Severity]
    title: ClassVar[str]
    """What the client did, in a few words."""
    why: ClassVar[str]
    """What comes of it."""
    spec: ClassVar[str]
    """Where it is said."""
    remedy: ClassVar[str]
    """What to do about it."""

    def __init__(self, settings: LintSettings) -> None:
        self.settings = settings

    # --- what the client asks -----------------------------------------------------------------

    def binding(self, connection: Connection, bind: Bind, head: Head) -> str | None:
        """A bind request; `connection.account` is already the one that it names."""

    def unusual(self, connection: Connection, head: Head) -> str | None:
        """A request whose header or moment is out of the ordinary.

        Not one of those that have a number in 1 to 0x7FFFFFFF that is not waiting for a response, a status of 0, a
        known command_id and a transmitter's or transceiver's standing bind behind them.
        """

    def enquiry(self, connection: Connection, head: Head) -> str | None:
        """An enquire_link of the client."""

    def submit(self, connection: Connection, head: Head) -> str | None:
        """A submit_sm, submit_multi or data_sm, also one whose fields cannot be told apart."""

    def message(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """The same, read."""

    def tlvs(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """A message that carries TLVs."""

    def part(self, connection: Connection, message: Submission, head: Head) -> str | None:
        """A message that is part of a long one; `message.part` is not None."""

    def leftover(self, connection: Connection, head: Head) -> str | None:
        """A request that may not be readable, and of which no other rule had anything to say."""

    # --- what is answered ---------------------------------------------------------------------

    def answered(self, connection: Connection, asked: Asked, head: Head) -> str | None:
        """Our response to a submit of the client."""

    def responded(self, connection: Connection, owed: Head, head: Head) -> str | None:
        """The client's response to a request of ours (`owed`)."""

    def stray(self, connection: Connection, head: Head) -> str | None:
        """A response of the client to nothing that waits for one."""

    def unanswered(self, connection: Connection, owed: Head) -> str | None:
        """A request of ours that the client, though it goes on talking, does not answer. It is the example."""

    # --- the line -----------------------------------------------------------------------------

    def silence(self, connection: Connection, seconds: float, head: Head) -> str | None:
        """The client spoke (`head`) after neither side had said anything for longer than settings.silence."""

    def closed(self, connection: Connection, at: float, by_client: bool) -> str | None:
        """The connection is gone; `by_client`: the client closed it in order. Its bind is the example."""

    def finished(self, account: Account, at: float) -> str | None:
        """The lint ends; the first submit of the account is the example."""
