"""A process that plays scenarios in virtual time for another one: ``python -m carrierlab.worker``.

Tasks come in on standard input and answers go out on standard output, each a length of four octets and MessagePack.
It ends when its input does, so none outlives who started it.
"""

from __future__ import annotations

import os
import struct
import sys
import traceback
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from carrierlab.report.result import Outcome
from carrierlab.run import CannotPlay, Job, record_virtual, run_virtual
from carrierlab.traces.format import write_trace
from carrierlab.variables import Picked
from yamlmodel.errors import ConfigError

_LENGTH = struct.Struct(">I")


class Task(msgspec.Struct, frozen=True):
    """One run that is to be played."""

    file: str
    seed: int | None = None
    """None: the file's."""
    values: tuple[tuple[str, str], ...] = ()
    """Of variables, in place of the file's."""
    run: tuple[tuple[str, str], ...] = ()
    """What the file's matrix has for its variables in this run."""
    trace: str | None = None
    """Where the trace of a run that fails is to be written."""


class Answer(msgspec.Struct, frozen=True):
    """What became of a task: an outcome, or why there is none."""

    outcome: Outcome | None = None
    trace: str | None = None
    """The trace that was written."""
    unusable: str = ""
    """What is wrong with the file, for whoever wrote it."""
    broken: str = ""
    """What stopped the worker, for us: a traceback."""


def write_frame(stream: BinaryIO, value: Task | Answer) -> None:
    """Put a value on a pipe."""
    octets = msgspec.msgpack.encode(value)
    stream.write(_LENGTH.pack(len(octets)) + octets)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """Take a value off a pipe; None at its end, also in the middle of a value."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    octets = stream.read(length)
    return octets if len(octets) == length else None


@lru_cache(maxsize=16)
def _job(file: str, values: tuple[tuple[str, str], ...], run: tuple[tuple[str, str], ...]) -> Job:
    picked = Picked(dict(values), {name: [value] for name, value in run})
    return picked.job(file, picked.the_run(Path(file)))


def perform(task: Task) -> Answer:
    """Play one task."""
    job = _job(task.file, task.values, task.run).seeded(task.seed)
    outcome = run_virtual(job)
    if outcome.passed or task.trace is None:
        return Answer(outcome)
    again, trace = record_virtual(job)
    if again.trace != outcome.trace:
        told = f"played twice, the trace hash was {outcome.trace} and then {again.trace}: this is a bug of carrierlab"
        outcome = msgspec.structs.replace(outcome, trouble=(*outcome.trouble, told))
    try:
        write_trace(Path(task.trace), trace)
    except OSError as error:
        told = f"the trace could not be written: {error}"
        return Answer(msgspec.structs.replace(outcome, trouble=(*outcome.trouble, told)))
    return Answer(outcome, task.trace)


def main() -> None:
    """Play tasks until there are no more."""
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not print into an answer
    while (octets := read_frame(tasks)) is not None:
        task = msgspec.msgpack.decode(octets, type=Task)
        try:
            answer = perform(task)
        except ConfigError as error:
            answer = Answer(unusable=str(error))
        except CannotPlay as error:
            answer = Answer(unusable=f"{task.file}: {error}")
        except Exception:  # noqa: BLE001 - it is told to who asked, who ends with it
            answer = Answer(broken=traceback.format_exc())
        try:
            write_frame(answers, answer)
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
