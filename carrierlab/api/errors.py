"""What can go wrong between a client and the control API.

::

    ClientError
    ├── Unreachable     nobody answers, or what answers is no control API
    └── Refused         the API says no, with the words of its problem
        └── NotMet      no such message (yet): carries what came closest
"""

from __future__ import annotations

from carrierlab.api.values import NearMiss, Problem


class ClientError(Exception):
    """A request did not get what it asked for."""


class Unreachable(ClientError):
    """Nobody answers, or what answers is no control API."""


class Refused(ClientError):
    """The API refused a request; the text is its own."""

    def __init__(self, status: int, problem: Problem) -> None:
        """`status` is the HTTP one."""
        super().__init__(problem.detail or problem.title or f"HTTP status {status}")
        self.status = status
        self.problem = problem


class NotMet(Refused):
    """No message, or not as many as were asked for: by now, or in the time that was given."""

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """The messages that came closest, best first."""
        return self.problem.near_misses
