"""What can be set for the lint. The defaults are wide: a client that does right is never found."""

from __future__ import annotations

import msgspec


class LintSettings(msgspec.Struct, frozen=True):
    """Limits of the rules. Times are seconds."""

    silence: float = 120.0
    """A bound line on which nobody says anything for longer was not tested with enquire_link."""
    enquiry_spacing: float = 5.0
    """Three enquire_links of a session closer together than this are too many."""
    response_timeout: float = 60.0
    """A request of ours that is not answered by then counts as never answered."""
    late_response: float = 10.0
    """A response that takes longer is late."""
    abandoned: float = 5.0
    """A request that is unanswered for longer may be given up by its client: it is not counted to the window."""
    throttle_slice: float = 5.0
    """How long a client may go on as before while most of its submits are throttled; it is judged by slices of this."""
    throttle_submits: int = 20
    """Fewer submits than this in a slice are no flood."""
    short_sessions: int = 10
    """So many sessions in a row with one message each ..."""
    short_sessions_within: float = 60.0
    """... within so long are a bind per message."""
    reconnects: int = 10
    """So many sessions in a row that come to nothing ..."""
    reconnect_pause: float = 2.0
    """... each begun sooner than this after the one before it are a client without back-off."""
    reference_life: float = 10.0
    """How long the reference of a long message is taken for live after its latest part."""
    delivery_time: float = 5.0
    """What delivering takes at least: a message that is valid for less cannot arrive."""
    receipts_wanted_by: int = 100
    """An account that asked for no receipt with so many messages never asks."""
    vendor_tags: frozenset[int] = frozenset()
    """Vendor TLVs that this operator wants, so that they are not remarked on."""
    window: int | None = None
    """Requests that an account may have unanswered on one bind; None: not known, not judged."""
    windows: dict[tuple[str, str], int] = {}
    """The same by (operator, system_id), where that is known."""
    since: float | None = None
    """Unix seconds: what was done earlier is taken note of and not reported."""
