"""The runs of a session: plain PDUs of one kind that come, wait and go as one (see smppkit.runs)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from struct import Struct, pack
from typing import Final

from smppkit.alike import Pieces, fill, joined
from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId, command_name
from smppkit.errors import LocalProtocolError
from smppkit.events import AcceptedResponses, ReceiptsDelivered, RequestRun, SubmitsTaken
from smppkit.pdus import DeliverSmResp, SubmitSmResp
from smppkit.runs import AcceptedRun, ReceiptRun, RequestedRun, RunReader, TakenRun
from smppkit.sequence import run
from smppkit.session_core import NO_RESPONSE_EXPECTED, SessionCore
from smppkit.states import STATE_AFTER_BIND, BindState

_CLOSED: Final = BindState.CLOSED
_UNBINDING: Final = BindState.UNBINDING
_DELIVER_SM: Final = CommandId.DELIVER_SM
_DELIVER_SM_RESP: Final = CommandId.DELIVER_SM_RESP
_SUBMIT_SM: Final = CommandId.SUBMIT_SM
_SUBMIT_SM_RESP: Final = CommandId.SUBMIT_SM_RESP
_SEQUENCE_NUMBER: Final = 12  # where it stands in a header (SMPP 3.4 §3.2)
_FEW: Final = 8
_write_number = Struct(">I").pack_into


class RunTraffic(SessionCore):
    """What the owner of a session asks about runs, and what those of the peer mean."""

    def read_runs(self, readers: Mapping[int, RunReader], *, by_turns: bool = False) -> None:
        """Tell the owner of plain PDUs in runs (see smppkit.runs): ``RequestRun``, ``ReceiptsDelivered`` and so on.

        While a tap listens that takes no many at once, every PDU is an event of its own as before. With `by_turns` the
        owner does not mind in which order those of two kinds that have readers came, where they came by turns in one
        read: they may be told of kind by kind. Those of one kind stay in their order, and so does all the rest.
        """
        self._wire.read_runs(readers, by_turns=by_turns)

    def send_run(
        self, command_id: int, bodies: Sequence[bytes], sequences: Sequence[int], contexts: Sequence[object], now: float
    ) -> None:
        """As ``send_encoded``, of one request of a kind after another: bodies, reserved numbers, contexts.

        What is raised is about the first that cannot be sent; those before it are queued. Not for binds.
        """
        self._check_legal(command_id)
        if command_id in STATE_AFTER_BIND or command_id in NO_RESPONSE_EXPECTED:
            raise LocalProtocolError(f"{command_name(command_id)} is not sent in runs")
        count = len(bodies)
        fit = self._fitting(sequences)
        sizes = [HEADER_SIZE + len(body) for body in bodies[:fit]]
        heads = map(HEADER.pack, sizes, repeat(command_id), repeat(0), sequences)
        self._outstanding.add_run(command_id, sequences[:fit], contexts if fit == count else contexts[:fit], now)
        self._wire.write_many(fit, list(chain.from_iterable(zip(heads, bodies, strict=False))))
        self._timers.last_operation = now
        if fit < count:
            self._check_room(sequences[fit])

    def _fitting(self, sequences: Sequence[int]) -> int:
        """How many requests with these numbers may be sent: until the window is full, or a number is in use."""
        room = max(0, self.window - len(self._outstanding))
        return self._outstanding.free(sequences[:room])

    def send_many(self, requests: Sequence[bytes], contexts: Sequence[object], now: float) -> None:
        """As ``send_encoded`` of one deliver_sm after another: the octets of each, and the context of each.

        What is raised is about the first that cannot be sent; those before it are queued.
        """
        self._check_legal(_DELIVER_SM)
        count = len(requests)
        first = self._sequence.take(count)
        numbers = run(first, count)
        room = self._fitting(numbers)
        fitting, going = numbers[:room], contexts if room == count else contexts[:room]
        self._outstanding.add_run(_DELIVER_SM, fitting, going, now)
        self._wire.write_many(room, [_numbered(requests if room == count else requests[:room], fitting)])
        if room < count:
            self._check_room(numbers[room])
        self._timers.last_operation = now

    def respond_run(self, run: RequestedRun, count: int, octets: bytes, now: float) -> None:
        """Answer so many of a run, with the octets of as many responses."""
        if self._unanswered.waiting(run) < count:
            self._run_waits_not(count)
            return
        self._wire.write_many(count, [octets])
        self._unanswered.settle_run(run, count)
        if self.state is _UNBINDING:
            self._go_on_unbinding(now)

    def forget_run(self, run: RequestedRun, count: int, now: float) -> None:
        """As ``forget``, of so many of a run."""
        if self._unanswered.waiting(run) < count:
            self._run_waits_not(count)
            return
        self.counters.left_unanswered += count
        self._unanswered.settle_run(run, count)
        if self.state is _UNBINDING:
            self._go_on_unbinding(now)

    def unroll(self, run: RequestedRun) -> None:
        """From now on those of a run wait each for an answer of its own, as if each had been a Request.

        None of them may have been answered.
        """
        if self._unanswered.waiting(run) < len(run):
            self._run_waits_not(len(run))
            return
        self._unanswered.unroll(run)

    # --- from the peer --------------------------------------------------------------------------

    def _received_run(self, run: RequestedRun, now: float) -> None:
        count, limit = len(run.sequences), self.config.peer_window
        self.counters.pdus_in += count
        if run.command_id not in self._peer_may or (limit is not None and self._unanswered.count + count > limit):
            for pdu in run.pdus():
                self._received_request(pdu, now)
            return
        self._timers.last_operation = now
        self._unanswered.add_run(run, count)
        self._events.append(ReceiptsDelivered(run) if isinstance(run, ReceiptRun) else RequestRun(run))

    def _received_accepted(self, run: AcceptedRun, now: float) -> None:
        self.counters.pdus_in += len(run)
        outstanding = self._outstanding
        if self.state is not _UNBINDING and (all_of_them := outstanding.take_all(run.sequences, _DELIVER_SM)):
            self._timers.last_operation = now
            self._events += [AcceptedResponses(contexts) for contexts, _ in all_of_them]
            return
        contexts: list[object] = []
        for sequence in run.sequences:
            sent = None if self.state is _UNBINDING else outstanding.take(sequence, _DELIVER_SM_RESP)
            if sent is not None:
                contexts.append(sent.context)
                continue
            if contexts:
                self._events.append(AcceptedResponses(contexts))
                contexts = []
            self._received_response(DeliverSmResp(0, sequence), now)
        if contexts:
            self._timers.last_operation = now
            self._events.append(AcceptedResponses(contexts))

    def _received_taken(self, run: TakenRun, now: float) -> None:
        self.counters.pdus_in += len(run)
        outstanding, events = self._outstanding, self._events
        if self.state is not _UNBINDING and (all_of_them := outstanding.take_all(run.sequences, _SUBMIT_SM)):
            self._timers.last_operation = now
            at = 0
            for some, sent_at in all_of_them:
                end = at + len(some)
                events.append(SubmitsTaken(some, run.message_ids[at:end], sent_at))
                at = end
            return
        contexts, message_ids, sent_at = list[object](), list[str](), -math.inf
        for sequence, message_id in zip(run.sequences, run.message_ids, strict=True):
            sent = None if self.state is _UNBINDING else outstanding.take(sequence, _SUBMIT_SM_RESP)
            if sent is None:
                sent_at = -math.inf
                self._received_response(SubmitSmResp(0, sequence, message_id=message_id), now)
                continue
            if sent.sent_at != sent_at:
                contexts, message_ids, sent_at = [], [], sent.sent_at
                events.append(SubmitsTaken(contexts, message_ids, sent_at))
            contexts.append(sent.context)
            message_ids.append(message_id)
        self._timers.last_operation = now

    def _run_waits_not(self, count: int) -> None:
        if self.state is not BindState.CLOSED:
            raise LocalProtocolError(f"{count} requests of a run do not wait for an answer")
        self.counters.late_answers += count


def _numbered(requests: Sequence[bytes], numbers: Sequence[int]) -> bytes:
    """Requests one behind another, each with its number."""
    octets = bytearray(joined(requests))
    sizes = {requests.size} if type(requests) is Pieces else set(map(len, requests))
    if len(sizes) == 1 and len(requests) > _FEW:
        fill(octets, _SEQUENCE_NUMBER, sizes.pop(), pack(f">{len(numbers)}I", *numbers), 4)
        return bytes(octets)
    at = _SEQUENCE_NUMBER
    for request, number in zip(requests, numbers, strict=True):
        _write_number(octets, at, number)
        at += len(request)
    return bytes(octets)
