"""Processes that share many runs between them. What comes out is the same however many they are.

Every worker is a process of its own (:mod:`carrierlab.worker`), started anew and not forked, in a session of its own:
so Ctrl-C reaches only the one that started it, which then ends them all and removes what they left in its directory.
"""

from __future__ import annotations

import os
import selectors
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Final

import msgspec

from carrierlab.report.result import Outcome
from carrierlab.run import CannotPlay
from carrierlab.worker import Answer, Task, read_frame, write_frame

AHEAD: Final = 16
"""Runs for each worker that may be done before an earlier one is: bounds the answers that wait."""
_PATIENCE: Final = 5.0


class WorkerBroken(Exception):
    """A worker could not do its task, which is no verdict on the scenario: a bug, or a process that was killed."""


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def play_all(tasks: Sequence[Task], jobs: int) -> Generator[tuple[Outcome, str | None], None, None]:
    """Play every task, on at most ``jobs`` processes, and yield outcomes and traces written, in the order of the tasks.

    Close the iterator to stop early. Raises :class:`WorkerBroken`, and CannotPlay for a file that is not as it was.
    """
    with _crew(min(jobs, len(tasks))) as workers, closing(selectors.DefaultSelector()) as ready:
        for worker in workers:
            ready.register(worker.answers, selectors.EVENT_READ, worker)
        idle = list(workers)
        done: dict[int, tuple[Outcome, str | None]] = {}
        given = due = 0
        while due < len(tasks):
            while idle and given < min(len(tasks), due + AHEAD * jobs):
                idle.pop().take(given, tasks[given])
                given += 1
            for key, _ in ready.select():
                worker = key.data
                done[worker.number] = worker.answer()
                idle.append(worker)
            while due in done:
                yield done.pop(due)
                due += 1


class _Worker:
    """One process, and the task it is at."""

    def __init__(self, scratch: str) -> None:
        self.number = -1
        self._task: Task | None = None
        self._process = Popen(
            [sys.executable, "-m", "carrierlab.worker"],
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "TMPDIR": scratch, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - asked for
        self._tasks, self.answers = self._process.stdin, self._process.stdout

    def take(self, number: int, task: Task) -> None:
        """Begin a task."""
        self.number, self._task = number, task
        try:
            write_frame(self._tasks, task)  # type: ignore[arg-type]
        except BrokenPipeError:
            raise self._gone() from None

    def answer(self) -> tuple[Outcome, str | None]:
        """Wait for the answer."""
        octets = read_frame(self.answers)  # type: ignore[arg-type]
        if octets is None:
            raise self._gone()
        answer = msgspec.msgpack.decode(octets, type=Answer)
        if answer.unusable:
            raise CannotPlay(answer.unusable)
        if answer.outcome is None:
            raise WorkerBroken(f"{self._what()} could not be played:\n{answer.broken}")
        return answer.outcome, answer.trace

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.terminate()
        for pipe in (self._tasks, self.answers):
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # a task that it will not take any more
        try:
            self._process.wait(_PATIENCE)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _gone(self) -> WorkerBroken:
        code = self._process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        return WorkerBroken(f"{self._what()}: the process that played it {how}")

    def _what(self) -> str:
        if self._task is None:
            return "nothing"
        given = "".join(f", {name}={value}" for name, value in self._task.run)
        return f"{self._task.file}, seed {self._task.seed}{given}"


@contextmanager
def _crew(size: int) -> Iterator[list[_Worker]]:
    workers: list[_Worker] = []
    with tempfile.TemporaryDirectory(prefix="carrierlab-crew-") as scratch:
        try:
            for _ in range(size):
                workers.append(_Worker(scratch))  # noqa: PERF401 - those begun are to be ended when one cannot be
            yield workers
        finally:
            for worker in workers:
                worker.end()
