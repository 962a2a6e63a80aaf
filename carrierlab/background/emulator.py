"""An emulator in a thread of this process, its journal in memory."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carrierlab.background.reactor import ReactorThread
from carrierlab.background.running import UNBIND_SECONDS, Where
from smppkit.transport import TcpNetwork
from smsc.app import Emulator
from smsc.clock import SteerableClock
from smsc.control.control import Control
from smsc.control.serving import listen
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.model import Scenario
from webkit.address import HttpAddress

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure


class EmulatorThread:
    """The operators of a scenario. See Background."""

    def __init__(self, scenario: Scenario) -> None:
        """It listens where the scenario says. What keeps it from starting is raised."""
        self._serving: _Serving

        def build(reactor: Any) -> _Serving:
            self._serving = _Serving(scenario, reactor)
            return self._serving

        self._thread = ReactorThread(build)
        self.where = self._thread.start()

    def copy_journal(self, path: Path) -> None:
        """See Background."""

        def copy() -> None:
            journal = self._serving.journal
            journal.flush()
            with closing(sqlite3.connect(path)) as target:
                journal.connection.backup(target)

        self._thread.call(copy)

    def stop(self) -> None:
        """See Background."""
        self._thread.stop()


class _Serving:
    """What the thread serves."""

    def __init__(self, scenario: Scenario, reactor: Any) -> None:
        self._reactor = reactor
        self._clock = SteerableClock(reactor)
        self._epoch = time.time() - self._clock.seconds()
        self.journal = Journal.open(MEMORY, clock=reactor)
        self._emulator = Emulator(
            scenario,
            clock=self._clock,
            network=TcpNetwork(reactor),
            journal=self.journal,
            epoch=self._epoch,
            disturbable=True,
        )
        self._web = listen(HttpAddress("127.0.0.1", 0), token=None)

    def start(self) -> Deferred[Where]:
        """See Serving."""
        return self._emulator.start().addCallbacks(self._ready, self._not_started)

    def stop(self) -> Deferred[None]:
        """See Serving."""
        self._clock.resume()  # sessions end in time, and time may stand still
        cut = self._reactor.callLater(UNBIND_SECONDS, self._cut)

        def stopped(result: Any) -> Any:
            if cut.active():
                cut.cancel()
            return result

        return self._web.stop().addCallback(lambda _: self._emulator.stop()).addBoth(stopped)

    def close(self) -> None:
        """See Serving."""
        self.journal.close()

    def _ready(self, addresses: dict[str, tuple[str, int]]) -> Where:
        self._web.start(self._reactor, self._control)
        return Where(self._web.url.rstrip("/"), addresses)

    def _not_started(self, failure: Failure) -> Failure:
        self._web.stop()  # nothing is served yet: this closes its socket, at once
        return failure

    def _control(self) -> Control:
        return Control(self._emulator, self.journal, clock=self._clock, epoch=self._epoch, reactor=self._reactor)

    def _cut(self) -> None:
        for operator in self._emulator.operators.values():
            operator.reset(list(operator.connections.values()))
