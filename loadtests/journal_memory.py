"""What millions of messages leave in the memory of ``smsc serve`` and in the file of its journal, as JSON.

    .venv/bin/python loadtests/journal_memory.py [--messages 5000000] [--every 250000] [--receipts]

The messages are those of emulator_cpu.py. Every so many of them: resident memory and the size of the file in MiB, and
microseconds of processor time for each message since; as they come on the standard error output too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from emulator_cpu import Clients, ask, load, processor_time

ROOT = Path(__file__).resolve().parent.parent
_SERVE = "from smsc.cli import main; main()"


def resident(pid: int) -> float:
    """MiB of a process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measure(messages: int, every: int, receipts: bool) -> list[dict[str, float]]:
    """One row for every so many messages."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        journal = Path(scratch) / "journal.sqlite"
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "serve", "--port", "0", "--quiet", "--no-http", "--journal", str(journal)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            if server.stdout is None or not (ready := server.stdout.readline()):
                raise RuntimeError("the server did not start")
            ours, theirs = multiprocessing.Pipe()
            port = int(ready.split("127.0.0.1:")[1].split()[0])
            clients = multiprocessing.Process(target=load, args=(port, receipts, theirs, Clients()))
            clients.start()
            theirs.close()
            for done in range(every, messages + 1, every):
                before = processor_time(server.pid)
                ask(ours, every)
                rows.append(
                    {
                        "messages": done,
                        "memory": round(resident(server.pid), 1),
                        "file": round(journal.stat().st_size / 2**20),
                        "microseconds": round((processor_time(server.pid) - before) / every * 1e6, 1),
                    }
                )
                print(rows[-1], file=sys.stderr, flush=True)
            ours.send(None)
            clients.join()
        finally:
            server.terminate()
            server.wait(60)
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=5_000_000)
    options.add_argument("--every", type=int, default=250_000)
    options.add_argument("--receipts", action="store_true")
    chosen = options.parse_args()
    print(json.dumps(measure(chosen.messages, chosen.every, chosen.receipts), indent=2))


if __name__ == "__main__":
    main()
