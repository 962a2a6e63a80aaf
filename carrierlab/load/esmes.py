"""The ESMEs of a load at one operator: binds that are kept up, and a queue of what is due."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from carrierlab.load.book import LoadBook, Part, Sending, recipient_of
from sender.channels.account import Account
from sender.channels.bind import Bind
from smppkit.commands import CommandId
from smppkit.events import Event, LateResponse, NoResponse, Request, Response
from smppkit.pdus import DataSm, DeliverSm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smppkit.status import CommandStatus
from smppkit.transport import Link, Network

_SUBMIT = CommandId.SUBMIT_SM


class Esmes:
    """All binds of a load with one operator. `changed` is called whenever something has come of anything."""

    def __init__(
        self,
        account: Account,
        book: LoadBook,
        *,
        clock: IReactorTime,
        network: Network,
        seed: int,
        give_up: float,
        changed: Callable[[], None],
    ) -> None:
        """`give_up` is how many seconds after it was due a part that is not written never will be."""
        self.account = account
        self._book = book
        self._clock = clock
        self._give_up = give_up
        self._changed = changed
        self._queue: deque[Part] = deque()
        self._links: list[Link] = []
        self._expiry: IDelayedCall | None = None
        self._turn = 0
        draw = random.Random(f"{seed}/load/binds/{account.name}")  # noqa: S311 - a simulation, to be repeated exactly
        self._binds = [
            Bind(f"{account.name}/{number}", kind, account, self, clock=clock, network=network, rng=draw)
            for number, kind in enumerate(account.kinds, 1)
        ]

    @property
    def waiting(self) -> int:
        """Parts that are due and not written."""
        return len(self._queue)

    def start(self) -> None:
        """Connect and bind."""
        for bind in self._binds:
            bind.start()

    def stop(self) -> list[Deferred[None]]:
        """Unbind and close everything; each fires when its bind is gone."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        return [bind.stop() for bind in self._binds]

    def submit(self, sending: Sending) -> None:
        """A message is due."""
        self._queue.extend(sending.parts)
        self._pump()

    # --- BindOwner ------------------------------------------------------------------------------------

    def bound(self, bind: Bind, link: Link) -> None:
        """Requests may flow."""
        if bind.kind.submits:
            self._links.append(link)
            self._pump()

    def unbinding(self, bind: Bind, link: Link) -> None:
        """No new request may be sent."""
        self._forget(link)

    def lost(self, bind: Bind, link: Link) -> None:
        """The connection is gone."""
        self._forget(link)

    def trouble(self, bind: Bind, reason: str, delay: float) -> None:
        """It is tried again: what waits meanwhile is given up in its time."""

    def received(self, bind: Bind, link: Link, events: list[Event]) -> None:
        """Take what the operator answers and reports."""
        for event in events:
            match event:
                case Response() | LateResponse() if isinstance(event.context, Part):
                    self._answered(event.context, event.response)
                case NoResponse() if isinstance(event.context, Part):
                    self._book.doubted(event.context)
                case Request():
                    self._asked(link, event)
        self._pump()

    # --- inside ---------------------------------------------------------------------------------------

    def _answered(self, part: Part, response: object) -> None:
        status = int(getattr(response, "command_status", CommandStatus.ESME_RUNKNOWNERR))
        smsc_id = response.message_id if isinstance(response, SubmitSmResp) else ""
        if not isinstance(response, SubmitSmResp) and not status:
            status = CommandStatus.ESME_RUNKNOWNERR
        self._book.answered(part, status, smsc_id, self._clock.seconds())

    def _asked(self, link: Link, event: Request) -> None:
        pdu = event.pdu
        if isinstance(pdu, DeliverSm | DataSm):
            receipt = parse_receipt(pdu)
            if receipt is not None:
                self._book.reported(self.account.name, recipient_of(pdu), receipt)
        if pdu.response_class is not None:
            link.respond(pdu.response())

    def _forget(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
        self._changed()

    def _pump(self) -> None:
        """Write what is due as far as windows have room, each part on the next bind that has some."""
        now = self._clock.seconds()
        self._drop_late(now)
        while self._queue and (link := self._next_link()) is not None:
            part = self._queue.popleft()
            link.send(part.message.due.parts[part.number - 1], part)
            self._book.written(part, now)
        self._watch_expiry(now)
        self._changed()

    def _next_link(self) -> Link | None:
        for step in range(len(self._links)):
            link = self._links[(self._turn + step) % len(self._links)]
            if not link.blocked and link.session.window_free and link.session.may_send(_SUBMIT):
                self._turn += step + 1
                return link
        return None

    def _drop_late(self, now: float) -> None:
        while self._queue and self._queue[0].message.due.due + self._give_up <= now:
            self._book.given_up(self._queue.popleft())

    def _watch_expiry(self, now: float) -> None:
        if self._queue and self._expiry is None:
            left = self._queue[0].message.due.due + self._give_up - now
            self._expiry = self._clock.callLater(max(0.0, left), self._expire)

    def _expire(self) -> None:
        self._expiry = None
        self._pump()
