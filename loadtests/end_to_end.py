"""A campaign from its file to its last receipt, between `sender send` and `smsc serve` on real sockets, as JSON.

    .venv/bin/python loadtests/end_to_end.py [--path . --path OTHER] [--messages 200000] [--rounds 3] [--pin]

Receipts come at drawn times up to a second later. The sender commits everything to the disk (synchronous=FULL), and so
does the emulator with `--journal`. With `--pin` each of the two has a core of its own, and no other.
`messages_per_second` is what the sender's own report says, from the first submit_sm to the last response, and `seconds`
goes on to the last receipt. `sender` and `emulator` are microseconds of processor time for a message (user and system,
all threads), over the whole life of the processes: start, import of the recipients, and report included. Medians of the
rounds; with a second `--path`, another checkout, the senders of the two take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from checkouts import HERE, add_path, paths_of

SCENARIO = """\
operators:
  op:
    accounts: [{system_id: shop, password: secret}]
    submit: {latency: 0s}
    receipts: {delay: uniform 0s 1s, outcome: {DELIVRD: 95%, UNDELIV: 5%}}
"""
CONFIG = """\
country: KZ
store: {store}
operators:
  op: {{host: 127.0.0.1, port: {port}, system_id: shop, password: secret, window: {window}, binds: {binds},
    rate: 100000/s}}
routes:
  - {{operator: op, country: KZ}}
"""
TEMPLATE = "Dear {name}, your order {order} is ready: come and see us before the end of the week, or call."


class Cost(NamedTuple):
    """Of one campaign: messages a second, seconds in all, and microseconds for each message."""

    messages_per_second: float
    seconds: float
    sender: float
    emulator: float


def rows(messages: int) -> str:
    """A file of recipients."""
    return "phone,name,order\n" + "".join(f"+7705{n:07},Client {n},{n * 7}\n" for n in range(messages))


def measure(path: Path, directory: Path, options: argparse.Namespace) -> Cost:
    """One campaign of a checkout's sender, by two processes that live as long as it takes."""
    scenario, people, report = directory / "operator.yaml", directory / "people.csv", directory / "report.json"
    scenario.write_text(SCENARIO)
    people.write_text(rows(options.messages))
    cores: list[int | None] = [*sorted(os.sched_getaffinity(0))] if options.pin else [None]
    journal = ["--journal", directory / "journal.sqlite"] if options.journal else ["--no-journal"]
    serve = ["serve", scenario, "--port", "0", "--no-http", "--quiet", "--until-eof", *journal]
    with subprocess.Popen(
        _command("smsc", cores[-1], serve),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
        env=_environment(HERE),
    ) as emulator:
        assert emulator.stdout is not None
        port = int(emulator.stdout.readline().split("127.0.0.1:")[1].split()[0])
        config = directory / "sender.yaml"
        store = directory / "store.sqlite"
        config.write_text(CONFIG.format(store=store, port=port, window=options.window, binds=options.binds))
        said = directory / "said"
        send = ["send", "--config", config, "--recipients", people, "--template", TEMPLATE, "--from", "SHOP"]
        with (
            said.open("wb") as log,
            subprocess.Popen(
                _command("sender", cores[0], [*send, "--report", report]),
                stdout=log,
                stderr=log,
                cwd=path,
                env=_environment(path),
            ) as sender,
        ):
            _, status, used = os.wait4(sender.pid, 0)
            sender.returncode = os.waitstatus_to_exitcode(status)
        assert emulator.stdin is not None
        emulator.stdin.close()
        _, status, served = os.wait4(emulator.pid, 0)
        emulator.returncode = os.waitstatus_to_exitcode(status)
    if sender.returncode:
        raise RuntimeError(said.read_text())
    figures = json.loads(report.read_bytes())
    if figures["delivered"] + figures["failed"] != options.messages or figures["in_doubt"]:
        raise RuntimeError(f"not all have come to their end: {figures}")
    for path in (store, report):
        path.unlink()
    return Cost(
        figures["messages_per_second"],
        figures["duration"],
        (used.ru_utime + used.ru_stime) / options.messages * 1e6,
        (served.ru_utime + served.ru_stime) / options.messages * 1e6,
    )


def _command(program: str, core: int | None, arguments: list[object]) -> list[str]:
    run = f"from {program}.cli import main; main()"
    if core is not None:
        run = f"import os; os.sched_setaffinity(0, [{core}]); {run}"
    return [sys.executable, "-c", run, *map(str, arguments)]


def _environment(path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(path)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_path(parser)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binds", type=int, default=1)
    parser.add_argument("--window", type=int, default=1_000, help="of each bind")
    parser.add_argument("--pin", action="store_true", help="each process gets a core of its own, and no other")
    parser.add_argument("--journal", action="store_true", help="the emulator keeps one")
    parser.add_argument("--scratch", type=Path, help="a directory on the disk that store and journal are to be on")
    options = parser.parse_args()
    paths = paths_of(options)
    costs: list[list[Cost]] = [[] for _ in paths]
    for _ in range(options.rounds):
        for path, rounds in zip(paths, costs, strict=True):
            with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
                rounds.append(measure(path, Path(directory), options))
    medians = [Cost(*(round(statistics.median(of), 1) for of in zip(*rounds, strict=True))) for rounds in costs]
    figures: dict[str, object] = {"messages": options.messages, "rounds": options.rounds}
    for name in Cost._fields:
        of_each = [getattr(cost, name) for cost in medians]
        figures[name] = of_each if len(of_each) > 1 else of_each[0]
    if len(medians) > 1:
        figures["ratio"] = round(medians[1].sender / medians[0].sender, 2)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
