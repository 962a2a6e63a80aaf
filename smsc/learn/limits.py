"""Limits of the rate, found in refusals: what rate explains who was refused when.

Between two refusals of a full bucket as much is accepted as the limit lets through, so the accepted submits between the
first and the last refusal of a busy stretch, over its length, are the rate. What counts for itself (bind, account,
sender, operator) is whatever predicts the refusals best.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final

import msgspec

from smppkit.rate import Gcra
from smsc.learn.fit import Fitted, Limit

_PAUSE: Final = 1.5  # seconds without a refusal that end a busy stretch
_FEWEST: Final = 3  # refusals in a stretch
_WRONG: Final = 0.2  # of the refusals, as many wrong predictions at most
_FORESEEN: Final = 0.6  # of refusals foreseen and seen, as many are both at least


class Asked(msgspec.Struct, frozen=True):
    """One submit: when, on what, and whether it was refused by the status in question."""

    at: float
    connection: int
    account: str
    sender: str
    refused: bool


_GROUPS: Final[dict[str, Callable[[Asked], Hashable]]] = {
    "account": lambda asked: asked.account,
    "bind": lambda asked: asked.connection,
    "sender": lambda asked: asked.sender,
    "operator": lambda _: None,
}


def fit_limit(submits: Sequence[Asked], status: int, *, strict: bool = False) -> Fitted[Limit] | None:
    """The limit behind a status; None when no rate explains the refusals: then they come by chance.

    `strict` is for statuses that mostly mean something else: the limit must foresee who is refused.
    """
    refusals = sum(asked.refused for asked in submits)
    candidates: list[tuple[float, int, float, Limit]] = []
    for per, group in _GROUPS.items():
        groups: defaultdict[Hashable, list[Asked]] = defaultdict(list)
        for asked in sorted(submits, key=lambda asked: asked.at):
            groups[group(asked)].append(asked)
        rate = _rate(groups.values())
        if rate is None:
            continue
        burst = max(_burst(asked, rate) for asked in groups.values())
        judged = [_judge(asked, rate, burst) for asked in groups.values()]
        limit = Limit(rate, per, burst, status)
        foreseen = _foreseen(groups.values(), rate, burst)
        candidates.append((sum(off for off, _ in judged), sum(wrong for _, wrong in judged), foreseen, limit))
    if not candidates:
        return None
    _, wrong, foreseen, limit = min(candidates, key=lambda candidate: candidate[0])
    if wrong > max(2, _WRONG * refusals) or (strict and foreseen < _FORESEEN):
        return None
    note = f"explains {refusals - wrong} of {refusals} refusals" if wrong else f"explains all {refusals} refusals"
    if len({asked.connection for asked in submits}) == 1:
        note += "; one bind was seen, so what it is counted by is a guess"
    return Fitted(limit, refusals, note)


def _foreseen(groups: Iterable[Sequence[Asked]], rate: float, burst: int) -> float:
    """How well a limiter of this rate foresees the refusals: those both foreseen and seen, of all."""
    both, either = 0, 0
    for group in groups:
        limiter = Gcra(rate, burst=float(burst))
        for asked in group:
            foreseen = not limiter.take(asked.at)
            both += foreseen and asked.refused
            either += foreseen or asked.refused
    return both / either if either else 0.0


def _rate(groups: Iterable[Sequence[Asked]]) -> float | None:
    accepted, seconds = 0, 0.0
    for group in groups:
        for stretch in _stretches(group):
            accepted += sum(not asked.refused for asked in stretch)
            seconds += stretch[-1].at - stretch[0].at
    return accepted / seconds if accepted and seconds > 0 else None


def _stretches(group: Sequence[Asked]) -> list[list[Asked]]:
    """From the first to the last refusal of each busy stretch; the first refusal itself is not in its count."""
    stretches: list[list[Asked]] = []
    current: list[Asked] = []
    pending: list[Asked] = []
    for asked in group:
        if current and asked.at - current[-1].at > _PAUSE:
            stretches.append(current)
            current, pending = [], []
        if asked.refused:
            current += [*pending, asked]
            pending = []
        elif current:
            pending.append(asked)
    stretches.append(current)
    return [stretch for stretch in stretches if sum(asked.refused for asked in stretch) >= _FEWEST]


def _burst(group: Sequence[Asked], rate: float) -> int:
    """The most that were accepted at once beyond the rate."""
    lowest, most = 0.0, 1.0
    accepted = [asked.at for asked in group if not asked.refused]
    for number, at in enumerate(accepted):
        above = number - rate * (at - accepted[0])
        lowest = above if number == 0 else min(lowest, above)
        most = max(most, above - lowest + 1)
    return round(most)


def _judge(group: Sequence[Asked], rate: float, burst: int) -> tuple[float, int]:
    """How far what happened is off a bucket of this rate, in tokens, and how often it is off by more than a little.

    The bucket goes by what happened, so that one surprise does not make the next one.
    """
    little = max(1.0, 0.05 * burst)
    level, before = float(burst), group[0].at
    off, wrong = 0.0, 0
    for asked in group:
        level = min(float(burst), level + rate * (asked.at - before))
        before = asked.at
        surprise = max(0.0, level - 1 if asked.refused else 1 - level)
        off += surprise
        wrong += surprise > little
        level = min(level, 1.0) if asked.refused else max(level, 1.0) - 1
    return off, wrong
