"""What idle binds cost: open many against ``smsc serve``, read its memory before and after, print JSON.

    .venv/bin/python loadtests/idle_binds.py [--binds 10000] [--clients 4]

The clients are processes of their own that send octets and know no session, so that what is measured is the server.
Every bind is a transceiver of an account of its own. `bytes_per_bind` is resident memory, transport and all.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import socket
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from smppkit.codec import encode
from smppkit.pdus import BindTransceiver

LIMIT_MIB = 60.0
SCENARIO = """
operators:
  idle:
    listen: "tcp:127.0.0.1:{port}"
    access: {{connections: {binds}, connections_per_address: {binds}}}
"""


def raise_file_limit(wanted: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"{wanted} open files are needed and {hard} are allowed: raise the hard limit (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def memory(pid: int) -> int:
    """Resident octets of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def bind_many(port: int, first: int, count: int, control: Connection) -> None:
    """One client: bind `count` times, say so, and hold on until told to stop."""
    sockets = []
    for number in range(first, first + count):
        # Addresses of the loopback network in turn: one has no more than some 28,000 ports.
        connection = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.0.{1 + number % 100}", 0))
        connection.sendall(
            encode(BindTransceiver(system_id=f"esme{number}", interface_version=0x34, sequence_number=1))
        )
        answer = connection.recv(4096)
        assert answer[4:12] == b"\x80\0\0\x09\0\0\0\0", answer.hex()
        sockets.append(connection)
    control.send(len(sockets))
    control.recv()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binds", type=int, default=10_000)
    options.add_argument("--clients", type=int, default=4)
    chosen = options.parse_args()
    raise_file_limit(chosen.binds + 256)
    with tempfile.TemporaryDirectory() as scratch:
        scenario = Path(scratch) / "idle.yaml"
        scenario.write_text(SCENARIO.format(port=0, binds=chosen.binds + 100))
        command = [sys.executable, "-c", "from smsc.cli import main; main()"]
        server = subprocess.Popen(
            [*command, "serve", str(scenario), "--no-journal", "--quiet"], stdout=subprocess.PIPE, text=True
        )
        try:
            print(json.dumps(measure(server, chosen.binds, chosen.clients), indent=2))
        finally:
            server.terminate()
            server.wait(30)


def measure(server: subprocess.Popen[str], binds: int, clients: int) -> dict[str, object]:
    assert server.stdout is not None
    ready = server.stdout.readline()
    port = int(ready.split("127.0.0.1:")[1].split()[0])
    warm_up(port)
    before = memory(server.pid)
    started = time.perf_counter()
    share = binds // clients
    pipes, processes = [], []
    for index in range(clients):
        ours, theirs = multiprocessing.Pipe()
        count = share + (binds % clients if index == 0 else 0)
        process = multiprocessing.Process(target=bind_many, args=(port, index * share, count, theirs))
        process.start()
        pipes.append(ours)
        processes.append(process)
    bound = sum(pipe.recv() for pipe in pipes)
    seconds = time.perf_counter() - started
    after = memory(server.pid)
    for pipe in pipes:
        pipe.send("stop")
    for process in processes:
        process.join()
    cost = after - before
    return {
        "binds": bound,
        "seconds": round(seconds, 2),
        "base_mib": round(before / 2**20, 1),
        "cost_mib": round(cost / 2**20, 1),
        "bytes_per_bind": cost // bound,
        "limit_mib": LIMIT_MIB * bound / 10_000,
        "within_limit": cost <= LIMIT_MIB * 2**20 * bound / 10_000,
    }


def warm_up(port: int) -> None:
    """One bind, so that what is imported and made at the first one counts to the base."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=bind_many, args=(port, 999_000, 1, theirs))
    process.start()
    ours.recv()
    ours.send("stop")
    process.join()


if __name__ == "__main__":
    main()
