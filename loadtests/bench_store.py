"""What the store costs per message: microseconds of processor time for each step of its life, as JSON.

    .venv/bin/python loadtests/bench_store.py [--path . --path OTHER] [--messages 50000] [--rounds 3] [--stored 0]

Each step is timed by itself, in groups of calls as the sender makes them: one commit (synchronous=FULL) for 500
messages, which are inserted, claimed and promised by the hundred, and answered and reported by fifty. Time is that of
the thread that runs the verbs, user and system; how long the disk takes is `wall`. `all` is one message from its row to
its final receipt. A machine that others use changes its pace within a second: before and after each commit a loop of
Python is timed, and the processor time of the commit is told at the best pace of that loop.

With `--stored` so many messages are finished in the store before the measuring begins: what a message costs must not
depend on it. `--ids random` gives them ids without any order, as some operators do; `--late 10000` lets receipts come
in any order, while as many messages wait for theirs. With a second `--path`, another checkout, the two are measured in
turn, each in a process of its own, and `ratio` is the second to the first (the medians of the rounds).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checkouts import add_path, paths_of

from sender.domain.message import MessageClass, State
from sender.store.records import Accepted, Intent, NewCampaign, NewMessage, ReceiptIn
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState

BATCH = 500
"""Messages of one commit."""
CALL = 100
"""Messages that are claimed, and whose intents are committed, in one call."""
SLICE = 50
"""Outcomes or receipts of one call."""
CHUNK = 4000
ACCOUNT = "beeline-kz"
COMMON = ("insert", "claim", "intent", "accepted", "receipt")
"""The steps of nearly every message."""


def pace() -> float:
    """Seconds of processor time that a loop of Python takes now."""
    began = time.thread_time()
    sums: dict[int, int] = {}
    for turn in range(4000):
        sums[turn & 255] = turn + len(str(turn))
    return time.thread_time() - began


class Stopwatch:
    """Adds up time by step."""

    def __init__(self, store: SqliteStore) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self._turns: dict[str, float] = defaultdict(float)
        self._best = pace()
        self._db = store.database

    @property
    def cpu(self) -> dict[str, float]:
        """Seconds of processor time by step, at the best pace that there was."""
        return {name: turns * self._best for name, turns in self._turns.items()}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A transaction, with its commit."""
        before = pace()
        wall, cpu = time.perf_counter(), time.thread_time()
        with self._db.transaction():
            yield
        cpu = time.thread_time() - cpu
        self.wall[name] += time.perf_counter() - wall
        after = pace()
        self._turns[name] += cpu * 2 / (before + after)
        self._best = min(self._best, before, after)

    def calls(self, name: str, verb: Callable[..., Any], items: Sequence[Any], size: int) -> None:
        """A transaction with a call for every `size` of the items, each within a savepoint as the writer has it."""
        with self.step(name):
            for first in range(0, len(items), size):
                self._db.savepoint()
                verb(items[first : first + size])
                self._db.keep()


def ordered(message: int) -> str:
    """The id that an operator gives that counts its messages."""
    return str(900_000_000 + message)


def scattered(message: int) -> str:
    """The id that an operator gives whose ids have no order."""
    return f"{message * 0x9E3779B97F4A7C15 % (1 << 64):016x}"


def live(
    store: SqliteStore,
    watch: Stopwatch,
    messages: int,
    ids: Callable[[int], str] = ordered,
    *,
    receipts_first: bool,
    late: int = 0,
) -> None:
    """Take `messages` from their rows to the final receipt, which may come before its response.

    `late`: how many wait for their receipts, which come in any order then.
    """
    draw, waiting = random.Random(1), list[ReceiptIn]()
    mode = ", receipt first" if receipts_first else ""
    with store.database.transaction():
        campaign = store.create_campaign(
            NewCampaign("bench", "{name}", "SHOP", MessageClass.SERVICE, "/people.csv", "", 0.0)
        )
        epoch = store.new_epoch()
    for first in range(0, messages, BATCH):
        rows = [
            NewMessage(row, f"7705{row:07}", ACCOUNT, {"name": "Aigerim", "order": str(row)})
            for row in range(first, min(first + BATCH, messages))
        ]
        watch.calls("insert", lambda some: store.add_messages(campaign, some), rows, CALL)
    with store.database.transaction():
        store.finish_import(campaign, messages, 0)
    now = 1.0
    claimed: list[Any] = []
    while True:
        now += 1.0
        claimed.clear()
        watch.calls("claim", lambda _, at=now: claimed.extend(store.claim(ACCOUNT, CALL, at)), range(BATCH), CALL)
        if not claimed:
            break
        intents = [Intent(it.message_id, 1, 1, ACCOUNT, epoch, it.message_id, now) for it in claimed]
        outcomes = [Accepted(it.message_id, 1, ids(it.message_id), now + 0.1) for it in claimed]
        state = MessageState.DELIVERED
        receipts = [
            ReceiptIn(ACCOUNT, ids(it.message_id), state, state.stat, "000", it.number, now + 1) for it in claimed
        ]
        watch.calls("intent" + mode, store.mark_submitting, intents, CALL)
        if receipts_first:
            watch.calls("receipt" + mode, store.record_receipts, receipts, SLICE)
        watch.calls("accepted" + mode, store.record_outcomes, outcomes, SLICE)
        if not receipts_first:
            waiting += receipts
            if late:
                draw.shuffle(waiting)
            receipts, waiting = waiting[late:], waiting[:late]
            watch.calls("receipt", store.record_receipts, receipts, SLICE)
    watch.calls("receipt" + mode, store.record_receipts, waiting, SLICE)
    with watch.step("receipt" + mode):  # what is written down is entered for who asks
        delivered = store.counts(campaign)[State.DELIVERED]
    assert delivered == messages, f"{delivered} of {messages} delivered"


def import_and_expand(store: SqliteStore, watch: Stopwatch, messages: int) -> None:
    """Store recipients as chunks, as an import does, and make message rows of them."""
    with store.database.transaction():
        campaign = store.create_campaign(
            NewCampaign("chunks", "{name}", "SHOP", MessageClass.SERVICE, "/people.csv", "", 0.0)
        )
    for first in range(0, messages, CHUNK):
        rows = [
            NewMessage(row, f"7705{row:07}", ACCOUNT, {"name": "Aigerim", "order": str(row)})
            for row in range(first, min(first + CHUNK, messages))
        ]
        with watch.step("recipients into chunks"):
            store.add_recipients(campaign, rows)
    with store.database.transaction():
        store.finish_import(campaign, messages, 0)
    while True:
        with watch.step("chunks into messages"):
            chunk = store.read_chunk((campaign, ACCOUNT))
        if chunk is None:
            return
        for first in range(0, len(chunk.recipients), BATCH):
            with watch.step("chunks into messages"):
                store.expand(chunk.id, chunk.taken + first, chunk.recipients[first : first + BATCH])


def measure(options: argparse.Namespace) -> dict[str, list[float]]:
    """Microseconds a message by step: processor, wall. In this process, with the code that it has imported."""
    ids = ordered if options.ids == "ordered" else scattered
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        path = Path(directory) / "bench.sqlite"
        store = SqliteStore.open(path)
        if options.stored:
            live(store, Stopwatch(store), options.stored, ids, receipts_first=False)
        watch = Stopwatch(store)
        live(store, watch, options.messages, ids, receipts_first=False, late=options.late)
        for name in watch.cpu:
            found[name] = [watch.cpu[name] / options.messages * 1e6, watch.wall[name] / options.messages * 1e6]
        found["all"] = [sum(found[name][column] for name in COMMON) for column in (0, 1)]
        others = Stopwatch(store)
        live(store, others, options.messages // 5, ids, receipts_first=True)
        octets = path.stat().st_size
        import_and_expand(store, others, options.messages // 5)
        for name in others.cpu:
            if name not in found:
                found[name] = [it[name] / (options.messages // 5) * 1e6 for it in (others.cpu, others.wall)]
        found["octets"] = [octets / (options.stored + options.messages * 6 // 5)] * 2
        store.close()
    return found


def measure_in(path: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """The same for a checkout, in a process of its own."""
    more = ["--directory", options.directory] if options.directory else []
    result = subprocess.run(
        [sys.executable, __file__, "--here", "--messages", str(options.messages), "--stored", str(options.stored),
         "--ids", options.ids, "--late", str(options.late), *more],
        env=os.environ | {"PYTHONPATH": str(path)}, cwd=path, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return dict(json.loads(result.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_path(parser)
    parser.add_argument("--messages", type=int, default=50_000, help="in one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stored", type=int, default=0, help="finished messages that are in the store already")
    parser.add_argument("--ids", choices=("ordered", "random"), default="ordered", help="ids of the operator")
    parser.add_argument("--late", type=int, default=0, help="messages that wait for receipts, which come in any order")
    parser.add_argument("--directory", help="on the disk that is to be measured")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(options)))
        return
    paths = paths_of(options)
    rounds = [[measure_in(path, options) for path in paths] for _ in range(options.rounds)]
    figures: dict[str, object] = {it: getattr(options, it) for it in ("messages", "rounds", "stored", "ids", "late")}
    for step in rounds[0][0]:
        by_path = [
            [statistics.median(it[step][column] for it in of) for column in (0, 1)] for of in zip(*rounds, strict=True)
        ]
        cpu, wall = zip(*by_path, strict=True)
        shown: dict[str, object] = {"cpu": [round(it, 2) for it in cpu], "wall": [round(it, 1) for it in wall]}
        if step == "octets":
            shown = {"a message": [round(it) for it in cpu]}
        if len(paths) > 1:
            shown["ratio"] = round(cpu[1] / cpu[0], 2)
        figures[step] = shown
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
