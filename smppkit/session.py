"""One SMPP session as a state machine without I/O: bytes and times in, events and bytes out.

The owner (a Twisted protocol, a gevent socket, a simulation) calls::

    session.receive_bytes(data, now)      # what came from the peer
    session.send(request, now, context)   # what we ask; session.respond(response, now): what we answer
    session.events()                      # what it means
    session.bytes_to_send()               # what to write
    session.next_deadline()               # when to call on_deadline(now)

One class serves both roles. Times are seconds of any monotonic clock.
Source: SMPP 3.4 §2.2-§2.4, §3.2, §7.2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from smppkit.codec import encode
from smppkit.commands import RESPONSE_BIT, CommandId, command_name
from smppkit.errors import LocalProtocolError, WindowFull
from smppkit.events import (
    BadPduReceived,
    Bound,
    Closing,
    Event,
    LateResponse,
    NoResponse,
    NoResponseCause,
    Request,
    Response,
    Unbound,
)
from smppkit.pdus import PDUS, EnquireLink, GenericNack, Pdu, Unbind
from smppkit.sequence import SequenceNumbers
from smppkit.session_config import SessionConfig, SessionCounters
from smppkit.states import BOUND_STATES, STATE_AFTER_BIND, BindState, Role, Version, legal_requests
from smppkit.status import CommandStatus
from smppkit.stream import BadPdu, BrokenStream, StreamDecoder

Tap = Callable[[str, bytes], None]

_LATE_KEPT = 1000
"""Requests given up after their time-out whose response is still recognised; the oldest are forgotten first."""

_NO_RESPONSE_EXPECTED = frozenset({CommandId.ALERT_NOTIFICATION, CommandId.OUTBIND})


class _Outstanding(msgspec.Struct, frozen=True, gc=False):
    request: Pdu
    context: object
    sent_at: float


class Session:
    """One end of one SMPP session."""

    def __init__(self, role: Role, config: SessionConfig, now: float, tap: Tap | None = None) -> None:
        self.role = role
        self.config = config
        self.state = BindState.OPEN
        self.version = Version.of(config.interface_version)
        self.counters = SessionCounters()
        self.window = config.window
        self._tap = tap
        self._tap_in = None if tap is None else partial(tap, "in")
        self._decoder = StreamDecoder(max_length=config.max_pdu_before_bind)
        self._sequence = SequenceNumbers()
        self._outstanding: dict[int, _Outstanding] = {}  # in the order of sending
        self._given_up: dict[int, _Outstanding] = {}  # timed out, in that order
        self._unanswered: dict[int, int] = {}  # the peer's sequence numbers that wait for respond()
        self._unanswered_count = 0
        self._binding: Pdu | None = None  # the bind request that is being decided
        self._enquiry: _Outstanding | None = None
        self._unbind_sent: int | None = None  # sequence number of our unbind
        self._unbind_received: Pdu | None = None
        self._unbind_deadline: float | None = None
        self._opened_at = now
        self._last_received = now
        self._last_operation = now
        self._events: list[Event] = []
        self._out: list[bytes] = []
        self._we_may: frozenset[int]
        self._peer_may: frozenset[int]
        self._refresh_legal()

    # --- what the owner can see ---------------------------------------------------------------

    @property
    def bound(self) -> bool:
        """True while requests may flow."""
        return self.state in BOUND_STATES

    @property
    def closed(self) -> bool:
        """True once the session is over; it takes and gives no more octets."""
        return self.state is BindState.CLOSED

    @property
    def outstanding(self) -> int:
        """Our requests that the peer has not answered yet."""
        return len(self._outstanding)

    @property
    def unanswered(self) -> int:
        """The peer's requests that we have not answered yet."""
        return self._unanswered_count

    @property
    def window_free(self) -> int:
        """How many more requests may be sent now; 0 when not bound."""
        return max(0, self.window - len(self._outstanding)) if self.state in BOUND_STATES else 0

    def may_send(self, command_id: int) -> bool:
        """Whether a request with this command_id is legal for us now."""
        return command_id in self._we_may

    def events(self) -> list[Event]:
        """Everything that happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def bytes_to_send(self) -> bytes:
        """Everything to be written since the last call."""
        if not self._out:
            return b""
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    # --- what the owner asks ------------------------------------------------------------------

    def reserve(self, count: int) -> int:
        """Set `count` consecutive sequence numbers aside for ``send_reserved``; returns the first.

        The others are ``smppkit.sequence.after(first, n)``. Numbers that are never used are no fault.
        """
        return self._sequence.take(count)

    def send(self, request: Pdu, now: float, context: object = None) -> int:
        """Queue a request; returns the sequence number it was given.

        LocalProtocolError when the state does not allow it, WindowFull when too many are outstanding,
        EncodeError when it does not fit the wire. In each case nothing was queued.
        """
        sequence = self._sequence.take()
        self.send_reserved(request, sequence, now, context)
        return sequence

    def send_reserved(self, request: Pdu, sequence: int, now: float, context: object = None) -> None:
        """As ``send``, with a number from ``reserve``."""
        command_id = request.command_id
        if command_id not in self._we_may:
            raise LocalProtocolError(
                f"{self.role.name} may not send {command_name(command_id)} in state {self.state.name}"
            )
        if command_id == CommandId.UNBIND or command_id == CommandId.ENQUIRE_LINK:
            raise LocalProtocolError(f"{command_name(command_id)} is the session's own business")
        request.sequence_number = sequence
        if command_id in _NO_RESPONSE_EXPECTED:
            self._queue(encode(request))
            if command_id == CommandId.OUTBIND:
                self._move(BindState.OUTBOUND)
            return
        if sequence in self._outstanding:
            raise LocalProtocolError(f"sequence number {sequence} is still in use")
        if command_id in STATE_AFTER_BIND:
            if self._binding is not None:
                raise LocalProtocolError("a bind is already waiting for its response")
            self._binding = request
        elif len(self._outstanding) >= self.window:
            raise WindowFull(f"{len(self._outstanding)} requests outstanding, the window is {self.window}")
        self._queue(encode(request))
        self._outstanding[sequence] = _Outstanding(request, context, now)
        self._given_up.pop(sequence, None)
        self._last_operation = now

    def respond(self, response: Pdu, now: float) -> None:
        """Queue the answer to a Request event; make it with ``request.response(...)``.

        A bind_resp with ESME_ROK binds the session. Answering what was not asked, or twice, is a
        LocalProtocolError (I6: every request gets one response).
        """
        sequence = response.sequence_number
        waiting = self._unanswered.get(sequence, 0)
        if not waiting:
            if self.state is BindState.CLOSED:
                self.counters.late_answers += 1  # the link died while the answer was being prepared
                return
            raise LocalProtocolError(f"no request with sequence number {sequence} waits for an answer")
        octets = encode(response)
        if waiting == 1:
            del self._unanswered[sequence]
        else:
            self._unanswered[sequence] = waiting - 1
        self._unanswered_count -= 1
        self._queue(octets)
        binding = self._binding
        if binding is not None and response.command_id == binding.command_id | RESPONSE_BIT:
            self._binding = None
            if response.command_status == CommandStatus.ESME_ROK:
                self._bind(binding, response, getattr(binding, "interface_version", 0))
        if self.state is BindState.UNBINDING:
            self._go_on_unbinding(now)

    def unbind(self, now: float) -> None:
        """Say unbind once what is in flight is finished; ``Closing`` follows. Not bound: close at once."""
        if self.state in BOUND_STATES:
            self._start_unbinding(now, by_peer=False)
        elif self.state not in (BindState.UNBINDING, BindState.CLOSED):
            self._close("not bound")

    def connection_lost(self, now: float) -> None:
        """The transport is gone: what is outstanding will never be answered."""
        self.state = BindState.CLOSED
        self._refresh_legal()
        for waiting in self._outstanding.values():
            self._events.append(
                NoResponse(waiting.request, waiting.context, NoResponseCause.CONNECTION_LOST, waiting.sent_at)
            )
        self._outstanding.clear()
        self._given_up.clear()
        self._unanswered.clear()
        self._unanswered_count = 0
        self._out.clear()

    # --- time ---------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When ``on_deadline`` must be called next, or None when nothing is timed."""
        if self.state is BindState.CLOSED:
            return None
        config = self.config
        deadlines = []
        if self._outstanding:
            oldest = next(iter(self._outstanding.values()))
            deadlines.append(oldest.sent_at + config.response_timeout)
        if self._unbind_deadline is not None:
            deadlines.append(self._unbind_deadline)
        elif self.state in BOUND_STATES:
            if self._enquiry is not None:
                deadlines.append(self._enquiry.sent_at + config.response_timeout)
            elif config.enquire_link_interval is not None:
                deadlines.append(self._last_received + config.enquire_link_interval)
            if config.inactivity_timeout is not None:
                deadlines.append(self._last_operation + config.inactivity_timeout)
        elif self.role is Role.SMSC and config.session_init_timeout is not None:
            deadlines.append(self._opened_at + config.session_init_timeout)
        return min(deadlines, default=None)

    def on_deadline(self, now: float) -> None:
        """Act on every timer that is due at `now`; harmless when called early."""
        if self.state is BindState.CLOSED:
            return
        self._expire_responses(now)
        if self._unbind_deadline is not None:
            if now >= self._unbind_deadline:
                self._unbinding_overdue(now)
        elif self.state in BOUND_STATES:
            self._test_link(now)
            inactivity = self.config.inactivity_timeout
            if inactivity is not None and self.bound and now >= self._last_operation + inactivity:
                self.unbind(now)
        elif self.role is Role.SMSC:
            patience = self.config.session_init_timeout
            if patience is not None and now >= self._opened_at + patience:
                self._close("no bind within the session-init time")

    def _expire_responses(self, now: float) -> None:
        # A dict keeps the order of sending and every request has the same time-out: only its head can be due.
        while self._outstanding:
            sequence, oldest = next(iter(self._outstanding.items()))
            if now < oldest.sent_at + self.config.response_timeout:
                return
            del self._outstanding[sequence]
            self.counters.response_timeouts += 1
            self._give_up(sequence, oldest)
            self._events.append(NoResponse(oldest.request, oldest.context, NoResponseCause.TIMEOUT, oldest.sent_at))
            if oldest.request is self._binding:
                self._binding = None
                self._close("no answer to the bind")
            elif self.state is BindState.UNBINDING:
                self._go_on_unbinding(now)

    def _give_up(self, sequence: int, request: _Outstanding) -> None:
        self._given_up[sequence] = request
        if len(self._given_up) > _LATE_KEPT:
            del self._given_up[next(iter(self._given_up))]

    def _test_link(self, now: float) -> None:
        enquiry, interval = self._enquiry, self.config.enquire_link_interval
        if enquiry is not None:
            if now >= enquiry.sent_at + self.config.response_timeout:
                self._close("enquire_link was not answered")
        elif interval is not None and now >= self._last_received + interval:
            request = EnquireLink(sequence_number=self._sequence.take())
            self._enquiry = _Outstanding(request, None, now)
            self._queue(encode(request))

    # --- bytes from the peer ------------------------------------------------------------------

    def receive_bytes(self, data: bytes, now: float) -> None:
        """Take what the transport received; results are in ``events()`` and ``bytes_to_send()``."""
        if self.closed:
            return
        for fate in self._decoder.feed(data, self._tap_in):
            # Any PDU proves the peer alive (SMPP 3.4 §4.11), so an enquiry counts as answered.
            self._last_received = now
            self._enquiry = None
            if isinstance(fate, Pdu):
                self.counters.pdus_in += 1
                if fate.command_id & RESPONSE_BIT:
                    self._received_response(fate, now)
                else:
                    self._received_request(fate, now)
            elif isinstance(fate, BadPdu):
                self._received_bad(fate)
            else:
                self._received_garbage(fate)
            if self.closed:
                return

    def _received_request(self, pdu: Pdu, now: float) -> None:
        command_id = pdu.command_id
        if command_id not in self._peer_may or (self._binding is not None and command_id in STATE_AFTER_BIND):
            self._refuse_illegal(pdu)
        elif command_id == CommandId.ENQUIRE_LINK:
            self._queue(encode(pdu.response()))
        elif command_id == CommandId.UNBIND:
            self._unbind_received = pdu
            self._start_unbinding(now, by_peer=True)
        elif command_id in _NO_RESPONSE_EXPECTED:
            if command_id == CommandId.OUTBIND:
                self._move(BindState.OUTBOUND)
            self._events.append(Request(pdu))
        else:
            limit = self.config.peer_window
            if limit is not None and self._unanswered_count >= limit:
                self.counters.window_overruns += 1
                self._queue(encode(pdu.response(CommandStatus.ESME_RTHROTTLED)))
                return
            if command_id in STATE_AFTER_BIND:
                self._binding = pdu
            self._last_operation = now
            sequence = pdu.sequence_number
            # A peer may wrongly reuse a live number: each use is still owed one answer.
            self._unanswered[sequence] = self._unanswered.get(sequence, 0) + 1
            self._unanswered_count += 1
            self._events.append(Request(pdu))

    def _received_response(self, pdu: Pdu, now: float) -> None:
        sequence = pdu.sequence_number
        waiting = self._outstanding.get(sequence)
        if waiting is None or not _answers(pdu, waiting.request):
            if sequence == self._unbind_sent:
                self._events.append(Unbound(by_peer=False))
                self._close("unbound")
            elif pdu.command_id != CommandId.ENQUIRE_LINK_RESP:  # one that came after its time says nothing
                self._received_late(pdu)
            return
        del self._outstanding[sequence]
        self._last_operation = now
        request = waiting.request
        self._events.append(Response(request, pdu, waiting.context, waiting.sent_at))
        if request is self._binding:
            self._binding = None
            if pdu.command_status == CommandStatus.ESME_ROK and pdu.command_id != CommandId.GENERIC_NACK:
                self._bind(request, pdu, self.config.interface_version)
        elif self.state is BindState.UNBINDING:
            self._go_on_unbinding(now)

    def _received_late(self, pdu: Pdu) -> None:
        waiting = self._given_up.get(pdu.sequence_number)
        if waiting is None or not _answers(pdu, waiting.request):
            self.counters.unknown_responses += 1
            return
        del self._given_up[pdu.sequence_number]
        self.counters.late_responses += 1
        self._events.append(LateResponse(waiting.request, pdu, waiting.context, waiting.sent_at))

    def _received_bad(self, bad: BadPdu) -> None:
        self.counters.bad_pdus += 1
        self._events.append(BadPduReceived(bad))
        pdu_class = PDUS.get(bad.command_id)
        if not bad.command_id & RESPONSE_BIT:
            response_class = pdu_class.response_class if pdu_class is not None else None
            response = (response_class or GenericNack)(bad.status, bad.sequence_number)
            self._queue(encode(response))
            return
        waiting = self._outstanding.pop(bad.sequence_number, None)
        if waiting is not None:
            self._events.append(
                NoResponse(waiting.request, waiting.context, NoResponseCause.UNREADABLE, waiting.sent_at)
            )
            if waiting.request is self._binding:
                self._binding = None
        elif pdu_class is None:
            self._queue(encode(GenericNack(bad.status, bad.sequence_number)))
        else:
            self.counters.unknown_responses += 1

    def _received_garbage(self, broken: BrokenStream) -> None:
        self.counters.broken_streams += 1
        # The sequence number cannot be trusted any more, so the nack carries none (SMPP 3.4 §4.3).
        self._queue(encode(GenericNack(broken.status, 0)))
        self._close(f"broken stream: {broken.reason}")

    def _refuse_illegal(self, pdu: Pdu) -> None:
        self.counters.illegal_requests += 1
        is_bind = pdu.command_id in STATE_AFTER_BIND
        if is_bind and (self.bound or self._binding is not None):
            status = CommandStatus.ESME_RALYBND
        elif is_bind and self.state in (BindState.OPEN, BindState.OUTBOUND):
            status = CommandStatus.ESME_RINVCMDID  # a kind of bind that this version does not have
        else:
            status = CommandStatus.ESME_RINVBNDSTS
        if pdu.response_class is not None:
            self._queue(encode(pdu.response(status)))

    # --- state --------------------------------------------------------------------------------

    def _bind(self, request: Pdu, response: Pdu, interface_version: int) -> None:
        self.version = min(self.version, Version.of(interface_version))
        self._decoder.max_length = self.config.max_pdu
        self._move(STATE_AFTER_BIND[request.command_id])
        self._events.append(Bound(self.state, response))

    def _start_unbinding(self, now: float, *, by_peer: bool) -> None:
        if by_peer:
            self._events.append(Unbound(by_peer=True))
        if self.state is not BindState.UNBINDING:
            peer_may: frozenset[int] = self._peer_may
            self._move(BindState.UNBINDING)
            if not by_peer:
                # Until it has read our unbind the peer rightly goes on; what it asks is still answered.
                self._peer_may = peer_may
            self._unbind_deadline = now + self.config.unbind_timeout
        self._go_on_unbinding(now)

    def _go_on_unbinding(self, now: float) -> None:
        if self._unanswered_count or self._outstanding or self.state is BindState.CLOSED:
            return
        self._finish_unbinding(now)

    def _finish_unbinding(self, now: float) -> None:
        if self._unbind_received is not None:
            self._queue(encode(self._unbind_received.response()))
            self._close("the peer unbound")
        elif self._unbind_sent is None:
            request = Unbind(sequence_number=self._sequence.take())
            self._unbind_sent = request.sequence_number
            self._unbind_deadline = now + self.config.unbind_timeout
            self._queue(encode(request))

    def _unbinding_overdue(self, now: float) -> None:
        if self._unbind_sent is not None and self._unbind_received is None:
            self._close("unbind was not answered")
        else:
            self._finish_unbinding(now)

    def _close(self, reason: str) -> None:
        self._move(BindState.CLOSED)
        self._events.append(Closing(reason))

    def _move(self, state: BindState) -> None:
        self.state = state
        self._refresh_legal()

    def _refresh_legal(self) -> None:
        self._we_may = legal_requests(self.role, self.state, self.version)
        self._peer_may = legal_requests(self.role.peer, self.state, self.version)

    def _queue(self, octets: bytes) -> None:
        self.counters.pdus_out += 1
        self._out.append(octets)
        if self._tap is not None:
            self._tap("out", octets)

    def __repr__(self) -> str:
        return (
            f"<Session {self.role.name} {self.state.name} {self.version.name} "
            f"outstanding={self.outstanding}/{self.window} unanswered={self.unanswered}>"
        )


def _answers(response: Pdu, request: Pdu) -> bool:
    command_id = response.command_id
    return command_id == request.command_id | RESPONSE_BIT or command_id == CommandId.GENERIC_NACK
