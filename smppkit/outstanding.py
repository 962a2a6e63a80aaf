"""Requests that wait: ours for the peer's responses, the peer's for our answers."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
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


class Outstanding:
    """Our requests without response, by sequence number, in the order of sending. All have the same time-out.

    What is sent in runs and answered in order waits in runs, as long as nothing else waits beside it. Where more has to
    be known of one of them, all are spread out: then each number stands for its SentRun.
    """

    __slots__ = ("_each", "_given_up", "_in_runs", "_runs")

    def __init__(self) -> None:
        self._each: dict[int, Sent] = {}
        self._runs: deque[tuple[range, SentRun]] = deque()  # with the numbers that are not answered; or else _each
        self._in_runs = 0
        self._given_up: dict[int, Sent] = {}  # in the order of giving up

    def __len__(self) -> int:
        return len(self._each) + self._in_runs

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._each or any(sequence in numbers for numbers, _ in self._runs)

    def __iter__(self) -> Iterator[int]:
        for numbers, _ in self._runs:
            yield from numbers
        yield from self._each

    @property
    def spread_out(self) -> bool:
        """Whether each stands for itself."""
        return not self._runs

    def free(self, numbers: Sequence[int]) -> int:
        """How many of these numbers come before the first that is in use, by a request or by one of them."""
        together = _together(numbers)
        if together is None or any(used.start < together.stop and together.start < used.stop for used, _ in self._runs):
            self._spread()
        if self._each.keys().isdisjoint(numbers) and (together is not None or len(set(numbers)) == len(numbers)):
            return len(numbers)
        seen = set(self._each)
        for place, number in enumerate(numbers):
            if number in seen:
                return place
            seen.add(number)
        return len(numbers)

    def add(self, sequence: int, sent: Sent) -> None:
        """It was sent; an earlier one with that number can no longer be recognised."""
        self._spread()
        self._each[sequence] = sent
        if self._given_up:
            self._given_up.pop(sequence, None)

    def add_run(self, command_id: int, sequences: Sequence[int], contexts: Sequence[object], now: float) -> None:
        """As ``add``, of requests that were sent as octets one behind another."""
        numbers = _together(sequences)
        if numbers is None:
            self._spread()
            sent = map(Sent, repeat(command_id), repeat(None), contexts, repeat(now))
            self._each.update(zip(sequences, sent, strict=True))
        elif numbers:
            run = SentRun(command_id, None, contexts, now, numbers.start)
            if self._each:
                self._each.update(dict.fromkeys(numbers, run))
            else:
                self._runs.append((numbers, run))
                self._in_runs += len(numbers)
        if self._given_up:
            for sequence in sequences:
                self._given_up.pop(sequence, None)

    def take_all(self, sequences: Sequence[int], command_id: int) -> list[Piece] | None:
        """The requests with these numbers, by the times at which they were sent; they wait no longer.

        None, and nothing is taken, unless each is another request, and all are of this kind.
        """
        if self._runs:
            pieces = self._take_first(tuple(sequences), command_id)
            if pieces is not None:
                return pieces
            self._spread()
        found = list(map(self._each.get, sequences))
        pieces = []
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
            del self._each[sequence]
        return pieces

    def _take_first(self, sequences: tuple[int, ...], command_id: int) -> list[Piece] | None:
        """The same of the numbers that are the first of all; None when they are not."""
        pieces: list[Piece] = []
        at, count = 0, len(sequences)
        for numbers, run in self._runs:
            end = min(count, at + len(numbers))
            if run.command_id != command_id or sequences[at:end] != tuple(numbers[: end - at]):
                return None
            place = numbers.start - run.first
            pieces.append((run.context[place : place + end - at], run.sent_at))
            at = end
            if at == count:
                break
        if at < count:
            return None
        self._in_runs -= count
        while count:
            numbers, run = self._runs.popleft()
            if len(numbers) > count:
                self._runs.appendleft((numbers[count:], run))
            count -= min(count, len(numbers))
        return pieces

    def take(self, sequence: int, command_id: int) -> Sent | None:
        """The request that this response answers: it waits no longer. None when it answers none."""
        self._spread()
        sent = self._each.get(sequence)
        if sent is None or (command_id != sent.command_id | RESPONSE_BIT and not sent.answered_by(command_id)):
            return None
        del self._each[sequence]
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
        if self._runs:
            return self._runs[0][1].sent_at + timeout
        for sent in self._each.values():
            return sent.sent_at + timeout
        return None

    def give_up(self, now: float, timeout: float) -> Sent | None:
        """The oldest request, if it is overdue: it waits no longer."""
        if self._runs:
            if now < self._runs[0][1].sent_at + timeout:
                return None
            self._spread()
        # The head is the oldest, and the only one that needs a look.
        for sequence, first in self._each.items():
            if now < first.sent_at + timeout:
                return None
            del self._each[sequence]
            sent = first.one(sequence) if isinstance(first, SentRun) else first
            self._given_up[sequence] = sent
            if len(self._given_up) > _LATE_KEPT:
                del self._given_up[next(iter(self._given_up))]
            return sent
        return None

    def drop_all(self) -> list[Sent]:
        """The connection is gone: everything that still waits, in the order of sending."""
        self._spread()
        waiting = [sent.one(sequence) if isinstance(sent, SentRun) else sent for sequence, sent in self._each.items()]
        self._each.clear()
        self._given_up.clear()
        return waiting

    def _spread(self) -> None:
        """Have each number stand for itself: before numbers are looked up."""
        for numbers, run in self._runs:
            self._each.update(dict.fromkeys(numbers, run))
        self._runs.clear()
        self._in_runs = 0


def _together(numbers: Sequence[int]) -> range | None:
    """Numbers that follow each other, as a range; None for others."""
    if isinstance(numbers, range):
        return numbers
    first = numbers[0] if numbers else 0
    found = range(first, first + len(numbers))
    return found if tuple(numbers) == tuple(found) else None


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
