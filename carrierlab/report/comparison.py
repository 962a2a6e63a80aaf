"""What changed from one run to another, and whether it is for the better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from carrierlab.metrics import METRICS, Unit
from carrierlab.report.document import Run, RunDocument, RunsDocument
from carrierlab.report.latency import KINDS
from carrierlab.showing import show

TOGETHER: Final = "together"


class Better(StrEnum):
    """Which way of a metric is better."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"
    """It tells of the load or the operator, not of how well either was met."""


BETTER: Final[dict[str, Better]] = {
    **dict.fromkeys(("accepted", "delivered", "throughput"), Better.MORE),
    **dict.fromkeys(("undelivered", "expired", "refused", "unknown", "in_doubt", "awaiting_receipt"), Better.LESS),
    **dict.fromkeys(("lost", "duplicates", "mismatched", "garbled", "unmatched_receipts"), Better.LESS),
    **dict.fromkeys(("resends", "throttled", "unanswered", "reconnects", "duration"), Better.LESS),
    **dict.fromkeys(("queue_full", "refused_binds", "out_of_order", "unsent", "lint_findings"), Better.LESS),
    **dict.fromkeys(("cost", "cost_per_delivered"), Better.LESS),
}
"""Of percentiles of times less is better too; every other metric is neither."""

STRICT: Final = frozenset({"lost", "duplicates", "mismatched", "garbled"})
"""Where no tolerance is given: one more is worse."""

_SMALLEST_TIME: Final = 0.001
"""Changes of times below a millisecond are noise, whatever share they are."""


class Judgement(StrEnum):
    """What a change means."""

    BETTER = "better"
    SAME = "same"
    CHANGED = "changed"
    """Neither better nor worse."""
    WORSE = "worse"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not what it was."""

    what: str
    """``metric``, ``expectation``, ``failure`` or ``run``."""
    name: str
    operator: str
    """``together`` for all of them."""
    before: str
    after: str
    judgement: Judgement
    absolute: float | None = None
    relative: float | None = None
    """The share of the value before; null where that was zero."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs side by side."""

    name: str
    said: tuple[str, ...]
    """What differs about the runs themselves: another scenario, seed or trace."""
    changes: tuple[Change, ...]
    """What is beyond the tolerance, the worst first."""
    judgement: Judgement
    """The worst of the changes; ``same`` when none is better or worse."""


class Incomparable(Exception):
    """Two reports that have nothing in common; the text is one line for people."""


Document = RunDocument | RunsDocument
_ORDER: Final = (Judgement.WORSE, Judgement.BETTER, Judgement.CHANGED, Judgement.SAME)


def compare(one: Document, other: Document, tolerance: float) -> list[Comparison]:
    """Compare run by run; ``tolerance`` is a share such as 0.1. Raises :class:`Incomparable`."""
    if isinstance(one, RunDocument) and isinstance(other, RunDocument):
        changes = [*_metrics(_values(one), _values(other), tolerance), *_verdicts(one, other), *_failures(one, other)]
        return [_concluded(one.scenario, _said(one, other), [*_whole(one, other), *changes])]
    if isinstance(one, RunsDocument) and isinstance(other, RunsDocument):
        return _many(one, other, tolerance)
    raise Incomparable("one of these is a single run and the other many: compare one of its runs/… with it")


def worst(comparisons: list[Comparison]) -> Judgement:
    """Return the judgement of all: worse when any is."""
    return min((comparison.judgement for comparison in comparisons), key=_ORDER.index, default=Judgement.SAME)


def _many(one: RunsDocument, other: RunsDocument, tolerance: float) -> list[Comparison]:
    """Pair runs of the same scenario, seed and parameters."""
    before, after = ({_key(run): run for run in document.runs} for document in (one, other))
    common = [key for key in before if key in after]
    if not common:
        raise Incomparable("no run of one has the scenario, seed and parameters of a run of the other")
    comparisons = []
    for key in common:
        a, b = before[key], after[key]
        changes = [*_whole(a, b), *_metrics({TOGETHER: a.metrics}, {TOGETHER: b.metrics}, tolerance)]
        comparisons.append(_concluded(_name(a), _said(a, b), changes))
    alone = [("gone", run) for key, run in before.items() if key not in after]
    alone += [("new", run) for key, run in after.items() if key not in before]
    for how, run in alone:
        judgement = Judgement.WORSE if how == "new" and not run.passed else Judgement.CHANGED
        words = ("", _word(run.passed)) if how == "new" else (_word(run.passed), "")
        change = _change("run", how, TOGETHER, *words, judgement)
        comparisons.append(_concluded(_name(run), (), [change]))
    return comparisons


def _key(run: Run) -> tuple[object, ...]:
    return run.scenario, run.seed, tuple(sorted(run.parameters.items()))


def _name(run: Run) -> str:
    given = "".join(f", {key}={value}" for key, value in run.parameters.items())
    return f"{run.scenario}, seed {run.seed}{given}"


def _concluded(name: str, said: tuple[str, ...], changes: list[Change]) -> Comparison:
    ordered = sorted(changes, key=lambda change: _ORDER.index(change.judgement))
    worst_of = ordered[0].judgement if ordered else Judgement.SAME
    judgement = Judgement.SAME if worst_of is Judgement.CHANGED else worst_of
    return Comparison(name=name, said=said, changes=tuple(ordered), judgement=judgement)


def _said(one: RunDocument | Run, other: RunDocument | Run) -> tuple[str, ...]:
    pairs = (
        ("scenario", one.scenario, other.scenario),
        ("file", one.file, other.file),
        ("seed", str(one.seed), str(other.seed)),
        ("parameters", str(one.parameters), str(other.parameters)),
        ("time", *("virtual" if run.virtual else "real" for run in (one, other))),
        ("trace hash", one.trace or "none", other.trace or "none"),
    )
    return tuple(f"another {name}: {before}, now {after}" for name, before, after in pairs if before != after)


def _whole(one: RunDocument | Run, other: RunDocument | Run) -> Iterator[Change]:
    if one.passed != other.passed:
        judgement = Judgement.BETTER if other.passed else Judgement.WORSE
        yield _change("run", "verdict", TOGETHER, _word(one.passed), _word(other.passed), judgement)


def _word(passed: bool) -> str:
    return "passed" if passed else "failed"


# --- metrics


def which_is_better(name: str) -> Better:
    """Return which way of a metric is better."""
    return Better.LESS if name.startswith(KINDS) else BETTER.get(name, Better.NEITHER)


def _values(document: RunDocument) -> dict[str, dict[str, float]]:
    """Metrics and percentiles by operator; those of a single operator are not said twice."""
    return {TOGETHER: document.metrics} | (document.operators if len(document.operators) > 1 else {})


def _metrics(
    before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]], tolerance: float
) -> Iterator[Change]:
    for operator in dict.fromkeys([*before, *after]):
        one, other = before.get(operator), after.get(operator)
        if one is None or other is None:
            words = ("there", "gone") if other is None else ("not there", "new")
            yield _change("metric", "operator", operator, *words, Judgement.CHANGED)
            continue
        for name in one:
            if name in other and (change := _metric(name, operator, one[name], other[name], tolerance)) is not None:
                yield change


def _metric(name: str, operator: str, before: float, after: float, tolerance: float) -> Change | None:
    """The change of one number; None when it is within the tolerance."""
    absolute = after - before
    unit = METRICS[name].unit if name in METRICS else Unit.SECONDS
    if not absolute or (unit is Unit.SECONDS and abs(absolute) < _SMALLEST_TIME):
        return None
    relative = absolute / before if before else None
    if name not in STRICT and relative is not None and abs(relative) <= tolerance:
        return None
    better = which_is_better(name)
    judgement = Judgement.CHANGED
    if better is not Better.NEITHER:
        judgement = Judgement.BETTER if (absolute > 0) == (better is Better.MORE) else Judgement.WORSE
    return Change(
        what="metric",
        name=name,
        operator=operator,
        before=show(before, unit),
        after=show(after, unit),
        judgement=judgement,
        absolute=absolute,
        relative=relative,
    )


# --- expectations and failures


def _verdicts(one: RunDocument, other: RunDocument) -> Iterator[Change]:
    before, after = ({verdict.name: verdict for verdict in document.verdicts} for document in (one, other))
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and was.met == now.met:
            continue
        judgement = Judgement.CHANGED
        if now is not None and (was is not None or not now.met):
            judgement = Judgement.BETTER if now.met else Judgement.WORSE
        operator = (now or was or next(iter(before.values()))).operator or TOGETHER
        words = ["not expected" if verdict is None else _met(verdict.met, verdict.found) for verdict in (was, now)]
        yield _change("expectation", name, operator, words[0], words[1], judgement)


def _met(met: bool, found: str) -> str:
    return f"{'met' if met else 'not met'}, found {found}"


def _failures(one: RunDocument, other: RunDocument) -> Iterator[Change]:
    """Reasons for which messages failed that are new or gone; how many failed is what the metrics say."""
    before, after = (
        {(failure.operator, failure.state, failure.reason): failure for failure in document.failures}
        for document in (one, other)
    )
    for key in dict.fromkeys([*before, *after]):
        if (key in before) == (key in after):
            continue
        operator, state, reason = key
        name = state.replace("_", " ") + (f", {reason}" if reason else "")
        counts = [str(found[key].count) if key in found else "none" for found in (before, after)]
        judgement = Judgement.WORSE if key in after else Judgement.BETTER
        yield _change("failure", name, operator, counts[0], counts[1], judgement)


def _change(what: str, name: str, operator: str, before: str, after: str, judgement: Judgement) -> Change:
    return Change(what=what, name=name, operator=operator, before=before, after=after, judgement=judgement)
