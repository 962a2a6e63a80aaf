"""An ESME under load, without input or output: a session, what it sends, and what becomes of it.

The owner (`carrierlab.loadtest.smpp_user`) has a socket and a clock; here octets and times go in, and outcomes come
out. All times are seconds of one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from carrierlab.loadtest.receipts import Delivered, ReceiptBook
from carrierlab.loadtest.thresholds import BIND, RECEIPT, SUBMIT, error_class
from smppkit.events import BadPduReceived, Bound, Closing, LateResponse, NoResponse, Request, Response
from smppkit.pdus import BindReceiver, BindTransceiver, BindTransmitter, DataSm, DeliverSm, SubmitSm, SubmitSmResp
from smppkit.receipts import parse_receipt
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role, Version
from smppkit.status import CommandStatus

BindRequest = BindTransceiver | BindTransmitter | BindReceiver
NO_RECEIPT = "no receipt in time"
UNKNOWN_RECEIPT = "a receipt that nobody waits for"
_MORE_THAN_ONE = 0b11  # registered_delivery, SMPP 3.4 §5.2.17: a receipt of any kind


class Job(msgspec.Struct, frozen=True, gc=False):
    """A submit_sm that is to be sent. `due` is from when its latency counts; in a closed loop, when it is written."""

    pdu: SubmitSm
    due: float
    looked_at: float
    """When the generator would have written it, had there been room: `due`, if it was in time."""
    stretch: int = 0


class Sending(msgspec.Struct, frozen=True, gc=False):
    """A job that was written."""

    job: Job
    written_at: float


class Outcome(msgspec.Struct, frozen=True):
    """Something has ended, well or with an `error`; without `seconds` there was never an answer."""

    name: str
    seconds: float | None
    error: str | None = None
    sending: Sending | None = None
    stretch: int = 0
    service: float | None = None
    """From writing to response."""


Report = Callable[[Outcome], None]


class Esme:
    """One connection, from the bind to its end."""

    def __init__(
        self,
        system_id: str,
        password: str,
        book: ReceiptBook,
        report: Report,
        now: float,
        *,
        window: int,
        timeout: float,
        request: type[BindRequest] = BindTransceiver,
        system_type: str = "",
    ) -> None:
        """Begins to bind at once: its octets are there to be written."""
        self._book = book
        self._report = report
        self._began = now
        config = SessionConfig(window=window, response_timeout=timeout, bind_timeout=timeout)
        self.session = Session(Role.ESME, config, now)
        self.bound = False
        """Whether it has been bound."""
        self.failed: str | None = None
        """Why the bind failed."""
        self.over: str | None = None
        """Why the session has ended."""
        self.leaving = False
        """Whether it is we who end the session."""
        bind = request(system_id=system_id, password=password, system_type=system_type, interface_version=Version.V34)
        self.session.send(bind, now)

    @property
    def room(self) -> bool:
        """Whether another submit_sm may be written now."""
        return bool(self.session.window_free)

    @property
    def outstanding(self) -> int:
        """Requests that wait for their response."""
        return self.session.outstanding

    def submit(self, job: Job, now: float) -> None:
        """Write a submit_sm; there has to be `room`."""
        self.session.send(job.pdu, now, Sending(job, now))

    def receive(self, octets: bytes, now: float) -> None:
        """Take what came."""
        self.session.receive_bytes(octets, now)
        self.turn(now)

    def unbind(self, now: float) -> None:
        """Leave, without waiting for what is outstanding."""
        self.leaving = True
        self.session.unbind(now, at_once=True)

    def lost(self, now: float, reason: str = "the connection is lost") -> None:
        """The connection is gone."""
        self.session.connection_lost(now)
        self._end(reason)
        self.turn(now)

    def on_deadline(self, now: float) -> None:
        """Let time pass."""
        self.session.on_deadline(now)
        self.turn(now)

    def turn(self, now: float) -> None:
        """Act on what has happened."""
        for event in self.session.events():
            match event:
                case Response():
                    self._answered(event, now)
                case LateResponse():
                    self._accepted(event, now)  # its time-out is told already; its receipt may still come
                case NoResponse():
                    self._unanswered(event)
                case Request():
                    self._asked(event.pdu, now)
                case Bound():
                    self.bound = True
                    self._report(Outcome(BIND, now - self._began))
                case BadPduReceived():
                    self._report(Outcome("unreadable PDU", None, event.bad.reason))
                case Closing(reason=reason):
                    self._end(reason)

    def _end(self, reason: str) -> None:
        if self.over is None:
            self.over = reason
            if not self.bound and self.failed is None:
                self._bind_failed(reason, None)
            elif self.bound and not self.leaving:
                self._report(Outcome("connection", None, reason))

    def _bind_failed(self, reason: str, seconds: float | None) -> None:
        self.failed = reason
        self._report(Outcome(BIND, seconds, reason))

    def _answered(self, event: Response, now: float) -> None:
        status = event.response.command_status
        sending = event.context
        if not isinstance(sending, Sending):
            if status != CommandStatus.ESME_ROK:
                self._bind_failed(error_class(status), now - self._began)
            return
        error = None if status == CommandStatus.ESME_ROK else error_class(status)
        job = sending.job
        service = now - sending.written_at
        self._report(Outcome(SUBMIT, now - job.due, error, sending, job.stretch, service))
        if error is None:
            self._accepted(event, now)

    def _accepted(self, event: Response | LateResponse, now: float) -> None:
        response, sending = event.response, event.context
        if not isinstance(response, SubmitSmResp) or not isinstance(sending, Sending):
            return
        job = sending.job
        if response.command_status == CommandStatus.ESME_ROK and job.pdu.registered_delivery & _MORE_THAN_ONE:
            early = self._book.accepted(response.message_id, job.due, now, job.stretch)
            if early is not None:
                self._delivered(early)

    def _unanswered(self, event: NoResponse) -> None:
        if isinstance(event.context, Sending):
            job = event.context.job
            self._report(Outcome(SUBMIT, None, event.cause.value, event.context, job.stretch))
        elif self.failed is None:
            self._bind_failed(event.cause.value, None)

    def _asked(self, pdu: Any, now: float) -> None:
        if pdu.response_class is not None:
            self.session.respond(pdu.response(), now)
        if not isinstance(pdu, DeliverSm | DataSm):
            return
        receipt = parse_receipt(pdu)
        if receipt is None:
            self._report(Outcome(pdu.name, None))  # a message of a subscriber
        elif receipt.state.final:
            delivered = self._book.received(receipt.message_id, now)
            if delivered is not None:
                self._delivered(delivered)

    def _delivered(self, delivered: Delivered) -> None:
        self._report(Outcome(RECEIPT, max(0.0, delivered.came_at - delivered.due), None, None, delivered.stretch))
