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

import ssl
import time
from typing import Any, ClassVar, Final

import gevent
from gevent import GreenletExit
from gevent.event import Event
from locust import User

from carrierlab.loadtest.esme import NO_RECEIPT, BindRequest, Esme, Job, Outcome
from carrierlab.loadtest.link import Link, connect
from carrierlab.loadtest.profile import Address
from carrierlab.loadtest.receipts import ReceiptBook
from carrierlab.loadtest.tally import Receipts
from carrierlab.loadtest.thresholds import BIND, RECEIPT
from sender.config.binds import BindMode
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, SubmitSm

_LOOK_EVERY: Final = 1.0
_BACK_OFF: Final = (0.5, 1.0, 2.0, 5.0)
REQUEST_TYPE: Final = "SMPP"
_REQUESTS: Final[dict[BindMode, tuple[type[BindRequest], ...]]] = {
    BindMode.TRANSCEIVER: (BindTransceiver,),
    BindMode.PAIR: (BindReceiver, BindTransmitter),
}
"""How the links of a user bind; the last of them submits."""


class SmppError(Exception):
    """What did not end in ESME_ROK; the text is its class, by which Locust groups failures."""


class SmppUser(User):
    """One bound transceiver, or a pair of transmitter and receiver.

    Subclasses set the class attributes and call ``submit`` in their tasks.

    It reports `bind`, `submit_sm` (from when the message was due, or else written, to its response) and `receipt` (from
    the same to the final receipt), answers what the SMSC sends, keeps enquire_link, and binds again after a lost link.
    """

    abstract = True
    address: tuple[str, int] | None = None
    """Host and port; `--host HOST:PORT` of Locust when None."""
    system_id = "load"
    password = "load"  # noqa: S105 - of nobody
    system_type = ""
    bind_mode: BindMode = BindMode.TRANSCEIVER
    tls: ssl.SSLContext | None = None
    """For a link over TLS."""
    server_name = ""
    """The name in the server's certificate; the host connected to when empty."""
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
        self._links: list[Link] = []
        self._changed = Event()

    # --- what tasks use -----------------------------------------------------------------------

    @property
    def outstanding(self) -> int:
        """Requests that wait for their response."""
        return self._links[-1].esme.outstanding if self._links else 0

    @property
    def has_room(self) -> bool:
        """Whether a message may be written now."""
        return not self._over and self._sending.esme.room

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
        self._sending.esme.submit(job, now)
        self._sending.write()

    def wait_for_room(self) -> None:
        """Wait until the window has room; binds again after a lost link."""
        while True:
            if self._over:
                self._bind_again()
            elif self.has_room:
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
        deadline = time.monotonic() + self.stop_seconds
        while (
            self._links and not self._over and (self.outstanding or self.book.awaited) and time.monotonic() < deadline
        ):
            self._changed.clear()
            self._changed.wait(0.1)
        for link in self._links:
            link.leave()

    # --- the wire -----------------------------------------------------------------------------

    @property
    def book(self) -> ReceiptBook:
        """The receipts of its account."""
        which = (self._address(), self.system_id)
        if which not in self.books:
            self.books[which] = ReceiptBook(self.counts, self.receipt_wait)
        return self.books[which]

    @property
    def _sending(self) -> Link:
        """The link that submits."""
        if not self._links:
            raise RuntimeError("the user was never bound: on_start of SmppUser has to be called")
        return self._links[-1]

    @property
    def _over(self) -> bool:
        return any(link.esme.over is not None for link in self._links)

    def _address(self) -> tuple[str, int]:
        if self.address is not None:
            return self.address
        return Address.parse(str(self.environment.host or self.host or "127.0.0.1")).pair

    def _bind(self) -> str | None:
        """Connect and bind, a receiver first; why it could not be done."""
        links: list[Link] = []
        for request in _REQUESTS[self.bind_mode]:
            reason = self._bind_as(request, links)
            if reason is not None:
                for link in links:
                    link.leave()
                return reason
        self._links = links
        return None

    def _bind_as(self, request: type[BindRequest], links: list[Link]) -> str | None:
        now = time.monotonic()
        try:
            connected = connect(self._address(), self.response_timeout, self.tls, self.server_name)
        except OSError as error:
            self._report(Outcome(BIND, None, str(error)))
            return str(error)
        esme = Esme(
            self.system_id, self.password, self.book, self._report, now,
            window=self.window, timeout=self.response_timeout, request=request, system_type=self.system_type,
        )  # fmt: skip
        link = Link(connected, esme, self._changed, self._on_time)
        failed = link.wait_until_bound()
        if failed is None:
            links.append(link)
        return failed

    def _bind_again(self) -> None:
        """After a lost link; of a pair the other one is bound again too."""
        for link in self._links:
            link.leave()
            link.esme.lost(time.monotonic())
        for attempt in range(10**9):
            gevent.sleep(_BACK_OFF[min(attempt, len(_BACK_OFF) - 1)])
            if self._bind() is None:
                return

    def _on_time(self, now: float) -> None:
        self._tell_lost(self.book.overdue(now))

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
