"""Many runs in virtual time: the search for the one that breaks, and the traces of those that did."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from carrierlab.crew import play_all
from carrierlab.naming import each_once, run_name
from carrierlab.report.played import Played
from carrierlab.worker import Task

KEPT: Final = 10
"""Traces of runs that failed which are kept, when nothing else is said."""


def play_many(
    runs: Iterable[Task], *, jobs: int = 1, traces: Path | None = None, keep: int = KEPT
) -> Generator[Played, None, None]:
    """Play every run, and yield what came of it in the order given, which is the same for any number of ``jobs``.

    The traces of the first ``keep`` runs that fail are written into ``traces``. Raises WorkerBroken and CannotPlay.
    """
    tasks = list(runs) if traces is None else _with_traces(runs, traces)
    kept: set[str] = set()
    try:
        with closing(play_all(tasks, jobs)) as answers:
            for outcome, trace in answers:
                if trace is not None and len(kept) < keep:
                    kept.add(trace)
                yield Played(outcome, trace if trace in kept else None)
    finally:
        # Which runs fail first is known only in the order of the runs, and the workers run ahead of it.
        for task in tasks:
            if task.trace is not None and task.trace not in kept:
                Path(task.trace).unlink(missing_ok=True)


def _with_traces(runs: Iterable[Task], directory: Path) -> list[Task]:
    """Give every run a file of its own, named after scenario, matrix and seed."""
    tasks = list(runs)
    names = each_once(run_name(task.file, dict(task.run), task.seed) for task in tasks)
    return [
        msgspec.structs.replace(task, trace=str(directory / f"{name}.trace.gz"))
        for task, name in zip(tasks, names, strict=True)
    ]
