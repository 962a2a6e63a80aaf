"""A Locust user that speaks SMPP: smppkit's session on a gevent socket, many requests outstanding.

Two latencies are reported under names of their own: `submit_sm` from the submit to its response, and `receipt` from the
submit to its delivery receipt. A response with an error status, a time-out and a lost connection are failures, told
apart by their text. Receipts are answered, enquire_link is kept: the session sees to both.
"""

from __future__ import annotations

import socket
import time
from typing import Any, ClassVar

import gevent
from gevent.event import AsyncResult, Event
from locust import User
from locust.exception import StopUser

from smppkit.events import Bound, Closing, NoResponse, Request, Response
from smppkit.message_ids import candidate_keys, key
from smppkit.pdus import BindTransceiver, DeliverSm, SubmitSm
from smppkit.receipts import parse_receipt
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.status import CommandStatus, status_name

_READ = 65_536


class SmppError(Exception):
    """A request that did not end in ESME_ROK; the text is what Locust groups failures by."""


class SmppUser(User):  # type: ignore[misc] - locust is not typed
    """One bound transceiver. Subclasses set the class attributes and call ``submit`` in their tasks."""

    abstract = True
    address = ("127.0.0.1", 2775)
    system_id = "load"
    password = "load"
    window = 10
    response_timeout = 10.0
    unconfirmed: ClassVar[dict[str, float]] = {}
    """When each accepted message was submitted, by the key of its id. Shared: an SMSC may send a receipt to any bind
    of the system_id. A receipt that goes to another Locust worker is a failure there; give workers their own account.
    """

    def on_start(self) -> None:
        """Connect and bind, or stop this user with the reason among the failures."""
        self._changed = Event()
        self._greenlets: list[gevent.Greenlet] = []
        bound: AsyncResult = AsyncResult()
        self._bound = bound
        started = time.monotonic()
        try:
            self._socket = socket.create_connection(self.address, timeout=self.response_timeout)
        except OSError as error:
            self._report("bind", started, error)
            raise StopUser from error
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = SessionConfig(window=self.window, response_timeout=self.response_timeout)
        self._session = Session(Role.ESME, config, started)
        bind = BindTransceiver(system_id=self.system_id, password=self.password, interface_version=Version.V34)
        self._session.send(bind, started)
        self._greenlets = [gevent.spawn(self._read), gevent.spawn(self._keep_time)]
        self._write()
        try:
            bound.get(timeout=self.response_timeout)
        except (SmppError, gevent.Timeout) as error:
            self._report("bind", started, error)
            raise StopUser from error
        self._report("bind", started)

    def on_stop(self) -> None:
        """Unbind and close."""
        if self._greenlets:
            self._session.unbind(time.monotonic())
            self._write()
            gevent.joinall(self._greenlets, timeout=self._session.config.unbind_timeout)
            gevent.killall(self._greenlets)
            self._socket.close()

    def submit(self, request: SubmitSm) -> None:
        """Send one message as soon as the window has room; its response is reported when it comes."""
        while not self._session.window_free:
            if self._session.closed:
                raise StopUser
            self._changed.clear()
            self._changed.wait()
        self._session.send(request, time.monotonic())
        self._write()

    def drain(self) -> None:
        """Wait until every submit has its response and every accepted one its receipt, or it takes too long."""
        deadline = time.monotonic() + self.response_timeout
        while (self.outstanding or self.unconfirmed) and time.monotonic() < deadline:
            self._changed.clear()
            self._changed.wait(timeout=0.1)

    @property
    def outstanding(self) -> int:
        """Requests that wait for their response."""
        return self._session.outstanding

    # --- the wire -----------------------------------------------------------------------------

    def _write(self) -> None:
        octets = self._session.bytes_to_send()
        if octets:
            try:
                self._socket.sendall(octets)
            except OSError:
                self._lost()

    def _read(self) -> None:
        while not self._session.closed:
            try:
                octets = self._socket.recv(_READ)
            except OSError:
                octets = b""
            if not octets:
                self._lost()
                return
            self._session.receive_bytes(octets, time.monotonic())
            self._turn()

    def _keep_time(self) -> None:
        while not self._session.closed:
            deadline = self._session.next_deadline()
            wait = 1.0 if deadline is None else min(1.0, deadline - time.monotonic())
            gevent.sleep(max(0.001, wait))
            self._session.on_deadline(time.monotonic())
            self._turn()

    def _lost(self) -> None:
        self._session.connection_lost(time.monotonic())
        self._turn()

    def _turn(self) -> None:
        now = time.monotonic()
        for event in self._session.events():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, NoResponse):
                self._report(event.request.name, event.sent_at, SmppError(event.cause.value))
            elif isinstance(event, Request):
                self._asked(event.pdu, now)
            elif isinstance(event, Bound):
                self._bound.set(True)
            elif isinstance(event, Closing) and not self._bound.ready():
                self._bound.set_exception(SmppError(event.reason))
        self._write()
        self._changed.set()

    def _answered(self, event: Response) -> None:
        status = event.response.command_status
        if not isinstance(event.request, SubmitSm):
            if status != CommandStatus.ESME_ROK:
                self._bound.set_exception(SmppError(status_name(status)))
            return
        error = None if status == CommandStatus.ESME_ROK else SmppError(status_name(status))
        self._report("submit_sm", event.sent_at, error)
        if error is None and event.request.registered_delivery & 0b11:
            self.unconfirmed[key(event.response.message_id)] = event.sent_at  # type: ignore[attr-defined]

    def _asked(self, pdu: Any, now: float) -> None:
        self._session.respond(pdu.response(), now)
        receipt = parse_receipt(pdu) if isinstance(pdu, DeliverSm) else None
        if receipt is None or not receipt.state.final:
            return
        for candidate in candidate_keys(receipt.message_id):
            sent_at = self.unconfirmed.pop(candidate, None)
            if sent_at is not None:
                self._report("receipt", sent_at)
                return
        self._report("receipt", now, SmppError("a receipt for an unknown message"))

    def _report(self, name: str, since: float, error: BaseException | None = None) -> None:
        self.environment.events.request.fire(
            request_type="SMPP",
            name=name,
            response_time=(time.monotonic() - since) * 1000,
            response_length=0,
            exception=error,
            context={},
        )
