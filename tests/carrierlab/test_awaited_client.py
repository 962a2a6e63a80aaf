"""An external client is awaited, for as long as the file says or until it has done enough."""

from __future__ import annotations

import io
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from rich.console import Console
from twisted.internet.defer import Deferred

from carrierlab.awaited_client import Until, where_to_connect
from carrierlab.load.book import LoadBook
from carrierlab.load.esmes import Esmes
from carrierlab.load.messages import messages
from carrierlab.load.model import Load
from carrierlab.report.console import print_report
from carrierlab.report.html import to_html
from carrierlab.report.result import Outcome
from carrierlab.run import CannotPlay, Job, run_over_sockets, run_virtual
from carrierlab.scenario import LabScenario
from sender.channels.account import Account
from smppkit.transport import TcpNetwork
from yamlmodel.loader import loads


def scenario(client: str, operator: str = "", expect: str = "") -> LabScenario:
    text = (
        f"operators: {{alpha: {{listen: 'tcp:{free_port()}'{operator}}}}}\nworkload: {{client: {{{client}}}}}\n{expect}"
    )
    return loads(text, LabScenario)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Outsider:
    """A client of nobody's: submits so many messages once it is told where, and unbinds when all are answered."""

    def __init__(self, reactor: Any, count: int) -> None:
        self.reactor = reactor
        self.count = count
        self.lines: list[str] = []
        self.book = LoadBook()
        self.stopping: list[Deferred[None]] = []

    def hear(self, line: str) -> None:
        self.lines.append(line)
        host, port = line.split(" listens on ")[1].split(";")[0].split(":")
        self.esmes = Esmes(
            Account("alpha", host, int(port), "shop", "secret"),
            self.book,
            clock=self.reactor,
            network=TcpNetwork(self.reactor),
            seed=1,
            give_up=60.0,
            changed=self.look,
        )
        self.esmes.start()
        for due in messages(loads(f"{{rate: 1/s, count: {self.count}}}", Load), 1, {"alpha": "SHOP"}, "alpha"):
            self.esmes.submit(self.book.add(msgspec.structs.replace(due, due=self.reactor.seconds()), "shop"))

    def look(self) -> None:
        answered = [part.answered_at for sending in self.book.sendings for part in sending.parts]
        if len(answered) == self.count and None not in answered and not self.stopping:
            self.stopping = self.esmes.stop()


async def awaited(client: str, count: int = 5, operator: str = "", expect: str = "") -> tuple[Outcome, list[str]]:
    from twisted.internet import reactor  # noqa: TID251 - the test's own

    outsider = Outsider(reactor, count)
    outcome = await run_over_sockets(Job(scenario(client, operator, expect), "x.yaml"), reactor, None, outsider.hear)
    return outcome, outsider.lines


@pytest_twisted.ensureDeferred
async def test_it_ends_when_the_client_is_gone_and_is_judged_by_what_operators_saw() -> None:
    expect = (
        "expect: [{metric: submits, equals: 5}, {metric: binds, equals: 1}, {metric: cost, equals: 10},"
        " {message: {text: 'Your code is *'}, equals: 5}, {metric: lint_findings, severity: error, equals: 0}]"
    )
    outcome, lines = await awaited("for: 60s, until: {unbound: true}", operator=", price: 2", expect=expect)
    assert outcome.passed, outcome.verdicts
    assert outcome.duration < 30
    assert outcome.trace is None
    (line,) = lines
    assert "alpha listens on 127.0.0.1:" in line
    assert "lost" not in outcome.metrics, "nobody knows what was to be sent"
    console = Console(file=io.StringIO(), width=100, color_system=None)
    print_report(outcome, console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue().split()
    assert {"binds", "submits"} <= set(printed)
    assert not {"recipients", "delivered", "lost", "duplicates", "reconnects"} & set(printed)
    html = to_html(outcome)
    assert b">submits<" in html
    assert b">lost<" not in html


@pytest_twisted.ensureDeferred
async def test_it_ends_when_so_many_are_accepted() -> None:
    outcome, _ = await awaited("for: 60s, until: {accepted: 3}")
    assert outcome.metrics["submits"] == 5
    assert outcome.duration < 30


@pytest_twisted.ensureDeferred
async def test_it_ends_when_its_time_is_over() -> None:
    from twisted.internet import reactor  # noqa: TID251 - the test's own

    outcome = await run_over_sockets(Job(scenario("for: 300ms, until: {accepted: 3}"), "x.yaml"), reactor)
    assert 0.3 <= outcome.duration < 10
    assert outcome.metrics["binds"] == 0


def test_virtual_time_is_refused() -> None:
    with pytest.raises(CannotPlay, match="an external client, which knows no virtual time; run it without --virtual"):
        run_virtual(Job(scenario("for: 1s"), "x.yaml"))


def test_where_to_connect_names_accounts_and_tls_and_no_password(tmp_path: Path) -> None:
    plain = scenario("for: 1s").operators["alpha"]
    assert where_to_connect("alpha", plain, "127.0.0.1", 2775) == "alpha listens on 127.0.0.1:2775; anybody may bind"
    secured = scenario("for: 1s", ", accounts: [{system_id: shop, password: secret}], tls: {certificate: c, key: k}")
    line = where_to_connect("alpha", secured.operators["alpha"], "::1", 2775)
    assert line == "alpha listens on ::1:2775 with TLS; system_id shop"


def test_what_is_waited_for() -> None:
    assert list(Until(unbound=True).problems()) == []
