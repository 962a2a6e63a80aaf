"""Plain messages that came together, taken, answered and told of as one.

Where nothing sets a message apart (see OperatorState.usual), all that came in one read have their fate and their times
in common, and differ in their octets and numbers alone. Such a run is one entry of the book, one answer, and one item
of the wheel; its messages are made when somebody asks for one of them, and are treated like all others from then on.

What is here says nothing that Intake, Outcomes and the engine would not say of each message by itself, only sooner; the
tests hold the two to the same octets. What does not fit is theirs: `take` says so with None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from smppkit.codec import HEADER, HEADER_SIZE
from smppkit.commands import CommandId
from smppkit.pdus import SubmitSmResp
from smppkit.runs import RunReader, SubmitRun, run_readers
from smppkit.states import Version
from smsc.centre.book import Held
from smsc.centre.deliveries import Deliveries
from smsc.centre.intake import ASKS
from smsc.centre.outcomes import Outcomes
from smsc.centre.shared import Answer, Peer, RunAnswer, Shared
from smsc.centre.taken import Taken
from smsc.journal.journal import Journal
from smsc.journal.records import Kind, Owed
from smsc.journal.together import MessageRun

if TYPE_CHECKING:
    from smsc.scenario.id_style import Writer

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
        self._looks = looks or shared.state.usual is None
        self._readers: dict[Version, dict[int, RunReader]] = {}

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
        state, book, count = shared.state, shared.book, len(run)
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
        wanted = state.planner.wanted[run.registered_delivery & 0b11]
        taken = Taken(
            now,
            connection.system_id,
            connection.number,
            run.frames,
            usual,
            number,
            now + usual.ends_after,
            wanted,
            bool(wanted >> usual.fate.state & 1),
        )
        shared.stats.submitted += count
        shared.stats.book.taken += count
        book.enter_group(taken)
        responses = _responses(run, usual.write_id, number)
        if shared.journal is not None:
            taken.row = self._record(taken, responses, shared.journal)
            self._tidy(count, now)
        return RunAnswer(connection, run, responses, now + usual.respond_after, taken)

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
                taken.plan_of(""),
                None if taken.timed else shared.epoch + taken.ends,
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

    def begin(self, answer: RunAnswer, now: float) -> Sequence[Taken | Held]:
        """Let the times of a run go on, now that it is answered; what of it has come to its end already."""
        shared, taken = self._shared, answer.taken
        shared.stats.accepted += len(answer)
        taken.planned = True
        if taken.held is not None:
            return [held for held in taken.held if self._outcomes.let_go(held, now)]
        if not taken.timed:
            return ()
        taken.awaited = shared.operator.receipts.copies
        self._deliveries.plan(Kind.RECEIPT, len(taken) * taken.awaited)
        if taken.ends <= now:
            return (taken,)
        shared.wheel.add(taken.ends, taken)
        return ()

    def come_to_end(self, taken: Taken, now: float) -> list[Owed]:
        """What is to be delivered because a run has come to its end."""
        if taken.held is not None:
            return [owed for held in taken.held for owed in self._outcomes.come_to_end(held, now)]
        taken.over = True
        copies, taken.awaited = taken.awaited, 0
        owed = self._receipts(taken, copies, min(now, taken.ends)) if copies else []
        shared, fate = self._shared, taken.usual.fate
        if shared.journal is not None:
            shared.journal.owe_all(shared.name, shared.epoch + now, owed)
            rows = list(range(taken.row, taken.row + len(taken)))
            shared.journal.ended(rows, shared.epoch + min(now, taken.ends), fate.stat, fate.err)
        return owed

    def _receipts(self, taken: Taken, copies: int, at: float) -> list[Owed]:
        outcomes, frames, usual, number = self._outcomes, taken.frames, taken.usual, taken.number
        system_id, bind, life = taken.system_id, taken.bind, self._shared.lives.now
        octets, starts, row = frames.octets, frames.starts, taken.row
        press = outcomes.press(usual.fate, taken.at, at)
        owed: list[Owed] = []
        for index, end in enumerate((*starts[1:], len(octets))):
            message_id = usual.write_id(number + index).encode("latin-1")
            pressed = None if press is None else press(message_id, octets, starts[index], end)
            if pressed is None:
                pressed = outcomes.receipt_of(taken.member(index), usual.fate, at)
            if pressed is None:
                self._deliveries.unplan(Kind.RECEIPT, copies)
                continue
            receipt, to = pressed
            owed += [
                Owed(row and row + index, system_id, receipt, _RECEIPT, to, bind, 0, 0, False, life)
                for _ in range(copies)
            ]
        self._deliveries.made(system_id, _RECEIPT, len(owed))
        return owed


def _responses(run: SubmitRun, write_id: Writer, number: int) -> bytes:
    pieces: list[bytes] = []
    for sequence in run.sequences:
        message_id = write_id(number).encode("latin-1")
        pieces += (_HEADS[len(message_id)], sequence, message_id, b"\0")
        number += 1
    return b"".join(pieces)
