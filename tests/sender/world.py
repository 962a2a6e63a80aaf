"""A sender and scripted operators in one simulated world, with a store that outlives processes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from twisted.internet.defer import Deferred

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.app import Sender
from sender.config.file import SenderConfig
from sender.domain.message import MessageClass, State
from sender.domain.report import CampaignReport
from sender.pipeline.importing import ImportResult
from sender.pipeline.plans import CampaignPlan
from sender.store.records import Campaign
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter
from smppkit.transport import Link
from tests.sender.peer import ScriptedSmsc
from yamlmodel.loader import loads

T = TypeVar("T")

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
KCELL_PORT = 2776


def config_text(store: str = "campaign.sqlite", retry: str = "", **beeline: object) -> str:
    settings = "".join(f"    {key}: {value}\n" for key, value in beeline.items())
    return (
        f"store: {store}\ncountry: KZ\noperators:\n"
        f"  beeline:\n    host: 127.0.0.1\n    port: 2775\n    system_id: shop\n    password: secret\n{settings}"
        f"  kcell:\n    host: 127.0.0.1\n    port: {KCELL_PORT}\n    system_id: shop\n    password: secret\n"
        "routes:\n"
        '  - {prefix: "7705", operator: beeline}\n'
        '  - {prefix: "7701", operator: kcell}\n' + retry
    )


class Process:
    """One life of the sender over the store's file."""

    living: ClassVar[list[Process]] = []

    def __init__(self, world: World) -> None:
        self.store = SqliteStore.open(world.path)
        self.living.append(self)
        # The kernel outlives our processes here: nothing is lost by not waiting for the disk.
        self.store.database.conn.execute("PRAGMA synchronous = OFF")
        self.writer = InlineWriter(self.store, world.clock)
        config = loads(world.config, SenderConfig)
        self.sender = Sender(
            config,
            clock=world.clock,
            network=world.network,
            writer=self.writer,
            store=self.store,
            epoch=world.epoch,
            seed=1,
        )

    def kill(self) -> None:
        """As kill -9 does: nothing is finished, nothing is said."""
        self.writer.abandon()
        self.sender.abort()
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.living.remove(self)
        self.store.close()


class World:
    def __init__(self, path: Path, *, retry: str = "", conditions: Conditions | None = None, **beeline: object) -> None:
        self.path = path / "campaign.sqlite"
        self.epoch = EPOCH
        """Of the next process: the wall clock may differ from life to life."""
        self.directory = path
        self.clock = SimClock()
        self.network = SimNetwork(self.clock, 1, conditions or Conditions.perfect(0.001))
        self.beeline = ScriptedSmsc(self.clock, self.network)
        self.kcell = ScriptedSmsc(self.clock, self.network, port=KCELL_PORT)
        self.config = config_text(retry=retry, **beeline)
        self.process = Process(self)

    @property
    def sender(self) -> Sender:
        return self.process.sender

    def restart(self) -> None:
        """Kill the process and start another one on the same store."""
        self.process.kill()
        self.clock.advance(0.01)
        self.process = Process(self)

    def wait(self, deferred: Deferred[T], limit: float = 10_000.0) -> T:
        return self.clock.wait_for(deferred, limit)

    def do(self, work: Coroutine[Deferred[Any], Any, T]) -> T:
        return self.wait(Deferred.fromCoroutine(work))

    def ask(self, verb: Callable[..., T], *args: Any) -> T:
        return self.wait(self.process.writer.call(verb, *args))

    def recipients(self, rows: list[str], header: str = "phone,name") -> Path:
        path = self.directory / "people.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def load(
        self,
        count: int = 20,
        *,
        message_class: MessageClass = MessageClass.SERVICE,
        template: str = "Dear {name|client}, hello",
        rows: list[str] | None = None,
    ) -> ImportResult:
        if rows is None:
            rows = [f"+7705{number:07d},Name{number}" for number in range(count)]
        path = self.recipients(rows)
        plan = CampaignPlan(
            template=template,
            sender="SHOP",
            recipients=path,
            message_class=message_class,
            rejects=self.directory / "people.rejects.csv",
        )
        return self.wait(self.sender.import_campaign(plan))

    def send(self, campaign: int = 1, **options: Any) -> CampaignReport:
        return self.wait(self.sender.run(campaign, **options))

    def counts(self, campaign: int = 1) -> dict[State, int]:
        return {state: count for state, count in self.ask(self.process.store.counts, campaign).items() if count}

    def campaign(self, campaign: int = 1) -> Campaign:
        return self.ask(self.process.store.campaign, campaign)

    def stop_and_start(self) -> None:
        """End the process in order and start another one on the same store."""
        self.wait(self.sender.stop())
        self.wait(self.process.writer.close())
        self.process.close()
        self.process = Process(self)


def reset(links: list[Link]) -> None:
    for link in list(links):
        link.reset()
