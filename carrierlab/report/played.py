"""One run among many: its outcome, and the trace that was kept of it."""

from __future__ import annotations

import msgspec

from carrierlab.report.result import Outcome


class Played(msgspec.Struct, frozen=True):
    """One run of many."""

    outcome: Outcome
    trace: str | None = None
    """The file with the trace of a run that failed."""


def why_failed(outcome: Outcome) -> str:
    """Return in one line what was wrong with a run."""
    unmet = [f"{verdict.name}, found {verdict.found}" for verdict in outcome.verdicts if not verdict.met]
    return "; ".join([*outcome.trouble, *unmet])


def in_short(played: Played) -> Played:
    """Return a run without what only a report of its own shows, so that very many of them can be kept."""
    outcome = played.outcome
    short = msgspec.structs.replace(outcome, operators={}, failures=(), series=(), faults=(), latencies=(), stories=())
    return Played(short, played.trace)
