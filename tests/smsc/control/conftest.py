"""An emulator in memory, on a clock of its own, and its control API without sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from smsc.control.app import make_app
from smsc.control.control import Control
from smsc.control.security import Policy
from tests.smsc.conftest import EPOCH, Lab

SCENARIO = """
operators:
  op: {listen: "tcp:2775", submit: {latency: 0ms}, receipts: {delay: 1s}}
"""
LONG = "Your order is ready to be collected. " * 10


class Desk:
    """A lab, and what controls it."""

    def __init__(self, lab: Lab, journal: Any = ":memory:", scenario: str = SCENARIO, *, steered: bool = False) -> None:
        self.lab = lab.start(scenario, journal, steered=steered)
        clock = lab.steering if steered else lab.clock
        self.control = Control(lab.emulator, lab.journal, clock=clock, epoch=EPOCH, reactor=lab.clock)

    def result(self, waited: Any) -> Any:
        """What a Deferred has come to."""
        results: list[Any] = []
        waited.addBoth(results.append)
        (result,) = results
        return result

    def client(self, policy: Policy | None = None) -> TestClient[Any]:
        policy = policy or Policy("127.0.0.1", 2780)
        return TestClient(
            make_app(self.control, policy), base_url="http://127.0.0.1:2780", raise_server_exceptions=False
        )


@pytest.fixture
def desks(lab: Lab) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def new(**more: Any) -> Desk:
        made.append(Desk(lab, **more))
        return made[-1]

    yield new
    for desk in made:
        desk.control.stop()
        desk.control.close()


@pytest.fixture
def desk(desks: Callable[..., Desk]) -> Desk:
    return desks()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient[Any]]:
    with desk.client() as client:
        yield client
