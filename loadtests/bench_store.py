"""What the store costs per message: ``python loadtests/bench_store.py [messages] [directory]``.

Each step of a message's life is timed by itself, in batches of 500, one commit a batch (synchronous=FULL), on the
disk of `directory` (a new temporary one by default). CPU is this thread's; the rest of the time is the wait for the
disk, and for the processor where the machine is busy.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sender.domain.message import MessageClass
from sender.store.records import Accepted, Intent, NewCampaign, NewMessage, ReceiptIn
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState

BATCH = 500
CHUNK = 4000
ACCOUNT = "beeline-kz"


class Stopwatch:
    """Adds up time by step."""

    def __init__(self, store: SqliteStore) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self._db = store.database

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.thread_time()
        with self._db.transaction():
            yield
        self.wall[name] += time.perf_counter() - wall
        self.cpu[name] += time.thread_time() - cpu


def live(store: SqliteStore, watch: Stopwatch, messages: int, *, receipts_first: bool) -> None:
    """Take `messages` from import to the final receipt."""
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
        with watch.step("insert"):
            store.add_messages(campaign, rows)
    with store.database.transaction():
        store.finish_import(campaign, messages, 0)
    now = 1.0
    while True:
        now += 1.0
        with watch.step("claim"):
            claimed = store.claim(ACCOUNT, BATCH, now)
        if not claimed:
            break
        intents = [Intent(it.message_id, 1, 1, ACCOUNT, epoch, it.message_id, now) for it in claimed]
        outcomes = [Accepted(it.message_id, 1, str(900_000_000 + it.message_id), now + 0.1) for it in claimed]
        state = MessageState.DELIVERED
        receipts = [
            ReceiptIn(ACCOUNT, str(900_000_000 + it.message_id), state, state.stat, "000", it.number, now + 1)
            for it in claimed
        ]
        with watch.step("mark_submitting" + mode):
            store.mark_submitting(intents)
        if receipts_first:
            with watch.step("receipt" + mode):
                store.record_receipts(receipts)
        with watch.step("accepted" + mode):
            store.record_outcomes(outcomes)
        if not receipts_first:
            with watch.step("receipt"):
                store.record_receipts(receipts)
    delivered = store.report(campaign).delivered
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


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as directory:
        path = Path(directory) / "bench.sqlite"
        store = SqliteStore.open(path)
        watch = Stopwatch(store)
        live(store, watch, messages, receipts_first=False)
        steps = list(watch.wall)
        live(store, watch, messages, receipts_first=True)
        octets = path.stat().st_size
        import_and_expand(store, watch, messages)
        print(f"{messages} messages, batches of {BATCH}, µs per message{'':9} CPU    wall")
        for name, wall in watch.wall.items():
            count = messages * (2 if name in ("insert", "claim") else 1)
            print(f"  {name:42} {watch.cpu[name] / count * 1e6:7.2f} {wall / count * 1e6:7.2f}")
        each = [messages * (2 if name in ("insert", "claim") else 1) for name in steps]
        cpu = sum(watch.cpu[name] / count for name, count in zip(steps, each, strict=True))
        wall = sum(watch.wall[name] / count for name, count in zip(steps, each, strict=True))
        print(f"  {'all of ' + ', '.join(steps):42} {cpu * 1e6:.2f} {wall * 1e6:.2f}")
        print(f"  bytes per message {octets / messages / 2:.0f}")
        store.close()


if __name__ == "__main__":
    main()
