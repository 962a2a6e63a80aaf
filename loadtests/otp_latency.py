"""How long a one-time code waits beside a campaign: milliseconds from the queue to the wire, as JSON.

    .venv/bin/python loadtests/otp_latency.py [--codes 5] [--seconds 20] [--rate 500/s] [--recipients 100000]

An emulator in a process of its own; the sender with its thread, its disk (synchronous=FULL) and real sockets here.
Codes come at a steady pace, first alone, then while a campaign goes out as fast as the account lets it. A code is
queued when the commit that accepts it is done, and on the wire when its submit_sm is written. `added` is what the
campaign costs: the percentile beside it, less the median without it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.app import Sender
from sender.channels.results import Submit
from sender.config.file import load_config
from sender.domain.message import MessageClass
from sender.pipeline.plans import CampaignPlan
from sender.reactor import install_reactor
from sender.store.access import NewToken
from sender.store.intake import NewApiMessage
from sender.store.sqlite import SqliteStore
from sender.store.writer import ThreadWriter
from smppkit.transport import TcpNetwork

CONFIG = """\
country: KZ
operators:
  op: {{host: 127.0.0.1, port: {port}, system_id: shop, password: secret, window: {window}, binds: {binds}{rate}}}
routes: [{{operator: op}}]
"""
PATIENCE = 10.0  # seconds for the last codes to be written
FIRST_CODE = 77_770_000_000


class Measurement:
    """A sender at work, and the delays of the codes that it was given."""

    def __init__(self, reactor: Any, directory: Path, options: argparse.Namespace, port: int) -> None:
        rate = f", rate: {options.rate}" if options.rate else ""
        path = directory / "sender.yaml"
        path.write_text(CONFIG.format(port=port, window=options.window, binds=options.binds, rate=rate))
        config = load_config(path, {})
        self.reactor, self.options, self.directory = reactor, options, directory
        self.store = SqliteStore.open(config.store)
        self.writer = ThreadWriter(self.store, reactor)
        self.sender = Sender(
            config,
            clock=reactor,
            network=TcpNetwork(reactor),
            writer=self.writer,
            store=self.store,
            epoch=time.time() - reactor.seconds(),
        )
        # The gate is asked directly before a submit is written; the last check has nothing to object to.
        self.sender._gate._checks += (self,)
        self._number = FIRST_CODE
        self._queued: dict[str, float] = {}
        self._waits: list[float] = []
        self.bulk = 0

    def concerns(self, _submits: Sequence[Submit], _now: float) -> bool:
        """As a check of the gate."""
        return True

    def check(self, submit: Submit, _now: float) -> None:
        """The same: a submit is about to be written."""
        if not submit.urgent:
            self.bulk += 1
            return
        queued = self._queued.pop(submit.destination_addr, None)
        if queued is not None:
            self._waits.append(time.perf_counter() - queued)

    async def run(self) -> dict[str, Any]:
        """Both phases; the figures."""
        with self.store.database.transaction():
            token = self.store.access.create(
                NewToken(name="load test", prefix="load", digest=b"-", scopes=("send",), at=time.time())
            )
        await self.sender.start()
        await self._sleep(self.options.settle)
        await self._codes(self.options.settle, token)  # the first ones make the standing campaign
        alone = await self._codes(self.options.seconds, token)
        recipients = self.directory / "people.csv"
        recipients.write_text("phone\n" + "".join(f"+7705{number:07d}\n" for number in range(self.options.recipients)))
        plan = CampaignPlan(template="Sale!", sender="SHOP", recipients=recipients)
        await self.sender.import_campaign(plan)
        await self._sleep(self.options.settle)
        before, began = self.bulk, time.perf_counter()
        beside = await self._codes(self.options.seconds, token)
        rate = (self.bulk - before) / (time.perf_counter() - began)
        left = len(self._queued)
        await self.sender.stop()
        await self.writer.close()
        self.store.close()
        return figures(alone, beside, rate, left)

    async def _codes(self, seconds: float, token: int) -> list[float]:
        self._waits, asked = [], round(seconds * self.options.codes)
        for _ in range(asked):
            code = self._code()
            self.writer.urgent(self.store.accept_messages, token, [code], time.time()).addCallbacks(
                self._accepted, Failure.printTraceback, callbackArgs=(code.number,)
            )
            await self._sleep(1 / self.options.codes)
        waited = 0.0
        while len(self._waits) < asked and waited < PATIENCE:
            await self._sleep(0.1)
            waited += 0.1
        return self._waits

    def _code(self) -> NewApiMessage:
        self._number += 1
        return NewApiMessage(
            number=str(self._number),
            sender="SHOP",
            text=f"Your code is {self._number % 10_000:04d}",
            fields={},
            operator="op",
            message_class=MessageClass.CODE,
            priority=9,
            segments=1,
            due=0.0,
        )

    def _accepted(self, _: object, number: str) -> None:
        self._queued[number] = time.perf_counter()
        self.sender.poke(["op"])

    def _sleep(self, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, done.callback, None)
        return done


def figures(alone: list[float], beside: list[float], rate: float, left: int) -> dict[str, Any]:
    """Milliseconds, and what the campaign did meanwhile."""

    def of(waits: list[float]) -> dict[str, float]:
        cuts = statistics.quantiles(waits, n=100)
        named = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "max": max(waits)}
        return {name: round(value * 1000, 2) for name, value in named.items()}

    without, with_campaign = of(alone), of(beside)
    return {
        "codes": {"alone": len(alone), "beside": len(beside), "never written": left},
        "campaign_messages_per_second": round(rate),
        "alone_ms": without,
        "beside_ms": with_campaign,
        "added_ms": {name: round(with_campaign[name] - without["p50"], 2) for name in with_campaign},
    }


def emulator() -> tuple[subprocess.Popen[str], int]:
    """`smsc serve` with one operator that takes everything; its port."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from smsc.cli import main; main()",
            "serve",
            "--port",
            "0",
            "--quiet",
            "--no-journal",
            "--until-eof",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert server.stdout is not None
    ready = server.stdout.readline()
    return server, int(ready.split("127.0.0.1:")[1].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=float, default=5.0, help="a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    parser.add_argument("--settle", type=float, default=2.0, help="seconds before a phase begins")
    parser.add_argument("--rate", default="", help="of the account, such as 500/s; none: as fast as it goes")
    parser.add_argument("--recipients", type=int, default=200_000, help="of the campaign")
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--binds", type=int, default=2)
    options = parser.parse_args()
    reactor = install_reactor()
    outcome: list[Any] = []

    def begin(run: Callable[[], Any]) -> None:
        Deferred.fromCoroutine(run()).addBoth(end)

    def end(result: Any) -> None:
        outcome.append(result)
        reactor.stop()

    server, port = emulator()
    try:
        with tempfile.TemporaryDirectory() as directory:
            measurement = Measurement(reactor, Path(directory), options, port)
            reactor.callWhenRunning(begin, measurement.run)
            reactor.run(installSignalHandlers=False)
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(10)
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    print(json.dumps(outcome[0], indent=2))


if __name__ == "__main__":
    main()
