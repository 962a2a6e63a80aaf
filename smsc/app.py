"""An emulator: the operators of a scenario wired to a clock, a network and a journal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count as counting

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from smppkit.transport import Network
from smsc.centre.wheel import Breath
from smsc.faults.active import ActiveFaults
from smsc.faults.base import WireFault
from smsc.journal.journal import Journal
from smsc.scenario.engine import OperatorState
from smsc.scenario.model import Scenario
from smsc.server.server import OperatorServer, Watcher
from smsc.stats import EmulatorStats, OperatorStats
from smsc.timeline import Timeline
from smsc.watched import Bell, watched

_log = logging.getLogger("smsc")


class Emulator:
    """All the operators of a scenario, in one process and on one clock."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        clock: IReactorTime,
        network: Network,
        journal: Journal | None,
        epoch: float,
        watcher_for: Callable[[str], Watcher] | None = None,
        disturbable: bool = False,
        breath: Breath | None = None,
    ) -> None:
        """`epoch` is the unix time of the clock's zero; `watcher_for` an operator is told of all its connections.

        `disturbable`: faults may come that the scenario does not know, so something stands ready on every connection.
        `breath` is as for a MessageCentre: for time that nobody makes up.

        The journal stays the caller's to close, after ``stop``. TlsFileError when a file of an operator's TLS cannot
        be used.
        """
        self.scenario = scenario
        numbers = counting(1)
        bell = Bell()
        watches = any(entry.when is not None for entry in scenario.timeline)
        self.stats = EmulatorStats({name: watched(bell) if watches else OperatorStats() for name in scenario.operators})
        self.operators = {
            name: OperatorServer(
                OperatorState(operator, name, scenario.seed),
                clock=clock,
                epoch=epoch,
                network=network,
                journal=journal,
                stats=self.stats.operators[name],
                faults=_faults(scenario, name, self.stats.operators[name], disturbable=disturbable),
                watcher=None if watcher_for is None else watcher_for(name),
                numbers=numbers,
                breath=breath,
            )
            for name, operator in scenario.operators.items()
        }
        self.timeline = Timeline(
            scenario.timeline,
            self.operators,
            clock=clock,
            seed=scenario.seed,
            standing={name: operator.faults for name, operator in scenario.operators.items()},
            bell=bell,
        )
        self._journal = journal

    def start(self, *, hold_timeline: bool = False) -> Deferred[dict[str, tuple[str, int]]]:
        """Take up what the journal still owes and listen; fires with the address of each operator.

        Fails with CannotListenError when an address cannot be had; nothing listens then. With `hold_timeline`
        the timeline waits for ``begin_timeline``.
        """
        return Deferred.fromCoroutine(self._start(hold_timeline))

    def begin_timeline(self) -> None:
        """Let the timeline's time be zero now."""
        for operator in self.operators.values():
            operator.centre.begin()
        self.timeline.begin()

    def begin_again(self) -> None:
        """Let the timeline's time be zero now, once more, and with it that of all that changes over time."""
        for operator in self.operators.values():
            operator.state.began = None
        self.begin_timeline()

    def reset(self, system_id: str | None = None) -> Deferred[None]:
        """Forget all that an account, or (None) anybody, has brought about, in memory and in the journal.

        Nothing of it arrives any more from now on; fires when the journal has nothing of it either, and fails when it
        cannot be written. Binds stay, other accounts are untouched, and the counters say what was forgotten.
        """
        for operator in self.operators.values():
            operator.centre.reset(system_id)
        erased: Deferred[None] = Deferred()
        if self._journal is None:
            erased.callback(None)
        else:
            self._journal.erase(system_id, lambda error: erased.errback(error) if error else erased.callback(None))
        return erased

    def stop(self) -> Deferred[None]:
        """Unbind every session (5 s at most), close everything, and have all of it in the journal."""
        return Deferred.fromCoroutine(self._stop())

    async def _start(self, hold_timeline: bool) -> dict[str, tuple[str, int]]:
        addresses = {}
        try:
            for name, operator in self.operators.items():
                resumed = operator.centre.resume()
                if resumed:
                    _log.info("%s: %d receipts and MOs of an earlier run are still owed", name, resumed)
                addresses[name] = await operator.listen()
        except BaseException:
            await self._stop()
            raise
        if not hold_timeline:
            self.begin_timeline()
        return addresses

    async def _stop(self) -> None:
        self.timeline.stop()
        stopping = [Deferred.fromCoroutine(operator.stop()) for operator in self.operators.values()]
        for operator in stopping:
            await operator
        if self._journal is not None:
            self._journal.flush()


def _faults(scenario: Scenario, name: str, stats: OperatorStats, *, disturbable: bool) -> ActiveFaults | None:
    """What may befall the connections of an operator; None when nothing ever does, and nothing stands in their way."""
    ever = (
        disturbable
        or bool(scenario.operators[name].faults)
        or any(isinstance(entry, WireFault) and entry.operator in (None, name) for entry in scenario.timeline)
    )
    return ActiveFaults(scenario.seed, name, stats.faults) if ever else None
