"""The figures of a campaign: what a person reads at the end and a program reads as JSON."""

from __future__ import annotations

import msgspec


class Failure(msgspec.Struct, frozen=True):
    """Messages that failed for one reason."""

    reason: str
    """A status by its specification name (``ESME_RINVDSTADR``), or a receipt's stat and err (``UNDELIV 069``)."""
    stage: str
    """``submit`` when the operator refused the submit_sm, ``receipt`` when a delivery receipt said so, ``sender`` when
    it was never written, ``person`` when somebody settled a doubt so."""
    messages: int


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign at one moment.

    I4: ``messages = queued + in_flight + in_doubt + delivered + failed + cancelled + blocked`` at every instant.
    Times are unix seconds, durations seconds.
    """

    campaign: int
    name: str
    rows: int
    """Rows in the recipients file, good and bad."""
    rejected_rows: int
    messages: int
    """Messages accepted into the campaign."""

    queued: int
    in_flight: int
    """Claimed, being submitted, or accepted by the operator and waiting for a receipt."""
    in_doubt: int
    delivered: int
    failed: int
    """Undelivered, expired, rejected or unknown."""
    cancelled: int
    blocked: int
    states: dict[str, int]
    """The same by state; every state is present."""

    accepted: int
    """Messages that the operators took (all segments answered ESME_ROK or named by a receipt)."""
    failures: tuple[Failure, ...]
    """By reason, most frequent first."""
    doubts: dict[str, int]
    """Segments still in doubt, by cause."""

    segments: int
    """Distinct segments submitted at least once."""
    submits: int
    """submit_sm written or possibly written: segments + retries after a refusal + resends (I2)."""
    retries: int
    """submit_sm repeated after a definite refusal: no duplicate possible."""
    resends: int
    """submit_sm repeated after a doubt: each may be a duplicate."""
    receipts: int
    """Receipts matched to this campaign, repeated ones included."""
    repeated_receipts: int
    doubts_resolved: int
    """Segments in doubt that a receipt resolved by its number alone."""

    started_at: float | None
    """First submit."""
    finished_at: float | None
    """Last response or receipt."""
    duration: float
    submit_duration: float
    """From the first submit to the last response."""
    messages_per_second: float
    """Accepted messages over `submit_duration`."""

    @property
    def delivered_share(self) -> float:
        """Delivered over accepted into the campaign, 0 to 1."""
        return self.delivered / self.messages if self.messages else 0.0

    def to_json(self) -> bytes:
        """The report as indented JSON with a trailing newline."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"
