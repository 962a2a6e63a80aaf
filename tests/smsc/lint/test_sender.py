"""The product's own sender, listened to by the lint: it does nothing wrong, in good times and in bad."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carrierlab.wires import Conditions
from sender.domain.message import MessageClass
from smppkit.session import Session
from smppkit.session_config import SessionConfig
from smppkit.states import Role
from smppkit.status import CommandStatus
from smppkit.transport import Link
from smsc.lint.lint import Lint
from smsc.lint.settings import LintSettings
from tests.sender import peer
from tests.sender.peer import Answer, ScriptedSmsc
from tests.sender.world import EPOCH, Process, World, reset

WINDOW = 10


class Ear:
    """Hears every session of the scripted operators."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lint = Lint(LintSettings(window=WINDOW))
        self.numbers: dict[Session, int] = {}
        connected, disconnected = ScriptedSmsc.connected, ScriptedSmsc.disconnected
        monkeypatch.setattr(peer, "Session", self.session)

        def opened(smsc: ScriptedSmsc, link: Link) -> None:
            self.lint.opened(self.numbers[link.session], EPOCH + smsc.clock.seconds(), "operator", link.peer)
            connected(smsc, link)

        def closed(smsc: ScriptedSmsc, link: Link, reason: str) -> None:
            self.lint.closed(self.numbers[link.session], EPOCH + smsc.clock.seconds(), reason)
            disconnected(smsc, link, reason)

        monkeypatch.setattr(ScriptedSmsc, "connected", opened)
        monkeypatch.setattr(ScriptedSmsc, "disconnected", closed)

    def session(self, role: Role, config: SessionConfig, now: float) -> Session:
        number = len(self.numbers) + 1

        def tap(direction: str, octets: bytes) -> None:
            self.lint.pdu(number, direction, octets, EPOCH + self.clock.seconds())

        session = Session(role, config, now, tap)
        self.numbers[session] = number
        return session

    def found(self) -> list[tuple[str, int, str, Any]]:
        self.lint.finish(EPOCH + self.clock.seconds())
        return [(found.rule, found.count, found.detail, found.example) for found in self.lint.findings()]

    clock: Any = None


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    yield Ear(monkeypatch)
    for process in list(Process.living):
        process.writer.abandon()
        process.sender.abort()
        process.close()


def world(path: Path, ear: Ear, **settings: Any) -> World:
    made = World(path, window=WINDOW, **settings)
    ear.clock = made.clock
    return made


def campaign(made: World, count: int = 60, template: str = "Dear {name|client}, hello", **more: Any) -> None:
    made.load(count, template=template, message_class=MessageClass.SERVICE)
    made.wait(made.sender.start())
    made.send(**more)
    made.wait(made.sender.stop())


def test_a_campaign(ear: Ear, tmp_path: Path) -> None:
    campaign(world(tmp_path, ear))
    assert ear.found() == []
    assert ear.lint.counters.pdus > 200


@pytest.mark.parametrize("template", ["Hello {name} €[] " * 30, "Привет, {name} 👍 " * 20])
@pytest.mark.parametrize("bind", ["transceiver", "transmitter+receiver"])
def test_long_messages(ear: Ear, tmp_path: Path, template: str, bind: str) -> None:
    campaign(world(tmp_path, ear, bind=bind), template=template)
    assert ear.found() == []


def test_an_idle_line(ear: Ear, tmp_path: Path) -> None:
    made = world(tmp_path, ear)
    made.wait(made.sender.start())
    made.clock.advance(3600)
    made.wait(made.sender.stop())
    assert ear.found() == []
    assert ear.lint.counters.pdus > 200


@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_throttling(ear: Ear, tmp_path: Path, share: float) -> None:
    made = world(tmp_path, ear)
    count = 0

    def decide(_: object) -> Answer:
        nonlocal count
        count += 1
        throttled = count % 100 < share * 100 and made.clock.seconds() < 120
        return Answer(CommandStatus.ESME_RTHROTTLED) if throttled else Answer()

    made.beeline.decide = decide
    campaign(made, 400)
    assert ear.found() == []


def test_an_operator_that_limits_the_rate(ear: Ear, tmp_path: Path) -> None:
    made = world(tmp_path, ear)
    taken: list[float] = []

    def decide(_: object) -> Answer:
        now = made.clock.seconds()
        taken[:] = [at for at in taken if now - at < 1]
        if len(taken) >= 5:
            return Answer(CommandStatus.ESME_RTHROTTLED)
        taken.append(now)
        return Answer()

    made.beeline.decide = decide
    campaign(made, 300)
    assert ear.found() == []


def test_refused_binds(ear: Ear, tmp_path: Path) -> None:
    made = world(tmp_path, ear)
    made.beeline.bind_status = CommandStatus.ESME_RBINDFAIL
    made.load(5)
    made.wait(made.sender.start())
    made.clock.advance(1800)
    made.beeline.bind_status = 0
    made.send()
    made.wait(made.sender.stop())
    assert ear.found() == []


@pytest.mark.parametrize("seed", range(4))
def test_connections_that_are_cut(ear: Ear, tmp_path: Path, seed: int) -> None:
    made = world(tmp_path, ear, conditions=Conditions(), binds=2)
    made.load(200, message_class=MessageClass.SERVICE)
    made.wait(made.sender.start())
    for number in range(12):
        made.clock.advance(0.2 + 0.05 * seed)
        reset(made.beeline.links)
        if number % 4 == 3:
            made.beeline.accept_connections = False
            made.clock.advance(3)
            made.beeline.accept_connections = True
    made.send()
    made.wait(made.sender.stop())
    assert ear.found() == []
