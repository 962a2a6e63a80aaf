"""Operations on messages that are there: query_sm, cancel_sm, replace_sm, and the queries of SMPP 3.3.

The book knows every message that is not final, and the latest of the others; what is older is asked of the journal.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from smppkit.message_state import MessageState, state_of
from smppkit.pdus import (
    CancelSm,
    MessageReference,
    Pdu,
    QueryLastMsgs,
    QueryMsgDetails,
    QuerySm,
    ReplaceSm,
    SmeAddress,
)
from smppkit.states import Version
from smppkit.status import CommandStatus as S
from smppkit.times import format_absolute
from smppkit.tlvs import MESSAGE_PAYLOAD, Tlv
from smsc.centre.book import Held
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import Peer, Shared
from smsc.scenario.decisions import EVERY_STATE, NOTHING, Plan
from smsc.scenario.id_style import LONGEST_V33
from smsc.scenario.planning import WANTED, window_of
from smsc.scenario.scalars import Number

_DELETED = MessageState.DELETED.stat
_EXPIRED = MessageState.EXPIRED.stat


class Operations:
    """Performs the operations of ESMEs on their messages. Each method returns the response."""

    def __init__(self, shared: Shared, outcomes: Outcomes) -> None:
        self._shared = shared
        self._outcomes = outcomes

    # --- query_sm -----------------------------------------------------------------------------

    def query(self, connection: Peer, request: QuerySm, now: float) -> Pdu:
        """The state of a message (SMPP 3.4 §4.8)."""
        held = self._shared.book.find(connection.system_id, request.message_id)
        if held is None:
            return self._query_journal(connection, request, now)
        if held.pdu.source_addr != request.source_addr:
            return request.response(S.ESME_RQUERYFAIL)
        state = held.state(now)
        final = state.final
        return request.response(
            message_id=request.message_id,
            final_date=self._date(self._shared.epoch + held.ends) if final else "",
            message_state=_reported(state, connection.version),
            error_code=_error_code(held.fate.err) if final else 0,
        )

    def _query_journal(self, connection: Peer, request: QuerySm, now: float) -> Pdu:
        shared = self._shared
        if shared.journal is None:
            return request.response(S.ESME_RINVMSGID)
        found = shared.journal.find(shared.name, connection.system_id, request.message_id, shared.epoch + now)
        if found is None:
            return request.response(S.ESME_RINVMSGID)
        if found.source != request.source_addr:
            return request.response(S.ESME_RQUERYFAIL)
        state = state_of(found.state) or MessageState.UNKNOWN
        return request.response(
            message_id=request.message_id,
            final_date="" if found.final_at is None or not state.final else self._date(found.final_at),
            message_state=_reported(state, connection.version),
            error_code=_error_code(found.err or "") if state.final else 0,
        )

    # --- cancel_sm ----------------------------------------------------------------------------

    def cancel(self, connection: Peer, request: CancelSm, now: float) -> Pdu:
        """Cancel a message by its id, or with a NULL id all of a way that are not final (SMPP 3.4 §4.9)."""
        if request.message_id:
            status, messages = self._of_id(connection, request, now)
        else:
            route = (connection.system_id, request.source_addr, request.destination_addr, request.service_type)
            messages = self._shared.book.on_route(route, now)
            status = S.ESME_ROK if messages else S.ESME_RCANCELFAIL
        if status:
            return request.response(status)
        fate = self._shared.state.fate(_DELETED)
        for held in messages:
            self._shared.stats.book.cancelled += 1
            self._outcomes.cut_short(held, fate, now)
        return request.response()

    def _of_id(self, connection: Peer, request: CancelSm, now: float) -> tuple[int, list[Held]]:
        """The messages that a cancel_sm with an id is for: more than one after a submit_multi."""
        messages = [
            held
            for held in self._shared.book.destinations(request.message_id)
            if held.system_id == connection.system_id and request.destination_addr in ("", held.pdu.destination_addr)
        ]
        if not messages:
            known = self._known_to_journal(connection, request.message_id, now)
            return (S.ESME_RCANCELFAIL if known else S.ESME_RINVMSGID), []
        if any(held.pdu.source_addr != request.source_addr for held in messages):
            return S.ESME_RCANCELFAIL, []
        living = [held for held in messages if not held.final(now)]
        return (S.ESME_ROK if living else S.ESME_RCANCELFAIL), living

    # --- replace_sm ---------------------------------------------------------------------------

    def replace(self, connection: Peer, request: ReplaceSm, now: float) -> Pdu:
        """Give a message that is not final another text and other times (SMPP 3.4 §4.10); none is created (C52)."""
        held = self._shared.book.find(connection.system_id, request.message_id)
        if held is None:
            known = self._known_to_journal(connection, request.message_id, now)
            return request.response(S.ESME_RREPLACEFAIL if known else S.ESME_RINVMSGID)
        if held.pdu.source_addr != request.source_addr or held.final(now):
            return request.response(S.ESME_RREPLACEFAIL)
        predefined = self._shared.operator.submit.default_messages
        if request.sm_default_msg_id and request.sm_default_msg_id not in predefined:
            return request.response(S.ESME_RINVDFTMSGID)
        plan = self._replanned(held, request, now)
        if isinstance(plan, int):
            return request.response(plan)
        held.pdu = msgspec.structs.replace(
            held.pdu,
            short_message=request.short_message,
            schedule_delivery_time=request.schedule_delivery_time or held.pdu.schedule_delivery_time,
            validity_period=request.validity_period or held.pdu.validity_period,
            registered_delivery=request.registered_delivery,
            sm_default_msg_id=request.sm_default_msg_id,
            tlvs=_without_text(held.pdu.tlvs, request.tlvs),
        )
        self._shared.stats.book.replaced += 1
        self._outcomes.replan(held, plan, now)
        return request.response()

    def _replanned(self, held: Held, request: ReplaceSm, now: float) -> Plan | int:
        """The plan with the times and wishes of a replace_sm; a NULL time keeps what was asked before."""
        shared = self._shared
        window = window_of(
            shared.operator.submit.schedule,
            request.schedule_delivery_time,
            request.validity_period,
            shared.epoch + now,
        )
        if isinstance(window, int):
            return window
        plan, waited = held.plan, now - held.at
        starts, expires, ends, fate = plan.starts_after, plan.expires_after, plan.ends_after, plan.fate
        if request.schedule_delivery_time:
            starts = window.starts_after + waited
            if ends is not None:
                ends += starts - plan.starts_after
        asked = bool(request.validity_period or held.pdu.validity_period)
        if request.validity_period or (request.schedule_delivery_time and not asked):
            expires = window.expires_after + waited
            if plan.ends_after == plan.expires_after and fate.stat == _EXPIRED:
                ends = expires  # until then it is tried in vain
        if asked and ends is not None and ends > expires:
            ends, fate = expires, shared.state.fate(_EXPIRED)
        return msgspec.structs.replace(
            plan,
            fate=fate,
            starts_after=starts,
            expires_after=expires,
            ends_after=None if ends is None else max(ends, waited),
            wanted=_wanted(request.registered_delivery, shared.operator.receipts.unasked),
            text=shared.operator.submit.default_messages.get(Number(request.sm_default_msg_id), ""),
        )

    # --- SMPP 3.3 -----------------------------------------------------------------------------

    def last_messages(self, connection: Peer, request: QueryLastMsgs, now: float) -> Pdu:
        """The ids of the last messages of a source, the newest first (SMPP 3.3)."""
        messages = self._shared.book.last_of(connection.system_id, request.source_addr, request.num_of_messages)
        # An id that was given to an ESME of a later version may be longer than one of 3.3 can be.
        return request.response(
            messages=tuple(
                MessageReference(held.message_id) for held in messages if len(held.message_id) <= LONGEST_V33
            )
        )

    def details(self, connection: Peer, request: QueryMsgDetails, now: float) -> Pdu:
        """Everything about a message (SMPP 3.3)."""
        held = self._shared.book.find(connection.system_id, request.message_id)
        if held is None:
            return request.response(S.ESME_RINVMSGID)
        pdu = held.pdu
        if pdu.source_addr != request.source_addr:
            return request.response(S.ESME_RQUERYFAIL)
        state = held.state(now)
        return request.response(
            service_type=pdu.service_type,
            source_addr_ton=pdu.source_addr_ton,
            source_addr_npi=pdu.source_addr_npi,
            source_addr=pdu.source_addr,
            dest_addresses=(SmeAddress(pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr),),
            protocol_id=pdu.protocol_id,
            priority_flag=pdu.priority_flag,
            schedule_delivery_time=pdu.schedule_delivery_time,
            validity_period=pdu.validity_period,
            registered_delivery=pdu.registered_delivery,
            data_coding=pdu.data_coding,
            short_message=pdu.short_message[: request.sm_length],
            message_id=request.message_id,
            final_date=self._date(self._shared.epoch + held.ends) if state.final else "",
            message_state=_reported(state, connection.version),
            error_code=_error_code(held.fate.err) if state.final else 0,
        )

    # --- inside -------------------------------------------------------------------------------

    def _known_to_journal(self, connection: Peer, message_id: str, now: float) -> bool:
        """Whether a message that the book has let go of is in the journal: final, then."""
        shared = self._shared
        return (
            shared.journal is not None
            and shared.journal.find(shared.name, connection.system_id, message_id, shared.epoch + now) is not None
        )

    @staticmethod
    def _date(at: float) -> str:
        return format_absolute(datetime.fromtimestamp(at, UTC))


def _reported(state: MessageState, version: int) -> int:
    """A state as a peer of this version knows it: SCHEDULED and SKIPPED are of SMPP 5.0 (C70)."""
    if version >= Version.V50:
        return int(state)
    return int(_BEFORE_50.get(state, state))


_BEFORE_50 = {
    MessageState.SCHEDULED: MessageState.ENROUTE,
    MessageState.SKIPPED: MessageState.UNDELIVERABLE,
}


def _wanted(registered_delivery: int, unasked: bool) -> int:
    return WANTED[registered_delivery & 0b11] or (EVERY_STATE if unasked else NOTHING)


def _without_text(tlvs: tuple[Tlv, ...], new: tuple[Tlv, ...]) -> tuple[Tlv, ...]:
    """The TLVs of a message whose text was replaced: another message_payload, or none, and all others as they were."""
    payload = MESSAGE_PAYLOAD.number
    return (*(tlv for tlv in tlvs if tlv.tag != payload), *(tlv for tlv in new if tlv.tag == payload))


def _error_code(err: str) -> int:
    """An error code as the one octet of query_sm_resp; a word is none."""
    return int(err) & 0xFF if err.isdecimal() and err.isascii() else 0
