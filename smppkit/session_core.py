"""What a session is, whichever way its PDUs are sent and read: its state, its timers, what waits, and what ends it.

See smppkit.session, which is what owners use.
"""

from __future__ import annotations

from typing import Final

from smppkit.codec import CODECS
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
from smppkit.negotiation import Negotiated, negotiated
from smppkit.outstanding import Outstanding, Sent, Unanswered
from smppkit.pdus import EnquireLink, GenericNack, Pdu, Unbind
from smppkit.sequence import SequenceNumbers
from smppkit.session_config import SessionConfig, SessionCounters
from smppkit.states import BOUND_STATES, STATE_AFTER_BIND, BindState, Role, Version, legal_requests, refusal
from smppkit.status import CommandStatus
from smppkit.stream import BadPdu, BrokenStream
from smppkit.timers import Due, Timers
from smppkit.wire import ManyTap, Tap, Wire

# What is asked at every PDU has a name of its own here: on Python 3.11 to look a member up in its enum costs as much as
# five such names.
_CLOSED: Final = BindState.CLOSED
_UNBINDING: Final = BindState.UNBINDING
_ENQUIRE_LINK: Final = CommandId.ENQUIRE_LINK
_UNBIND: Final = CommandId.UNBIND

_OWN_BUSINESS = frozenset({CommandId.UNBIND, CommandId.ENQUIRE_LINK})
_ANSWERS_UNBIND = frozenset({CommandId.UNBIND_RESP, CommandId.GENERIC_NACK})
NO_RESPONSE_EXPECTED: Final = frozenset({CommandId.ALERT_NOTIFICATION, CommandId.OUTBIND})


class SessionCore:
    """One end of one SMPP session."""

    def __init__(
        self, role: Role, config: SessionConfig, now: float, tap: Tap | None = None, many: ManyTap | None = None
    ) -> None:
        self.role = role
        self.config = config
        self.state = BindState.OPEN
        self.version = Version.of(config.interface_version)
        """Our own until the bind, then the lower of both."""
        self.peer_version: Version | None = None
        """What the peer said of itself when it bound, or was bound to."""
        self.peer_speaks_tlvs = False
        """Whether the peer may be sent TLVs (SMPP 3.4 §3.4); known after the bind."""
        self.counters = SessionCounters()
        self.window = config.window
        self._wire = Wire(CODECS[self.version], config.max_pdu_before_bind, self.counters, tap, many)
        self._timers = Timers(role, now)
        self._sequence = SequenceNumbers()
        self._outstanding = Outstanding()
        self._unanswered = Unanswered()
        self._binding: Pdu | None = None  # the bind request that is being decided
        self._unbind_sent: int | None = None  # sequence number of our unbind
        self._unbind_received: Pdu | None = None
        self._asked_for_life = False  # the owner has enquired, and nothing has come since
        self._events: list[Event] = []
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
        return self.state is _CLOSED

    def listen_in(self, tap: Tap, many: ManyTap | None = None) -> None:
        """Tell `tap` of every PDU from now on, instead of the one that was told so far; `many` as for a Session."""
        self._wire.listen_in(tap, many)

    @property
    def outstanding(self) -> int:
        """Our requests that the peer has not answered yet."""
        return len(self._outstanding)

    @property
    def waits(self) -> bool:
        """Whether the peer has anything to answer: a request, an enquire_link or an unbind."""
        if self.state is _CLOSED:
            return False
        return bool(self._outstanding) or self._timers.enquired_at is not None or self._unbind_sent is not None

    @property
    def heard_at(self) -> float:
        """When the last PDU of the peer came (at first: when the session began)."""
        return self._timers.last_received

    @property
    def enquiring(self) -> bool:
        """Whether an enquire_link was sent that nothing has come after."""
        return self._timers.enquired_at is not None

    @property
    def unfinished(self) -> bytes | None:
        """What has come of a PDU that is not complete; None when no more can come."""
        return None if self.state is _CLOSED else self._wire.unfinished

    @property
    def unanswered(self) -> int:
        """The peer's requests that we have not answered yet."""
        return self._unanswered.count

    @property
    def window_free(self) -> int:
        """How many more requests may be sent now; 0 when not bound."""
        free = self.window - len(self._outstanding)
        return free if free > 0 and self.state in BOUND_STATES else 0

    def may_send(self, command_id: int) -> bool:
        """Whether a request with this command_id is legal for us now."""
        return command_id in self._we_may

    def events(self) -> list[Event]:
        """Everything that happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def bytes_to_send(self) -> bytes:
        """Everything to be written since the last call."""
        return self._wire.drain()

    # --- its end ------------------------------------------------------------------------------

    def unbind(self, now: float, *, at_once: bool = False) -> None:
        """Say unbind once what is in flight is finished; ``Closing`` follows. Not bound: close at once.

        With `at_once` nothing is waited for: what is in flight is answered until the peer has answered the unbind.
        """
        if self.state in BOUND_STATES:
            self._start_unbinding(now, by_peer=False)
        elif self.state not in (BindState.UNBINDING, BindState.CLOSED):
            self._close("not bound")
        if at_once and self.state is BindState.UNBINDING and self._unbind_received is None:
            self._finish_unbinding(now)

    def connection_lost(self, now: float) -> None:
        """The transport is gone: what is outstanding will never be answered."""
        self.state = BindState.CLOSED
        self._refresh_legal()
        for sent in self._outstanding.drop_all():
            self._no_response(sent, NoResponseCause.CONNECTION_LOST)
        self.counters.unanswered_at_end += self._unanswered.drop_all()
        self._wire.drop()

    # --- time ---------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When ``on_deadline`` must be called next, or None when nothing is timed."""
        if self.state is _CLOSED:
            return None
        timer = self._timers.next_deadline(self.state, self.config)
        if not self._outstanding:
            return timer
        response = self._outstanding.next_deadline(self.config.response_timeout)
        return response if timer is None or (response is not None and response < timer) else timer

    def on_deadline(self, now: float) -> None:
        """Act on every timer that is due at `now`; harmless when called early."""
        if self.state is BindState.CLOSED:
            return
        self._expire_responses(now)
        for due in self._timers.due(self.state, self.config, now):
            match due:
                case Due.SESSION_INIT:
                    self._close("no bind within the session-init time")
                case Due.ENQUIRE_LINK:
                    self._enquire(now)
                case Due.ENQUIRE_LINK_OVERDUE:
                    self._close("enquire_link was not answered")
                case Due.INACTIVITY if self.config.inactivity_closes:
                    self._close("nothing was done for too long")
                case Due.INACTIVITY:
                    self.unbind(now)
                case Due.SILENCE:
                    self._close("nothing was heard for too long")
                case Due.UNBIND:
                    self._unbinding_overdue(now)

    def _enquire(self, now: float) -> None:
        self._timers.enquired_at = now
        self._wire.write(EnquireLink(sequence_number=self._sequence.take()))

    def _expire_responses(self, now: float) -> None:
        while (sent := self._outstanding.give_up(now, self.config.response_timeout)) is not None:
            self.counters.response_timeouts += 1
            self._no_response(sent, NoResponseCause.TIMEOUT)
            if self._is_our_bind(sent):
                self._binding = None
                self._close("no answer to the bind")
            elif self.state is BindState.UNBINDING:
                self._go_on_unbinding(now)

    # --- PDUs of the peer, one by one ------------------------------------------------------------

    def _received_request(self, pdu: Pdu, now: float) -> None:
        command_id = pdu.command_id
        if command_id not in self._peer_may:
            self._refuse_illegal(type(pdu), pdu.sequence_number)
        elif command_id == _ENQUIRE_LINK:
            self._wire.write(pdu.response())
        elif command_id == _UNBIND:
            self._unbind_received = pdu
            self._start_unbinding(now, by_peer=True)
        elif command_id in NO_RESPONSE_EXPECTED:
            if command_id == CommandId.OUTBIND:
                self._move(BindState.OUTBOUND)
            self._events.append(Request(pdu))
        else:
            limit = self.config.peer_window
            if limit is not None and self._unanswered.count >= limit:
                self.counters.window_overruns += 1
                self._wire.write(pdu.response(self.config.peer_window_status))
                return
            if command_id in STATE_AFTER_BIND:
                self._decide_on(pdu)
            self._timers.last_operation = now
            self._unanswered.add(pdu.sequence_number)
            self._events.append(Request(pdu))

    def _received_response(self, pdu: Pdu, now: float) -> None:
        sequence, command_id = pdu.sequence_number, pdu.command_id
        sent = self._outstanding.take(sequence, command_id)
        if sent is None:
            self._received_unexpected(pdu)
            return
        self._timers.last_operation = now
        self._events.append(Response(sent.request, pdu, sent.context, sent.sent_at))
        binding = self._binding
        if binding is not None and sent.request is binding:
            self._binding = None
            if pdu.command_status == CommandStatus.ESME_ROK and command_id != CommandId.GENERIC_NACK:
                self._bind(binding, pdu, negotiated(self.role, self.version, binding, pdu))
        elif self.state is _UNBINDING:
            self._go_on_unbinding(now)

    def _received_unexpected(self, pdu: Pdu) -> None:
        """A response to no request that waits: to our unbind, to one given up, or to nothing of ours."""
        sequence, command_id = pdu.sequence_number, pdu.command_id
        if sequence == self._unbind_sent and command_id in _ANSWERS_UNBIND:
            self._events.append(Unbound(by_peer=False))
            self._close("unbound")
        elif command_id == CommandId.ENQUIRE_LINK_RESP:
            # Most are awaited: an enquiry ends with whatever comes first. One that comes after that says nothing.
            self.counters.enquire_link_resps += 1
        elif (late := self._outstanding.take_late(sequence, command_id)) is not None:
            self.counters.late_responses += 1
            self._events.append(LateResponse(late.request, pdu, late.context, late.sent_at))
        else:
            self.counters.unknown_responses += 1

    def _received_bad(self, bad: BadPdu, now: float) -> None:
        layout = self._wire.codec.layouts.get(bad.command_id)
        if bad.command_id & RESPONSE_BIT:
            self._received_bad_response(bad, now, known=layout is not None)
        elif layout is not None and bad.command_id not in self._peer_may:
            # The state is judged before the body: what would be refused anyway is not blamed for its fields.
            self._refuse_illegal(layout.kind, bad.sequence_number)
        else:
            self.counters.bad_pdus += 1
            self._events.append(BadPduReceived(bad))
            response_class = None if layout is None else layout.kind.response_class
            self._wire.write((response_class or GenericNack)(bad.status, bad.sequence_number))

    def _received_bad_response(self, bad: BadPdu, now: float, *, known: bool) -> None:
        self.counters.bad_pdus += 1
        self._events.append(BadPduReceived(bad))
        if not known:
            self._wire.write(GenericNack(bad.status, bad.sequence_number))
            return
        sent = self._outstanding.take(bad.sequence_number, bad.command_id)
        if sent is None:
            self.counters.unknown_responses += 1
            return
        self._no_response(sent, NoResponseCause.UNREADABLE)
        if self._is_our_bind(sent):
            self._binding = None
        elif self.state is BindState.UNBINDING:
            self._go_on_unbinding(now)

    def _received_garbage(self, broken: BrokenStream) -> None:
        self.counters.broken_streams += 1
        # The sequence number cannot be trusted any more, so the nack carries none (SMPP 3.4 §4.3).
        self._wire.write(GenericNack(broken.status, 0))
        self._close(f"broken stream: {broken.reason}")

    def _refuse_illegal(self, kind: type[Pdu], sequence: int) -> None:
        self.counters.illegal_requests += 1
        if kind.response_class is not None:
            status = refusal(kind.command_id, self.state, bind_waits=self._binding is not None)
            self._wire.write(kind.response_class(status, sequence))

    # --- state --------------------------------------------------------------------------------

    def _respond_to_bind(self, request: Pdu, response: Pdu) -> None:
        if self.state is BindState.CLOSED:
            self.counters.late_answers += 1  # nobody can be bound any more
        elif response.command_status == CommandStatus.ESME_ROK:
            settled = negotiated(self.role, self.version, request, response)
            # A peer of 3.3 gets no TLVs, not even here (SMPP 3.4 §3.4).
            self._wire.write(response, CODECS[settled.version])
            self._bind(request, response, settled)
        else:
            self._wire.write(response)
        self._decide_on(None)

    def _decide_on(self, bind: Pdu | None) -> None:
        """The peer asks for this bind, and for no other until it is answered."""
        self._binding = bind
        self._refresh_legal()

    def _bind(self, request: Pdu, response: Pdu, settled: Negotiated) -> None:
        self.version = settled.version
        self.peer_version = settled.peer_version
        self.peer_speaks_tlvs = settled.peer_speaks_tlvs
        self._wire.speak(CODECS[self.version], self.config.max_pdu)
        self._move(STATE_AFTER_BIND[request.command_id])
        self._events.append(Bound(self.state, response))

    def _is_binding(self, sequence: int) -> bool:
        """Whether this is the number of the peer's bind that waits for us."""
        binding = self._binding
        return self.role is Role.SMSC and binding is not None and binding.sequence_number == sequence

    def _is_our_bind(self, sent: Sent) -> bool:
        return self._binding is not None and sent.request is self._binding

    def _start_unbinding(self, now: float, *, by_peer: bool) -> None:
        if by_peer:
            self._events.append(Unbound(by_peer=True))
        if self.state is not BindState.UNBINDING:
            peer_may: frozenset[int] = self._peer_may
            self._move(BindState.UNBINDING)
            if not by_peer:
                # Until it has read our unbind the peer rightly goes on; what it asks is still answered.
                self._peer_may = peer_may
            self._timers.unbind_deadline = now + self.config.unbind_timeout
        self._go_on_unbinding(now)

    def _go_on_unbinding(self, now: float) -> None:
        if self._unanswered.count or len(self._outstanding) or self.state is BindState.CLOSED:
            return
        self._finish_unbinding(now)

    def _finish_unbinding(self, now: float) -> None:
        if self._unbind_received is not None:
            self._wire.write(self._unbind_received.response())
            self._close("the peer unbound")
        elif self._unbind_sent is None:
            request = Unbind(sequence_number=self._sequence.take())
            self._unbind_sent = request.sequence_number
            self._timers.unbind_deadline = now + self.config.unbind_timeout
            self._wire.write(request)

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
        if self._binding is not None:
            self._peer_may -= STATE_AFTER_BIND.keys()

    # --- what waits ---------------------------------------------------------------------------

    def _check_legal(self, command_id: int) -> None:
        if command_id not in self._we_may:
            raise LocalProtocolError(
                f"{self.role.name} may not send {command_name(command_id)} in state {self.state.name}"
            )
        if command_id in _OWN_BUSINESS:
            raise LocalProtocolError(f"{command_name(command_id)} is the session's own business")

    def _check_room(self, sequence: int) -> None:
        if sequence in self._outstanding:
            raise LocalProtocolError(f"sequence number {sequence} is still in use")
        if len(self._outstanding) >= self.window:
            raise WindowFull(f"{len(self._outstanding)} requests outstanding, the window is {self.window}")

    def _waits_not(self, sequence: int) -> None:
        """There is nothing to answer: our mistake, unless the peer has gone."""
        if self.state is not BindState.CLOSED:
            raise LocalProtocolError(f"no request with sequence number {sequence} waits for an answer")
        self.counters.late_answers += 1  # the link died while the answer was being prepared

    def _settle(self, sequence: int, now: float) -> None:
        self._unanswered.settle(sequence)
        if self.state is _UNBINDING:
            self._go_on_unbinding(now)

    def _no_response(self, sent: Sent, cause: NoResponseCause) -> None:
        self._events.append(NoResponse(sent.request, sent.context, cause, sent.sent_at))

    def __repr__(self) -> str:
        return (
            f"<Session {self.role.name} {self.state.name} {self.version.name} "
            f"outstanding={self.outstanding}/{self.window} unanswered={self.unanswered}>"
        )
