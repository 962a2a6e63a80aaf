"""What a message costs ``smsc serve``: microseconds of its processor time for each, as JSON.

    .venv/bin/python loadtests/emulator_cpu.py [--path . --path OTHER] [--python PYTHON] [--rounds 3] [--scenario FILE]

Without and with receipts, and with receipts 0-1 s later where chance has a say in every message
(loadtests/operators/drawn.yaml); without and with the journal. With `--scenario` every case has the first operator of
that file. Every message has 160 characters, and goes over one of 10 transceivers with 100 submits outstanding on each
(`--connections`, `--window`). Time is that of the server process (user and system, all its threads), from the first
message to the last acknowledged receipt; how long the run takes does not matter.

With a second `--path`, another checkout, the two are measured in turn, and `ratio` is the second to the first (the
medians of the rounds). The clients are one process that sends ready octets and knows no session.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from checkouts import add_path, paths_of

from smppkit.codec import encode
from smppkit.commands import RESPONSE_BIT
from smppkit.pdus import BindTransceiver, BindTransmitter, SubmitSm

DRAWN = Path(__file__).with_name("operators") / "drawn.yaml"
"""Receipts 0-1 s later, an outcome mix, ten rules that are about others."""
CASES: dict[str, tuple[bool, bool, Path | None]] = {
    "plain": (False, False, None),
    "receipts": (True, False, None),
    "receipts, drawn": (True, False, DRAWN),
    "journal": (False, True, None),
    "receipts and journal": (True, True, None),
    "receipts, drawn, and journal": (True, True, DRAWN),
}
"""Whether receipts are asked for, whether there is a journal, and the scenario; None for none."""
WARM_UP = 5_000
PATIENCE = 30.0  # seconds without an answer, after which the run has failed
SETTLING = 0.3  # seconds for what the server does after its last word
TEXT = (b"The quick brown fox jumps over the lazy dog. " * 4)[:160]

SUBMIT_RESP, DELIVER, DELIVER_RESP = 0x80000004, 0x00000005, 0x80000005
TRANSCEIVER, TRANSMITTER = BindTransceiver, BindTransmitter
_ALONE = ("--port", "0")
_TICK = os.sysconf("SC_CLK_TCK")


class Clients(NamedTuple):
    """Who sends: so many connections, with so many submits outstanding on each."""

    connections: int = 10
    window: int = 100
    account: str = "esme{}"
    """With the number of the connection in it."""
    password: str = ""
    bind: type[BindTransceiver] | type[BindTransmitter] = TRANSCEIVER


class Esme:
    """One bound connection that keeps its window full."""

    def __init__(self, port: int, number: int, receipts: bool, clients: Clients) -> None:
        self._window = clients.window
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            encode(
                clients.bind(
                    system_id=clients.account.format(number),
                    password=clients.password,
                    interface_version=0x34,
                    sequence_number=1,
                )
            )
        )
        answer = self.socket.recv(4096)
        if answer[4:12] != (clients.bind.command_id | RESPONSE_BIT).to_bytes(4, "big") + bytes(4):
            raise RuntimeError(f"the bind was answered with {answer.hex()}")
        self.to_send = self.outstanding = self.receipts = 0
        # Each sequence number, and each destination, comes again only when the window has long gone past it.
        self.submits = [
            encode(
                SubmitSm(
                    sequence_number=2 + index,
                    source_addr="1000",
                    destination_addr=f"4477009{index:05}",
                    registered_delivery=int(receipts),
                    short_message=TEXT,
                )
            )
            for index in range(10 * self._window)
        ]
        self._size = len(self.submits[0])
        self._octets = b"".join(self.submits + self.submits[: self._window])
        self._next = 0
        self._half = b""

    def fill(self, answers: bytes = b"") -> None:
        """Write answers, and as many submits as the window has room for."""
        count = min(self._window - self.outstanding, self.to_send)
        first = self._next * self._size
        octets = answers + self._octets[first : first + count * self._size]
        self._next = (self._next + count) % (10 * self._window)
        self.to_send -= count
        self.outstanding += count
        if octets:
            self.socket.sendall(octets)

    def read(self) -> None:
        """Take what the server sent."""
        octets = self._half + self.socket.recv(1 << 18)
        at, end = 0, len(octets)
        answers = []
        while end - at >= 16:
            length = int.from_bytes(octets[at : at + 4], "big")
            if end - at < length:
                break
            command_id = int.from_bytes(octets[at + 4 : at + 8], "big")
            if command_id == SUBMIT_RESP:
                if octets[at + 8 : at + 12] != b"\0\0\0\0":
                    raise RuntimeError(f"a submit was refused: {octets[at : at + 16].hex()}")
                self.outstanding -= 1
            elif command_id == DELIVER:
                self.receipts += 1
                answers.append(b"\0\0\0\x11\x80\0\0\x05\0\0\0\0" + octets[at + 12 : at + 16] + b"\0")
            at += length
        if not octets:
            raise RuntimeError("the server closed the connection")
        self._half = octets[at:]
        self.fill(b"".join(answers))


def load(port: int, receipts: bool, control: Connection, clients: Clients) -> None:
    """The clients: for each number that comes through `control`, send so many messages and say when all is done."""
    esmes = [Esme(port, index, receipts, clients) for index in range(clients.connections)]
    with selectors.DefaultSelector() as selector:
        for esme in esmes:
            selector.register(esme.socket, selectors.EVENT_READ, esme)
        while (count := control.recv()) is not None:
            for esme in esmes:
                esme.to_send, esme.receipts = count // clients.connections, 0
                esme.fill()
            while any(esme.to_send or esme.outstanding for esme in esmes) or (
                receipts and sum(esme.receipts for esme in esmes) < count
            ):
                ready = selector.select(PATIENCE)
                if not ready:
                    raise RuntimeError("the server does not answer")
                for key, _ in ready:
                    key.data.read()
            control.send(count)


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used, with all its threads.

    Of its threads that live, to the nanosecond where the kernel says that; of all there were, in ticks of mostly 10 ms.
    """
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = (int(values[11]) + int(values[12])) / _TICK
    try:
        exact = sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:  # a thread has ended meanwhile
        return ticks
    return max(ticks, exact)


@contextmanager
def serving(python: str, path: Path, journal: bool | Path, *arguments: str) -> Iterator[tuple[int, int]]:
    """``smsc serve`` of a checkout on a free port; its process id, and the port of its first operator."""
    with tempfile.TemporaryDirectory() as scratch:
        file = journal if isinstance(journal, Path) else f"{scratch}/journal.sqlite"
        keep = ["--journal", str(file)] if journal else ["--no-journal"]
        server = subprocess.Popen(
            [python, "-c", "from smsc.cli import main; main()", "serve", *(arguments or _ALONE), "--quiet", *keep],
            cwd=path,
            env=os.environ | {"PYTHONPATH": str(path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            if server.stdout is None or not (ready := server.stdout.readline()):
                raise RuntimeError("the server did not start")
            yield server.pid, int(ready.split("127.0.0.1:")[1].split()[0])
        finally:
            server.terminate()
            server.wait(30)


def loaded(
    used: Callable[[], float], port: int, receipts: bool, messages: int, clients: Clients, warm_up: int = WARM_UP
) -> float:
    """Microseconds that each message costs a server, whose processor time in seconds `used` says."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=load, args=(port, receipts, theirs, clients))
    process.start()
    theirs.close()
    try:
        ask(ours, warm_up)
        before = used()
        ask(ours, messages)
        after = used()
        ours.send(None)
    finally:
        ours.close()
        process.join(30)
    return (after - before) / (messages // clients.connections * clients.connections) * 1e6


def arguments(scenario: Path | None) -> tuple[str, ...]:
    """What ``smsc serve`` is told to serve a scenario on a free port; nothing for none."""
    return () if scenario is None else (str(scenario.resolve()), *_ALONE)


def measure(
    python: str, path: Path, receipts: bool, journal: bool, scenario: Path | None, messages: int, clients: Clients
) -> float:
    """Microseconds that a message costs, of one server that lives as long as this takes."""
    with serving(python, path, journal, *arguments(scenario)) as (pid, port):
        return loaded(lambda: processor_time(pid), port, receipts, messages, clients)


def ask(clients: Connection, count: int) -> None:
    """Have so many messages sent, and wait until the server has come to rest."""
    clients.send(count)
    clients.recv()
    clients.poll(SETTLING)  # they have nothing more to say


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_path(options)
    options.add_argument("--python", default=sys.executable, help="the interpreter that runs the server")
    options.add_argument("--scenario", type=Path, help="in the place of what each case has")
    options.add_argument("--case", choices=CASES, action="append", help="only this one")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--messages", type=int, default=50_000, help="in one round")
    options.add_argument("--connections", type=int, default=10)
    options.add_argument("--window", type=int, default=100)
    chosen = options.parse_args()
    paths = paths_of(chosen)
    clients = Clients(chosen.connections, chosen.window)
    messages = chosen.messages // clients.connections * clients.connections
    figures: dict[str, object] = {"messages": messages, "rounds": chosen.rounds}
    for case in chosen.case or CASES:
        *asked, scenario = CASES[case]
        rounds = [
            [measure(chosen.python, path, *asked, chosen.scenario or scenario, messages, clients) for path in paths]
            for _ in range(chosen.rounds)
        ]
        medians = [round(statistics.median(of), 1) for of in zip(*rounds, strict=True)]
        figures[case] = {"microseconds": medians[0]}
        if len(medians) > 1:
            figures[case] = {"microseconds": medians, "ratio": round(medians[1] / medians[0], 2)}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
