"""Subscribers who write all the time: messages at random moments, at a rate, one after another."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from random import Random

from smsc.scenario.mobile import MoMessage, MoTraffic

Write = Callable[[MoMessage, float], None]
Later = Callable[[float, Callable[[float], None]], None]


class Traffic:
    """A Poisson stream of messages: exponential gaps from a source of its own, one timer at most."""

    def __init__(self, traffic: MoTraffic, seed: str, write: Write, later: Later) -> None:
        """`write` is called with each message; `later(moment, job)` has a job done at a moment of the clock."""
        self._traffic = traffic
        self._chance = Random(seed)  # noqa: S311 - reproducible, nothing to guess
        self._write = write
        self._later = later
        self._written = 0
        self._life = 0

    def begin(self, now: float) -> None:
        """Let the first message come after the first gap."""
        self._life += 1
        self._next(now, self._life)

    def stop(self) -> None:
        """No more messages come."""
        self._life += 1

    def _next(self, after: float, life: int) -> None:
        traffic = self._traffic
        if traffic.most is not None and self._written >= traffic.most:
            return
        moment = after - log(1.0 - self._chance.random()) / traffic.rate

        def come(now: float) -> None:
            if life != self._life:
                return
            self._written += 1
            # From the moment it was to come, not from now: a slow turn does not thin out what follows.
            self._next(moment, life)
            self._write(self._message(), now)

        self._later(moment, come)

    def _message(self) -> MoMessage:
        chance, traffic = self._chance, self._traffic
        number = "".join(str(chance.randrange(10)) if mark == "#" else mark for mark in traffic.from_)
        return MoMessage(from_=number, to=traffic.to, text=chance.choice(traffic.texts))
