"""One bind from the moment it stands to its loss, as the place where submits go."""

from __future__ import annotations

from sender.channels.results import Submit
from sender.channels.waiting import Waiting
from smppkit.sequence import after
from smppkit.transport import Link


class Outlet:
    """A bound link and the submits that are promised to it.

    A submit belongs to one outlet from the moment its sequence number is reserved: the intent in the store
    names bind and sequence, so it can only leave here, or be taken back.
    """

    def __init__(self, name: str, link: Link) -> None:
        self.name = name
        self.link = link
        self.epoch: int | None = None
        """The store's number for this bind; nothing is submitted without one."""
        self.waiting = Waiting()
        """Committed, and to be written as soon as window and pace allow."""
        self.promised = 0
        """Reserved, with the commit of the intents under way."""
        self.promised_urgent = 0
        """Those of them that are one-time codes."""
        self.kept_free = 0
        """Places of the window that are not for anything but codes."""
        self.closed = False

    @property
    def ahead(self) -> int:
        """Submits reserved and not yet written."""
        return len(self.waiting) + self.promised

    @property
    def urgent_ahead(self) -> int:
        """The one-time codes among them."""
        return len(self.waiting.urgent) + self.promised_urgent

    @property
    def outstanding(self) -> int:
        """Submits written and not yet answered."""
        return self.link.session.outstanding

    @property
    def takes_tlvs(self) -> bool:
        """Whether TLVs may be sent: the operator's bind response named a version that has them (SMPP 3.4 §3.4)."""
        return self.link.session.peer_speaks_tlvs

    @property
    def writable(self) -> bool:
        """Whether a submit waits and the window has room for it."""
        free = self.link.session.window_free
        return (free > self.kept_free and bool(self.waiting)) or (free > 0 and bool(self.waiting.urgent))

    def promise(self, submits: list[Submit]) -> None:
        """Give the submits their sequence numbers on this bind."""
        first = self.link.session.reserve(len(submits))
        for position, submit in enumerate(submits):
            submit.sequence = after(first, position)
        self._promise(submits, 1)

    def _promise(self, submits: list[Submit], sign: int) -> None:
        self.promised += sign * len(submits)
        if submits and submits[0].urgent:  # those of one commit are all of a kind
            self.promised_urgent += sign * len(submits)

    def kept(self, submits: list[Submit]) -> None:
        """Their intents are durable: they may be written."""
        self._promise(submits, -1)
        self.waiting.extend(submits)

    def withdraw(self, submits: list[Submit]) -> None:
        """They will never come: their intents were not committed."""
        self._promise(submits, -1)

    def take_back(self) -> list[Submit]:
        """Everything that waits, to be sent another time."""
        submits = list(self.waiting)
        self.waiting.clear()
        return submits
