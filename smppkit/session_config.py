"""What can be set for a session, and what it counts."""

from __future__ import annotations

import msgspec

from smppkit.states import Version
from smppkit.status import CommandStatus


class SessionConfig(msgspec.Struct, frozen=True):
    """The settings of one session. Times are seconds; None switches a timer off."""

    window: int = 10
    """Requests of ours that may be unanswered at once (enquire_link and unbind do not count)."""
    peer_window: int | None = None
    """Requests of the peer that may wait for our answer; more are answered `peer_window_status`."""
    peer_window_status: int = CommandStatus.ESME_RTHROTTLED
    session_init_timeout: float | None = 30.0
    """SMSC: a connection that has not bound by then is closed."""
    bind_timeout: float | None = None
    """ESME: the same, counted from the connection to the response to our bind."""
    enquire_link_interval: float | None = 30.0
    """Silence after which the link is tested."""
    enquire_link_timeout: float | None = None
    """How long a tested link may stay silent until it is closed; None: as long as any response may take."""
    response_timeout: float = 60.0
    inactivity_timeout: float | None = None
    """Time without any operation but enquire_link after which we unbind."""
    inactivity_closes: bool = False
    """After that time the connection is closed without unbind."""
    silence_timeout: float | None = None
    """Time without any PDU of the peer, enquire_link included, after which the connection is closed."""
    unbind_timeout: float = 5.0
    """How long unbinding waits for what is in flight, and then for unbind_resp."""
    interface_version: int = Version.V34
    max_pdu_before_bind: int = 1024
    max_pdu: int = 70 * 1024


class SessionCounters(msgspec.Struct):
    """What a session has seen; nothing it drops goes uncounted."""

    pdus_in: int = 0
    pdus_out: int = 0
    bad_pdus: int = 0
    broken_streams: int = 0
    illegal_requests: int = 0
    """Requests that the state or the version forbids, whatever their body."""
    window_overruns: int = 0
    unknown_responses: int = 0
    response_timeouts: int = 0
    late_responses: int = 0
    late_answers: int = 0
    """Answers of ours to a peer that had gone."""
    left_unanswered: int = 0
    """The peer's requests that were to have no answer (Session.forget)."""
    unanswered_at_end: int = 0
    """The peer's requests that still waited when the connection went."""
    enquire_link_resps: int = 0
    tlvs_left_out: int = 0
    """TLVs of ours that a peer of 3.3 was not sent."""
    pdus_after_close: int = 0
    octets_after_close: int = 0
    octets_unsent: int = 0
    """Queued when the connection went."""
