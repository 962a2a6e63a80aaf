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

from collections.abc import Iterable
from typing import Final

from smppkit.commands import RESPONSE_BIT, CommandId, command_name
from smppkit.errors import LocalProtocolError
from smppkit.events import Alive
from smppkit.outstanding import Sent
from smppkit.pdus import Pdu
from smppkit.runs import AcceptedRun, ReceiptRun, Run, SubmitRun, TakenRun
from smppkit.session_core import NO_RESPONSE_EXPECTED
from smppkit.session_runs import RunTraffic
from smppkit.states import BOUND_STATES, STATE_AFTER_BIND, BindState
from smppkit.stream import BadPdu, Fate

_CLOSED: Final = BindState.CLOSED
_UNBINDING: Final = BindState.UNBINDING


class Session(RunTraffic):
    """One end of one SMPP session."""

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
        self._check_legal(command_id)
        request.sequence_number = sequence
        if command_id in NO_RESPONSE_EXPECTED:
            self._wire.write(request)
            if command_id == CommandId.OUTBIND:
                self._move(BindState.OUTBOUND)
            return
        is_bind = command_id in STATE_AFTER_BIND
        if not is_bind:
            self._check_room(sequence)
        elif self._binding is not None:
            raise LocalProtocolError("a bind is already waiting for its response")
        self._wire.write(request)
        if is_bind:
            self._binding = request
        self._outstanding.add(sequence, Sent(command_id, request, context, now))
        self._timers.last_operation = now

    def send_encoded(self, octets: bytes, command_id: int, now: float, context: object = None) -> int:
        """As ``send``, for a request that was encoded before, in the version of this session.

        Only its sequence number is changed. The events that tell of its end have no `request`. Not for binds.
        """
        self._check_legal(command_id)
        if command_id in STATE_AFTER_BIND or command_id in NO_RESPONSE_EXPECTED:
            raise LocalProtocolError(f"{command_name(command_id)} is not sent as octets")
        sequence = self._sequence.take()
        self._check_room(sequence)
        self._wire.write_octets(octets[:12] + sequence.to_bytes(4, "big") + octets[16:])
        self._outstanding.add(sequence, Sent(command_id, None, context, now))
        self._timers.last_operation = now
        return sequence

    def respond(self, response: Pdu, now: float) -> None:
        """Queue the answer to a Request event; make it with ``request.response(...)``.

        A bind_resp with ESME_ROK binds the session. Answering what was not asked, or twice, is a
        LocalProtocolError (I6: every request gets one response).
        """
        sequence = response.sequence_number
        if sequence not in self._unanswered:
            self._waits_not(sequence)
            return
        binding = self._binding
        if binding is not None and response.command_id == binding.command_id | RESPONSE_BIT:
            self._respond_to_bind(binding, response)
        else:
            self._wire.write(response)
        self._unanswered.settle(sequence)
        if self.state is _UNBINDING:
            self._go_on_unbinding(now)

    def respond_all(self, responses: Iterable[Pdu], now: float) -> None:
        """As ``respond``, of one after the other."""
        if self._binding is not None or self.state not in BOUND_STATES:
            for response in responses:
                self.respond(response, now)
            return
        unanswered, frames = self._unanswered, list[bytes]()
        try:
            for response in responses:
                sequence = response.sequence_number
                if sequence not in unanswered:
                    self._waits_not(sequence)
                frames.append(self._wire.encoder(type(response))(response))
                unanswered.settle(sequence)
        finally:
            self._wire.write_many(len(frames), frames)

    def respond_octets(self, sequence_number: int, octets: bytes, now: float) -> None:
        """As ``respond``, with octets that are written as they are: encoded before, or a lie. Not for binds."""
        if self._is_binding(sequence_number):
            raise LocalProtocolError("a bind is not answered with octets")
        if sequence_number not in self._unanswered:
            self._waits_not(sequence_number)
            return
        self._wire.write_octets(octets)
        self._settle(sequence_number, now)

    def write_octets(self, octets: bytes) -> None:
        """Queue octets as they are, behind what is queued: what is no answer and has none, or a lie.

        LocalProtocolError when the session is over.
        """
        if self.state is _CLOSED:
            raise LocalProtocolError("the session is over")
        self._wire.write_octets(octets)

    def forget(self, sequence_number: int, now: float) -> None:
        """A request of the peer is never to be answered: it waits no longer, and is counted."""
        if sequence_number not in self._unanswered:
            self._waits_not(sequence_number)
            return
        self.counters.left_unanswered += 1
        if self._is_binding(sequence_number):
            self._decide_on(None)
        self._settle(sequence_number, now)

    def enquire(self, now: float) -> None:
        """Ask the peer for a sign of life, unless it has been asked already; ``Alive`` follows, or ``Closing``.

        LocalProtocolError when the session is not bound.
        """
        if self.state not in BOUND_STATES:
            raise LocalProtocolError("only a bound peer is asked for a sign of life")
        self._asked_for_life = True
        if self._timers.enquired_at is None:
            self._enquire(now)

    # --- bytes from the peer ------------------------------------------------------------------

    def receive_bytes(self, data: bytes, now: float) -> None:
        """Take what the transport received; results are in ``events()`` and ``bytes_to_send()``."""
        if self.closed:
            self.counters.octets_after_close += len(data)
            return
        # Until it is bound, each PDU may change how the next is read; from then on all at once is faster.
        bound = self.state in BOUND_STATES
        fates: Iterable[Fate | Run] = self._wire.fates(data, runs=bound)
        if bound:
            fates = list(fates)
        heard = False
        for fate in fates:
            heard = True
            if self.state is _CLOSED:
                self.counters.pdus_after_close += (
                    len(fate) if isinstance(fate, (SubmitRun, ReceiptRun, AcceptedRun, TakenRun)) else 1
                )
            elif isinstance(fate, Pdu):
                self.counters.pdus_in += 1
                if fate.command_id & RESPONSE_BIT:
                    self._received_response(fate, now)
                else:
                    self._received_request(fate, now)
            elif isinstance(fate, (SubmitRun, ReceiptRun)):
                self._received_run(fate, now)
            elif isinstance(fate, AcceptedRun):
                self._received_accepted(fate, now)
            elif isinstance(fate, TakenRun):
                self._received_taken(fate, now)
            elif isinstance(fate, BadPdu):
                self._received_bad(fate, now)
            else:
                self._received_garbage(fate)
        if heard:
            self._timers.received(now)
            if self._asked_for_life:
                self._asked_for_life = False
                self._events.append(Alive())
