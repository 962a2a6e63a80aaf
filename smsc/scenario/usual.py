"""How an operator treats every message that nothing sets apart, with what is left to chance: one, or many at once.

Both say what the long way (``Planner.plan``) says too, with the same draws, and sooner.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import reduce
from itertools import accumulate, repeat
from math import inf
from operator import add, or_
from typing import Final, TypeAlias

import msgspec

from smppkit.alike import Pieces, together
from smppkit.message_state import MessageState
from smppkit.runs import Addressed, Frames
from smsc.scenario.decisions import Fate
from smsc.scenario.draws import Chance, Draws, least
from smsc.scenario.id_style import Writer
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.treatment import OUTCOME, RECEIPT, RESPONSE, seconds

NEVER: Final = Fate("ENROUTE", "000", MessageState.ENROUTE)
"""Of a message that is never heard of again."""


class Outcomes(msgspec.Struct, frozen=True):
    """Fates and their shares: a draw below `upto[n]`, and not below the one before, is `fates[n]`; None is never."""

    upto: tuple[float, ...]
    fates: tuple[Fate | None, ...]

    @classmethod
    def of(cls, shares: dict[Fate | None, float]) -> "Outcomes":
        """The fates with their shares of 1."""
        return cls(tuple(accumulate(shares.values())), tuple(shares))

    @property
    def drawn(self) -> bool:
        """Whether there is a choice."""
        return len(self.fates) > 1

    def at(self, u: float) -> Fate | None:
        """Return the fate at the draw `u` (0 < u < 1)."""
        # The shares, added as floats, may end a hair below 1.
        return self.fates[min(bisect_right(self.upto, u), len(self.fates) - 1)]


class Course(msgspec.Struct, frozen=True, gc=False):
    """What becomes of several messages, one after another; times as in Plan, but inf for never."""

    respond_after: Sequence[float]
    ends_after: Sequence[float]
    fates: Sequence[Fate]
    alike: bool
    """All of them come to the same end."""
    together: bool
    """All of them are answered at the same time."""
    soonest: float
    """The first of ends_after."""
    latest: float
    """The last of them."""


Fortune: TypeAlias = tuple[float, float | None, Fate]
"""When a message is answered, when it comes to its end (None: never), and to which; times as in Plan."""


class Usual:
    """How an operator treats every message that nothing sets apart."""

    def __init__(
        self, write_id: Writer, latency: Latency, delay: Latency, outcomes: Outcomes, expires_after: float
    ) -> None:
        """`latency` is that of the response, `delay` how long the end comes after it; neither is `never`."""
        self.write_id = write_id
        self.expires_after = expires_after
        self._latency = latency
        self._delay = delay
        self._outcomes = outcomes
        self._upto = [least(share) for share in outcomes.upto[:-1]]
        self._fates = tuple(fate or NEVER for fate in outcomes.fates)
        self.fates = [fate for fate in outcomes.fates if fate is not None]
        """Those that messages come to, all but NEVER."""
        self._may_be_never = None in outcomes.fates
        self.states = reduce(or_, [1 << fate.state for fate in self._fates])
        """The states that messages come to, a bit for each."""
        self.final = all(fate.state.final for fate in self._fates)
        """Whether all of these are final."""
        self.certain: Fortune | None = None
        """That of all messages, where chance has no say in it."""
        if type(latency) is Fixed and type(delay) is Fixed and not outcomes.drawn:
            after, fate = latency.seconds + delay.seconds, outcomes.fates[0]
            self.certain = (latency.seconds, None, NEVER) if fate is None else (latency.seconds, after, fate)

    def ids(self, number: int, count: int) -> Sequence[bytes]:
        """The ids of `count` messages, the first of which has this number, as on the wire."""
        write = self.write_id
        if write is not str:
            return together([write(one).encode("latin-1") for one in range(number, number + count)])
        size = len(str(number))
        if count < MANY or len(str(number + count - 1)) > size:
            return [b"%d" % one for one in range(number, number + count)]
        return Pieces(_decimal(number, count), size)

    def one(self, draws: Draws) -> Fortune:
        """That of one message."""
        outcomes = self._outcomes
        respond_after = seconds(self._latency, draws, RESPONSE)
        ends_after = respond_after + seconds(self._delay, draws, RECEIPT)
        fate = outcomes.at(draws.uniform(OUTCOME)) if outcomes.drawn else outcomes.fates[0]
        return (respond_after, None, NEVER) if fate is None else (respond_after, ends_after, fate)

    def many(self, chance: Chance, system_id: str, frames: Frames, addressed: Addressed | None) -> Course:
        """Those of plain submit_sm as they came; `addressed` is what they say, where that is known."""
        count = len(frames)
        if self.certain is not None:
            respond_after, after, fate = self.certain
            ends = inf if after is None else after
            return Course([respond_after] * count, [ends] * count, [fate] * count, True, True, ends, ends)
        if addressed is None:
            addressed = frames.addressed()
        values = chance.first(system_id, frames, addressed)
        respond_afters = _each(self._latency, values[RESPONSE])
        delays = _each(self._delay, values[RECEIPT])
        ends_after = delays if not any(respond_afters) else list(map(add, respond_afters, delays))
        fates = [self._fates[0]] * count
        if self._upto:
            fates = list(map(self._fates.__getitem__, map(bisect_right, repeat(self._upto), values[OUTCOME])))
        if self._may_be_never:
            ends_after = [inf if fate is NEVER else after for fate, after in zip(fates, ends_after, strict=True)]
        # They are kept for long, as others are, and many objects would be let go of when they are cold.
        kept = array("d", ends_after)
        return Course(
            respond_afters, kept, fates, False, type(self._latency) is Fixed, min(ends_after), max(ends_after)
        )


MANY: Final = 24
"""Ids, from which on it is sooner done to make them at once."""
_THOUSAND: Final = [b"%03d" % number for number in range(1000)]


def _decimal(number: int, count: int) -> bytes:
    """Numbers that count up, one behind another: those of one thousand differ in three digits."""
    if number < 1000:
        return b"".join([b"%d" % one for one in range(number, number + count)])
    pieces: list[bytes] = []
    while count:
        thousands, first = divmod(number, 1000)
        some = _THOUSAND[first : first + count]
        begin = b"%d" % thousands
        pieces += (begin, begin.join(some))
        number += len(some)
        count -= len(some)
    return b"".join(pieces)


def _each(latency: Latency, values: Sequence[int]) -> list[float]:
    return [latency.seconds] * len(values) if type(latency) is Fixed else latency.drawn(values)
