"""One direction of a connection: what waits to leave, in order, each piece at its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

_SAME_INSTANT = 1e-9
"""Times that are added up in floats differ by less than this; nothing here is scheduled as finely."""


class _Piece:
    """Octets, or how the lane ends."""

    __slots__ = ("apart", "due", "octets", "what")

    def __init__(self, due: float, octets: bytes, *, apart: bool = False, what: object = None) -> None:
        self.due = due
        self.octets = octets
        self.apart = apart
        self.what = what


class Lane:
    """Octets in, octets out, never another order.

    What is due together leaves as one segment, but for what is to come a gap later than the piece before it: that
    leaves in a turn of its own, also when the turn is late.
    """

    __slots__ = (
        "_call",
        "_changed",
        "_clock",
        "_deliver",
        "_end",
        "_holds",
        "_last_due",
        "_queue",
        "_together",
        "ended",
        "size",
    )

    def __init__(
        self,
        clock: IReactorTime,
        deliver: Callable[[bytes], None],
        end: Callable[[object], None],
        changed: Callable[[], None],
    ) -> None:
        """`end` gets what ``finish`` was given, in its turn; `changed` is told when octets came to wait, or left."""
        self.size = 0
        self.ended = False
        self._clock = clock
        self._deliver = deliver
        self._end = end
        self._changed = changed
        self._queue: deque[_Piece] = deque()
        self._together: list[_Piece] = []
        self._holds: set[object] = set()
        self._last_due = clock.seconds()
        self._call: IDelayedCall | None = None

    @property
    def waiting(self) -> bool:
        """Whether anything has not left yet."""
        return bool(self._queue)

    @property
    def held(self) -> bool:
        """Whether nothing leaves for the time being."""
        return bool(self._holds)

    def put(self, octets: bytes, after: float = 0.0, gap: float = 0.0) -> None:
        """Octets leave `after` seconds from now, and `gap` seconds after what is before them."""
        if self.ended or not octets:
            return
        now = self._clock.seconds()
        due = self._last_due = max(now + after, self._last_due) + gap
        if due <= now and not self._queue and not self._holds:
            self._deliver(octets)
        else:
            self._append(_Piece(due, octets, apart=gap > 0))

    def gather(self, octets: bytes, pieces: int, wait: float) -> None:
        """Octets leave together with others: when there are so many pieces, or the first has waited so long."""
        if self.ended or not octets:
            return
        now = self._clock.seconds()
        together = self._together
        if not together:
            self._last_due = max(now + wait, self._last_due)
        piece = _Piece(self._last_due, octets, apart=not together)
        together.append(piece)
        self._append(piece)
        if len(together) >= pieces:
            self._together = []
            self._last_due = now
            for piece in together:
                piece.due = now
            self._rearm()

    def finish(self, what: object, after: float = 0.0) -> None:
        """The lane ends, `after` seconds after what is before that; what comes later never leaves."""
        if self.ended:
            return
        self.ended = True
        now = self._clock.seconds()
        due = max(now, self._last_due) + after
        if due <= now and not self._queue and not self._holds:
            self._end(what)
        else:
            self._append(_Piece(due, b"", apart=True, what=what))

    def hold(self, why: object) -> bool:
        """Nothing leaves until this is released; False when it is a reason already."""
        if why in self._holds:
            return False
        self._holds.add(why)
        self._disarm()
        return True

    def release(self, why: object) -> None:
        """This is no reason any more. What waited leaves in a turn of its own, never within this one."""
        if why in self._holds:
            self._holds.discard(why)
            self._arm()

    def clear(self) -> None:
        """Drop what waits, and whatever comes."""
        self.ended = True
        self.size = 0
        self._queue.clear()
        self._together = []
        self._disarm()

    def _append(self, piece: _Piece) -> None:
        self._queue.append(piece)
        self.size += len(piece.octets)
        self._arm()
        self._changed()

    def _run(self) -> None:
        self._call = None
        latest = self._clock.seconds() + _SAME_INSTANT
        segment: list[bytes] = []
        while self._queue and self._queue[0].due <= latest and not (segment and self._queue[0].apart):
            piece = self._queue.popleft()
            if self._together and piece is self._together[0]:
                self._together = []
            if piece.what is not None:
                self._end(piece.what)
                return
            segment.append(piece.octets)
        octets = b"".join(segment)
        self.size -= len(octets)
        if octets:
            self._deliver(octets)
        self._arm()
        self._changed()

    def _arm(self) -> None:
        if self._call is None and self._queue and not self._holds:
            wait = max(0.0, self._queue[0].due - self._clock.seconds())
            self._call = self._clock.callLater(wait, self._run)

    def _disarm(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _rearm(self) -> None:
        self._disarm()
        self._arm()
