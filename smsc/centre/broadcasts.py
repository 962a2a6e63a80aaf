"""Cell broadcasts (SMPP 5.0 §4.4, §4.6): taken, repeated in their areas, asked about, cancelled.

A broadcast is ENROUTE (SCHEDULED before its time) while it is being repeated, and DELIVERED when it has been repeated
as often as was asked, or EXPIRED when its validity ended before. How far areas were reached grows with the repetitions.
Nothing of it waits for a timer: all follows from the time at which somebody asks.
"""

from __future__ import annotations

from collections import deque
from math import inf

import msgspec

from smppkit.message_state import MessageState
from smppkit.pdus import BroadcastSm, CancelBroadcastSm, Pdu, QueryBroadcastSm, SubmitSm
from smppkit.status import CommandStatus as S
from smppkit.tlvs import (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_AREA_SUCCESS,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_FREQUENCY_INTERVAL,
    BROADCAST_REP_NUM,
    MESSAGE_STATE,
    USER_MESSAGE_REFERENCE,
    Tlv,
)
from smsc.centre.shared import Answer, Peer, Shared
from smsc.scenario.planning import window_of
from smsc.scenario.reading import Reading

MOST_KEPT = 10_000
MOST_AREAS = 200  # of one broadcast: a query is told of each in two TLVs
AREA_SUCCESS = 100  # per cent of an area that every repetition together reach
_FULL_PRIORITY = 1  # broadcast_sm's priority_flag: at once, and once (SMPP 5.0 §4.7.14)

# broadcast_frequency_interval: seconds in a unit of time (SMPP 5.0 §4.8.4.10). 0 is as often as can be.
_SECONDS = {
    0x00: 1.0,
    0x08: 1.0,
    0x09: 60.0,
    0x0A: 3600.0,
    0x0B: 86400.0,
    0x0C: 604800.0,
    0x0D: 2592000.0,
    0x0E: 31536000.0,
}


class Broadcast(msgspec.Struct):
    """One broadcast. Times are seconds of the clock."""

    system_id: str
    message_id: str
    pdu: BroadcastSm
    starts: float
    interval: float
    repetitions: int
    expires: float
    cancelled: float = inf

    def state(self, now: float) -> MessageState:
        """The state at `now`."""
        if now >= self.cancelled:
            return MessageState.DELETED
        if now < self.starts:
            return MessageState.SCHEDULED
        # The last repetition is on the air for as long as the others.
        if now >= self.starts + self.repetitions * self.interval <= self.expires:
            return MessageState.DELIVERED
        return MessageState.EXPIRED if now >= self.expires else MessageState.ENROUTE

    def repeated(self, now: float) -> int:
        """How often it has been broadcast."""
        last = min(now, self.cancelled, self.expires)
        if last < self.starts:
            return 0
        return min(
            self.repetitions, int((last - self.starts) / self.interval) + 1 if self.interval else self.repetitions
        )

    def success(self, now: float) -> int:
        """The per cent of its areas that it has reached."""
        return AREA_SUCCESS * self.repeated(now) // self.repetitions


def _areas(request: BroadcastSm) -> list[Tlv]:
    return [tlv for tlv in request.tlvs if tlv.tag == BROADCAST_AREA_IDENTIFIER.number]


def _repetitions(request: BroadcastSm, lasts: float) -> tuple[float, int]:
    """The seconds between repetitions, and how many there are: 0 asks for as many as the validity has room for."""
    coded = request.tlv(BROADCAST_FREQUENCY_INTERVAL) or b"\0\0\1"
    interval = _SECONDS.get(coded[0], 1.0) * int.from_bytes(coded[1:], "big")
    asked = request.tlv(BROADCAST_REP_NUM)
    if request.priority_flag == _FULL_PRIORITY or not interval:
        return interval, 1
    return interval, asked or int(lasts / interval) + 1


class Broadcasts:
    """The broadcasts of one operator; of more than `MOST_KEPT` the oldest is forgotten."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._by_id: dict[str, Broadcast] = {}
        self._in_order: deque[Broadcast] = deque()

    def take(self, connection: Peer, request: BroadcastSm, now: float) -> Answer:
        """A new broadcast, or another one in the place of one that is not over."""
        shared = self._shared
        shared.stats.submitted += 1
        operator = shared.operator
        if not operator.broadcast:
            return Answer(connection, request.response(S.ESME_RBCASTFAIL), now)
        if len(_areas(request)) > MOST_AREAS:
            return Answer(connection, request.response(S.ESME_RINVNUMBCAST_AREAS), now)
        window = window_of(
            operator.submit.schedule, request.schedule_delivery_time, request.validity_period, shared.epoch + now
        )
        if isinstance(window, int):
            return Answer(connection, request.response(window), now)
        replaced = self._replaced(connection, request, now)
        if request.message_id and replaced is None:
            return Answer(connection, request.response(S.ESME_RINVMSGID), now)
        if replaced is None:
            number = shared.state.next_id
            shared.state.next_id += 1
            message_id = shared.state.ids.write(number, Reading(SubmitSm(), operator.submit.alphabet))
        else:
            message_id = replaced.message_id
            self._drop(replaced)
            shared.stats.book.replaced += 1
        interval, repetitions = _repetitions(request, window.expires_after - window.starts_after)
        starts, expires = now + window.starts_after, now + window.expires_after
        self._enter(Broadcast(connection.system_id, message_id, request, starts, interval, repetitions, expires))
        tlvs = shared.state.congestion_tlvs(now, connection.version)
        return Answer(connection, request.response(message_id=message_id, tlvs=tlvs), now)

    def query(self, connection: Peer, request: QueryBroadcastSm, now: float) -> Pdu:
        """The state of a broadcast, and how far each of its areas was reached (SMPP 5.0 §4.6.1)."""
        found = self._find(connection, request)
        if found is None or found.pdu.source_addr != request.source_addr:
            return request.response(S.ESME_RBCASTQUERYFAIL)
        tlvs: list[Tlv] = [MESSAGE_STATE.of(int(found.state(now)))]
        for area in _areas(found.pdu):
            tlvs += [area, BROADCAST_AREA_SUCCESS.of(found.success(now))]
        reference = found.pdu.tlv(USER_MESSAGE_REFERENCE)
        if reference is not None:
            tlvs.append(USER_MESSAGE_REFERENCE.of(reference))
        return request.response(message_id=found.message_id, tlvs=tuple(tlvs))

    def cancel(self, connection: Peer, request: CancelBroadcastSm, now: float) -> Pdu:
        """Cancel one by its id, or all of a service type, source and content that are not over (SMPP 5.0 §4.6.2)."""
        if request.message_id:
            found = self._find(connection, request)
            chosen = [found] if found is not None and found.pdu.source_addr == request.source_addr else []
        else:
            content = request.tlv(BROADCAST_CONTENT_TYPE)
            chosen = [
                broadcast
                for broadcast in self._in_order
                if broadcast.system_id == connection.system_id
                and broadcast.pdu.service_type == request.service_type
                and broadcast.pdu.source_addr == request.source_addr
                and content in (None, broadcast.pdu.tlv(BROADCAST_CONTENT_TYPE))
            ]
        living = [broadcast for broadcast in chosen if not broadcast.state(now).final]
        if not living:
            return request.response(S.ESME_RBCASTCANCELFAIL)
        for broadcast in living:
            broadcast.cancelled = now
            self._shared.stats.book.cancelled += 1
        return request.response()

    def forget(self, now: float, system_id: str | None = None) -> int:
        """Forget all, or those of an account; returns how many were not over."""
        leaving = [broadcast for broadcast in self._in_order if system_id in (None, broadcast.system_id)]
        if system_id is None:
            self._by_id.clear()
            self._in_order.clear()
        else:
            for broadcast in leaving:
                self._drop(broadcast)
        return sum(not broadcast.state(now).final for broadcast in leaving)

    # --- inside -------------------------------------------------------------------------------

    def _find(self, connection: Peer, request: QueryBroadcastSm | CancelBroadcastSm) -> Broadcast | None:
        """The account's broadcast of an id, or with a NULL id of a user_message_reference."""
        if request.message_id:
            found = self._by_id.get(request.message_id)
            return found if found is not None and found.system_id == connection.system_id else None
        reference = request.tlv(USER_MESSAGE_REFERENCE)
        if reference is None:
            return None
        for broadcast in reversed(self._in_order):
            if broadcast.system_id == connection.system_id and broadcast.pdu.tlv(USER_MESSAGE_REFERENCE) == reference:
                return broadcast
        return None

    def _replaced(self, connection: Peer, request: BroadcastSm, now: float) -> Broadcast | None:
        """The broadcast that a new one takes the place of: the one it names, or the last alike where it asks so."""
        if request.message_id:
            found = self._by_id.get(request.message_id)
            own = found is not None and found.system_id == connection.system_id
            return found if own and found is not None and not found.state(now).final else None
        if not request.replace_if_present_flag:
            return None
        content = request.tlv(BROADCAST_CONTENT_TYPE)
        for broadcast in reversed(self._in_order):
            pdu = broadcast.pdu
            if (
                broadcast.system_id == connection.system_id
                and (pdu.service_type, pdu.source_addr) == (request.service_type, request.source_addr)
                and pdu.tlv(BROADCAST_CONTENT_TYPE) == content
                and not broadcast.state(now).final
            ):
                return broadcast
        return None

    def _enter(self, broadcast: Broadcast) -> None:
        self._by_id[broadcast.message_id] = broadcast
        self._in_order.append(broadcast)
        self._shared.stats.book.taken += 1
        if len(self._in_order) > MOST_KEPT:
            self._drop(self._in_order[0])
            self._shared.stats.book.evicted += 1

    def _drop(self, broadcast: Broadcast) -> None:
        self._in_order.remove(broadcast)
        if self._by_id.get(broadcast.message_id) is broadcast:
            del self._by_id[broadcast.message_id]
