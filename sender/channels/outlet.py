"""One bind from the moment it stands to its loss, as the place where submits go."""

from __future__ import annotations

import math
from collections import deque

from sender.channels.limit import Limit
from sender.channels.results import Submit
from sender.channels.waiting import Waiting
from sender.channels.window import Window
from smppkit.sequence import LAST, after
from smppkit.states import Version
from smppkit.transport import Link

_MOMENT = 1e-6  # so that a timer for it does not come a rounding step early


class Outlet:
    """A bound link and the submits that are promised to it.

    A submit belongs to one outlet from the moment its sequence number is reserved: the intent in the store
    names bind and sequence, so it can only leave here, or be taken back.
    """

    def __init__(self, name: str, link: Link, window: Window, limit: Limit | None = None) -> None:
        self.name = name
        self.link = link
        self.window = window
        """How many submits may be unanswered; it outlives the link."""
        self.limit = limit
        """The limit of this bind, which outlives the link too."""
        self.epoch: int | None = None
        """The store's number for this bind; nothing is submitted without one."""
        self.waiting = Waiting()
        """Committed, and to be written as soon as window and pace allow."""
        self.aside: dict[str, deque[Submit]] = {}
        """The same, of senders whose own limit has no room yet."""
        self.promised = 0
        """Reserved, with the commit of the intents under way."""
        self.promised_urgent = 0
        """Those of them that are one-time codes."""
        self.closed = False
        self._asked_at: float | None = None  # when the first submit was written that nothing was heard after
        self.fit_window()

    @property
    def ahead(self) -> int:
        """Submits reserved and not yet written; those that stand aside do not count."""
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
    def version(self) -> Version:
        """Which SMPP is spoken on this bind."""
        return self.link.session.version

    def fit_window(self) -> None:
        """The window has changed its size."""
        self.link.session.window = self.window.size

    def silent(self, now: float, patience: float) -> bool:
        """Whether the link may be dead: nothing more is to be written until it shows life.

        It may be when the peer has been asked for a sign of life and has given none, and when nothing has been heard
        for `patience` seconds after something was written; then it is asked here. ``Alive`` tells of the end.
        """
        session = self.link.session
        if not session.bound:
            return True  # it has just ended, and the channel will hear of that
        if not session.enquiring:
            asked_at = self._asked_at
            if asked_at is None or session.heard_at > asked_at or now - asked_at <= patience:
                return False
            self._asked_at = None
        self.link.enquire()
        return True

    def silent_from(self, patience: float) -> float:
        """When it will be silent if nothing is heard until then."""
        asked_at = self._asked_at
        if asked_at is None or self.link.session.heard_at > asked_at:
            return math.inf
        return asked_at + patience + _MOMENT

    def written(self, now: float) -> None:
        """A submit was written."""
        if self._asked_at is None or self.link.session.heard_at > self._asked_at:
            self._asked_at = now

    def promise(self, submits: list[Submit]) -> None:
        """Give the submits their sequence numbers on this bind."""
        count = len(submits)
        first = self.link.session.reserve(count)
        wraps = first + count > LAST
        for position, submit in enumerate(submits):
            submit.sequence = after(first, position) if wraps else first + position
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

    def stand_aside(self, submit: Submit) -> None:
        """Its sender's limit has no room: it lets others pass."""
        self.aside.setdefault(submit.source_addr, deque()).append(submit)

    def called(self, sender: str) -> Submit:
        """The next one of a sender that stands aside."""
        queue = self.aside[sender]
        submit = queue.popleft()
        if not queue:
            del self.aside[sender]
        return submit

    def take_back(self) -> list[Submit]:
        """Everything that waits, to be sent another time."""
        submits = [*self.waiting, *(submit for queue in self.aside.values() for submit in queue)]
        self.waiting.clear()
        self.aside.clear()
        return submits
