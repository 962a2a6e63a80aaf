"""How long one message at a time takes, there and back: through the emulator, and through an echo that does nothing.

    .venv/bin/python loadtests/round_trip.py [--messages 5000] [--rounds 3]

On a machine with nothing else to do most of a round trip is not anybody's work: two processors wake from sleep in
turn. So both are measured twice: as the machine is, and beside a process for each core that keeps it awake and gives
way to everybody else (nice 19). Microseconds, the median of the rounds' medians, as JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from emulator_cpu import WARM_UP, Clients, Esme, serving

_ANSWER = b"\0" * 21
"""As long as a submit_sm_resp."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=5_000, help="in one round")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    figures = {"asleep": both(chosen.messages, chosen.rounds)}
    with awake():
        figures["awake"] = both(chosen.messages, chosen.rounds)
    print(json.dumps(figures, indent=2))


def both(messages: int, rounds: int) -> dict[str, float]:
    """The echo and the emulator, in turn."""
    found: dict[str, list[float]] = {"echo": [], "emulator": []}
    for _ in range(rounds):
        found["echo"].append(echo(messages))
        found["emulator"].append(emulator(messages))
    return {name: round(statistics.median(each), 1) for name, each in found.items()}


def emulator(messages: int) -> float:
    """The median of ``smsc serve`` without a journal, for one connection."""
    with serving(sys.executable, Path.cwd(), False) as (_, port):
        esme = Esme(port, 0, False, Clients(connections=1, window=1))
        with esme.socket as bound:
            trips(bound, esme.submits, WARM_UP)
            return trips(bound, esme.submits, messages)


def echo(messages: int) -> float:
    """The median of a process that answers octets with octets."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        other = multiprocessing.Process(target=_echo, args=(listening,))
        other.start()
        with socket.create_connection(listening.getsockname()) as ours:
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            median = trips(ours, [b"\0" * 208], messages)
        other.join(30)
    return median


def trips(connection: socket.socket, asked: Sequence[bytes], count: int) -> float:
    """The median of so many questions, each asked when the one before is answered."""
    waits = []
    for octets in islice(cycle(asked), count):
        began = time.perf_counter()
        connection.sendall(octets)
        connection.recv(4096)
        waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1e6


def _echo(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while connection.recv(4096):
        connection.sendall(_ANSWER)


@contextmanager
def awake() -> Iterator[None]:
    """No core sleeps meanwhile."""
    turning = [multiprocessing.Process(target=_turn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in turning:
        process.start()
    try:
        yield
    finally:
        for process in turning:
            process.terminate()
            process.join(30)


def _turn() -> None:
    os.nice(19)
    while True:
        pass


if __name__ == "__main__":
    main()
