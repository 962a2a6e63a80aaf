"""One operator account over SMPP: its binds, one shaper for all of them, and what comes back.

`pool.py` keeps the binds up, `writing.py` decides what is written next, `pace.py` and `window.py` learn from answers.
"""

from __future__ import annotations

import logging
import math
import random
import typing
from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from sender.channels.account import Account
from sender.channels.bind import Bind
from sender.channels.latency import Latencies
from sender.channels.outlet import Outlet
from sender.channels.pace import Pace
from sender.channels.pool import BindPool
from sender.channels.reserve import Reserve
from sender.channels.results import Answered, Delivered, Delivery, Hold, Receipts, Result, Submit, Taken, Unanswered
from sender.channels.status import BindView, ChannelStatus
from sender.channels.writing import Writing
from sender.domain.message import DoubtCause
from smppkit.commands import command_name
from smppkit.events import (
    Alive,
    BadPduReceived,
    Event,
    LateResponse,
    NoResponse,
    NoResponseCause,
    ReceiptsDelivered,
    Request,
    Response,
    SubmitsTaken,
)
from smppkit.masking import masked
from smppkit.pdus import AlertNotification, DataSm, DeliverSm, Pdu, SubmitSmResp
from smppkit.runs import esme_readers
from smppkit.status import CommandStatus
from smppkit.tlvs import CONGESTION_STATE
from smppkit.transport import Link, Network

log = logging.getLogger(__name__)

_AHEAD_TIME = 0.25
"""Seconds of writing for which intents are committed ahead. It hides the commit's latency; more would only leave
more messages in doubt after a crash."""

_FIT_EVERY = 1.0
"""Seconds between looks at the latency."""

_PATIENCE = 4.0
"""Times the usual latency (p99) that a link may be silent after something was written on it."""
_PATIENCE_LEAST = 1.0
_USUAL_LATENCY = 1.0
"""Seconds that are taken for usual until enough answers have come."""

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

    def deliveries(self, deliveries: list[Delivered]) -> None:
        """Receipts and incoming messages; acknowledge each one."""

    def room(self) -> None:
        """There may be room for more submits."""

    def hold(self, submits: Sequence[Submit]) -> Mapping[int, Hold]:
        """Why some of these must not be written at this instant, by their places. Asked directly before they are."""


class SmppChannel:
    """Writes submits on the binds of one account, as fast as its limits, windows and operator allow."""

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
        self.latencies = Latencies()
        """How long the operator took to answer submits, of late."""
        self.alerts = 0
        """alert_notification: subscribers that can be reached again."""
        self._listener = listener
        self._clock = clock
        self.reserve = Reserve(account.reserve)
        """What is kept free for one-time codes."""
        self._writing = Writing(
            self.pace, account.sender_rates, self.reserve, clock=clock, hold=listener.hold, wake=self._pump
        )
        self._outlet_of: dict[Link, Outlet] = {}
        self._pool = BindPool(account, self, clock=clock, network=network, rng=rng)
        self.bound_at = clock.seconds()
        """When a bind last came up (at first: when the channel was made)."""
        self._down_since: float | None = clock.seconds()
        self._trouble: str | None = None
        self._turn_link: Link | None = None  # the link whose turn is running: it writes by itself
        self._fit_at = float("-inf")
        self._drained: list[Deferred[None]] = []
        self._unacknowledged = 0
        self._learn(clock.seconds())

    # --- for the pipeline ---------------------------------------------------------------------

    def start(self) -> None:
        """Bring every bind up."""
        self._pool.start()

    @property
    def outlets(self) -> list[Outlet]:
        """The binds on which submits may be written."""
        return self._writing.outlets

    def status(self) -> ChannelStatus:
        """How it stands now."""
        now = self._clock.seconds()
        return ChannelStatus(
            account=self.account.name,
            bound=len(self._outlet_of),
            binds=len(self._pool),
            outstanding=self._outstanding(),
            rate=self.pace.rate(now),
            slowed=self.pace.slowed,
            trouble=self._trouble if self._down_since is not None else None,
            down_since=self._down_since,
        )

    def binds(self) -> list[BindView]:
        """How each bind stands now."""
        return list(self._pool.views())

    @property
    def outbind_problem(self) -> str | None:
        """Why the operator cannot ask us to bind, where it should be able to."""
        return None if self._pool.listener is None else self._pool.listener.problem

    def hold(self, until: float) -> None:
        """Write nothing before `until`, on no bind and of no sender."""
        self.pace.hold(until)
        self._pool.hold(until)
        for limit in self._writing.senders.values():
            limit.hold(until)

    def room(self, outlet: Outlet, *, urgent: bool = False) -> int:
        """How many more submits may be promised to `outlet`.

        Enough to keep its window full while intents are being committed, and never more than the window. One-time
        codes are counted for themselves: what waits before them is written after them.
        """
        if outlet.epoch is None or outlet.closed or self._writing.stopped:
            return 0
        now, window = self._clock.seconds(), outlet.window.size
        if outlet.silent(now, self._writing.patience):
            return 0
        if urgent:
            return max(0, window - outlet.urgent_ahead)
        share = _AHEAD_TIME / len(self.outlets)
        # What was written lately is a guide only while it is more than a start from rest needs.
        ahead = min(window, max(math.ceil(window / 4), math.ceil(self.pace.lately(now) * share)))
        rate = self.pace.rate(now)
        if rate is not None:
            ahead = min(ahead, max(1, math.ceil(rate * share)))
        if outlet.limit is not None:
            ahead = min(ahead, max(1, math.ceil(outlet.limit.rate * _AHEAD_TIME)))
        return max(0, ahead - (outlet.ahead - outlet.urgent_ahead))

    def write(self, outlet: Outlet, submits: list[Submit]) -> None:
        """Write submits that were promised to `outlet` and whose intents are durable by now."""
        outlet.kept(submits)
        if outlet.closed or self._writing.stopped:
            self._take_back(outlet)
        else:
            self._pump()

    def acknowledge(self, deliveries: Sequence[Delivered], status: int = CommandStatus.ESME_ROK) -> None:
        """Answer deliveries; with an error status the operator keeps them and sends them again."""
        by_link: dict[Link, list[Pdu]] = {}
        for delivery in deliveries:
            if isinstance(delivery, Receipts):
                delivery.link.respond_run(delivery.run, delivery.run.responses(status))
            else:
                by_link.setdefault(delivery.link, []).append(delivery.pdu.response(status))
        for link, responses in by_link.items():
            link.respond_all(responses)
        self._unacknowledged -= _count(deliveries)
        self._check_drained()

    def drain(self) -> Deferred[None]:
        """Write nothing more; fires when every submit is answered or given up and every delivery answered."""
        self._writing.stop()
        for outlet in self.outlets:
            self._take_back(outlet)
        waiting: Deferred[None] = Deferred()
        self._drained.append(waiting)
        self._check_drained()
        return waiting

    def stop(self) -> Deferred[None]:
        """Unbind and close every connection."""
        self._writing.stop()
        return self._pool.stop()

    def abort(self) -> None:
        """Drop every connection at once."""
        self._pool.abort()

    # --- changes ------------------------------------------------------------------------------

    def change(self, account: Account) -> list[Bind]:
        """Take another configuration of the account while it works; its name stays.

        Returns the binds that are still as the old one says: ``rebind`` them, one at a time.
        """
        now = self._clock.seconds()
        if account.rate != self.account.rate:
            self.pace.relimit(account.rate, now)
        if account.sender_rates != self.account.sender_rates:
            self._writing.change_senders(account.sender_rates)
        self.account = account
        self.reserve.share = account.reserve
        stale = self._pool.change(account)
        for outlet in self.outlets:
            outlet.limit = self._pool.limit_of(outlet.name)
        self._learn(now)
        self._pump()
        self._listener.room()
        return stale

    def rebind(self, bind: Bind) -> Deferred[str | None]:
        """Make one bind anew. Fires with None when it stands, with the reason when it could not be made."""
        return bind.rebind()

    # --- BindOwner ----------------------------------------------------------------------------

    def bound(self, bind: Bind, link: Link) -> None:
        """A bind stands."""
        # Of one turn answers are told before receipts anyway (see `received`).
        link.session.read_runs(esme_readers(link.session.version), by_turns=True)
        outlet = self._pool.outlet(bind, link)
        self._outlet_of[link] = outlet
        self.bound_at = self._clock.seconds()
        if bind.kind.submits:
            self._down_since = None
            self.outlets.append(outlet)
            self._learn(self.bound_at)
            self._listener.opened(outlet)

    def received(self, bind: Bind, link: Link, events: list[Event]) -> None:
        """Sort the events of one turn: answers first, then what the operator delivers."""
        results: list[Result] = []
        deliveries: list[Delivered] = []
        alive = False
        now = self._clock.seconds()
        for event in events:
            kind = type(event)
            if kind is SubmitsTaken:
                submits: list[Submit] = event.contexts  # type: ignore[union-attr,assignment]
                ids = event.message_ids  # type: ignore[union-attr]
                self._accepted(link, submits, event.sent_at, now)  # type: ignore[union-attr]
                results.append(Taken(submits, ids))
            elif kind is ReceiptsDelivered:
                deliveries.append(Receipts(link, event.run))  # type: ignore[union-attr,arg-type]
            elif kind is Request:
                self._requested(bind, link, event.pdu, deliveries)  # type: ignore[union-attr]
            elif kind is Response or kind is LateResponse:
                results.append(self._answered(link, event, now))  # type: ignore[arg-type]
                if kind is LateResponse:
                    results += self._spared(event)  # type: ignore[arg-type]
            elif kind is NoResponse:
                results.append(Unanswered(_submit_of(event.context), _CAUSES[event.cause]))  # type: ignore[union-attr]
            elif kind is Alive:
                alive = True
            elif isinstance(event, BadPduReceived):
                bad = event.bad
                log.warning("%s: unreadable %s: %s", bind.name, command_name(bad.command_id), bad.reason)
        if results and now >= self._fit_at:
            self._learn(now)
        outer, self._turn_link = self._turn_link, link
        try:
            if results:
                self._listener.results(results)
            if deliveries:
                self._unacknowledged += _count(deliveries)
                self._listener.deliveries(deliveries)
            if results or alive:
                self._pump()
        finally:
            self._turn_link = outer
        if results:
            self._check_drained()
        if results or alive:
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
        """Write what may be written now; what cannot be is told."""
        refused, written = self._writing.pump(self._turn_link)
        if refused:
            self._listener.results(refused)
        if (written or refused) and self._turn_link is None:
            self._listener.room()

    def _learn(self, now: float) -> None:
        """Fit what depends on the operator's latency: windows, and the patience with a silent link."""
        self._fit_at = now + _FIT_EVERY
        p99 = self.latencies.percentile(0.99)
        usual = _USUAL_LATENCY if p99 is None else p99
        self._writing.patience = min(self.account.response_timeout, max(_PATIENCE_LEAST, _PATIENCE * usual))
        rates = [rate for rate in (self.pace.rate(now), self.account.rate) if rate is not None]
        share = None if not rates or not self.outlets else max(rates) / len(self.outlets)
        if self.account.bind_rate is not None:
            share = min(share or math.inf, self.account.bind_rate)
        for outlet in self.outlets:
            outlet.window.fit(share, p99)
            outlet.fit_window()

    # --- what comes back ----------------------------------------------------------------------

    def _accepted(self, link: Link, submits: list[Submit], sent_at: float, now: float) -> None:
        """Submits that were written at one instant were accepted."""
        count = len(submits)
        self.latencies.add(now - sent_at, count)
        self.pace.accepted(sent_at, count)
        outlet = self._outlet_of.get(link)
        if outlet is None:
            return
        window = outlet.window
        if window.whole:
            window.accepted(submits[0].under_way, now)
            return
        for submit in submits:
            if window.accepted(submit.under_way, now):
                outlet.fit_window()

    def _answered(self, link: Link, event: Response | LateResponse, now: float) -> Result:
        submit, response, sent_at = _submit_of(event.context), event.response, event.sent_at
        status = response.command_status
        if status == CommandStatus.ESME_ROK:
            self._accepted(link, [submit], sent_at, now)
        else:
            self.latencies.add(now - sent_at)
        if status == CommandStatus.ESME_RTHROTTLED:
            self.pace.throttled(sent_at, now)
        elif status == CommandStatus.ESME_RMSGQFUL:
            self._queue_full(link, submit, sent_at, now)
        if response.tlvs:
            self._told_congestion(response, sent_at, now)
        late_on = self._outlet_of[link].epoch if type(event) is LateResponse and link in self._outlet_of else None
        if isinstance(response, SubmitSmResp):
            return Answered(submit, status, response.message_id, late_on)
        if status == CommandStatus.ESME_ROK:  # a generic_nack that complains of nothing
            return Unanswered(submit, DoubtCause.UNREADABLE)
        return Answered(submit, status, "", late_on)

    def _spared(self, event: LateResponse) -> list[Result]:
        """The resend of what was accepted after all, where it is not written yet."""
        submit, response = _submit_of(event.context), event.response
        if response.command_status != CommandStatus.ESME_ROK or not isinstance(response, SubmitSmResp):
            return []
        return self._writing.spare(submit.message_id, submit.part)

    def _queue_full(self, link: Link, submit: Submit, sent_at: float, now: float) -> None:
        outlet = self._outlet_of.get(link)
        if outlet is None:
            self.pace.queue_full(sent_at, now)
            return
        window = outlet.window
        if window.refused(submit.under_way, sent_at, now, alone=submit.alone):
            self.pace.queue_full(sent_at, now)
        elif submit.under_way == 1:
            # The operator's window is for the account as a whole: the bind that uses most of it has to give way.
            largest = max(self.outlets, key=lambda each: each.window.size, default=outlet)
            largest.window.shrink(largest.window.size - 1, now)
            largest.fit_window()
        outlet.fit_window()

    def _told_congestion(self, response: Pdu, sent_at: float, now: float) -> None:
        for number, octets in response.tlvs:
            if number == CONGESTION_STATE.number and len(octets) == 1:
                self.pace.told_congestion(octets[0], sent_at, now)

    def _requested(self, bind: Bind, link: Link, pdu: Pdu, deliveries: list[Delivered]) -> None:
        if isinstance(pdu, (DeliverSm, DataSm)):
            deliveries.append(Delivery(link, pdu))
        elif isinstance(pdu, AlertNotification):
            self.alerts += 1
            log.info("%s: %s can be reached again", bind.name, masked(pdu.source_addr))
        else:
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
        results = self._writing.take_back(outlet)
        if results:
            self._listener.results(results)

    def _check_drained(self) -> None:
        if not self._drained or self._unacknowledged or self._outstanding():
            return
        waiting, self._drained = self._drained, []
        for deferred in waiting:
            deferred.callback(None)


def _count(deliveries: Sequence[Delivered]) -> int:
    return sum(len(it.run) if isinstance(it, Receipts) else 1 for it in deliveries)


def _submit_of(context: object) -> Submit:
    assert isinstance(context, Submit)  # noqa: S101 - every request but the bind carries its submit
    return context
