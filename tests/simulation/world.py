"""The world of one seed: operators, a disk, the network, and one life of the sender after another."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from carrierlab.clock import SimClock
from carrierlab.links import SimNetwork
from carrierlab.wires import Conditions
from sender.app import Sender
from sender.config import reload
from sender.pipeline import expanding, feed
from sender.pipeline.plans import CampaignPlan
from sender.store import schema
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter
from smsc.app import Emulator
from smsc.journal.journal import MEMORY, Journal
from smsc.scenario.model import Scenario
from tests.simulation.disk import Disk
from tests.simulation.ledger import Ledger, Limits
from tests.simulation.life import LifeClock, LifeNetwork
from tests.simulation.orders import Orders
from tests.simulation.tunables import CampaignTunables, Tunables
from tests.simulation.vfs import Connection, mounted
from yamlmodel.loader import loads

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z
STORE = "campaign.sqlite"


@cache
def _new_store() -> bytes:
    """The file of an empty store: making it takes longer than a simulation."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.prepare(connection, STORE)
    image = connection.serialize()
    connection.close()
    return image


@cache
def _new_journal() -> bytes:
    journal = Journal.open(MEMORY, clock=SimClock())
    image = journal.connection.serialize()
    journal.close()
    return image


def _journal(clock: SimClock) -> Journal:
    connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    connection.deserialize(_new_journal())
    return Journal(MEMORY, connection, None, clock, threaded=False, logged=False)


class Life:
    """One process of the sender."""

    def __init__(self, world: World, number: int, epoch: float) -> None:
        self.number = number
        self.clock = LifeClock(world.clock)
        self.network = LifeNetwork(world.network, self.clock, world.ledger, number)
        self.connection = Connection(f"{world.mount}/{STORE}", world.committed)
        schema.prepare(self.connection, STORE)  # type: ignore[arg-type] - all that the store asks of a connection
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {world.tunables.checkpoint}")
        self.store = SqliteStore(self.connection, None)  # type: ignore[arg-type]
        self.writer = InlineWriter(self.store, self.clock, world.tunables.writer_latency)
        self.epoch = epoch
        self.sender = Sender(
            world.config,
            clock=self.clock,
            network=self.network,
            writer=self.writer,
            store=self.store,
            epoch=epoch,
            seed=world.tunables.seed + number,
        )
        self.ready = False
        """Recovery is done."""

    def now(self) -> float:
        """Unix time, as this process has it."""
        return self.epoch + self.clock.seconds()

    def query(self, statement: str, *parameters: Any) -> list[Any]:
        """Read the store beside the program, between its transactions."""
        return self.connection.raw.execute(statement, parameters).fetchall()


class _Hashes:
    """Stands for hashlib."""

    @staticmethod
    def scrypt(octets: bytes, **how: object) -> bytes:
        """As good as any digest of a password that is no secret."""
        return octets[:12]


def _shake(tunables: Tunables) -> None:
    """Set what is a constant of the program and need not be."""
    for module, name, value in (
        (expanding, "_ROWS", tunables.rows_at_once),
        (expanding, "_LOW", tunables.queue_low),
        (feed, "_CLAIM_MOST", tunables.claim),
        (feed, "_CLAIM_LEAST", min(3, tunables.claim)),
        (reload, "hashlib", _Hashes),  # passwords are digested slowly, on purpose, at the start of every life
    ):
        if not hasattr(module, name):
            raise LookupError(f"{module.__name__} has no {name} any more: what takes its place?")
        setattr(module, name, value)


class World:
    """Everything there is for one seed."""

    def __init__(self, tunables: Tunables, directory: Path, resources: ExitStack) -> None:
        _shake(tunables)
        self.tunables = tunables
        self.draw = random.Random(f"{tunables.seed}/world")
        self.clock = SimClock()
        self.network = SimNetwork(
            self.clock,
            tunables.seed,
            Conditions(tunables.latency, tunables.split, tunables.dribble, tunables.linger),
        )
        self.config = tunables.config()
        limits = {
            it.port: Limits(
                it.name,
                it.config.window,
                it.config.rate,
                it.config.response_timeout,
            )
            for it in tunables.operators
        }
        self.ledger = Ledger(self.clock.seconds, limits)
        self.disk = Disk({STORE: _new_store()}, self.clock.seconds)
        self.mount = resources.enter_context(mounted(self.disk))
        self.directory = directory
        self.journal = _journal(self.clock)
        resources.callback(self.journal.close)
        resources.callback(self._let_go)
        self.emulator = Emulator(
            loads(tunables.scenario(), Scenario),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            epoch=EPOCH,
        )
        for server in self.emulator.operators.values():
            server._recorders.clear()  # the ledger reads the wire itself
        self.on_commit: list[Callable[[Life], None]] = []
        self.on_crash: list[Callable[[Life], None]] = []
        """Told when a life has crashed and the disk is what it left, before the next one begins."""
        self.on_boot: list[Callable[[Life], None]] = []
        """Told when a life has opened the store, before its recovery."""
        self.lives = 0
        self.crashes = 0
        self.clean_stops = 0
        self.jump = 0.0
        """Seconds by which the clock on the wall is off."""
        self.life: Life | None = None
        self.acknowledged: dict[str, CampaignTunables] = {}
        """Campaigns whose import was reported as done."""
        self.orders = Orders(self)
        self._wanted: list[CampaignTunables] = []
        self._zombie: tuple[Life, bool] | None = None
        for campaign in tunables.campaigns:
            path = directory / f"{campaign.name}.csv"
            path.write_text("phone,code\n" + "".join(f"{phone},{code}\n" for phone, code in campaign.rows), "utf-8")

    def _let_go(self) -> None:
        if self.life is not None:
            self.life.connection.close()

    # --- operators ----------------------------------------------------------------------------

    def open_for_business(self) -> None:
        """The operators listen."""
        self.clock.wait_for(self.emulator.start())

    # --- lives --------------------------------------------------------------------------------

    def begin_life(self) -> None:
        """Start the sender on what is on the disk."""
        if self.life is not None:
            return
        self.lives += 1
        self.ledger.note(f"life {self.lives} begins, the wall clock is {self.jump:+.1f} s off")
        life = self.life = Life(self, self.lives, EPOCH + self.jump)
        for told in self.on_boot:
            told(life)
        life.sender.start().addCallbacks(self._started, self._failed, (life,), None, (life,))

    def crash_in(self, operations: int, *, power: bool) -> None:
        """Plan that the process (or the machine) dies before the n-th disk operation from now on."""
        life = self.life
        if life is not None:
            self.disk.crash_in(operations, lambda: self._die(life, power=power))

    def crash(self, *, power: bool) -> None:
        """The process (or the machine) dies now."""
        if self.life is not None:
            self._die(self.life, power=power)
            self.bury()

    def stop_in_order(self) -> None:
        """What SIGTERM does. The next life begins when the process has ended."""
        life = self.life
        if life is not None:
            self.ledger.note(f"life {life.number} is asked to stop")
            life.sender.stop()

    def bury(self) -> None:
        """After every step: see to a process that died in it, or has ended by itself."""
        if self._zombie is not None:
            (life, power), self._zombie = self._zombie, None
            life.writer.abandon()
            life.connection.close()
            self.disk.boot()
            self.life = None
            self.crashes += 1
            for told in self.on_crash:
                told(life)
            self._next_life(self.draw.uniform(0.01, 20.0 if power else 2.0))
        elif self.life is not None and self.life.sender._stopped and self.life.clock.alive:
            life = self.life
            closing = life.writer.close()
            closing.addCallback(lambda _: self._ended(life))

    def _ended(self, life: Life) -> None:
        if not life.clock.alive or self._zombie is not None:
            return
        self.ledger.note(f"life {life.number} has ended in order")
        life.connection.close()
        if self._zombie is not None:
            return  # the last writes of the store did not succeed: it was a crash
        life.clock.alive = False
        life.network.die(in_silence=False)
        self.disk.calm()
        self.clean_stops += 1
        self.life = None
        for told in self.on_crash:
            told(life)
        self._next_life(self.draw.uniform(0.01, 1.0))

    def _next_life(self, delay: float) -> None:
        if self.draw.random() < 0.2:
            self.jump += (
                self.draw.choice((-1, 1)) * self.draw.choice((0.5, 0.5, 5.0, 5.0, 60.0, 600.0)) * self.draw.random()
            )
        self.clock.callLater(delay, self.begin_life)

    def _die(self, life: Life, *, power: bool) -> None:
        if not life.clock.alive:
            return
        self.ledger.note(f"life {life.number} dies{' with the power' if power else ''}")
        life.clock.alive = False
        if power:
            self.disk.lose_power(self.draw)
        else:
            self.disk.kill_process()
        life.network.die(in_silence=power)
        self._zombie = life, power

    # --- what the sender is asked to do -------------------------------------------------------

    def ask_for(self, campaign: CampaignTunables) -> None:
        """A person wants this campaign sent; it is asked for until it is acknowledged."""
        self._wanted.append(campaign)
        if self.life is not None and self.life.ready:
            self._import(self.life, campaign)

    def _started(self, _: Any, life: Life) -> None:
        life.ready = True
        known = {name: (ident, state) for ident, name, state in life.query("SELECT id, name, state FROM campaigns")}
        for campaign in list(self._wanted):
            if campaign.name not in known:
                self._import(life, campaign)
                continue
            ident, state = known[campaign.name]
            if state == "importing":
                self._done(life.sender.finish_import(life.store.campaign(ident)), life, campaign)
            else:
                self._imported(None, life, campaign)  # whoever looks, sees that it is there
        self.orders.ask_again(life)

    def _import(self, life: Life, campaign: CampaignTunables) -> None:
        plan = CampaignPlan(
            template=campaign.template,
            sender="SHOP",
            recipients=self.directory / f"{campaign.name}.csv",
            message_class=campaign.message_class,
            name=campaign.name,
            expires_at=None if campaign.lasts is None else life.now() + campaign.lasts,
        )
        self._done(life.sender.import_campaign(plan), life, campaign)

    def _done(self, importing: Deferred[Any], life: Life, campaign: CampaignTunables) -> None:
        importing.addCallbacks(self._imported, self._failed, (life, campaign), None, (life,))

    def _imported(self, _: Any, life: Life, campaign: CampaignTunables) -> None:
        if campaign in self._wanted and life.clock.alive:
            self._wanted.remove(campaign)
            self.acknowledged[campaign.name] = campaign
            self.ledger.note(f"{campaign.name} is acknowledged")

    def _failed(self, failure: Failure, life: Life) -> None:
        """Starting or importing failed: as a supervisor does, stop and begin again."""
        self.ledger.note(f"life {life.number} failed: {failure.getErrorMessage()}")
        if life.clock.alive:
            life.sender.stop()

    # --- the store's commits ------------------------------------------------------------------

    def committed(self) -> None:
        """A COMMIT has returned."""
        life = self.life
        if life is not None and life.clock.alive:
            for told in self.on_commit:
                told(life)


def token_of(fields: str | None) -> str:
    """The token in the stored fields of a message."""
    return str(json.loads(fields)["code"]) if fields else ""
