"""What the cost of a message, of a start and of memory comes to as there is more of everything.

    .venv/bin/python loadtests/growth.py [--curve binds] [--most N] [--output loadtests/results/growth.json]

Curves over binds, over messages in the emulator's journal and in the sender's store, over rules, and over operators.
Each point is measured by itself, from the smallest on; microseconds are of processor time. `bend` is the exponent with
which a figure grows from the second point to the last (the first holds what costs the same however little there is):
0 stays, 1 is linear, 2 quadratic. ``--most 10000000`` goes to as many messages: half an
hour for each of the two on a machine that does nothing else, and some 10 GB of the disk meanwhile.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bench_store
from bench import FAILURES, ROOT, SIZES, calibration, machine
from emulator_cpu import Clients, loaded, processor_time, serving
from idle_binds import bind_many, memory, raise_file_limit

from sender.store.sqlite import SqliteStore
from smppkit.pdus import SubmitSm
from smsc.scenario.draws import Chance, Draws
from smsc.scenario.patterns import AddressPattern, TextPattern
from smsc.scenario.reading import Reading
from smsc.scenario.receipts import Receipts
from smsc.scenario.rule_model import Rule, When
from smsc.scenario.rulebook import Rulebook

GROWTH = ROOT / "loadtests" / "results" / "growth.json"
FILL = Clients(10, 100)
"""Who brings messages into a journal."""
EVERYTHING = 1_000_000_000
"""Messages that a journal keeps where nothing is to be dropped."""
Point = dict[str, float]


class Size(NamedTuple):
    """How far the curves go, and how many messages are measured at each point."""

    name: str
    binds: tuple[int, ...] = (1, 10, 100, 1_000, 10_000)
    stored: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)
    """Messages in the journal, and in the store."""
    rules: tuple[int, ...] = (10, 100, 1_000, 10_000)
    operators: tuple[int, ...] = (1, 5, 10, 25, 50)
    messages: int = 20_000


TINY = Size("tiny", (1, 5), (200, 400), (10, 50), (1, 2), 200)


def cpu_of(*command: object) -> float:
    """Seconds of processor time of a command that goes well, or has something to report (1)."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", *map(str, command)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    after = os.times()
    if done.returncode > 1:
        raise RuntimeError(f"{command[1:3]} failed")
    return after.children_user + after.children_system - before.children_user - before.children_system


class Emulator:
    """A ``smsc serve`` that runs; `started` is the seconds of processor time that its start took."""

    def __init__(self, pid: int, port: int, size: Size) -> None:
        self.port = port
        self.started = processor_time(pid)
        self._pid, self._size = pid, size

    def used(self) -> float:
        """Seconds of processor time so far."""
        return processor_time(self._pid)

    def cost(self, *, receipts: bool = False) -> float:
        """Microseconds of a message."""
        messages = self._size.messages
        return loaded(self.used, self.port, receipts, messages, FILL, messages // 10)

    def resident(self) -> float:
        """MiB that are in memory."""
        return memory(self._pid) / 2**20


@contextmanager
def emulator(size: Size, scenario: str = "", journal: Path | None = None, keep: int = EVERYTHING) -> Iterator[Emulator]:
    """``smsc serve`` of a scenario, or of none; with a journal that keeps so many messages."""
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--keep-messages", str(keep)]
        if scenario:
            file = Path(scratch, "scenario.yaml")
            file.write_text(scenario)
            options.append(str(file))
        else:
            options += ["--port", "0"]
        with serving(sys.executable, ROOT, journal or False, *options) as (pid, port):
            yield Emulator(pid, port, size)


# --- the curves ------------------------------------------------------------------------------------------


def binds(size: Size, _: Path) -> Callable[[int], Point]:
    """Idle binds beside ten that are busy."""
    raise_file_limit(size.binds[-1] + 256)

    def point(count: int) -> Point:
        access = f"{{connections: {count + 100}, connections_per_address: {count + 100}}}"
        with emulator(size, f"operators: {{idle: {{listen: 'tcp:127.0.0.1:0', access: {access}}}}}\n") as served:
            ours, theirs = multiprocessing.Pipe()
            holder = multiprocessing.Process(target=bind_many, args=(served.port, 0, count, theirs))
            holder.start()
            ours.recv()
            binding = (served.used() - served.started) / count
            resident, cost = served.resident(), served.cost()
            ours.send("stop")
            holder.join()
        return {"µs a message": cost, "µs a bind": binding * 1e6, "resident MiB": resident}

    return point


def journal(size: Size, scratch: Path) -> Callable[[int], Point]:
    """Messages in the journal: what one more costs, what a start costs, and a look at the newest."""
    file = scratch / "journal.sqlite"
    there = looked = 0

    def look(*options: object) -> float:
        program = "from smsc.cli import main; main()"
        return cpu_of(program, "messages", "--journal", file, "--limit", 20, "--json", *options)

    def point(count: int) -> Point:
        nonlocal there, looked
        if there < count:
            with emulator(size, journal=file) as filled:
                loaded(lambda: 0.0, filled.port, False, count - there, FILL, 0)
            there = count
        with emulator(size, journal=file) as served:
            cost = served.cost(receipts=True)
            resident = served.resident()
        there += size.messages + size.messages // 10
        # What was recorded goes into the tables when somebody looks: the first look has that to do.
        first, listing = look(), look()
        filling, looked = (first - listing) / max(1, there - looked) * 1e6, there
        searching = look("--text", "nobody has written this")
        with emulator(size, journal=file, keep=there) as full:
            dropping = full.cost(receipts=True)
            start = full.started
        look()  # what this has left in the log belongs to no figure
        return {
            "µs a message": cost,
            "µs, one dropped for each": dropping,
            "start, CPU ms": start * 1e3,
            "first look, µs a message": filling,
            "smsc messages, CPU ms": listing * 1e3,
            "search in vain, CPU ms": searching * 1e3,
            "resident MiB": resident,
            "octets a message": file.stat().st_size / there,
        }

    return point


def store(size: Size, scratch: Path) -> Callable[[int], Point]:
    """Messages in the sender's store: what the life of one more costs, an opening, and a look at all."""
    file = scratch / "store.sqlite"
    config = scratch / "sender.yaml"
    config.write_text(
        f"country: KZ\nstore: {file}\noperators: {{op: {{host: 127.0.0.1, port: 1, system_id: a, password: b}}}}\n"
        "routes: [{operator: op}]\n"
    )
    more = max(bench_store.BATCH, size.messages // 2)
    there = 0

    def point(count: int) -> Point:
        nonlocal there
        sqlite = SqliteStore.open(file)
        while there < count:  # campaigns of a million: what is imported, and not sent yet, is not what is measured
            some = min(count - there, 1_000_000)
            bench_store.live(sqlite, bench_store.Stopwatch(sqlite), some, receipts_first=False)
            there += some
        watch = bench_store.Stopwatch(sqlite)
        bench_store.live(sqlite, watch, more, receipts_first=False)
        sqlite.close()
        there += more
        status = cpu_of("from sender.cli import main; main()", "status", "--config", config)
        return {
            "µs a message": sum(watch.cpu.values()) / more * 1e6,
            "sender status, CPU ms": status * 1e3,
            "octets a message": file.stat().st_size / there,
        }

    return point


KINDS: dict[str, Callable[[int], Rule]] = {
    "number": lambda n: _rule(to=AddressPattern(f"7705{n:07}")),
    "prefix": lambda n: _rule(to=AddressPattern(f"7{n:05}*")),
    "account": lambda n: _rule(account=AddressPattern(f"shop{n}")),
    "sender": lambda n: _rule(from_=AddressPattern(f"SHOP{n}")),
    "text": lambda n: Rule(When(text=TextPattern(f"*code {n:05}*")), receipt="none"),
}
"""What a rule of each kind asks for."""


def rules(size: Size, _: Path) -> Callable[[int], Point]:
    """Rules of an operator: what a message costs to be matched, by what they ask for, and a change of all of them."""
    pdu = SubmitSm(
        source_addr="1000",
        destination_addr="77059999999",
        short_message=b"The quick brown fox jumps over the lazy dog. " * 3,
    )

    def point(count: int) -> Point:
        found: Point = {}
        for kind, make in KINDS.items():
            made = [make(number) for number in range(count)]
            book = Rulebook(made, {}, Receipts())
            draws = Draws(Chance(1, "x"), "shop", pdu)
            looks = max(20, min(2_000, 2_000_000 // count))
            began = time.process_time()
            for _ in range(looks):
                if book.rules.concern(pdu, "shop"):
                    book.rules.match(Reading(pdu), "shop", draws)
            found[f"µs a message, by {kind}"] = (time.process_time() - began) / looks * 1e6
            if kind == "number":
                began = time.process_time()
                book.set_rules(made[::-1])
                book.listed()
                found["all changed and listed, CPU ms"] = (time.process_time() - began) * 1e3
        lines = "".join(f"      - {{when: {{to: '7705{n:07}'}}, respond: ESME_RINVDSTADR}}\n" for n in range(count))
        with emulator(size, f"operators:\n  op:\n    listen: 'tcp:127.0.0.1:0'\n    rules:\n{lines}") as served:
            found["start, CPU ms"] = served.started * 1e3
            found["µs a message, served"] = served.cost()
            found["resident MiB"] = served.resident()
        return found

    return point


def _rule(**when: AddressPattern) -> Rule:
    return Rule(When(**when), receipt="none")


def operators(size: Size, _: Path) -> Callable[[int], Point]:
    """Operators in one process: a start, its memory, and what a message to the first of them costs."""

    def point(count: int) -> Point:
        several = "".join(f"  op{n}: {{listen: 'tcp:127.0.0.1:0'}}\n" for n in range(count))
        with emulator(size, f"operators:\n{several}") as served:
            started, resident = served.started, served.resident()
            cost = served.cost(receipts=True)
        return {"µs a message": cost, "start, CPU ms": started * 1e3, "resident MiB": resident}

    return point


class Curve(NamedTuple):
    """What grows, and what measures one point of it; what that puts into its directory is there for the next one."""

    over: Callable[[Size], tuple[int, ...]]
    begin: Callable[[Size, Path], Callable[[int], Point]]

    def points(self, size: Size) -> Iterator[Point]:
        """All of them, from the smallest on; nothing is left of them on the disk."""
        with tempfile.TemporaryDirectory() as scratch:
            point = self.begin(size, Path(scratch))
            for count in self.over(size):
                yield {"x": count} | {name: round(value, 2) for name, value in point(count).items()}


CURVES = {
    "binds": Curve(lambda size: size.binds, binds),
    "journal": Curve(lambda size: size.stored, journal),
    "store": Curve(lambda size: size.stored, store),
    "rules": Curve(lambda size: size.rules, rules),
    "operators": Curve(lambda size: size.operators, operators),
}


def bends(points: list[Point]) -> dict[str, float]:
    """For each figure the exponent with which it grows."""
    first, last = points[min(1, len(points) - 2)], points[-1]
    span = math.log(last["x"] / first["x"])
    return {
        name: round(math.log(last[name] / first[name]) / span, 2)
        for name in last
        if name != "x" and first[name] > 0 and last[name] > 0
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--most", type=int, default=1_000_000, help="messages in journal and store (1000000)")
    options.add_argument("--tiny", action="store_true", help="whether everything still runs")
    options.add_argument("--curve", action="append", choices=CURVES, help="only this one")
    options.add_argument("--output", type=Path, default=GROWTH)
    chosen = options.parse_args()
    size = TINY if chosen.tiny else Size(f"up to {chosen.most:,} messages")
    size = size._replace(stored=tuple(count for count in size.stored if count <= chosen.most))
    found: dict[str, Any] = json.loads(chosen.output.read_text()) if chosen.curve and chosen.output.exists() else {}
    found |= {"machine": machine(SIZES["quick"]) | {"size": size.name}, "calibration": calibration(SIZES["quick"])}
    failed = 0
    for name, curve in CURVES.items():
        if chosen.curve and name not in chosen.curve:
            continue
        began = time.monotonic()
        points: list[Point] = []
        try:
            for point in curve.points(size):
                points.append(point)
                print(f"{name}: {points[-1]}", file=sys.stderr, flush=True)
            found[name] = {"points": points, "bends": bends(points)}
        except (*FAILURES, subprocess.SubprocessError) as error:
            found[name] = {"missing": str(error)[:300]}
            print(f"{name}: {error}", file=sys.stderr)
            failed += 1
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
