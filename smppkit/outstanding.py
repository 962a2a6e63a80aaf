"""Requests that wait: ours for the peer's responses, the peer's for our answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import repeat
from typing import TypeAlias

import msgspec

from smppkit.commands import RESPONSE_BIT, CommandId
from smppkit.pdus import Pdu
from smppkit.runs import RequestedRun

_LATE_KEPT = 1000
"""Requests given up after their time-out whose response is still recognised; the oldest are forgotten first."""


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A request of ours; `request` is None when it was sent as octets."""

    command_id: int
    request: Pdu | None
    context: object
    sent_at: float

    def answered_by(self, command_id: int) -> bool:
        """Whether this is the command_id of its response, or of a generic_nack."""
        return command_id == self.command_id | RESPONSE_BIT or command_id == CommandId.GENERIC_NACK


class SentRun(Sent, frozen=True, gc=False):
    """Requests that were sent as octets one behind another, with numbers that follow each other; `first` is the first.

    `context` is theirs, a sequence; one of them is told of as if it had been sent by itself.
    """

    context: Sequence[object]
    first: int

    def one(self, sequence: int) -> Sent:
        """That with this number."""
        return Sent(self.command_id, None, self.context[sequence - self.first], self.sent_at)


Piece: TypeAlias = tuple[Sequence[object], float]
"""Contexts of requests that were sent at one time, and that time."""


class Outstanding(dict[int, Sent]):
    """Our requests without response, by sequence number, in the order of sending. All have the same time-out.

    Those of a run have it in common: each number of them stands for the SentRun.
    """

    __slots__ = ("_given_up",)

    def __init__(self) -> None:
        super().__init__()
        self._given_up: dict[int, Sent] = {}  # in the order of giving up

    def add(self, sequence: int, sent: Sent) -> None:
        """It was sent; an earlier one with that number can no longer be recognised."""
        self[sequence] = sent
        if self._given_up:
            self._given_up.pop(sequence, None)

    def add_run(self, command_id: int, sequences: Sequence[int], contexts: Sequence[object], now: float) -> None:
        """As ``add``, of requests that were sent as octets one behind another."""
        first = sequences[0] if sequences else 0
        if tuple(sequences) == tuple(range(first, first + len(sequences))):
            self.update(dict.fromkeys(sequences, SentRun(command_id, None, contexts, now, first)))
        else:
            sent = map(Sent, repeat(command_id), repeat(None), contexts, repeat(now))
            self.update(zip(sequences, sent, strict=True))
        if self._given_up:
            for sequence in sequences:
                self._given_up.pop(sequence, None)

    def take_all(self, sequences: Sequence[int], command_id: int) -> list[Piece] | None:
        """The requests with these numbers, by the times at which they were sent; they wait no longer.

        None, and nothing is taken, unless each is another request, and all are of this kind.
        """
        found = list(map(self.get, sequences))
        pieces: list[Piece] = []
        singles: list[object] = []
        at, count, singles_at = 0, len(sequences), -math.inf
        while at < count:
            sent, first = found[at], sequences[at]
            if sent is None or sent.command_id != command_id:
                return None
            if isinstance(sent, SentRun):
                place = first - sent.first
                end = min(count, at + len(sent.context) - place)
                last = first + end - at - 1
                in_order = sequences[end - 1] == last and tuple(sequences[at:end]) == tuple(range(first, last + 1))
                if in_order and found[at:end].count(sent) == end - at:
                    pieces.append((sent.context[place : place + end - at], sent.sent_at))
                    singles_at = -math.inf
                    at = end
                    continue
                sent = sent.one(first)
            if sent.sent_at != singles_at:
                singles, singles_at = [], sent.sent_at
                pieces.append((singles, singles_at))
            singles.append(sent.context)
            at += 1
        if (len(pieces) > 1 or singles) and len(set(sequences)) < count:
            return None
        for sequence in sequences:
            del self[sequence]
        return pieces

    def take(self, sequence: int, command_id: int) -> Sent | None:
        """The request that this response answers: it waits no longer. None when it answers none."""
        sent = self.get(sequence)
        if sent is None or (command_id != sent.command_id | RESPONSE_BIT and not sent.answered_by(command_id)):
            return None
        del self[sequence]
        return sent.one(sequence) if isinstance(sent, SentRun) else sent

    def take_late(self, sequence: int, command_id: int) -> Sent | None:
        """The same for a request that was given up."""
        sent = self._given_up.get(sequence)
        if sent is None or not sent.answered_by(command_id):
            return None
        del self._given_up[sequence]
        return sent

    def next_deadline(self, timeout: float) -> float | None:
        """When the first of them is overdue."""
        for sent in self.values():
            return sent.sent_at + timeout
        return None

    def give_up(self, now: float, timeout: float) -> Sent | None:
        """The oldest request, if it is overdue: it waits no longer."""
        # The head is the oldest, and the only one that needs a look.
        for sequence, first in self.items():
            if now < first.sent_at + timeout:
                return None
            del self[sequence]
            sent = first.one(sequence) if isinstance(first, SentRun) else first
            self._given_up[sequence] = sent
            if len(self._given_up) > _LATE_KEPT:
                del self._given_up[next(iter(self._given_up))]
            return sent
        return None

    def drop_all(self) -> list[Sent]:
        """The connection is gone: everything that still waits, in the order of sending."""
        waiting = [sent.one(sequence) if isinstance(sent, SentRun) else sent for sequence, sent in self.items()]
        self.clear()
        self._given_up.clear()
        return waiting


class Unanswered(dict[int, int]):
    """The peer's requests that we have not answered: how many, by sequence number; and runs of such.

    A peer may wrongly reuse a number that is live: each use is still owed one answer.
    """

    __slots__ = ("count", "runs")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.runs: dict[RequestedRun, int] = {}  # how many of each

    def add(self, sequence: int) -> None:
        """One more waits."""
        self[sequence] = self.get(sequence, 0) + 1
        self.count += 1

    def settle(self, sequence: int) -> None:
        """One with this number waits no longer."""
        others = self.pop(sequence) - 1
        if others:
            self[sequence] = others
        self.count -= 1
        if not self.count:
            self.clear()  # gives back the memory: most sessions are idle

    def add_run(self, run: RequestedRun, count: int) -> None:
        """All `count` of a run wait, to be answered together or a few at a time."""
        self.runs[run] = count
        self.count += count

    def waiting(self, run: RequestedRun) -> int:
        """How many of a run wait."""
        return self.runs.get(run, 0)

    def settle_run(self, run: RequestedRun, count: int) -> None:
        """So many of a run wait no longer."""
        others = self.runs[run] - count
        if others:
            self.runs[run] = others
        else:
            del self.runs[run]
        self.count -= count

    def unroll(self, run: RequestedRun) -> None:
        """Those of a run wait each by itself."""
        self.settle_run(run, len(run))
        for sequence in run.sequences:
            self.add(int.from_bytes(sequence, "big"))

    def drop_all(self) -> int:
        """How many still waited when the connection went."""
        count, self.count = self.count, 0
        self.clear()
        self.runs.clear()
        return count
