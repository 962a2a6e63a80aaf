"""Kill either process, again and again, in the middle of a campaign, and count: nothing may be lost.

    python loadtests/torture.py --messages 100000 --kills 40

An emulated operator (with its journal) and the sender (with its store) run as processes of their own over real
sockets. Either is ended by SIGKILL after a drawn number of milliseconds, and started again. In the end both are left
alone until everything is final. Then the books are compared: the store, and the journal of the operator, which knows
nothing of the store.

Exit code 0 when nothing was lost, nothing is unaccounted for, and every copy beyond the first at the operator is one
of the resends that the store has counted for that very message. The figures are printed as JSON.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from smsc.journal.file import open_readonly

_PATIENCE = 600.0
"""Seconds without progress after which the run is given up."""

SMSC = ("-c", "from smsc.cli import main; main(prog_name='smsc')")
SENDER = ("-c", "from sender.cli import main; main(prog_name='sender')")

SCENARIO = """\
scenario: torture
seed: 1
operators:
  operator:
    listen: tcp:{port}
    accounts: [{{system_id: shop, password: secret, binds: 4, window: 200}}]
    submit: {{latency: uniform 1ms 20ms}}
    receipts: {{delay: uniform 100ms 2s, outcome: {{DELIVRD: 96%, UNDELIV: 3%, EXPIRED: 1%}}}}
"""

CONFIG = """\
store: store.sqlite
country: KZ
operators:
  operator:
    host: 127.0.0.1
    port: {port}
    system_id: shop
    password: secret
    binds: 2
    window: 100
    response_timeout: 10s
    timers: {{reconnect: {{first: 200ms, longest: 2s}}}}
routes: [{{operator: operator}}]
retry: {{first: 200ms, longest: 1s}}
"""


class Program:
    """A process that is killed and started again."""

    def __init__(self, arguments: list[str], home: Path, log: str) -> None:
        self.usual = arguments
        self._home = home
        self._log = home / log
        self.kills = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *others: str) -> subprocess.Popen[bytes]:
        """Start it, with other arguments than the usual ones where they are given."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(others or self.usual)], cwd=self._home, stdout=log, stderr=log
            )
        return self.process

    def kill(self) -> bool:
        """End it without a word; False when it had ended by itself."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        return True

    def end(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def query(path: Path, statement: str) -> list[Any]:
    """Rows of a database that another process writes; none while it is not there yet."""
    if not path.exists():
        return []
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(statement).fetchall()
    except sqlite3.OperationalError:
        return []  # its tables are being made
    finally:
        connection.close()


def imported(store: Path) -> bool:
    """Whether the recipients are all in the store."""
    return bool(query(store, "SELECT 1 FROM campaigns WHERE state = 'running'"))


def counts(store: Path) -> Counter[str]:
    """Messages by state."""
    rows = query(store, "SELECT name, sum(messages) FROM campaign_states JOIN states USING (state) GROUP BY name")
    return Counter({name: int(total) for name, total in rows})


def final(found: Counter[str]) -> int:
    """Messages that nothing more will happen to."""
    return sum(found[name] for name in ("delivered", "undelivered", "expired", "rejected", "unknown", "in_doubt"))


def await_import(store: Path, sender: Program) -> None:
    """Wait until the campaign may be sent."""
    began = time.monotonic()
    while not imported(store):
        if sender.process is not None and sender.process.poll() is not None:
            raise SystemExit("the sender ended before the recipients were stored; see the log")
        if time.monotonic() - began > _PATIENCE:
            raise SystemExit("the recipients are not stored")
        time.sleep(0.1)


def torment(programs: list[Program], kills: int, messages: int, store: Path, rng: random.Random) -> int:
    """Kill `kills` times, spread over the campaign; returns how often."""
    done = 0
    while done < kills:
        # The next kill is due when its share of the campaign is through, or after five seconds without that.
        due, patience = messages * (done + 1) // (kills + 2), time.monotonic() + 5.0
        while final(counts(store)) < due and time.monotonic() < patience:
            time.sleep(0.05)
        time.sleep(rng.random() * 0.2)
        victim = programs[rng.random() < 0.4]
        if victim.kill():
            done += 1
        victim.start()
        if final(counts(store)) >= messages:
            break
    return done


def await_end(sender: Program, messages: int, store: Path) -> None:
    """Leave both alone until every message is final, or nothing happens any more."""
    last, since = -1, time.monotonic()
    while (now := final(counts(store))) < messages:
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > _PATIENCE:
            break
        if sender.process is None or sender.process.poll() is not None:
            sender.start()
        time.sleep(0.5)


def compare(store: Path, journal: Path, messages: int) -> dict[str, Any]:
    """The two books beside each other."""
    open_readonly(journal).close()  # what stands in its log goes into the tables
    copies = dict(
        query(
            journal, "SELECT destination, count(*) FROM messages WHERE command = 'submit_sm' AND status = 0 GROUP BY 1"
        )
    )
    sent = {
        number: (state, resends, submits)
        for number, state, resends, submits in query(
            store,
            "SELECT m.number, s.name, coalesce(sum(p.resends), 0), coalesce(sum(p.submits), 0) FROM messages m"
            " JOIN states s ON s.state = m.state LEFT JOIN all_parts p ON p.message = m.id GROUP BY m.id",
        )
    }
    found = counts(store)
    duplicates = sum(count - 1 for count in copies.values())
    beyond = {n: c for n, c in copies.items() if c - 1 > (sent[n][1] if n in sent else 0)}
    lost = [
        n for n, (state, _, _) in sent.items() if state in ("delivered", "undelivered", "expired") and n not in copies
    ]
    return {
        "messages": messages,
        "states": dict(found),
        "in_the_store": len(sent),
        "at_the_operator": len(copies),
        "never_arrived": messages - len(copies),
        "lost": len(lost) + max(0, messages - len(sent)) + (messages - found.total()),
        "unaccounted": messages - final(found),
        "duplicates": duplicates,
        "resends_counted": sum(resends for _, resends, _ in sent.values()),
        "duplicates_beyond_counted_resends": len(beyond),
        "integrity": [row[0] for path in (store, journal) for row in query(path, "PRAGMA integrity_check")],
    }


@click.command()
@click.option("--messages", default=100_000, show_default=True)
@click.option("--kills", default=40, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Directory for the books and the logs, which are kept.")
def main(messages: int, kills: int, seed: int, keep: Path | None) -> None:
    """Run, compare, print the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        home = keep or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        port = free_port()
        (home / "operator.yaml").write_text(SCENARIO.format(port=port), encoding="utf-8")
        (home / "sender.yaml").write_text(CONFIG.format(port=port), encoding="utf-8")
        with (home / "people.csv").open("w", encoding="utf-8") as file:
            file.write("phone\n")
            file.writelines(f"+7705{row:07d}\n" for row in range(messages))
        began = time.monotonic()
        keeps = ["--keep-messages", str(2 * messages)]  # the book is to have all of them
        operator = Program([*SMSC, "serve", "operator.yaml", "--no-http", "-q", *keeps], home, "smsc.log")
        sender = Program([*SENDER, "resume", "--config", "sender.yaml", "--receipt-wait", "60s"], home, "sender.log")
        store, journal = home / "store.sqlite", home / "smsc-journal.sqlite"
        try:
            operator.start()
            sender.start(
                *(*SENDER, "send", "--config", "sender.yaml", "--recipients", "people.csv"),
                *("--template", "Your order is ready", "--from", "SHOP", "--receipt-wait", "60s"),
            )
            await_import(store, sender)
            torment([sender, operator], kills, messages, store, random.Random(seed))
            await_end(sender, messages, store)
        finally:
            sender.end()
            operator.end()
        figures = compare(store, journal, messages)
        figures |= {
            "kills": {"sender": sender.kills, "operator": operator.kills},
            "seconds": round(time.monotonic() - began, 1),
            "seed": seed,
        }
        click.echo(json.dumps(figures, indent=2))
        wrong = [name for name in ("lost", "unaccounted", "duplicates_beyond_counted_resends") if figures[name]]
        if wrong or set(figures["integrity"]) != {"ok"}:
            raise SystemExit(f"not as it should be: {', '.join(wrong) or 'integrity'}")


if __name__ == "__main__":
    main()
