"""What answers look like."""

from __future__ import annotations

from typing import Any

import msgspec

from sender.config.serve import money_text
from sender.domain.message import State
from sender.store.access import Balance
from sender.store.intake import Refusal, Stored, Verdicts
from sender.web.reading import errors_entry, refused


class Accepted(msgspec.Struct, frozen=True):
    """A message that was taken: it is durable."""

    id: int
    state: str
    segments: int
    reference: str | None = None


class ItemResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one message of a batch: an id, or errors."""

    index: int
    id: int | None = None
    state: str | None = None
    segments: int | None = None
    reference: str | None = None
    errors: list[dict[str, Any]] = []


class BatchResult(msgspec.Struct, frozen=True):
    """What became of a batch, in the order in which it came."""

    accepted: int
    refused: int
    results: list[ItemResult]


class BalanceView(msgspec.Struct, frozen=True):
    """A prepaid balance; amounts are decimal texts, so that none is rounded."""

    wallet: str
    available: str
    reserved: str
    """For messages that are not final yet."""
    charged: str
    credited: str
    currency: str


QUEUED = State.QUEUED.label


def one(verdicts: Verdicts) -> tuple[int, bytes]:
    """The answer to a single message."""
    (verdict,) = verdicts
    if isinstance(verdict, Refusal):
        return verdict.status, msgspec.json.encode(refused([verdict], verdict.status).body())
    return 202, msgspec.json.encode(Accepted(verdict.id, QUEUED, verdict.segments, verdict.reference))


def many(verdicts: Verdicts) -> tuple[int, bytes]:
    """The answer to a batch: 202 when any of it was taken."""
    results = [_result(index, verdict) for index, verdict in enumerate(verdicts)]
    accepted = sum(isinstance(verdict, Stored) for verdict in verdicts)
    body = BatchResult(accepted, len(results) - accepted, results)
    return 202 if accepted else 422, msgspec.json.encode(body)


def _result(index: int, verdict: Stored | Refusal) -> ItemResult:
    if isinstance(verdict, Refusal):
        return ItemResult(index, errors=[errors_entry(verdict)])
    return ItemResult(index, verdict.id, QUEUED, verdict.segments, verdict.reference)


def balance_body(balance: Balance, currency: str) -> BalanceView:
    """A balance for programs."""
    return BalanceView(
        balance.wallet,
        money_text(balance.available),
        money_text(balance.reserved),
        money_text(balance.charged),
        money_text(balance.credited),
        currency,
    )
