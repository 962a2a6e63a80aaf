"""How long no user could have written anything. Pure: times come as arguments.

A message that waits while a user has room waits for the generator, however small the window is.
"""

from __future__ import annotations


class Room:
    """The users of one process that could write a message now: they are bound, and their window has room."""

    def __init__(self, now: float) -> None:
        self._users = 0
        self._since = now
        self._without = 0.0

    def found(self, now: float) -> None:
        """One more user has room."""
        self._without = self.without(now)
        self._users += 1

    def gone(self, now: float) -> None:
        """A user that had room has none, or has ended."""
        self._users -= 1
        self._since = now

    def without(self, now: float) -> float:
        """For how many seconds, up to now, no user had room."""
        return self._without + (0.0 if self._users > 0 else now - self._since)
