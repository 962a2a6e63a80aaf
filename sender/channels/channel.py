"""One operator account over SMPP: its binds, one shaper for all of them, and what comes back."""

from __future__ import annotations

import logging
import math
import random
import typing

import msgspec
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from sender.channels.account import Account
from sender.channels.bind import Bind
from sender.channels.outlet import Outlet
from sender.channels.pace import Pace
from sender.channels.reserve import Reserve
from sender.channels.results import (
    Answered,
    Delivery,
    Hold,
    Result,
    Submit,
    Unanswered,
    Unsendable,
    Unwritten,
    Withheld,
)
from sender.domain.message import DoubtCause
from smppkit.commands import command_name
from smppkit.errors import EncodeError
from smppkit.events import BadPduReceived, Event, LateResponse, NoResponse, NoResponseCause, Request, Response
from smppkit.pdus import DataSm, DeliverSm, Pdu, SubmitSmResp
from smppkit.status import CommandStatus
from smppkit.transport import Link, Network

log = logging.getLogger(__name__)

_AHEAD_TIME = 0.25
"""Seconds of writing for which intents are committed ahead. It hides the commit's latency; more would only leave
more messages in doubt after a crash."""

_CAUSES = {
    NoResponseCause.TIMEOUT: DoubtCause.TIMEOUT,
    NoResponseCause.CONNECTION_LOST: DoubtCause.CONNECTION_LOST,
    NoResponseCause.UNREADABLE: DoubtCause.UNREADABLE,
}


class ChannelListener(typing.Protocol):
    """Who feeds a channel: calls come in the order in which things happened on the wire."""

    def opened(self, outlet: Outlet) -> None:
        """A bind stands; give `outlet` its epoch, then feed it."""

    def results(self, results: list[Result]) -> None:
        """What became of submits. Always before the deliveries of the same turn."""

    def deliveries(self, deliveries: list[Delivery]) -> None:
        """Receipts and incoming messages; acknowledge each one."""

    def room(self) -> None:
        """There may be room for more submits."""

    def hold(self, submit: Submit) -> Hold | None:
        """Why a submit must not be written at this instant, or None. Asked directly before it would be."""


class ChannelStatus(msgspec.Struct, frozen=True):
    """A channel at one moment, for people."""

    account: str
    bound: int
    binds: int
    outstanding: int
    rate: float | None
    """Segments a second it may write now; None = no limit."""
    slowed: bool
    """Whether the operator has throttled us of late."""
    trouble: str | None
    """Why a bind is down, when none that can submit is up."""
    down_since: float | None
    """Time of the clock since which no bind that can submit is up."""


class SmppChannel:
    """Writes submits on the binds of one account, as fast as its limit, window and operator allow."""

    def __init__(
        self,
        account: Account,
        listener: ChannelListener,
        *,
        clock: IReactorTime,
        network: Network,
        rng: random.Random,
    ) -> None:
        self.account = account
        self.pace = Pace(account.rate, clock.seconds())
        self.reserve = Reserve(account.reserve)
        """What is kept free for one-time codes."""
        self.outlets: list[Outlet] = []
        self._listener = listener
        self._clock = clock
        self._outlet_of: dict[Link, Outlet] = {}
        self._binds = [
            Bind(f"{account.name}/{number}", kind, account, self, clock=clock, network=network, rng=rng)
            for number, kind in enumerate(account.kinds, start=1)
        ]
        self.bound_at = clock.seconds()
        """When a bind last came up (at first: when the channel was made)."""
        self._down_since: float | None = clock.seconds()
        self._trouble: str | None = None
        self._next = 0  # whose turn it is among the outlets
        self._timer: IDelayedCall | None = None
        self._turn_link: Link | None = None  # the link whose turn is running: it writes by itself
        self._pumping = False
        self._draining = False
        self._drained: list[Deferred[None]] = []
        self._unacknowledged = 0

    # --- for the pipeline ---------------------------------------------------------------------

    def start(self) -> None:
        """Bring every bind up."""
        for bind in self._binds:
            bind.start()

    def status(self) -> ChannelStatus:
        """How it stands now."""
        now = self._clock.seconds()
        return ChannelStatus(
            account=self.account.name,
            bound=len(self._outlet_of),
            binds=len(self._binds),
            outstanding=self._outstanding(),
            rate=self.pace.rate(now),
            slowed=self.pace.slowed,
            trouble=self._trouble if self._down_since is not None else None,
            down_since=self._down_since,
        )

    def room(self, outlet: Outlet, *, urgent: bool = False) -> int:
        """How many more submits may be promised to `outlet`.

        Enough to keep its window full while intents are being committed, and never more than the window. One-time
        codes are counted for themselves: what waits before them is written after them.
        """
        if outlet.epoch is None or outlet.closed or self._draining:
            return 0
        now, window = self._clock.seconds(), self.account.window
        if urgent:
            return max(0, window - outlet.urgent_ahead)
        share = _AHEAD_TIME / len(self.outlets)
        # What was written lately is a guide only while it is more than a start from rest needs.
        ahead = min(window, max(math.ceil(window / 4), math.ceil(self.pace.lately(now) * share)))
        rate = self.pace.rate(now)
        if rate is not None:
            ahead = min(ahead, max(1, math.ceil(rate * share)))
        return max(0, ahead - (outlet.ahead - outlet.urgent_ahead))

    def write(self, outlet: Outlet, submits: list[Submit]) -> None:
        """Write submits that were promised to `outlet` and whose intents are durable by now."""
        outlet.kept(submits)
        if outlet.closed or self._draining:
            self._take_back(outlet)
        else:
            self._pump()

    def acknowledge(self, deliveries: list[Delivery], status: int = CommandStatus.ESME_ROK) -> None:
        """Answer deliveries; with an error status the operator keeps them and sends them again."""
        for delivery in deliveries:
            delivery.link.respond(delivery.pdu.response(status))
        self._unacknowledged -= len(deliveries)
        self._check_drained()

    def drain(self) -> Deferred[None]:
        """Write nothing more; fires when every submit is answered or given up and every delivery answered."""
        self._draining = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for outlet in self.outlets:
            self._take_back(outlet)
        waiting: Deferred[None] = Deferred()
        self._drained.append(waiting)
        self._check_drained()
        return waiting

    def stop(self) -> Deferred[None]:
        """Unbind and close every connection."""
        self._draining = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._binds:
            return succeed(None)
        stopping = DeferredList([bind.stop() for bind in self._binds], fireOnOneErrback=True)
        return stopping.addCallback(lambda _: None)

    def abort(self) -> None:
        """Drop every connection at once."""
        for bind in self._binds:
            bind.abort()

    # --- BindOwner ----------------------------------------------------------------------------

    def bound(self, bind: Bind, link: Link) -> None:
        """A bind stands."""
        outlet = Outlet(bind.name, link)
        self._outlet_of[link] = outlet
        self.bound_at = self._clock.seconds()
        if bind.kind.submits:
            self._down_since = None
            self.outlets.append(outlet)
            self._listener.opened(outlet)

    def received(self, bind: Bind, link: Link, events: list[Event]) -> None:
        """Sort the events of one turn: answers first, then what the operator delivers."""
        results: list[Result] = []
        deliveries: list[Delivery] = []
        now = self._clock.seconds()
        for event in events:
            if isinstance(event, Response | LateResponse):
                results.append(self._answered(event, now))
            elif isinstance(event, NoResponse):
                results.append(Unanswered(_submit_of(event.context), _CAUSES[event.cause]))
            elif isinstance(event, Request):
                self._requested(bind, link, event.pdu, deliveries)
            elif isinstance(event, BadPduReceived):
                bad = event.bad
                log.warning("%s: unreadable %s: %s", bind.name, command_name(bad.command_id), bad.reason)
        outer, self._turn_link = self._turn_link, link
        try:
            if results:
                self._listener.results(results)
            if deliveries:
                self._unacknowledged += len(deliveries)
                self._listener.deliveries(deliveries)
            if results:
                self._pump()
        finally:
            self._turn_link = outer
        if results:
            self._check_drained()
            self._listener.room()

    def unbinding(self, bind: Bind, link: Link) -> None:
        """Nothing new may be written on this link."""
        self._close_outlet(link, f"{bind.name} is unbinding")

    def lost(self, bind: Bind, link: Link) -> None:
        """The link is gone; what was outstanding on it has been reported."""
        self._close_outlet(link, f"{bind.name} was lost")
        del self._outlet_of[link]
        self._check_drained()

    def trouble(self, bind: Bind, reason: str, delay: float) -> None:
        """A bind is down and will try again."""
        if bind.kind.submits or self._trouble is None:
            self._trouble = f"{reason}; next attempt in {delay:.0f} s"

    # --- writing ------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Write what may be written now; arm one timer for the rest."""
        if self._pumping or self._draining:
            return
        self._pumping = True
        touched: dict[Link, None] = {}
        refused: list[Result] = []
        try:
            start = self._clock.seconds()
            kept = self.reserve.of(self.account.window, start)
            for outlet in self.outlets:
                each.kept_free = kept
            spare = 0 if self.account.rate is None else self.reserve.of(self.account.rate, start)
            while (outlet := self._writable()) is not None:
                submit = outlet.waiting.first
                hold = self._listener.hold(submit)
                if hold is not None:
                    outlet.waiting.popleft()
                    refused.append(Withheld(submit, hold))
                    continue
                now = self._clock.seconds()
                if not (self.pace.take_urgent(now) if submit.urgent else self.pace.take(now, spare)):
                    self._wait(now, spare, urgent=submit.urgent)
                    break
                outlet.waiting.popleft()
                self._write(outlet, submit, now, refused)
                touched[outlet.link] = None
            for link in touched:
                if link is not self._turn_link:
                    link.flush()
        finally:
            self._pumping = False
        if refused:
            self._listener.results(refused)
        if touched and self._turn_link is None:
            self._listener.room()

    def _writable(self) -> Outlet | None:
        count = len(self.outlets)
        for urgent in self.outlets:
            if urgent.waiting.urgent and urgent.writable:
                return urgent
        for step in range(count):
            outlet = self.outlets[(self._next + step) % count]
            if outlet.writable:
                self._next = (self._next + step + 1) % count
                return outlet
        return None

    def _write(self, outlet: Outlet, submit: Submit, now: float, refused: list[Result]) -> None:
        try:
            outlet.link.session.send_reserved(submit.pdu, submit.sequence, now, submit)
        except EncodeError as error:
            refused.append(Unsendable(submit, str(error)))

    def _wait(self, now: float, spare: int, *, urgent: bool) -> None:
        if self._timer is not None:
            if not urgent:
                return
            self._timer.cancel()  # it was armed for what may wait longer
        backlog = sum(len(outlet.waiting) for outlet in self.outlets)
        self._timer = self._clock.callLater(self.pace.wait(now, backlog, spare, urgent=urgent), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._pump()

    # --- what comes back ----------------------------------------------------------------------

    def _answered(self, event: Response | LateResponse, now: float) -> Result:
        submit, response, sent_at = _submit_of(event.context), event.response, event.sent_at
        status = response.command_status
        if status == CommandStatus.ESME_ROK:
            self.pace.accepted(sent_at)
        elif status == CommandStatus.ESME_RTHROTTLED:
            self.pace.throttled(sent_at, now)
        elif status == CommandStatus.ESME_RMSGQFUL:
            self.pace.queue_full(sent_at, now)
        if isinstance(response, SubmitSmResp):
            return Answered(submit, status, response.message_id)
        if status == CommandStatus.ESME_ROK:  # a generic_nack that complains of nothing
            return Unanswered(submit, DoubtCause.UNREADABLE)
        return Answered(submit, status, "")

    def _requested(self, bind: Bind, link: Link, pdu: Pdu, deliveries: list[Delivery]) -> None:
        if isinstance(pdu, DeliverSm | DataSm):
            deliveries.append(Delivery(link, pdu))
        else:  # alert_notification and outbind: neither has a response
            log.info("%s: %s, which this sender has no use for", bind.name, command_name(pdu.command_id))

    def _outstanding(self) -> int:
        return sum(outlet.outstanding for outlet in self._outlet_of.values())

    def _close_outlet(self, link: Link, reason: str) -> None:
        outlet = self._outlet_of[link]
        if outlet.closed:
            return
        outlet.closed = True
        if outlet in self.outlets:
            self.outlets.remove(outlet)
            self._take_back(outlet)
            if not self.outlets:
                self._down_since = self._clock.seconds()
                self._trouble = reason

    def _take_back(self, outlet: Outlet) -> None:
        results: list[Result] = [Unwritten(submit) for submit in outlet.take_back()]
        if results:
            self._listener.results(results)

    def _check_drained(self) -> None:
        if not self._drained or self._unacknowledged or self._outstanding():
            return
        waiting, self._drained = self._drained, []
        for deferred in waiting:
            deferred.callback(None)


def _submit_of(context: object) -> Submit:
    assert isinstance(context, Submit)  # noqa: S101 - every request but the bind carries its submit
    return context
