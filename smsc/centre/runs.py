"""Plain messages that came together, taken, answered and told of as one.

Where nothing sets a message apart (see OperatorState.usual), all that came in one read have their fate and their times
in common, and differ in their octets and numbers alone. Such a run is one entry of the book, one answer, and one item
of the wheel; its messages are made when somebody asks for one of them, and are treated like all others from then on.

What is here says nothing that Intake, Outcomes and the engine would not say of each message by itself, only sooner; the
tests hold the two to the same octets. What does not fit is theirs: `take` says so with None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.pdus import SubmitSmResp
from smppkit.runs import RunReader, SubmitRun, run_readers, split
from smppkit.states import Version
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.intake import ASKS
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import Answer, Peer, RunAnswer, Shared
from smsc.centre.taken import Ending, Taken
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Owed
from smsc.journal.together import MessageRun

if TYPE_CHECKING:
    from smsc.scenario.decisions import Fate
    from smsc.scenario.id_style import Writer
    from smsc.scenario.receipt_writer import Press

_RECEIPT: Final = Kind.RECEIPT
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_LONGEST_ID = 64
_HEADS = tuple(HEADER.pack(HEADER_SIZE + length + 1, _SUBMIT_SM_RESP, 0, 0)[:12] for length in range(_LONGEST_ID + 1))
"""Of responses, up to their sequence number, by the length of the message_id."""


class Runs:
    """Takes runs for one operator, where no message of it needs a closer look before it is read."""

    def __init__(
        self,
        shared: Shared,
        outcomes: Outcomes,
        deliveries: Deliveries,
        *,
        looks: bool,
        tidy: Callable[[int, float], None],
    ) -> None:
        """`looks`: every message is looked at, whatever it is. `tidy` hears how many were recorded, and when."""
        self._shared = shared
        self._outcomes = outcomes
        self._deliveries = deliveries
        self._tidy = tidy
        usual = shared.state.usual
        # A journal knows of a run only what all of it have in common.
        in_common = usual is not None and usual.certain is not None and usual.certain[1] is not None
        self._looks = looks or usual is None or (shared.journal is not None and not in_common)
        self._readers: dict[Version, dict[int, RunReader]] = {}
        self._pressed: tuple[Fate | None, int, int, Press | None] = (None, 0, 0, None)

    def readers(self, connection: Peer) -> dict[int, RunReader] | None:
        """What cuts runs out of what a bind says; None where its messages come one by one. Decided once."""
        version, account = connection.version, connection.account
        if self._looks or version <= Version.V33 or account.senders is not None or account.rate is not None:
            return None
        readers = self._readers.get(version)
        if readers is None:
            readers = self._readers[version] = run_readers(version, self._shared.state.apart)
        return readers

    def take(self, connection: Peer, run: SubmitRun, now: float) -> RunAnswer | None:
        """Decide about a run, and enter it into the book; None when each has to be decided about by itself."""
        shared = self._shared
        state, book, count = shared.state, shared.book, len(run.sequences)
        usual = state.usual
        if (
            usual is None
            or state.is_limited
            or not book.takes_groups
            or book.room < count
            or (run.registered_delivery & ASKS and self._deliveries.full)
        ):
            return None
        if state.began is None:
            state.began = now
        number = state.next_id
        state.next_id = number + count
        course = usual.many(state.chance, connection.system_id, run.frames)
        wanted = state.planner.wanted[run.registered_delivery & 0b11]
        taken = Taken(
            now,
            connection.system_id,
            connection.number,
            run.frames,
            usual,
            course,
            number,
            wanted,
            bytearray(count),
        )
        shared.stats.submitted += count
        shared.stats.book.taken += count
        book.enter_group(taken, count)
        responses = _responses(run, usual.write_id, number)
        if shared.journal is not None:
            taken.row = self._record(taken, responses, shared.journal)
            self._tidy(count, now)
        return RunAnswer(connection, run, responses, now + course.respond_after[0], taken, count)

    def _record(self, taken: Taken, responses: bytes, journal: Journal) -> int:
        shared, frames = self._shared, taken.frames
        return journal.messages(
            MessageRun(
                0,
                len(taken),
                shared.epoch + taken.at,
                shared.name,
                taken.system_id,
                taken.bind,
                frames.version,
                frames.octets,
                responses,
                taken.number,
                taken.plan_of(0, ""),
                None if taken.timed() else shared.epoch + (taken.at + taken.course.ends_after[0]),
                shared.operator.submit.alphabet,
            )
        )

    def one_by_one(self, answer: RunAnswer) -> list[Answer]:
        """The same as many answers, of which each may become another one."""
        connection, run = answer.connection, answer.run
        connection.unroll(run)
        return [
            Answer(connection, SubmitSmResp(0, int.from_bytes(sequence), (), held.message_id), answer.due, held=held)
            for sequence, held in zip(run.sequences, answer.taken.members(), strict=True)
        ]

    def begin(self, taken: Taken, now: float) -> Sequence[Ending | Held]:
        """Let the times of a run go on, now that it is answered; what of it has come to its end already."""
        shared = self._shared
        shared.stats.accepted += len(taken.over)
        taken.planned = True
        if taken.held is not None:
            return [held for held in taken.held if self._outcomes.let_go(held, now)]
        timed = taken.timed()
        if not timed:
            return ()
        taken.copies = shared.operator.receipts.copies
        self._deliveries.plan(Kind.RECEIPT, len(timed) * taken.copies)
        at, course, wheel = taken.at, taken.course, shared.wheel
        if course.alike:
            ending, ends = Ending(taken, timed), at + course.ends_after[0]
            if ends <= now:
                return (ending,)
            wheel.add(ends, ending)
            return ()
        due = self._hold(timed, [at + course.ends_after[index] for index in timed], partial(Ending, taken), now)
        return (Ending(taken, due),) if due else ()

    def let_go(self, answer: RunAnswer, now: float) -> Sequence[RunAnswer]:
        """Have a run answered, each of it at its time; the answer to those whose time has come."""
        taken, wheel = answer.taken, self._shared.wheel
        if taken.course.together:
            if answer.due <= now:
                return (answer,)
            wheel.add(answer.due, answer)
            return ()
        responses = split(answer.octets)

        def to(indexes: list[int]) -> RunAnswer:
            octets = b"".join([responses[index] for index in indexes])
            return RunAnswer(answer.connection, answer.run, octets, answer.due, taken, len(indexes))

        dues = [taken.at + after for after in taken.course.respond_after]
        ready = self._hold(range(len(dues)), dues, to, now)
        return (to(ready),) if ready else ()

    def _hold(
        self, indexes: Sequence[int], dues: Sequence[float], make: Callable[[list[int]], Ending | RunAnswer], now: float
    ) -> list[int]:
        """Put some of a run into the wheel, each until it is due; returns those that are due already."""
        due: list[int] = []
        if min(dues) <= now:
            due = [index for index, at in zip(indexes, dues, strict=True) if at <= now]
            indexes = [index for index, at in zip(indexes, dues, strict=True) if at > now]
            dues = [at for at in dues if at > now]
        self._shared.wheel.add_together(indexes, dues, make)
        return due

    def come_to_end(self, endings: Sequence[Ending], now: float) -> list[Owed]:
        """What is to be delivered because some of runs have come to their ends."""
        outcomes, journal = self._outcomes, self._shared.journal
        made: dict[str, int] = {}
        owed: list[Owed] = []
        for ending in endings:
            taken = ending.taken
            if taken.held is not None:
                for held in ending.members():
                    owed += outcomes.come_to_end(held, now)
                continue
            receipts = self._receipts(taken, ending.indexes, now)
            owed += receipts
            made[taken.system_id] = made.get(taken.system_id, 0) + len(receipts)
            if journal is not None:
                self._tell(journal, taken, receipts, now)
        for system_id, count in made.items():
            self._deliveries.made(system_id, _RECEIPT, count)
        return owed

    def _tell(self, journal: Journal, taken: Taken, receipts: list[Owed], now: float) -> None:
        """Record that a run has come to the end that all of it have in common, and what this brings."""
        shared, fate = self._shared, taken.course.fates[0]
        journal.owe_all(shared.name, shared.epoch + now, receipts)
        rows = list(range(taken.row, taken.row + len(taken)))
        journal.ended(rows, shared.epoch + min(now, taken.at + taken.course.ends_after[0]), fate.stat, fate.err)

    def _receipts(self, taken: Taken, indexes: Sequence[int], now: float) -> list[Owed]:
        frames, course, over, row = taken.frames, taken.course, taken.over, taken.row
        write_id, number, copies = taken.usual.write_id, taken.number, taken.copies
        system_id, bind, at, life = taken.system_id, taken.bind, taken.at, self._shared.lives.now
        octets, starts, fates, ends_after = frames.octets, frames.starts, course.fates, course.ends_after
        last, ends, after, fate, press = len(starts) - 1, 0.0, -1.0, fates[indexes[0]], None
        owed: list[Owed] = []
        for index in indexes:
            over[index] = 1
            if ends_after[index] != after or fates[index] is not fate:
                fate, after = fates[index], ends_after[index]
                ends = min(now, at + after)
                press = self._press(fate, at, ends)
            message_id = write_id(number + index).encode("latin-1")
            end = starts[index + 1] if index < last else len(octets)
            pressed = None if press is None else press(message_id, octets, starts[index], end)
            if pressed is None:
                pressed = self._outcomes.receipt_of(taken.member(index), fate, ends)
            if pressed is None:
                self._deliveries.unplan(Kind.RECEIPT, copies)
                continue
            receipt, to = pressed
            about = row and row + index
            owed += [Owed(about, system_id, receipt, _RECEIPT, to, bind, 0, 0, False, life) for _ in range(copies)]
        return owed

    def _press(self, fate: Fate, at: float, ends: float) -> Press | None:
        """What makes receipts of a fate; most that are asked for have the seconds of the one before."""
        second = self._shared.second
        submitted, done = second(at), second(ends)
        known = self._pressed
        if known[0] is not fate or known[1] != submitted or known[2] != done:
            known = self._pressed = (fate, submitted, done, self._outcomes.press(fate, at, ends))
        return known[3]


def _responses(run: SubmitRun, write_id: Writer, number: int) -> bytes:
    pieces: list[bytes] = []
    for sequence in run.sequences:
        message_id = write_id(number).encode("latin-1")
        pieces += (_HEADS[len(message_id)], sequence, message_id, b"\0")
        number += 1
    return b"".join(pieces)
