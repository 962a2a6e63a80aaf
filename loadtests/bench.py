"""All benchmarks in turn, into one file: ``python loadtests/bench.py [--quick] [--output FILE]``.

Every part is a function below. Most run a script beside this one in a process of its own; what cannot be measured (a
peer that is not installed, a script that fails) is said in its place, and the others go on.
`scripts/make_performance.py` makes the tables and pictures of docs/performance.md of loadtests/results/latest.json.

    --quick         fewer messages, one round: some three minutes
    --tiny          a few messages of each: whether everything still runs
    --only PART     only this one, twice for two; the others are kept as the file has them
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from emulator_cpu import CASES, Clients, arguments, loaded, processor_time, serving
from other_smpp import OTHER_CLIENTS, OTHER_SERVERS, ROOT, Other, listens, other_server, session_time, started

SEED = 1
LATEST = ROOT / "loadtests" / "results" / "latest.json"
SHAPES = ((1, 1), (1, 10), (1, 100), (10, 1), (10, 10), (10, 100))
"""Connections, and the window of each."""
BESIDE = ((Clients(10, 10), False), (Clients(10, 100), False), (Clients(10, 100), True))
"""Who loads the servers of others, and ours beside them; whether receipts are asked for."""
PACKAGES = ("twisted", "msgspec", "smpp.pdu3", "openpyxl")
FAILURES = (OSError, EOFError, RuntimeError, ValueError, LookupError, ImportError)
"""What a part may fail of, and the others go on."""
Figures = dict[str, Any]


class Size(NamedTuple):
    """How much is measured."""

    name: str
    rounds: int
    codec_rounds: int
    emulator: int
    """Messages of a shape with a window of ten; a tenth with one of one, ten times as many with one of a hundred."""
    warm_up: int
    sender: int
    others: int
    store: int
    rows: int
    """Of a recipients file."""
    starts: int
    session: int
    codes: int
    """Seconds of each phase."""
    shapes: tuple[tuple[int, int], ...] = SHAPES


SIZES = {
    "full": Size("full", 3, 10, 30_000, 3_000, 40_000, 6_000, 30_000, 100_000, 7, 20_000, 10),
    "quick": Size("quick", 1, 3, 10_000, 2_000, 15_000, 2_000, 10_000, 20_000, 3, 10_000, 4),
    "tiny": Size("tiny", 1, 1, 200, 100, 400, 600, 500, 200, 1, 200, 1, ((1, 1), (10, 100))),
}


def script(name: str, *arguments: object) -> str:
    """What a script beside this one prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "loadtests" / name), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()[-500:]}")
    return done.stdout


# --- the parts ---------------------------------------------------------------------------------------


def machine(size: Size) -> Figures:
    """Where this is, and what was measured."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    commit = subprocess.run(
        ("git", "describe", "--always", "--dirty"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": commit.stdout.strip(),
        "seed": SEED,
        "size": size.name,
    }


def calibration(size: Size) -> Figures:
    """How fast this machine is now: a fixed loop of Python, by processor time; the best of the rounds."""

    def once() -> float:
        draw = random.Random(SEED)
        words = [str(draw.random()) for _ in range(1_000)]
        began = time.process_time()
        counts: dict[str, int] = {}
        for _ in range(100):
            for word in words:
                counts[word] = counts.get(word, 0) + len(word)
        return time.process_time() - began

    return {"loop_nanoseconds": round(min(once() for _ in range(3 + 4 * size.rounds)) / 100_000 * 1e9, 1)}


def codec(size: Size) -> Figures:
    """Encoding and decoding, a PDU of each type, beside smpp.pdu3."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "codec.json")
        script("bench_codec.py", "--rounds", size.codec_rounds, "--json", file)
        figures: Figures = json.loads(file.read_text())
    return {"rows": figures["rows"], "stream_submit_sm": figures["stream_submit_sm"]}


def session(size: Size) -> Figures:
    """Two sessions without a network."""
    figures: Figures = json.loads(script("bench_session.py", "--messages", size.session, "--rounds", size.rounds))
    return figures["microseconds"]  # type: ignore[no-any-return]


def emulator(size: Size) -> Figures:
    """``smsc serve`` in every shape, in the cases of ``emulator_cpu.py``."""
    rows = []
    for receipts, journal, scenario in CASES.values():
        costs: dict[tuple[int, int], list[float]] = {shape: [] for shape in size.shapes}
        for _ in range(size.rounds):
            with serving(sys.executable, ROOT, journal, *arguments(scenario)) as (pid, port):
                warm_up = size.warm_up
                for connections, window in size.shapes[::-1]:
                    clients = Clients(connections, window)
                    # With each about as long: a run has to be long beside the second for which receipts may wait.
                    messages = size.emulator * window // 10
                    costs[connections, window].append(
                        loaded(
                            lambda pid=pid: processor_time(pid),  # type: ignore[misc]
                            port,
                            receipts,
                            messages,
                            clients,
                            warm_up,
                        )
                    )
                    warm_up = connections * window  # of the server itself it needs none any more
        for (connections, window), rounds in costs.items():
            rows.append(
                {
                    "receipts": receipts,
                    "journal": journal,
                    "drawn": scenario is not None,
                    "connections": connections,
                    "window": window,
                    "microseconds": round(statistics.median(rounds), 1),
                }
            )
    return {"rows": rows}


def sender(size: Size) -> Figures:
    """``sender send`` with its store on the disk, one and four binds, without and with receipts."""
    figures: Figures = json.loads(script("sender_cpu.py", "--rounds", size.rounds, "--messages", size.sender))
    return {name: value for name, value in figures.items() if isinstance(value, dict)}


def store(size: Size) -> Figures:
    """The sender's store, step by step."""
    figures: Figures = json.loads(script("bench_store.py", "--messages", size.store, "--rounds", 1))
    steps = {name: value["cpu"][0] for name, value in figures.items() if isinstance(value, dict) and "cpu" in value}
    return {"microseconds": steps}


def imports(size: Size) -> Figures:
    """Recipients files."""
    figures: Figures = json.loads(script("bench_import.py", "--rows", size.rows, "--xlsx-rows", size.rows // 2))
    return {"microseconds": figures["microseconds_per_row"], "peak_mib": figures["peak_mib"]}


def round_trip(size: Size) -> Figures:
    """One message at a time, beside an echo."""
    figures: Figures = json.loads(script("round_trip.py", "--messages", size.emulator // 10, "--rounds", size.rounds))
    return figures


def start(size: Size) -> Figures:
    """The start of ``smsc serve``."""
    figures: Figures = json.loads(script("cold_start.py", "--rounds", size.starts))
    return figures


def api(size: Size) -> Figures:
    """``sender serve`` that is given messages over HTTP, each answer after its commit: in batches, and one by one."""
    import api_intake

    run = [sys.executable, "-c", "from sender.cli import main; main()"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as scratch, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        config = Path(scratch, "sender.yaml")
        config.write_text(
            f"country: KZ\nstore: {scratch}/store.sqlite\nserve: {{listen: 127.0.0.1:{port}}}\n"
            "operators: {op: {host: 127.0.0.1, port: 1, system_id: a, password: b}}\nroutes: [{operator: op}]\n"
        )
        create = [*run, "tokens", "create", "--name", "bench", "--scope", "send", "--config", str(config)]
        token = subprocess.run(create, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        with Path(scratch, "said").open("w") as said:
            server = subprocess.Popen(
                [*run, "serve", "--config", str(config)], env=environment, stdout=said, stderr=said
            )
        try:
            by = time.monotonic() + 30
            while not listens(port):
                if server.poll() is not None or time.monotonic() > by:
                    raise RuntimeError(f"sender serve: {Path(scratch, 'said').read_text()[-300:]}")
                time.sleep(0.05)
            client = api_intake.Client(f"http://127.0.0.1:{port}", token)

            def cost(requests: int, path: str, body: Callable[[int], object], messages: int) -> float:
                client.post(path, body(0))
                used = processor_time(server.pid)
                for number in range(requests):
                    client.post(path, body(number))
                return round((processor_time(server.pid) - used) / messages * 1e6, 1)

            def batch(number: int) -> dict[str, object]:
                return {"messages": [api_intake.message(number * each + it) for it in range(each)]}

            each = min(size.rows, api_intake.BATCH)
            batches, singles = max(2, size.rows // 5 // each), max(10, size.rows // 100)
            return {
                "microseconds": {
                    f"batches of {each:,}": cost(batches, "/v1/messages/batch", batch, batches * each),
                    "one by one": cost(singles, "/v1/messages", api_intake.message, singles),
                }
            }
        finally:
            server.terminate()
            server.wait(30)


def codes(size: Size) -> Figures:
    """How long a one-time code waits beside a campaign, in milliseconds of wall time."""
    arguments = ("--seconds", size.codes, "--codes", 20, "--recipients", 15_000 * size.codes)
    figures: Figures = json.loads(script("otp_latency.py", *arguments))
    return {name: figures[f"{name}_ms"] for name in ("alone", "beside", "added")} | {
        "campaign_per_second": figures["campaign_messages_per_second"]
    }


def servers(size: Size) -> Figures:
    """Servers of others beside ours: a response to every submit, without and with a receipt; nothing is kept."""
    ours: list[float] = []
    for clients, receipts in BESIDE:
        with serving(sys.executable, ROOT, False) as (pid, port):
            cost = loaded(lambda pid=pid: processor_time(pid), port, receipts, size.emulator, clients, size.warm_up)  # type: ignore[misc]
            ours.append(round(cost, 1))
    rows: list[Figures] = [{"name": "smsc serve", "microseconds": ours}]
    rows += [_beside(other, lambda other=other: _server(other, size)) for other in OTHER_SERVERS]  # type: ignore[misc]
    shapes = [[clients.connections, clients.window, receipts] for clients, receipts in BESIDE]
    return {"shapes": shapes, "rows": rows}


def _server(other: Other, size: Size) -> list[float | None]:
    found: list[float | None] = []
    for like, receipts in BESIDE:
        if receipts and other.one_connection:  # its clients are transmitters
            found.append(None)
            continue
        with other_server(other) as (pid, port):
            cost = loaded(
                lambda pid=pid: session_time(pid),  # type: ignore[misc]
                port,
                receipts,
                size.others,
                other.clients(like),
                min(size.others, size.warm_up),
            )
            found.append(round(cost, 1))
    return found


def clients(size: Size) -> Figures:
    """Clients of others beside our sender, all sending to the same sink: one bind, a window of 100, no receipts."""
    import sender_cpu

    rows: list[Figures] = []
    figures: Figures = json.loads(
        script("sender_cpu.py", "--rounds", 1, "--messages", size.sender, "--case", "one bind", "--window", 100)
    )
    ours = figures["one bind"]
    rows.append({"name": "sender send", "microseconds": [ours["microseconds"]], "note": "with its store on the disk"})

    def client(other: Other) -> list[float | None]:
        operator = sender_cpu.Operator(False, size.others // 5)
        try:
            with started(other, operator.port, size.others, 100) as process:
                operator.pid = process.pid
                while operator.submits < size.others:
                    if not operator.serve(30.0) or process.poll() is not None:
                        raise RuntimeError(f"it stopped after {operator.submits} messages")
                if operator.begun is None:
                    raise RuntimeError("there was no warm-up")
                used = processor_time(process.pid) - operator.begun[0]
                return [round(used / (size.others - operator.warmed_up) * 1e6, 1)]
        finally:
            operator.close()

    rows += [_beside(other, lambda other=other: client(other)) for other in OTHER_CLIENTS]  # type: ignore[misc]
    return {"shapes": [[1, 100, False]], "rows": rows}


def _beside(other: Other, measure: Callable[[], list[float | None]]) -> Figures:
    row: Figures = {"name": other.name, "version": other.found_version}
    if other.note:
        row["note"] = other.note
    if other.missing:
        return row | {"missing": other.missing}
    try:
        return row | {"microseconds": measure()}
    except FAILURES as error:
        traceback.print_exc()
        return row | {"missing": f"failed: {error}"}


PARTS: dict[str, Callable[[Size], Figures]] = {
    "machine": machine,
    "calibration": calibration,
    "codec": codec,
    "session": session,
    "emulator": emulator,
    "round_trip": round_trip,
    "start": start,
    "store": store,
    "import": imports,
    "sender": sender,
    "api": api,
    "codes": codes,
    "servers": servers,
    "clients": clients,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", dest="size", action="store_const", const="quick", default="full")
    options.add_argument("--tiny", dest="size", action="store_const", const="tiny")
    options.add_argument("--only", action="append", choices=PARTS, help="only this part")
    options.add_argument("--output", type=Path, default=LATEST)
    chosen = options.parse_args()
    size = SIZES[chosen.size]
    found: Figures = json.loads(chosen.output.read_text()) if chosen.only and chosen.output.exists() else {}
    failed = 0
    for name, part in PARTS.items():
        if chosen.only and name not in (*chosen.only, "machine", "calibration"):
            continue
        began = time.monotonic()
        try:
            found[name] = part(size)
        except FAILURES as error:
            traceback.print_exc()
            found[name] = {"missing": str(error)[:300]}
            failed += 1
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=2) + "\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
