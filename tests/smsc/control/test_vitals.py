"""Rates and latencies: of the minute that has just ended, kept while somebody looks and no longer."""

from __future__ import annotations

from typing import Any

import pytest

from smppkit.codec import encode
from smppkit.pdus import DeliverSm, EnquireLink, Pdu, SubmitSm, SubmitSmResp
from smsc.control.vitals import MOST_TIMED, SECONDS, UNSEEN, Vitals

START = 1_000_000.0


class Server:
    """As much of an operator's server as vitals know."""

    def __init__(self) -> None:
        self.recorders: list[Any] = []
        self.told: list[Any] = []

    def record(self, recorder: Any) -> Any:
        self.recorders.append(recorder)
        return lambda: self.recorders.remove(recorder)

    def tell(self, told: Any) -> Any:
        self.told.append(told)
        return lambda: self.told.remove(told)

    def pdu(self, direction: str, pdu: Pdu, at: float, connection: int = 1) -> None:
        for recorder in tuple(self.recorders):
            recorder(connection, direction, encode(pdu), START + at)


class Scene:
    def __init__(self) -> None:
        self.now = 0.0
        self.server = Server()
        self.vitals = Vitals([self.server], lambda: START + self.now)  # type: ignore[list-item]

    def submit(self, at: float, sequence: int, answered_after: float | None = 0.1) -> None:
        self.server.pdu("in", SubmitSm(destination_addr="7705", sequence_number=sequence), at)
        if answered_after is not None:
            self.server.pdu("out", SubmitSmResp(0, sequence), at + answered_after)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.vitals.look()
    return scene


def test_nothing_is_recorded_before_somebody_looks() -> None:
    assert Scene().server.recorders == []


def test_submits_of_each_second_are_counted_and_nothing_else(scene: Scene) -> None:
    for sequence in range(1, 4):
        scene.submit(0.2 * sequence, sequence)
    scene.server.pdu("in", EnquireLink(sequence_number=9), 0.5)
    scene.server.pdu("out", DeliverSm(sequence_number=1), 0.5)
    scene.submit(1.5, 10)
    scene.now = 1.9
    rate, _ = scene.vitals.of(1)
    assert (rate.now, rate.series[-1], len(rate.series)) == (3, 3, SECONDS)
    scene.now = 2.0
    assert scene.vitals.of(1)[0].series[-2:] == [3, 1]
    scene.now = SECONDS + 5.0
    assert sum(scene.vitals.of(1)[0].series) == 0
    assert sum(scene.vitals.of(2)[0].series) == 0


def test_latencies_are_from_a_submit_to_its_answer(scene: Scene) -> None:
    for sequence in range(1, 10):
        scene.submit(0.01 * sequence, sequence, answered_after=0.1)
    scene.submit(0.5, 20, answered_after=0.4)
    scene.submit(0.6, 21, answered_after=None)
    scene.now = 1.0
    _, latency = scene.vitals.of(1)
    assert latency.p50 == pytest.approx(0.1)
    assert latency.p99 == pytest.approx(0.4)
    assert latency.series[-1] == pytest.approx(0.1)
    assert latency.series[0] is None


def test_what_is_kept_is_bounded(scene: Scene) -> None:
    for sequence in range(1, 3 * MOST_TIMED):
        scene.submit(0.001, sequence, answered_after=0.001)
    for second in range(3 * SECONDS):
        scene.submit(float(second), 10_000 + second)
    (vital,) = scene.vitals._vitals.values()
    assert len(vital._seconds) <= SECONDS + 1
    assert max(len(second.latencies) for second in vital._seconds.values()) <= MOST_TIMED


def test_what_is_known_of_a_connection_goes_with_it(scene: Scene) -> None:
    scene.submit(0.5, 1)

    class Gone:
        number = 1

    for told in scene.server.told:
        told("closed", Gone(), "over")
    assert scene.vitals._vitals == {}


def test_nobody_counts_when_nobody_has_looked_for_long(scene: Scene) -> None:
    scene.submit(0.5, 1)
    scene.submit(UNSEEN + 1, 2)
    assert scene.server.recorders == scene.server.told == []
    scene.now = UNSEEN + 2
    scene.vitals.look()
    assert len(scene.server.recorders) == 1
