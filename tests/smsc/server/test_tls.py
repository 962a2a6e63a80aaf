"""Operators on real sockets: TLS, plain beside it, and strangers who speak something else."""

from __future__ import annotations

import contextlib
import http.client
import logging
import random
import re
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from click.testing import CliRunner
from twisted.internet import reactor  # noqa: TID251 - these tests are about the real one
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.python import log as twisted_log

from smppkit.codec import decode, encode
from smppkit.pdus import BindTransceiver, EnquireLink, SubmitSm
from smppkit.transport import TcpNetwork
from smsc.app import Emulator
from smsc.cli import main
from smsc.scenario.model import Scenario
from tests.certificates import Authority
from yamlmodel.loader import loads

BIND = encode(BindTransceiver(system_id="shop", password="secret", sequence_number=1))


class Place:
    """An emulator on free ports, with TLS and a plain port beside it."""

    def __init__(self, home: Path) -> None:
        self.ca = Authority(home)
        self.certificate, self.key = self.ca.signs("op")
        self.emulator: Emulator
        self.port = self.plain = 0

    async def start(self, more: str = "", tls: str = "") -> None:
        files = f"{{certificate: {self.certificate}, key: {self.key}, also_plain: 0{tls}}}"
        text = f'operators: {{op: {{listen: "tcp:0", tls: {files}{more}}}}}'
        self.emulator = Emulator(
            loads(text, Scenario), clock=reactor, network=TcpNetwork(reactor), journal=None, epoch=0.0
        )
        self.port = (await self.emulator.start())["op"][1]
        plain = self.emulator.operators["op"].plain_port
        assert plain is not None
        self.plain = plain

    @property
    def stats(self) -> Any:
        return self.emulator.stats.total()

    async def closed(self) -> None:
        """Wait until nobody is connected any more."""
        for _ in range(200):
            if not self.emulator.operators["op"].connections:
                return
            await deferLater(reactor, 0.01)
        raise AssertionError("connections are left")

    def over_tls(self, certificate: tuple[Path, Path] | None = None) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.ca.path))
        if certificate is not None:
            context.load_cert_chain(*map(str, certificate))
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 5), server_hostname="127.0.0.1")

    def in_plain(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.plain), 5)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def bind_and_submit(connection: socket.socket, to: str = "7705") -> list[int]:
    """What a bind and a submit are answered with."""
    with connection:
        statuses = []
        for octets in (BIND, encode(SubmitSm(dest_addr_ton=1, destination_addr=to, sequence_number=2))):
            connection.sendall(octets)
            answer = connection.recv(4)
            while len(answer) < 4 or len(answer) < int.from_bytes(answer[:4]):
                more = connection.recv(4096)
                assert more, "closed"
                answer += more
            statuses.append(decode(answer).command_status)
        return statuses


@pytest_twisted.ensureDeferred
async def test_an_operator_takes_tls_and_beside_it_plain_connections(place: Place) -> None:
    await place.start()
    assert await deferToThread(lambda: bind_and_submit(place.over_tls())) == [0, 0]
    assert await deferToThread(lambda: bind_and_submit(place.in_plain())) == [0, 0]
    await place.closed()
    assert place.stats.tls_failed == 0
    await place.emulator.stop()


@pytest_twisted.ensureDeferred
async def test_mutual_tls_lets_in_only_who_shows_a_certificate(place: Place) -> None:
    await place.start(tls=f", client_ca: {place.ca.path}")

    def without() -> list[int]:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            bind_and_submit(place.over_tls())
        return []

    await deferToThread(without)
    assert await deferToThread(lambda: bind_and_submit(place.over_tls(place.ca.signs("esme")))) == [0, 0]
    await place.closed()
    assert (place.stats.tls_failed, place.stats.binds) == (1, 1)
    await place.emulator.stop()


@pytest_twisted.ensureDeferred
async def test_who_may_not_connect_is_dropped_over_tls_too(place: Place) -> None:
    await place.start(more=", access: {allow: [10.0.0.0/8]}")
    failures: list[Any] = []

    def observe(event: dict[str, Any]) -> None:
        if event.get("isError"):
            failures.append(event)

    def knock() -> None:
        with socket.create_connection(("127.0.0.1", place.port), 5) as raw:
            assert raw.recv(1) == b""

    twisted_log.addObserver(observe)
    try:
        await deferToThread(knock)
    finally:
        twisted_log.removeObserver(observe)
    assert failures == []
    assert (place.stats.connections, place.stats.connections_refused) == (0, 1)
    await place.emulator.stop()


@pytest_twisted.ensureDeferred
async def test_versions_of_tls_below_12_are_refused(place: Place) -> None:
    await place.start()

    def old() -> None:
        context = ssl.create_default_context(cafile=str(place.ca.path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.raises((ssl.SSLError, ConnectionError)), socket.create_connection(("127.0.0.1", place.port)) as raw:
            context.wrap_socket(raw, server_hostname="127.0.0.1")

    await deferToThread(old)
    await place.closed()
    assert place.stats.tls_failed == 1
    await place.emulator.stop()


@pytest_twisted.ensureDeferred
async def test_a_handshake_that_is_never_finished_is_bounded_in_time(place: Place) -> None:
    await place.start(", timers: {session_init: 200ms}")
    silent = socket.create_connection(("127.0.0.1", place.port), 5)
    await deferLater(reactor, 0.05)
    assert len(place.emulator.operators["op"].connections) == 1
    await place.closed()
    silent.close()
    await place.emulator.stop()


@pytest_twisted.ensureDeferred
async def test_faults_lie_within_tls(place: Place) -> None:
    await place.start(", faults: [{fault: slice, size: 5}]")
    assert await deferToThread(lambda: bind_and_submit(place.over_tls())) == [0, 0]
    assert await deferToThread(lambda: bind_and_submit(place.in_plain())) == [0, 0]
    await place.closed()
    await place.emulator.stop()


@pytest.mark.parametrize("tls", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_peer_that_asks_and_never_reads_is_cut(place: Place, tls: bool) -> None:
    """What is written for it is bounded by the buffers of the kernel and 64 KiB of ours."""
    await place.start(", timers: {response: 300ms, enquire_link: null}")
    connection = await deferToThread(place.over_tls if tls else place.in_plain)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def flood() -> None:
        enquiries = encode(EnquireLink(sequence_number=2)) * 4000
        connection.settimeout(5)
        with contextlib.suppress(OSError):
            connection.sendall(BIND)
            while True:
                connection.sendall(enquiries)

    await deferToThread(flood)
    await place.closed()
    connection.close()
    assert place.stats.slow_peers == 1
    await place.emulator.stop()


# --- strangers ----------------------------------------------------------------------------------------


def _say(octets: bytes) -> Callable[[int], None]:
    def say(port: int) -> None:
        # A reset is an answer too.
        with socket.create_connection(("127.0.0.1", port), 5) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    return say


def _http(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (http.client.HTTPException, ConnectionError):
        pass
    finally:
        connection.close()


def _tls_hello(port: int) -> None:
    context = ssl._create_unverified_context()  # noqa: S323 - there is nothing to protect
    with socket.create_connection(("127.0.0.1", port), 5) as raw, contextlib.suppress(ssl.SSLError, ConnectionError):
        context.wrap_socket(raw).close()


STRANGERS: list[Callable[[int], None]] = [
    _http,
    _tls_hello,
    _say(b""),
    _say(b"\r\n"),
    _say(b"\0\0\0"),
    _say(BIND),
    _say(BIND[:20]),
    _say(BIND + encode(EnquireLink(sequence_number=2)) + b"\xff" * 200),
    _say(b"\0\0\0\x0f" + b"\0" * 12),
    _say(b"\xff\xff\xff\xff" + b"\0" * 3000),
    _say((24).to_bytes(4, "big") + b"\x80\0\0\x09" + b"\0" * 16),
    *(_say(random.Random(seed).randbytes(seed * 40)) for seed in range(1, 25)),
]


@pytest_twisted.ensureDeferred
async def test_nothing_that_a_stranger_sends_logs_a_traceback_and_all_of_it_is_counted(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    failures: list[Any] = []

    def observe(event: Any) -> None:
        if event.get("isError"):
            failures.append(event)

    twisted_log.addObserver(observe)
    try:
        await place.start()
        for stranger in STRANGERS:
            for port in (place.port, place.plain):
                await deferToThread(stranger, port)
        await place.closed()
        stats = place.stats
        await place.emulator.stop()
    finally:
        twisted_log.removeObserver(observe)
    assert failures == []
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.WARNING or record.exc_info]
    assert stats.connections == 2 * len(STRANGERS)
    sessions = stats.sessions
    # On the plain port; on the TLS port the same octets are no TLS, but for the hello, and for those who say nothing.
    assert sessions.broken_streams >= 27
    assert stats.binds == 1  # nobody is bound whose next octets break the stream
    assert stats.tls_failed >= len(STRANGERS) - 4


# --- files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("none.pem", "op.key", "operators.op.tls.certificate: cannot read .*none.pem: No such file"),
        ("op.pem", "none.key", "operators.op.tls.key: cannot read .*none.key: No such file"),
        ("op.pem", "other.key", "operators.op.tls.key: .*other.key is not the key of .*op.pem; name the key"),
        ("op.key", "op.key", "operators.op.tls.certificate: .*op.key holds no certificate; expected one in PEM form"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_when_the_scenario_is_read(
    tmp_path: Path, certificate: str, key: str, words: str
) -> None:
    ca = Authority(tmp_path)
    ca.signs("op")
    ca.signs("other")
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        f'operators:\n  op:\n    listen: "tcp:0"\n    tls: {{certificate: {certificate}, key: {key}}}\n'
    )
    result = CliRunner().invoke(main, ["serve", str(scenario), "--no-journal"])
    assert result.exit_code == 2
    assert re.search(words, result.output), result.output
    assert re.search(r"s\.yaml:4:\d+", result.output)


def test_serving_over_tls_and_linting_from_the_command_line(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    ca.signs("op")
    (tmp_path / "s.yaml").write_text('operators: {op: {listen: "tcp:0", tls: {certificate: op.pem, key: op.key}}}\n')
    command = [sys.executable, "-c", "from smsc.cli import main; main()", "serve", str(tmp_path / "s.yaml")]
    process = subprocess.Popen(
        [*command, "--no-journal", "--lint", str(tmp_path / "lint.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline().split("127.0.0.1:")[1].split()[0])
        context = ssl.create_default_context(cafile=str(ca.path))
        raw = socket.create_connection(("127.0.0.1", port), 5)
        assert bind_and_submit(context.wrap_socket(raw, server_hostname="127.0.0.1"), "+7705") == [0, 0]
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "plus-in-address" in (tmp_path / "lint.json").read_text()


def test_who_serves_without_tls_does_not_import_openssl_and_can_still_use_it_later() -> None:
    lines = """
import sys
from smsc.reactor import install_reactor
reactor = install_reactor()
import smsc.app, smsc.server.server, smppkit.transport, smppkit.tls
assert "OpenSSL" not in sys.modules
smppkit.tls.TlsClient(smppkit.tls.ClientTls()).around(None, "localhost", reactor)
assert sys.modules["OpenSSL"] is not None
"""
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=30)
