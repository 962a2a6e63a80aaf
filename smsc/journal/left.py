"""What is left of things that were recorded as runs, each with numbers that follow one another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

R = TypeVar("R")


class Left(Generic[R]):
    """Runs of which some are not over, the oldest first.

    Which are over is one set of numbers: to put several there is a single call, whichever runs they are of.
    """

    def __init__(self, numbers: Callable[[R], range]) -> None:
        """`numbers` says those of a run; those of a later one are higher."""
        self._numbers = numbers
        self._runs: list[R] = []
        self._over: set[int] = set()

    def __iter__(self) -> Iterator[tuple[R, list[int]]]:
        """Each run, with the numbers that are left of it."""
        for run in list(self._runs):
            yield run, self._left_of(run)

    def add(self, runs: Sequence[R]) -> None:
        """These have come."""
        self._runs += runs

    def over(self, numbers: Iterable[int]) -> None:
        """Of these nothing is left; numbers of no run are no matter."""
        self._over.update(numbers)

    def let_go(self, needs: Callable[[R], Sequence[int] | None]) -> None:
        """Forget the oldest runs, as long as all that `needs` names is over; None: the run is needed in any case."""
        gone = 0
        for run in self._runs:
            needed = needs(run)
            if needed is None or (needed and (needed[0] not in self._over or not self._over.issuperset(needed))):
                break
            self._over.difference_update(self._numbers(run))
            gone += 1
        if gone:
            del self._runs[:gone]

    def take(self, upto: int) -> list[tuple[R, list[int]]]:
        """Take out the runs up to a number, each with the numbers that are left of it."""
        count = bisect_right(self._runs, upto, key=self._first)
        taken = [(run, self._left_of(run)) for run in self._runs[:count]]
        del self._runs[:count]
        self._over = {number for number in self._over if number > upto}
        return taken

    def find(self, number: int) -> tuple[R, list[int]] | None:
        """Take out the run that a number is of, with the numbers that are left of it; None when nothing is left."""
        place = bisect_right(self._runs, number, key=self._first) - 1
        if place < 0 or number in self._over or number not in self._numbers(self._runs[place]):
            return None
        run = self._runs.pop(place)
        left = self._left_of(run)
        self._over.difference_update(self._numbers(run))
        return run, left

    def _first(self, run: R) -> int:
        return self._numbers(run).start

    def _left_of(self, run: R) -> list[int]:
        over = self._over
        return [number for number in self._numbers(run) if number not in over]
