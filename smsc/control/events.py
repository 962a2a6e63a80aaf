"""What happens, for those who look on: one bounded row of events, of which everybody has a place of his own.

Kept from the first look on, until nobody has looked for a minute; who comes back in that time goes on where he was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from smsc.control.feed import Feed
from smsc.journal.whole import WholeMessage
from webkit.problem import Problem

KEPT = 2_000  # events that somebody may be behind
MOST_LISTENERS = 50
LINGER = 60.0  # seconds for which events are kept although nobody looks
GAP = "gap"
_DIGITS = 18  # more than any number of ours has


class Event(msgspec.Struct, frozen=True):
    """Something that happened: `data` is JSON. One with a `system_id` concerns that account alone."""

    number: int
    name: str
    data: bytes
    system_id: str | None = None


class Listener:
    """One who looks on. `woken` is called when there may be something new."""

    def __init__(self, events: Events, after: int, woken: Callable[[], None], system_id: str | None) -> None:
        self._events = events
        self._after = after
        self._system_id = system_id
        self.woken = woken

    def news(self) -> list[Event]:
        """What has happened since the last call; a gap first, when some of it is not known any more."""
        found = self._events.after(self._after)
        if found:
            self._after = found[-1].number
        return [event for event in found if event.system_id in (None, self._system_id) or self._system_id is None]

    def close(self) -> None:
        """Look no longer."""
        self._events.gone(self)


class Events:
    """The row of events."""

    def __init__(self, clock: IReactorTime, feed: Feed | None, stamp: str) -> None:
        """`stamp` tells the ids of this run from those of another one."""
        self.refused = 0
        """Turned away because too many look on."""
        self._clock = clock
        self._feed = feed
        self._stamp = stamp
        self._row: deque[Event] = deque(maxlen=KEPT)
        self._last = 0
        self._listeners: list[Listener] = []
        self._unsubscribe: Callable[[], None] | None = None
        self._lingering: IDelayedCall | None = None
        self._open = False
        self.stopped = False

    def __len__(self) -> int:
        return len(self._listeners)

    def listen(self, woken: Callable[[], None], last_id: str | None, system_id: str | None) -> Listener:
        """Look on from now on, or from behind the event with an id; Problem when too many do."""
        if len(self._listeners) >= MOST_LISTENERS:
            self.refused += 1
            raise Problem(503, f"{MOST_LISTENERS} others look on already; try again later")
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if not self._open:
            self._open = True
            if self._feed is not None:
                self._unsubscribe = self._feed.subscribe(self._messages)
        after = self._last if last_id is None else self._number(last_id)
        listener = Listener(self, after, woken, system_id)
        self._listeners.append(listener)
        return listener

    def add(self, name: str, value: object, system_id: str | None = None) -> None:
        """Something has happened. Free of cost while nobody looks."""
        if self._open:
            self._append(name, value, system_id)
            self._wake()

    def after(self, number: int) -> list[Event]:
        """The events behind one; a gap first when some between are not known."""
        first = self._row[0].number if self._row else self._last + 1
        found = [event for event in self._row if event.number > number]
        if number < first - 1 or number > self._last:
            found.insert(0, Event(min(number, first - 1), GAP, b"{}"))
            if number > self._last:  # of another run
                found = [Event(self._last, GAP, b"{}")]
        return found

    def id_of(self, event: Event) -> str:
        """How an event is named to those who come back."""
        return f"{self._stamp}-{event.number}"

    def gone(self, listener: Listener) -> None:
        """One looks no longer."""
        if listener not in self._listeners:
            return
        self._listeners.remove(listener)
        if not self._listeners and self._open:
            self._lingering = self._clock.callLater(LINGER, self._close)

    def stop(self) -> None:
        """Nothing more happens: everybody is woken, and finds `stopped`."""
        self.stopped = True
        self._listeners, listeners = [], self._listeners
        if self._lingering is not None:
            self._lingering.cancel()
        self._close()
        for listener in listeners:
            listener.woken()

    # --- inside ---------------------------------------------------------------------------------

    def _number(self, last_id: str) -> int:
        """The number of an event; one that no event has, when it is not one of ours."""
        stamp, _, number = last_id.rpartition("-")
        ours = stamp == self._stamp and number.isdecimal() and len(number) < _DIGITS
        return int(number) if ours else self._last + 1

    def _messages(self, messages: list[WholeMessage] | None) -> None:
        if messages is None:
            self._append(GAP, {}, None)
        else:
            for message in messages:
                self._append("message", message, message.system_id)
        self._wake()

    def _append(self, name: str, value: object, system_id: str | None) -> None:
        self._last += 1
        self._row.append(Event(self._last, name, msgspec.json.encode(value), system_id))

    def _wake(self) -> None:
        for listener in tuple(self._listeners):
            listener.woken()

    def _close(self) -> None:
        self._lingering = None
        self._open = False
        self._row.clear()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
