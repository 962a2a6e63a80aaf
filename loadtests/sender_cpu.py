"""What a message costs ``sender send``: microseconds of its processor time for each, and messages a second, as JSON.

    .venv/bin/python loadtests/sender_cpu.py [--path . --path OTHER] [--python PYTHON] [--rounds 3] [--mixed | --pairs]

A campaign of one segment each goes through a route and a limit that does not bind to an operator that answers at once;
the store keeps everything (synchronous=FULL): recipients, intents, responses, receipts. Four cases: one and four
transceivers, without and with receipts. Time is that of the sender's process (user and system, all its threads), from
the message after the warm-up to the last answer, or the last acknowledged receipt, and what is then left to do. The
import of the recipients comes before that, and is not part of it. With `--mixed` each receipt stands directly behind
its response; else those of all submits that came at once follow their responses. With `--pairs` there are pairs of a
transmitter and a receiver instead of transceivers, and receipts come through the receivers.

With a second `--path`, another checkout, the two are measured in turn, and `ratio` is the second to the first (the
medians of the rounds). `reactor` is what the reactor's thread has of the microseconds; the store's has the rest. The
operator is this process: it reads octets with no session, and answers with ready ones.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from checkouts import add_path, paths_of

CASES = {
    "one bind": (1, False),
    "one bind, receipts": (1, True),
    "four binds": (4, False),
    "four binds, receipts": (4, True),
}
"""How many transceivers there are, and whether the operator sends receipts."""
CONFIG = """\
country: KZ
store: {store}
operators:
  op: {{host: 127.0.0.1, port: {port}, system_id: shop, password: x, window: {window}, binds: {binds}, bind: {bind},
    rate: 100000/s}}
routes:
  - {{operator: op, country: KZ}}
  - {{operator: op, prefix: "7705"}}
"""
TEMPLATE = "Dear {name}, your order {order} is ready: come and see us before the end of the week, or call."
PATIENCE = 60.0  # seconds without a word of the sender, after which the run has failed
SETTLING = 0.5  # seconds for what the sender does after its last word

SUBMIT, SUBMIT_RESP, DELIVER_RESP = 0x00000004, 0x80000004, 0x80000005
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x00000001, 0x00000002, 0x00000009
RESPONSE = 0x80000000
# Where the destination address is: after the header, no service type, TON, NPI, "SHOP", TON, NPI.
NUMBER = slice(16 + 1 + 2 + 5 + 2, 16 + 1 + 2 + 5 + 2 + 11)
_TICK = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """Of one run: microseconds for each message, those of the reactor's thread among them, and messages a second."""

    microseconds: float
    reactor: float
    per_second: float


class Operator:
    """Everything that is bound to the port, and what was counted."""

    def __init__(self, receipts: bool, warm_up: int, mixed: bool = False) -> None:
        """`mixed`: each receipt stands directly behind its response, and not behind those of all that came at once."""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.pid = 0
        self.submits = self.acknowledged = 0
        self.begun: tuple[float, float, float] | None = None
        """Processor time, that of the reactor's thread and wall time when the warm-up was over."""
        self.last = 0.0
        """When the last submit came."""
        self._receipts = receipts
        self._receivers: list[socket.socket] = []
        self._mixed = mixed
        self._warm_up = warm_up
        self._halves: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.listening, selectors.EVENT_READ)
        text = b"id:%08x sub:001 dlvrd:001 submit date:2601010900 done date:2601010900 stat:DELIVRD err:000 Text:Dear"
        body = b"\0\1\1" + b"7" * 11 + b"\0\0\0SHOP\0" + b"\4\0\0\0\0\0\0\0\0" + bytes([len(text % 0)]) + text
        self._deliver = (16 + len(body % 0)).to_bytes(4, "big") + b"\0\0\0\5\0\0\0\0"
        self._before, _, self._after = body.partition(b"7" * 11)

    def serve(self, seconds: float) -> bool:
        """Take what came, or wait for it; False when nothing has come for so long."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.fileobj is self.listening:
                connection, _ = self.listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._halves[connection] = b""
                self._selector.register(connection, selectors.EVENT_READ)
            else:
                self._read(key.fileobj)  # type: ignore[arg-type]
        return bool(ready)

    def close(self) -> None:
        """Drop everything."""
        for connection in (*self._halves, self.listening):
            connection.close()
        self._selector.close()

    def _read(self, connection: socket.socket) -> None:
        octets = self._halves[connection] + connection.recv(1 << 18)
        if not octets:
            self._selector.unregister(connection)
            del self._halves[connection]
            connection.close()
            return
        at, end = 0, len(octets)
        answers: list[bytes] = []
        receipts = answers if self._mixed else list[bytes]()
        submits = self.submits
        while end - at >= 16:
            length = int.from_bytes(octets[at : at + 4], "big")
            if end - at < length:
                break
            command_id = int.from_bytes(octets[at + 4 : at + 8], "big")
            sequence = octets[at + 12 : at + 16]
            if command_id == SUBMIT:
                submits += 1
                answers.append(b"\0\0\0\x19\x80\0\0\4\0\0\0\0%b%08x\0" % (sequence, submits))
                if self._receipts:
                    number = octets[at : at + length][NUMBER]
                    text = self._after % submits
                    receipts.append(self._deliver + submits.to_bytes(4, "big") + self._before + number + text)
            elif command_id == DELIVER_RESP:
                if octets[at + 8 : at + 12] != b"\0\0\0\0":
                    raise RuntimeError(f"a receipt was refused with 0x{octets[at + 8 : at + 12].hex()}")
                self.acknowledged += 1
            elif command_id in (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER):
                if command_id == BIND_RECEIVER:
                    self._receivers.append(connection)
                # With sc_interface_version, as operators of 3.4 answer.
                answer = (command_id | RESPONSE).to_bytes(4, "big")
                answers.append(b"\0\0\0\x1a" + answer + b"\0\0\0\0" + sequence + b"smsc\0\2\x10\0\1\x34")
            elif not command_id & RESPONSE:
                answers.append(b"\0\0\0\x10" + (command_id | RESPONSE).to_bytes(4, "big") + b"\0\0\0\0" + sequence)
            at += length
        self._halves[connection] = octets[at:]
        if submits != self.submits:
            self.submits = submits
            self.last = time.perf_counter()
            if self.begun is None and submits >= self._warm_up:
                self._warm_up = submits
                self.begun = processor_time(self.pid), thread_time(self.pid), self.last
        if self._receivers and receipts is not answers:
            connection.sendall(b"".join(answers))
            answers = []
            connection = self._receivers[submits % len(self._receivers)]
        connection.sendall(b"".join(answers if self._mixed else answers + receipts))

    @property
    def warmed_up(self) -> int:
        """Messages that were not measured."""
        return self._warm_up


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / _TICK


def thread_time(pid: int) -> float:
    """Seconds of processor time that the first thread of a process has used."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure(python: str, path: Path, binds: int, receipts: bool, options: argparse.Namespace) -> Cost:
    """What one campaign costs, sent by a process that lives as long as this takes."""
    messages: int = options.messages
    operator = Operator(receipts, messages // 5, options.mixed)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        config, people = Path(scratch, "sender.yaml"), Path(scratch, "people.csv")
        store = Path(scratch, "store.sqlite")
        config.write_text(
            CONFIG.format(
                store=store,
                port=operator.port,
                window=options.window,
                binds=binds,
                bind="transmitter+receiver" if options.pairs else "transceiver",
            )
        )
        rows = (f"+7705{number:07},Client {number},{number * 7}\n" for number in range(messages))
        people.write_text("phone,name,order\n" + "".join(rows))
        run = ["-c", "from sender.cli import main; main()"]
        send = ["send", "--config", config, "--recipients", people, "--template", TEMPLATE, "--from", "SHOP"]
        with Path(scratch, "said").open("w+b") as said:
            sender = subprocess.Popen(
                [python, *run, *send],
                cwd=path,
                env=os.environ | {"PYTHONPATH": str(path)},
                stdout=said,
                stderr=said,
            )
            operator.pid = sender.pid
            try:
                _serve(operator, sender, messages, receipts)
                cost = _cost(operator, messages)
                # What comes after the campaign is no matter here: without receipts it would wait for them.
                sender.send_signal(signal.SIGTERM)
                while sender.poll() is None:
                    operator.serve(0.1)
                return cost
            except BaseException:
                said.seek(0)
                sys.stderr.write(said.read().decode())
                raise
            finally:
                sender.kill()
                sender.wait()
                operator.close()


def _serve(operator: Operator, sender: subprocess.Popen[bytes], messages: int, receipts: bool) -> None:
    while operator.submits < messages or (receipts and operator.acknowledged < messages):
        if not operator.serve(PATIENCE) or sender.poll() is not None:
            raise RuntimeError(f"the sender stopped after {operator.submits} messages")
    while operator.serve(SETTLING):
        pass


def _cost(operator: Operator, messages: int) -> Cost:
    if operator.begun is None:
        raise RuntimeError("there was no warm-up")
    before, before_reactor, began = operator.begun
    counted = messages - operator.warmed_up
    return Cost(
        (processor_time(operator.pid) - before) / counted * 1e6,
        (thread_time(operator.pid) - before_reactor) / counted * 1e6,
        counted / (operator.last - began),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_path(parser)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the sender")
    parser.add_argument("--case", choices=CASES, action="append", help="only this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=50_000, help="in one round, the warm-up (a fifth) included")
    parser.add_argument("--window", type=int, default=200, help="of each bind")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--mixed", action="store_true", help="each receipt comes directly behind its response")
    ways.add_argument("--pairs", action="store_true", help="receipts come through receivers")
    parser.add_argument("--scratch", type=Path, help="a directory on the disk that the store is to be on")
    options = parser.parse_args()
    paths = paths_of(options)
    figures: dict[str, object] = {"messages": options.messages, "rounds": options.rounds}
    for case in options.case or CASES:
        rounds = [
            [measure(options.python, path, *CASES[case], options) for path in paths] for _ in range(options.rounds)
        ]
        costs = [Cost(*(statistics.median(of) for of in zip(*runs, strict=True))) for runs in zip(*rounds, strict=True)]
        microseconds = [round(cost.microseconds, 1) for cost in costs]
        reactor = [round(cost.reactor, 1) for cost in costs]
        per_second = [round(cost.per_second) for cost in costs]
        figures[case] = {
            "microseconds": microseconds[0],
            "reactor": reactor[0],
            "messages_per_second": per_second[0],
        }
        if len(paths) > 1:
            figures[case] = {
                "microseconds": microseconds,
                "reactor": reactor,
                "messages_per_second": per_second,
                "ratio": round(microseconds[1] / microseconds[0], 2),
                "ratio_reactor": round(reactor[1] / reactor[0], 2),
            }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
