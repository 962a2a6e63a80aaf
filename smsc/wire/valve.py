"""Back-pressure with more than one cause: a protocol's producer pauses for a full lane as for a full socket."""
# ruff: noqa: N802 - the method names are those of Twisted's interfaces

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


class Valve:
    """The producer of a protocol, and why it pauses: while there is any reason."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self._shut: set[str] = set()

    def shut(self, why: str) -> None:
        """Pause, for one more reason."""
        if not self._shut:
            self.producer.pauseProducing()
        self._shut.add(why)

    def open(self, why: str) -> None:
        """This is no reason any more."""
        if why in self._shut:
            self._shut.discard(why)
            if not self._shut:
                self.producer.resumeProducing()


@implementer(IPushProducer)
class Socket:
    """What the real transport knows as its producer."""

    def __init__(self, valve: Valve) -> None:
        self._valve = valve

    def pauseProducing(self) -> None:
        """The socket's buffer is full."""
        self._valve.shut("socket")

    def resumeProducing(self) -> None:
        """It has room."""
        self._valve.open("socket")

    def stopProducing(self) -> None:
        """The connection is gone: whoever owns the valve says so to the producer, in its time."""
