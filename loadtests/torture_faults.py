"""Everything but a kill that a night can bring: bad links, an expired certificate, a name that does not resolve, a
disk that fails, a clock that jumps. Real processes, real sockets, a real file; after each the two books are compared.

    python loadtests/torture_faults.py [links] [tls] [dns] [disk] [clock]

Exit code 0 when every message is accounted for after every one of them. The figures are printed as JSON.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from torture import SENDER, SMSC, Program, await_end, compare, counts, final, free_port

from tests.certificates import Authority

SCENARIO = """\
scenario: torture
seed: 1
operators:
  operator:
    listen: tcp:{port}
    {tls}
    accounts: [{{system_id: shop, password: secret, binds: 8, window: 100, rate: {rate}}}]
    submit: {{latency: uniform 1ms 20ms}}
    receipts: {{delay: uniform 100ms 1s, outcome: {{DELIVRD: 97%, UNDELIV: 3%}}}}
timeline: {timeline}
"""

CONFIG = """\
store: store.sqlite
country: KZ
operators:
  operator:
    {place}
    system_id: shop
    password: secret
    binds: 2
    window: 50
    rate: {rate}
    response_timeout: 3s
    enquire_link: 2s
    timers: {{reconnect: {{first: 200ms, longest: 2s}}}}
    {tls}
routes: [{{operator: operator}}]
retry: {{first: 200ms, longest: 1s}}
"""

LINKS = """
  - {at: 1s, for: 4s, fault: half-open}
  - {at: 7s, for: 3s, fault: stall, direction: both}
  - {at: 12s, fault: reset}
  - {at: 14s, for: 3s, fault: dribble, direction: both, size: 1, gap: 1ms}
  - {at: 18s, for: 3s, fault: slice, size: 1}
  - {at: 22s, for: 2s, fault: close-after, octets: 4000}
  - {at: 25s, for: 2s, fault: reset-in-pdu, stage: response, probability: 5%}
  - {at: 28s, fault: garbage, octets: 40, times: 1, for: 2s}
  - {at: 31s, for: 2s, fault: bandwidth, rate: 5000/s, direction: both}
"""


class Night:
    """An operator and a sender in a directory of their own."""

    def __init__(self, home: Path, messages: int, *, rate: str = "1000/s", timeline: str = "[]", tls: str = "") -> None:
        self.home, self.messages, self.rate, self.port = home, messages, rate, free_port()
        self.store, self.journal = home / "store.sqlite", home / "smsc-journal.sqlite"
        self.scenario(timeline, tls)
        self.config()
        rows = (f"+7705{row:07d}\n" for row in range(messages))
        (home / "people.csv").write_text("phone\n" + "".join(rows), encoding="utf-8")
        self.operator = Program([*SMSC, "serve", "operator.yaml", "--no-http", "-q"], home, "smsc.log")
        self.sender = Program(
            [*SENDER, "resume", "--config", "sender.yaml", "--receipt-wait", "20s"], home, "sender.log"
        )

    def scenario(self, timeline: str = "[]", tls: str = "") -> None:
        """Write what the operator is."""
        text = SCENARIO.format(port=self.port, rate=self.rate, timeline=timeline, tls=tls)
        (self.home / "operator.yaml").write_text(text, encoding="utf-8")

    def config(self, place: str | None = None, tls: str = "") -> None:
        """Write what the sender is told."""
        place = place or f"endpoints: [127.0.0.1:{self.port}]"
        text = CONFIG.format(place=place, rate=self.rate, tls=tls)
        (self.home / "sender.yaml").write_text(text, encoding="utf-8")

    def send(self, before: str = "") -> None:
        """Begin the campaign; `before` is Python that runs before the sender."""
        self.sender.start(
            *("-c", f"{before}{SENDER[1]}", "send", "--config", "sender.yaml", "--recipients", "people.csv"),
            *("--template", "Your order is ready", "--from", "SHOP", "--receipt-wait", "20s"),
        )

    def reached(self, share: float) -> None:
        """Wait until a share of the messages is final."""
        patience = time.monotonic() + 120
        while final(counts(self.store)) < share * self.messages:
            if time.monotonic() > patience:
                raise SystemExit(f"no progress: {dict(counts(self.store))}")
            time.sleep(0.05)

    def finish(self) -> dict[str, Any]:
        """Leave both alone to the end, and compare the books."""
        await_end(self.sender, self.messages, self.store)
        self.sender.end()
        self.operator.end()
        return compare(self.store, self.journal, self.messages)


def links(home: Path) -> dict[str, Any]:
    """Half-open, stalled, cut, dribbling, damaged and narrow links, one after the other."""
    night = Night(home, 12_000, rate="400/s", timeline=LINKS)
    night.operator.start()
    night.send()
    return night.finish()


def tls(home: Path) -> dict[str, Any]:
    """The operator's certificate has expired, and is renewed later."""
    authority = Authority(home)
    night = Night(home, 1_000)
    night.config(tls=f"tls: {{ca: {authority.path}}}")
    expired, key = authority.signs("operator", expired=True)
    night.scenario(tls=f"tls: {{certificate: {expired}, key: {key}}}")
    night.operator.start()
    night.send()
    patience = time.monotonic() + 60
    while "the certificate has expired on" not in (home / "sender.log").read_text(encoding="utf-8"):
        if time.monotonic() > patience:
            raise SystemExit("the sender does not say that the certificate has expired")
        time.sleep(0.1)
    before = final(counts(night.store))
    night.operator.end()
    valid, key = authority.signs("operator-2")
    night.scenario(tls=f"tls: {{certificate: {valid}, key: {key}}}")
    night.operator.start()
    return {"sent_to_an_expired_certificate": before, **night.finish()}


def dns(home: Path) -> dict[str, Any]:
    """The first address is a name that does not resolve; the second one is the operator."""
    night = Night(home, 1_000)
    night.config(place=f"endpoints: [operator.invalid:2775, 127.0.0.1:{night.port}]")
    night.operator.start()
    night.send()
    return night.finish()


def disk(home: Path) -> dict[str, Any]:
    """A hundred times in a campaign the store cannot grow for a moment."""
    night = Night(home, 20_000, rate="1500/s")
    night.operator.start()
    night.send()
    night.reached(0.01)
    rng, failures = random.Random(1), 0
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for _ in range(100):
        time.sleep(rng.random() * 0.1)
        process = night.sender.process
        if process is None or process.poll() is not None or final(counts(night.store)) >= night.messages:
            break
        # No file of the process may grow beyond a page: the next write of the log fails, as on a full disk.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        time.sleep(0.02 + rng.random() * 0.2)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        failures += 1
    ended = night.sender.process is None or night.sender.process.poll() is not None
    return {
        "failures": failures,
        "ended_by_itself": ended and final(counts(night.store)) < night.messages,
        **night.finish(),
    }


def clock(home: Path) -> dict[str, Any]:
    """The clock of the machine is a day ahead for one life of the sender, and a day behind for the next."""
    night = Night(home, 6_000, rate="600/s")
    night.operator.start()
    shifted = "import time; now = time.time; time.time = lambda: now() + {days} * 86400; "
    night.send()
    night.reached(0.3)
    for days, share in ((1, 0.6), (-1, 0.8)):
        night.sender.end()
        code, *rest = night.sender.usual[1:]
        night.sender.start("-c", shifted.format(days=days) + code, *rest)
        night.reached(share)
    night.sender.end()
    return night.finish()


TRIALS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "links": links,
    "tls": tls,
    "dns": dns,
    "disk": disk,
    "clock": clock,
}


@contextmanager
def folder(keep: Path | None, name: str) -> Iterator[Path]:
    """A directory for one trial."""
    if keep is not None:
        (keep / name).mkdir(parents=True, exist_ok=True)
        yield keep / name
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(TRIALS)))
@click.option("--keep", type=click.Path(path_type=Path), help="Directory for the books and the logs, which are kept.")
def main(names: tuple[str, ...], keep: Path | None) -> None:
    """Run the trials, compare, print the figures."""
    wrong: list[str] = []
    for name in names or TRIALS:
        began = time.monotonic()
        with folder(keep, name) as home:
            figures = TRIALS[name](home)
        figures["seconds"] = round(time.monotonic() - began, 1)
        click.echo(json.dumps({name: figures}, indent=2))
        bad = [it for it in ("lost", "unaccounted", "duplicates_beyond_counted_resends") if figures[it]]
        if bad or set(figures["integrity"]) != {"ok"} or figures.get("ended_by_itself"):
            wrong.append(name)
    if wrong:
        raise SystemExit(f"not as it should be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
