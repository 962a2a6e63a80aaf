"""Keeps what happens in a run in virtual time, for a trace file: octets, faults, logs, and the states of messages.

The two books are watched and not asked: a trigger of SQLite tells of every state that the sender's store writes, and
the states at the operators are read from their journal when all is over. So a run that is recorded is the same run,
octet for octet, as one that is not.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import merge
from typing import Final

from twisted.internet.interfaces import IReactorTime

from carrierlab.report.faults import Fault
from carrierlab.report.result import Outcome
from carrierlab.trace import Trace
from carrierlab.traces.format import (
    End,
    FaultMark,
    Header,
    Judged,
    Line,
    Link,
    Octets,
    OperatorState,
    Remark,
    SenderState,
    TraceFile,
)
from sender.domain.message import State
from sender.store.sql import sql
from smsc.journal.inbox import Inbox, MessageRow

MAX_LINES: Final = 1_000_000
MAX_OCTETS: Final = 64 << 20
"""A trace holds this much at most; what comes later is counted and left out."""

_PROGRAMS = ("sender", "smsc", "smppkit")
_TRIGGERS = (
    """CREATE TEMP TRIGGER carrierlab_message_made AFTER INSERT ON main.messages
       BEGIN SELECT carrierlab_state(new.id, new.number, 0, new.state, NULL); END""",
    """CREATE TEMP TRIGGER carrierlab_message_moved AFTER UPDATE OF state ON main.messages WHEN new.state <> old.state
       BEGIN SELECT carrierlab_state(new.id, new.number, 0, new.state, NULL); END""",
    # A part that is submitted for the first time stands in `intents`, then in `packed`: its row comes later, if ever.
    sql("""CREATE TEMP TRIGGER carrierlab_intended AFTER INSERT ON main.intents
       BEGIN SELECT carrierlab_state(json_extract(value, '$$[0]'), (SELECT number FROM messages
                                     WHERE id = json_extract(value, '$$[0]')), 1, $SUBMITTING, NULL)
             FROM json_each(new.submits); END"""),
    """CREATE TEMP TRIGGER carrierlab_packed AFTER INSERT ON main.packed
       BEGIN SELECT carrierlab_state(json_extract(value, '$[0]'), (SELECT number FROM messages
                                     WHERE id = json_extract(value, '$[0]')), 1, new.state,
                                     json_extract(value, '$[2]'))
             FROM json_each(new.parts); END""",
    sql("""CREATE TEMP TRIGGER carrierlab_part_made AFTER INSERT ON main.parts
       WHEN (new.state <> $SUBMITTING OR NOT EXISTS (SELECT 1 FROM intents, json_each(submits)
                                                     WHERE json_extract(value, '$$[0]') = new.message))
        AND NOT EXISTS (SELECT 1 FROM packed k, json_each(k.parts)
                        WHERE k.state = new.state AND new.message BETWEEN k.first AND k.first + (1 << k.level)
                          AND json_extract(value, '$$[0]') = new.message)
       BEGIN SELECT carrierlab_state(new.message, (SELECT number FROM messages WHERE id = new.message), new.part,
                                     new.state, new.smsc_id); END"""),
    """CREATE TEMP TRIGGER carrierlab_part_moved AFTER UPDATE OF state ON main.parts WHEN new.state <> old.state
       BEGIN SELECT carrierlab_state(new.message, (SELECT number FROM messages WHERE id = new.message), new.part,
                                     new.state, new.smsc_id); END""",
)


class Recorder(Trace):
    """A trace that keeps its happenings and what else is to be seen. For one run."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._states: list[OperatorState] = []
        self._octets = 0
        self._left_out = 0

    def note(self, at: float, link: str, what: str, octets: bytes = b"") -> None:
        """See :meth:`Trace.note`."""
        super().note(at, link, what, octets)
        self._octets += len(octets)
        at = round(at, 9)  # as precisely as the hash has it
        self._add(Octets(at, link, octets) if what == "data" else Link(at, link, what))

    @contextmanager
    def watching(self, clock: IReactorTime, store: sqlite3.Connection) -> Iterator[None]:
        """See the states that the store takes, and hear the logs of the programs, while entered."""

        def state(message: int, to: str, part: int, number: int, smsc_id: str | None) -> None:
            self._add(SenderState(round(clock.seconds(), 9), message, to, part, State(number).label, smsc_id))

        store.create_function("carrierlab_state", 5, state)
        for trigger in _TRIGGERS:
            store.execute(trigger)
        with _heard(_Ear(self._add, clock)):
            yield

    def read_states(self, inbox: Inbox, epoch: float) -> None:
        """Take what the operators' journal says of every message."""
        for row in inbox.messages():
            if row.command != "deliver_sm" and row.status == 0:
                self._states += _states(row, epoch)
        self._states.sort(key=_when)

    def finish(self, outcome: Outcome, *, epoch: float, started_at: float, operators: dict[str, str]) -> TraceFile:
        """Return the whole trace; ``started_at`` is in simulated seconds, ``operators`` are by port."""
        at = self._lines[-1].at if self._lines else started_at
        marks = sorted((mark for fault in outcome.faults for mark in _marks(fault, started_at)), key=_when)
        # What was noted at the time stands before what was read afterwards: the cause before its effect.
        lines = tuple(merge([mark for mark in marks if mark.at <= at], self._lines, self._states, key=_when))
        return TraceFile(
            Header(
                scenario=outcome.scenario,
                file=outcome.file,
                seed=outcome.seed,
                epoch=epoch,
                started_at=started_at,
                operators=operators,
            ),
            lines,
            End(
                at=at,
                digest=self.digest(),
                passed=outcome.passed,
                trouble=outcome.trouble,
                verdicts=tuple(Judged(verdict.name, verdict.found, verdict.met) for verdict in outcome.verdicts),
                left_out=self._left_out,
            ),
        )

    def _add(self, line: Line) -> None:
        if len(self._lines) >= MAX_LINES or self._octets > MAX_OCTETS:
            self._left_out += 1
        else:
            self._lines.append(line)


class _Ear(logging.Handler):
    """Takes every line from INFO on."""

    def __init__(self, add: Callable[[Line], None], clock: IReactorTime) -> None:
        super().__init__(logging.INFO)
        self._add = add
        self._clock = clock

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        self._add(Remark(round(self._clock.seconds(), 9), record.levelname.lower(), record.name, record.getMessage()))


@contextmanager
def _heard(ear: _Ear) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _PROGRAMS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(ear)
        logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(ear)
            logger.setLevel(level)


def _states(row: MessageRow, epoch: float) -> Iterator[OperatorState]:
    """What a message centre made of one message: taken, ended, its receipt acknowledged."""
    moments = ((row.at, "ENROUTE"), (row.final_at, row.state or ""), (row.acknowledged_at, "receipt acknowledged"))
    for at, state in moments:
        if at is not None:
            # Unix time is good to a quarter of a microsecond: rounded up, so that no effect stands before its cause.
            yield OperatorState(round(at - epoch + 1e-6, 6), row.operator, row.message_id, row.destination, state)


def _marks(fault: Fault, started_at: float) -> Iterator[FaultMark]:
    def mark(at: float, what: str) -> FaultMark:
        return FaultMark(round(started_at + at, 9), what, fault.kind, fault.operator, fault.detail)

    if fault.until is None:
        yield mark(fault.at, "strikes")
    else:
        yield mark(fault.at, "begins")
        yield mark(fault.until, "ends")


def _when(line: Line) -> float:
    return line.at
