"""How soon ``smsc serve`` answers its first bind, and the memory it has then, as JSON.

    .venv/bin/python loadtests/cold_start.py [--rounds 5] [--path . --path OTHER]

Seconds of wall time from the start of the process to the first bind_resp, tried every millisecond from the beginning,
and the processor time until then; resident memory after one bind and one message. The median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from checkouts import add_path, paths_of
from emulator_cpu import Clients, Esme, processor_time
from idle_binds import memory

PATIENCE = 30.0


class Start(NamedTuple):
    """One start."""

    seconds: float
    cpu_seconds: float
    idle_mib: float


def start(python: str, path: Path, arguments: list[str]) -> Start:
    """Start it once, bind, send one message, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen(
        [python, "-c", "from smsc.cli import main; main()", "serve", "--port", str(port), "--quiet", *arguments],
        cwd=path,
        env=os.environ | {"PYTHONPATH": str(path)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                esme = Esme(port, 0, False, Clients(1, 1))
                break
            except ConnectionRefusedError:
                if time.perf_counter() - began > PATIENCE or server.poll() is not None:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.001)
        seconds = time.perf_counter() - began
        used = processor_time(server.pid)
        esme.to_send = 1
        esme.fill()
        while esme.outstanding:
            esme.read()
        esme.socket.close()
        return Start(seconds, used, memory(server.pid) / 2**20)
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_path(options)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    paths = paths_of(chosen)
    rounds = [[start(chosen.python, path, ["--no-journal"]) for path in paths] for _ in range(chosen.rounds)]
    medians = [
        {name: round(statistics.median(getattr(one, name) for one in starts), 3) for name in Start._fields}
        for starts in zip(*rounds, strict=True)
    ]
    print(json.dumps(medians[0] if len(medians) == 1 else medians, indent=2))


if __name__ == "__main__":
    main()
