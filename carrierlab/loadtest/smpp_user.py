"""A Locust user that is an ESME: a session on a gevent socket, many requests outstanding, receipts matched.

A locustfile of your own derives from `SmppUser` and calls `submit` in its tasks:

```python
class Shop(SmppUser):
    system_id, password, window = "shop", "secret", 20

    @task
    def order(self):
        self.submit(SubmitSm(destination_addr="77050000001", registered_delivery=1, short_message=b"hi"))
```
"""

from __future__ import annotations

import socket
import time
from typing import Any, ClassVar, Final

import gevent
from gevent import GreenletExit
from gevent.event import Event
from locust import User

from carrierlab.loadtest.esme import NO_RECEIPT, Esme, Job, Outcome
from carrierlab.loadtest.profile import Address
from carrierlab.loadtest.receipts import ReceiptBook
from carrierlab.loadtest.tally import Receipts
from carrierlab.loadtest.thresholds import BIND, RECEIPT
from smppkit.pdus import SubmitSm

_READ: Final = 65_536
_LOOK_EVERY: Final = 1.0
_BACK_OFF: Final = (0.5, 1.0, 2.0, 5.0)
REQUEST_TYPE: Final = "SMPP"


class SmppError(Exception):
    """What did not end in ESME_ROK; the text is its class, by which Locust groups failures."""


class SmppUser(User):
    """One bound transceiver. Subclasses set the class attributes and call ``submit`` in their tasks.

    It reports `bind`, `submit_sm` (from when the message was due, or else written, to its response) and `receipt` (from
    the same to the final receipt), answers what the SMSC sends, keeps enquire_link, and binds again after a lost link.
    """

    abstract = True
    address: tuple[str, int] | None = None
    """Host and port; `--host HOST:PORT` of Locust when None."""
    system_id = "load"
    password = "load"  # noqa: S105 - of nobody
    window = 10
    response_timeout = 30.0
    receipt_wait = 30.0
    """Seconds after its response, when a receipt that has not come is a failure."""
    stop_seconds = 5.0
    """How long the end waits for responses and receipts that are still to come."""
    counts: ClassVar[Receipts] = Receipts()
    books: ClassVar[dict[tuple[tuple[str, int], str], ReceiptBook]] = {}
    """The receipts of each account, for all users of this process: an SMSC may send one to any bind of the account.
    What goes to another worker is unknown there, so give each worker accounts of its own.
    """

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._esme: Esme | None = None
        self._socket: socket.socket | None = None
        self._greenlets: list[gevent.Greenlet] = []
        self._changed = Event()
        self._writing = False

    # --- what tasks use -----------------------------------------------------------------------

    @property
    def outstanding(self) -> int:
        """Requests that wait for their response."""
        return self._esme.outstanding if self._esme is not None else 0

    def submit(
        self, request: SubmitSm, due: float | None = None, looked_at: float | None = None, stretch: int = 0
    ) -> None:
        """Send one message as soon as the window has room; it is reported when its response comes.

        `due` is the time (`time.monotonic()`) from which its latency counts: when it should have been sent, in an open
        loop. Without it, the time at which it is written. A link that was lost is bound again first.
        """
        self.wait_for_room()
        now = time.monotonic()
        since = now if due is None else due
        job = Job(request, since, since if looked_at is None else looked_at, stretch)
        self._bound_esme.submit(job, now)
        self._write()

    def wait_for_room(self) -> None:
        """Wait until the window has room; binds again after a lost link."""
        while True:
            if self._bound_esme.over is not None:
                self._bind_again()
            elif self._bound_esme.room:
                return
            else:
                self._changed.clear()
                self._changed.wait(_LOOK_EVERY)

    def bind_failed(self, reason: str) -> None:
        """The first bind failed: this user stops. For subclasses."""

    # --- Locust's -----------------------------------------------------------------------------

    def on_start(self) -> None:
        """Connect and bind, or stop this user with the reason among the failures."""
        reason = self._bind()
        if reason is not None:
            self.bind_failed(reason)
            raise GreenletExit  # what ends a user without a traceback in Locust's log

    def on_stop(self) -> None:
        """Wait a little for what is still to come, unbind and close."""
        esme = self._esme
        if esme is None:
            return
        deadline = time.monotonic() + self.stop_seconds
        while esme.over is None and (esme.outstanding or self.book.awaited) and time.monotonic() < deadline:
            self._changed.clear()
            self._changed.wait(0.1)
        if esme.over is None:
            esme.unbind(time.monotonic())
            self._write()
            gevent.joinall(self._greenlets, timeout=1.0)
        gevent.killall(self._greenlets)
        self._close()

    # --- the wire -----------------------------------------------------------------------------

    @property
    def book(self) -> ReceiptBook:
        """The receipts of its account."""
        which = (self._address(), self.system_id)
        if which not in self.books:
            self.books[which] = ReceiptBook(self.counts, self.receipt_wait)
        return self.books[which]

    @property
    def _bound_esme(self) -> Esme:
        if self._esme is None:
            raise RuntimeError("the user was never bound: on_start of SmppUser has to be called")
        return self._esme

    def _address(self) -> tuple[str, int]:
        if self.address is not None:
            return self.address
        return Address.parse(str(self.environment.host or self.host or "127.0.0.1")).pair

    def _bind(self) -> str | None:
        """Connect and bind; why it could not be done."""
        host, port = self._address()
        now = time.monotonic()
        try:
            self._socket = socket.create_connection((host, port), timeout=self.response_timeout)
        except OSError as error:
            reason = f"cannot connect to {host}:{port}: {error.strerror or error}"
            self._report(Outcome(BIND, None, reason))
            return reason
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._esme = esme = Esme(
            self.system_id, self.password, self.book, self._report, now,
            window=self.window, timeout=self.response_timeout,
        )  # fmt: skip
        self._greenlets = [gevent.spawn(self._read, esme), gevent.spawn(self._keep_time, esme)]
        self._write()
        while not esme.bound and esme.failed is None:
            self._changed.clear()
            self._changed.wait(_LOOK_EVERY)
        if esme.failed is not None:
            gevent.killall(self._greenlets)
            self._close()
        return esme.failed

    def _bind_again(self) -> None:
        gevent.killall(self._greenlets)
        self._close()
        for attempt in range(10**9):
            gevent.sleep(_BACK_OFF[min(attempt, len(_BACK_OFF) - 1)])
            if self._bind() is None:
                return

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _write(self) -> None:
        """Write what is queued. One greenlet at a time: another one's octets would come in between."""
        if self._writing or self._esme is None or self._socket is None:
            return
        self._writing = True
        try:
            while octets := self._esme.session.bytes_to_send():
                self._socket.sendall(octets)
        except OSError:
            self._esme.lost(time.monotonic())
        finally:
            self._writing = False

    def _read(self, esme: Esme) -> None:
        while esme.over is None and self._socket is not None:
            try:
                octets = self._socket.recv(_READ)
            except OSError:
                octets = b""
            if octets:
                esme.receive(octets, time.monotonic())
                self._write()
            else:
                esme.lost(time.monotonic())
            self._changed.set()

    def _keep_time(self, esme: Esme) -> None:
        while esme.over is None:
            deadline = esme.session.next_deadline()
            wait = _LOOK_EVERY if deadline is None else min(_LOOK_EVERY, deadline - time.monotonic())
            gevent.sleep(max(0.001, wait))
            now = time.monotonic()
            esme.on_deadline(now)
            self._write()
            self._tell_lost(self.book.overdue(now))
            self._changed.set()

    def _tell_lost(self, lost: list[Any]) -> None:
        for awaited in lost:
            self._report(Outcome(RECEIPT, None, NO_RECEIPT, None, awaited.stretch))

    def _report(self, outcome: Outcome) -> None:
        sending = outcome.sending
        context: dict[str, Any] = {"stretch": outcome.stretch}
        if sending is not None:
            context |= {"lag": sending.job.looked_at - sending.job.due, "service": outcome.service}
            context["waited"] = sending.written_at - sending.job.looked_at
        self.environment.events.request.fire(
            request_type=REQUEST_TYPE,
            name=outcome.name,
            response_time=None if outcome.seconds is None else outcome.seconds * 1000,
            response_length=0,
            exception=None if outcome.error is None else SmppError(outcome.error),
            context=context,
        )
        self._changed.set()
