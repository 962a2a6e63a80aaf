"""Time that is steered: an advance lets things happen in time, and lets the peers and the disk keep up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.task import Clock
from zope.interface import implementer

from smppkit.pdus import EnquireLink
from smsc.app import Emulator
from smsc.clock import SteerableClock
from smsc.control.orders import read_order
from smsc.control.timekeeping import GRACE, AdvanceOrder, Timekeeper
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from tests.smsc.conftest import EPOCH, Lab
from yamlmodel.errors import ConfigError
from yamlmodel.loader import loads

ONE = """
operators:
  op:
    listen: tcp:2775
    timers: {enquire_link: 30s, response: 10s}
    submit: {latency: 2s}
    receipts: {delay: 8s}
"""


@pytest.fixture
def time(lab: Lab) -> Timekeeper:
    lab.start(ONE, steered=True)
    return Timekeeper(lab.steering, lab.clock, lab.emulator.operators, lab.journal)


def advance(lab: Lab, time: Timekeeper, seconds: float) -> float:
    """Advance while the ESMEs go on in their own time; how long that took of it."""
    done: list[float] = []
    time.advance(seconds).addCallback(done.append)
    before = lab.now
    while not done:
        lab.run(0.002, step=0.002)
        assert lab.now < before + 100, "an advance came to no end"
    took = lab.now - before
    lab.settle()  # what was written is read
    return took


def test_what_is_due_has_happened_when_an_advance_is_over(lab: Lab, time: Timekeeper) -> None:
    esme = lab.bound()
    time.pause()
    esme.submit()
    lab.run(60, step=1)
    assert esme.heard == []
    advance(lab, time, 2.5)
    assert len(esme.responses) == 1
    assert advance(lab, time, 600) < 1
    assert len(esme.deliveries) == 1
    assert lab.stats.receipts.acknowledged == 1
    (message,) = lab.inbox().messages()
    assert message.final_at is not None
    assert message.final_at - message.at == pytest.approx(10, abs=0.01)


def test_sessions_outlive_an_advance_since_their_peers_can_answer_on_the_way(lab: Lab, time: Timekeeper) -> None:
    esme = lab.bound()
    time.pause()
    advance(lab, time, 3600)
    assert esme.open
    asked = [event for event in esme.events if isinstance(getattr(event, "pdu", None), EnquireLink)]
    assert lab.steering.seconds() == pytest.approx(3600, abs=0.01)
    assert asked == []  # sessions answer those by themselves


def test_whoever_does_not_answer_is_cut_in_time_and_holds_up_nobody(lab: Lab, time: Timekeeper) -> None:
    esme = lab.bound()
    esme.reads = False
    time.pause()
    assert advance(lab, time, 60) == pytest.approx(GRACE, abs=0.1)
    lab.run(0.1)
    assert not esme.open


def test_a_stalled_connection_is_not_waited_for(lab: Lab, time: Timekeeper) -> None:
    lab.bound()
    (connection,) = lab.emulator.operators["op"].connections.values()
    assert connection.wire is not None
    connection.wire.stall()
    time.pause()
    assert advance(lab, time, 35) < 0.1


def test_it_is_told_when_time_was_steered(lab: Lab) -> None:
    lab.start(ONE, steered=True)
    told: list[float] = []
    clock = lab.steering
    time = Timekeeper(clock, lab.clock, lab.emulator.operators, None, lambda: told.append(clock.seconds()))
    time.pause()
    advance(lab, time, 5)
    time.resume()
    assert told == pytest.approx([0, 5, 5], abs=0.05)


def test_what_nobody_waits_for_is_on_the_disk_too_when_an_advance_is_over(lab: Lab, time: Timekeeper) -> None:
    time.pause()
    assert lab.journal is not None
    lab.journal.tidy("op", EPOCH)
    left: list[int] = []
    time.advance(0.001).addCallback(lambda _: left.append(lab.journal.backlog))
    while not left:
        lab.run(0.001, step=0.001)
    assert left == [0]


def test_an_advance_waits_for_the_thread_that_writes_the_journal(tmp_path: Path) -> None:
    """An MO goes out once it is on the disk: before time goes on."""
    reactor = _Reactor()
    journal = Journal.open(tmp_path / "journal", clock=reactor, threaded=True)
    lab = Lab()
    lab.clock = reactor
    clock = SteerableClock(reactor)
    lab.emulator = Emulator(
        loads(ONE + "\ntimeline: [{at: 5s, mo: {from: '77011234567', to: SHOP, text: hi}}]", Scenario),
        clock=clock,
        network=lab.network,
        journal=journal,
        epoch=EPOCH,
        disturbable=True,
    )
    lab.emulator.start()
    esme = lab.bound("SHOP")
    time = Timekeeper(clock, reactor, lab.emulator.operators, journal)
    time.pause()
    done: list[float] = []
    time.advance(3600).addCallback(done.append)
    for _ in range(100_000):
        reactor.from_threads(wait=not done)
        lab.run(0.002, step=0.002)
        if done:
            break
    (delivery,) = esme.deliveries
    assert delivery.short_message == b"hi"
    assert lab.stats.mo.acknowledged == 1
    time.resume()
    esme.drop()
    lab.emulator.stop()
    reactor.from_threads()
    journal.close()


@implementer(IReactorFromThreads)
class _Reactor(Clock):
    """Simulated time, and real threads."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Any] = []
        self._came = threading.Condition()

    def callFromThread(self, function: Any, *args: Any) -> None:  # noqa: N802
        with self._came:
            self._calls.append((function, args))
            self._came.notify()

    def from_threads(self, *, wait: bool = False) -> None:
        with self._came:
            if wait:
                self._came.wait(0.001)
            calls, self._calls = self._calls, []
        for function, args in calls:
            function(*args)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{}", 'the key "by" is missing'),
        (b'{"by": "soon"}', 'by: found "soon"; expected a duration'),
        (b'{"by": "99999999d"}', "at most"),
        (b'{"by": "-5s"}', 'by: found "-5s"'),
        (b'{"by": 5', "not JSON"),
    ],
)
def test_what_is_no_time_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_order(body, AdvanceOrder)
    assert problem in str(caught.value)
