"""Emulated operators for the checks, in memory and in virtual time: an account per version, timers, a window."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from twisted.internet.defer import Deferred

from carrierlab.clock import SimClock
from carrierlab.conformance.check import VERSION_NAMES, Check, Verdict, judge
from carrierlab.conformance.peer import Peer
from carrierlab.conformance.target import Surroundings, Target
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from smppkit.states import Version
from smsc.app import Emulator
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.model import Scenario
from yamlmodel.loader import load

T = TypeVar("T")

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SCENARIO = Path(__file__).with_name("operators.yaml")
PORTS = {"patient": 2775, "impatient": 2776, "narrow": 2777, "otherwise": 2778}
# The checks that need another operator than the patient one.
OPERATOR_OF = {28: "impatient", 30: "impatient", 31: "impatient", 32: "narrow", 35: "narrow"}


def target(operator: str, version: Version) -> Target:
    """The account that an operator has for a version, and what is known of the operator."""
    common = Target(
        host="127.0.0.1",
        port=PORTS[operator],
        system_id=f"v{VERSION_NAMES[version]}",
        password="secret",
        source="12345",
        source_ton=1,
        source_npi=1,
        destination="77051234567",
        failing="77050000001",
        refused="77050000002",
        unavailable="77050000003",
        own={Version.V34: "340", Version.V50: "500"}.get(version),
    )
    known: dict[str, dict[str, Any]] = {
        "patient": {},
        "impatient": {"session_init": 3.0, "enquire_link": 4.0, "response": 3.0, "inactivity": 20.0},
        "narrow": {"window": 1},
        "otherwise": {"window": 1},
    }
    return msgspec.structs.replace(common, **known[operator])


@cache
def scenario() -> Scenario:
    return load(SCENARIO, Scenario)


PERFECT = Conditions.perfect(0.001)


def played(
    work: Callable[[Peer, Emulator], Coroutine[Any, Any, T]],
    version: Version,
    name: str = "patient",
    conditions: Conditions = PERFECT,
) -> T:
    """What some work with a peer of an emulated operator results in. Nothing is left on the clock then."""
    clock = SimClock()
    network = SimNetwork(clock, 1, conditions)
    journal = Journal.open(MEMORY, clock=clock)
    emulator = Emulator(scenario(), clock=clock, network=network, journal=journal, epoch=EPOCH)

    async def play() -> T:
        await emulator.start()
        peer = Peer(target(name, version), version, Surroundings(clock, network, EPOCH))
        await peer.connect()
        result = await work(peer, emulator)
        await peer.leave()
        await emulator.stop()
        return result

    try:
        result = clock.wait_for(Deferred.fromCoroutine(play()), 10_000.0)
        clock.advance(1.0)  # what is on the wire arrives
        assert clock.getDelayedCalls() == []
        return result
    finally:
        journal.close()


def judged(check: Check, version: Version, name: str | None = None, conditions: Conditions = PERFECT) -> Verdict:
    """What a check finds at an emulated operator (None: at the one for it)."""
    operator = name or OPERATOR_OF.get(check.number, "patient")
    return played(lambda peer, _: judge(check, peer), version, operator, conditions)
