"""The sender over real sockets and in real processes."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.interfaces import IReactorTCP, IReactorTime
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from sender.app import Sender
from sender.config.file import SenderConfig
from sender.pipeline.plans import CampaignPlan
from sender.store.sqlite import SqliteStore
from sender.store.writer import ThreadWriter
from smppkit.transport import TcpNetwork
from tests.sender.peer import Answer, ScriptedSmsc, most_in_a_second
from yamlmodel.loader import loads

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from sender.cli import main; main(prog_name='sender')")


class Place:
    """An operator on a port of its own, and a directory with what the sender needs."""

    def __init__(self, home: Path) -> None:
        assert IReactorTCP.providedBy(reactor)
        assert IReactorTime.providedBy(reactor)
        self.home = home
        self.smsc = ScriptedSmsc(reactor, TcpNetwork(reactor), port=0)
        assert self.smsc.port is not None
        self.text = (
            "store: campaign.sqlite\ncountry: KZ\noperators:\n  beeline:\n    host: 127.0.0.1\n"
            f"    port: {self.smsc.port.getHost().port}\n    system_id: shop\n    password: secret\n    rate: 400/s\n"
            "routes:\n  - {operator: beeline}\n"
        )
        (home / "sender.yaml").write_text(self.text, encoding="utf-8")
        self.recipients(200)

    def recipients(self, count: int) -> None:
        rows = "".join(f"+7705{number:07d},Name{number}\n" for number in range(count))
        (self.home / "people.csv").write_text("phone,name\n" + rows, encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self, *more: str) -> subprocess.Popen[str]:
        return self.start(
            "send", "--config", "sender.yaml", "--recipients", "people.csv", "--template", "Dear {name}",
            "--from", "SHOP", "--receipt-wait", "2s", *more,
        )  # fmt: skip

    async def submitted(self, count: int) -> None:
        """Wait until the operator has got so many submits."""
        patience = time.monotonic() + 20
        while len(self.smsc.submits) < count:
            assert time.monotonic() < patience, "the sender does not send"
            await deferLater(reactor, 0.02)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    assert made.smsc.port is not None
    made.smsc.port.stopListening()
    for link in list(made.smsc.links):
        link.reset()


async def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = await deferToThread(process.communicate, timeout=30)
    return process.returncode, stdout, stderr


@pytest_twisted.ensureDeferred
async def test_the_same_sender_works_on_tcp_and_a_writer_thread(place: Place) -> None:
    store = SqliteStore.open(place.home / "campaign.sqlite")
    writer = ThreadWriter(store, reactor)
    sender = Sender(
        loads(place.text, SenderConfig),
        clock=reactor,
        network=TcpNetwork(reactor),
        writer=writer,
        store=store,
        epoch=time.time() - reactor.seconds(),
    )
    try:
        plan = CampaignPlan(template="Dear {name}", sender="SHOP", recipients=place.home / "people.csv")
        imported = await sender.import_campaign(plan)
        await sender.start()
        report = await sender.run(imported.campaign_id, receipt_wait=5.0)
    finally:
        await sender.stop()
        await writer.close()
        store.close()
    assert (report.delivered, report.submits, report.resends) == (200, 200, 0)
    assert most_in_a_second(place.smsc.times) <= 401  # arrivals: the kernel may bring two of them closer
    assert not [link for link in place.smsc.links if link.session.bound]


@pytest_twisted.ensureDeferred
async def test_the_command_sends_reports_and_exits_0(place: Place) -> None:
    code, stdout, stderr = await finished(place.send("--report", "report.json"))
    assert code == 0, stderr
    assert " ".join(stdout.split()).startswith("Campaign 1: people messages 200 200 segments sent accepted 200")
    assert '"delivered": 200' in (place.home / "report.json").read_text(encoding="utf-8")
    assert "secret" not in stderr
    assert "7705" not in stderr


@pytest_twisted.ensureDeferred
async def test_ctrl_c_ends_in_order_and_resume_finishes_without_a_resend(place: Place) -> None:
    place.smsc.decide = lambda _: Answer(after=0.1)
    process = place.send()
    await place.submitted(20)
    process.send_signal(signal.SIGINT)
    code, _, stderr = await finished(process)
    assert code == 130
    assert "sender resume --config sender.yaml" in stderr
    code, _, stderr = await finished(place.start("resume", "--config", "sender.yaml", "--receipt-wait", "2s"))
    assert code == 0, stderr
    assert sorted(place.smsc.destinations) == [f"7705{number:07d}" for number in range(200)]


@pytest_twisted.ensureDeferred
async def test_a_second_ctrl_c_stops_at_once(place: Place) -> None:
    place.smsc.decide = lambda _: Answer(after=None)
    process = place.send()
    await place.submitted(5)
    process.send_signal(signal.SIGINT)
    await deferLater(reactor, 0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, stderr = await finished(process)
    assert code == 130
    assert "Stopped at once" in stderr


@pytest_twisted.ensureDeferred
async def test_killed_in_the_middle_resume_finishes_and_counts_what_it_sent_twice(place: Place) -> None:
    process = place.send("--class", "code")  # the class that waits the least before it sends again
    await place.submitted(60)
    process.kill()
    await finished(process)
    code, stdout, stderr = await finished(place.start("resume", "--config", "sender.yaml", "--receipt-wait", "2s"))
    assert code == 0, stderr
    sent = Counter(place.smsc.destinations)
    assert set(sent) == {f"7705{number:07d}" for number in range(200)}
    resent = next(line.split()[1] for line in stdout.splitlines() if line.strip().startswith("resent"))
    assert sum(sent.values()) - 200 <= int(resent) <= 20


@pytest_twisted.ensureDeferred
async def test_an_operator_nobody_listens_for_is_given_up_when_asked(place: Place) -> None:
    assert place.smsc.port is not None
    await place.smsc.port.stopListening()
    code, stdout, stderr = await finished(place.send("--give-up", "1s"))
    assert code == 1
    assert "Connection refused; next attempt in" in stderr
    assert "Given up: beeline: cannot connect to 127.0.0.1" in stderr
    assert "Traceback" not in stderr
    assert "not sent yet" in stdout


@pytest_twisted.ensureDeferred
async def test_sighup_applies_another_configuration_to_a_sender_that_runs(place: Place) -> None:
    slow = place.text.replace("rate: 400/s", "rate: 5/s")
    (place.home / "sender.yaml").write_text(slow, encoding="utf-8")
    process = place.send()
    await place.submitted(2)
    (place.home / "sender.yaml").write_text(slow.replace("rate", "rat"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    await place.submitted(5)
    (place.home / "sender.yaml").write_text(place.text, encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    code, _, stderr = await finished(process)
    assert code == 0, stderr
    assert len(place.smsc.submits) == 200
    assert place.smsc.links_made == 1
    assert 'unknown key "rat"; did you mean "rate"' in stderr
    assert "~ account beeline: rate: 5.0 → 400.0 (at once)" in stderr
    assert "the configuration is applied" in stderr
