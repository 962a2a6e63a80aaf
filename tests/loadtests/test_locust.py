"""Load tests as operations run them: Locust in its own processes, on loopback, a few seconds in all."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.certificates import Authority
from tests.docs.blocks import starting
from tests.docs.test_examples import shape

ROOT = Path(__file__).parents[2]
# Not importorskip: importing locust patches this very process for gevent.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="locust is not installed")

OPERATOR = """
operators:
  limited:
    accounts: [{system_id: one, password: secret}, {system_id: two, password: secret}]
    submit: {latency: 1ms, throttles: [{rate: 50/s, per: operator, burst: 25}]}
    receipts: {delay: 50ms}
"""
LENIENT = "latency: {submit_sm: {p99: 30s}}, generator_lag: 30s"  # what is tested here is no machine's speed


def program(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", f"from {name}.cli import main; main()", *arguments]


def served(name: str, ready: str, directory: Path, *arguments: str) -> tuple[subprocess.Popen[str], re.Match[str]]:
    process = subprocess.Popen(program(name, *arguments), cwd=directory, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(ready, process.stdout.readline())
    assert found is not None
    return process, found


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


class Emulator(NamedTuple):
    address: str
    url: str
    """Of its control API."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that takes everything from anybody."""
    home = tmp_path_factory.mktemp("emulator")
    ready = r"(127\.0\.0\.1:\d+) .*inbox at (http://\S+?)/?$"
    process, found = served("smsc", ready, home, "serve", "--port", "0", "--http", "0", "--quiet")
    with ended(process):
        yield Emulator(found[1], found[2])


def load(tmp_path: Path, profile: str, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """The exit code of ``carrierlab load``, what it printed, and its report."""
    (tmp_path / "operator.yaml").write_text(OPERATOR)
    (tmp_path / "profile.yaml").write_text(profile)
    command = program("carrierlab", "load", "profile.yaml", "--report", "reports", *arguments)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    report = tmp_path / "reports" / "report.json"
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr, json.loads(report.read_text()) if report.exists() else {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_closed_loop_as_locusts_users_start_it_with_its_page(emulator: Emulator) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/locustfile.py"), "--host", emulator.address]
    command += ["--autostart", "-u", "2", "-r", "2", "--web-host", "127.0.0.1", "--web-port", str(port)]
    run = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    with ended(run):
        seen: dict[str, int] = {}
        assert run.stdout is not None
        assert any("All users spawned" in line for line in run.stdout)
        with httpx.Client(base_url=url, timeout=60) as page:
            while not seen.get("receipt"):
                answered = page.get("/stats/requests").json()
                seen = {each["name"]: each["num_requests"] for each in answered["stats"]}
            assert "<title>Locust" in page.get("/").text
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert seen["bind"] == 2
    assert "lost 0 (0 of them came late), unknown 0" in said


def test_an_open_loop_that_breaks_a_threshold_is_reported_as_the_page_says(tmp_path: Path) -> None:
    (block,) = starting("text LOAD ")
    _, *arguments = block.info.removeprefix("text LOAD ").split()
    reports = tmp_path / "reports"
    arguments[arguments.index("--report") + 1] = str(reports)
    done = subprocess.run(program("carrierlab", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    printed = [shape(line) for line in done.stdout.splitlines()]
    for line in block.text.splitlines():
        assert shape(line) in [*printed, "…"], done.stdout
    report = json.loads((reports / "report.json").read_text())
    submits = report["requests"]["submit_sm"]
    assert list(submits["failures"]) == ["ESME_RTHROTTLED (0x58)"]
    assert submits["count"] == report["due"]
    assert report["receipts"]["matched"] == submits["count"] - submits["failed"]
    assert "errors" in [each["what"] for each in report["thresholds"] if each["state"] == "broken"]
    assert {file.name for file in reports.iterdir()} >= {"report.html", "report.json", "load_stats.csv"}
    assert "submit_sm" in (reports / "load_stats.csv").read_text()


def test_pairs_over_tls_to_an_operator_that_drops_its_links(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    certificate, key = ca.signs("op", "localhost")
    tls = f"tls: {{certificate: {certificate}, key: {key}}}"
    dropping = "timeline: [{at: 1500ms, for: 10ms, fault: restart}]\n"
    (tmp_path / "safe.yaml").write_text(OPERATOR.replace("    accounts", f"    {tls}\n    accounts") + dropping)
    code, said, report = load(
        tmp_path,
        "target: {emulator: safe.yaml, bind: transmitter+receiver, tls: {ca: test-ca.pem, server_name: localhost}}\n"
        "mode: open\nusers: 2\nshape: {shape: steady, at: 10/s, for: 3s}\n"
        f"thresholds: {{{LENIENT}, errors: 100%}}",
    )
    assert code == 0, said
    counted = {name: row["count"] - row["failed"] for name, row in report["requests"].items()}
    assert counted["bind"] == 8
    assert counted["receipt"] > 0
    # What was on its way when the links were cut has a receipt, and an id that nobody was told.
    assert report["receipts"]["unknown"] <= report["requests"]["submit_sm"]["failures"].get("connection lost", 0)


def test_two_workers_find_the_limit_of_an_operator_that_takes_50_a_second(tmp_path: Path) -> None:
    code, said, report = load(
        tmp_path,
        "target: {emulator: operator.yaml}\nmode: open\narrival: constant\nusers: 2\n"
        "shape: {shape: limit, from: 40/s, by: 60/s, most: 100/s, every: 1s, confirm: 1s, rest: 100ms}\n"
        f"thresholds: {{{LENIENT}}}",
        "--workers", "2",
    )  # fmt: skip
    assert code == 0, said
    assert report["workers"] == 2
    assert report["limit"]["rate"] == 40
    assert "ESME_RTHROTTLED" in report["limit"]["why"]
    assert [each["rate"] for each in report["search"]] == [40, 100, 40]
    assert (report["receipts"]["unknown"], report["receipts"]["lost"]) == (0, 0)


def test_the_senders_api_with_an_emulator_behind_it_until_ctrl_c(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "sender.yaml").write_text(
        "country: KZ\nroutes: [{operator: op}]\nserve: {listen: '127.0.0.1:0'}\noperators: {op: {host: 127.0.0.1, "
        f"port: {emulator.address.rpartition(':')[2]}, system_id: shop, password: secret}}}}\n"
    )
    scopes = ("--name", "load", "--scope", "send", "--scope", "read")
    token = subprocess.run(
        program("sender", "tokens", "create", "--config", "sender.yaml", *scopes),
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    ready = r"ready on (http://127\.0\.0\.1:\d+)/"
    sender, found = served("sender", ready, tmp_path, "serve", "--config", "sender.yaml")
    (tmp_path / "profile.yaml").write_text(
        f"target: {{api: '{found[1]}', follow: 100%}}\nmode: open\nshape: {{shape: steady, at: 10/s, for: 60s}}\n"
    )
    command = program("carrierlab", "load", "profile.yaml", "--report", "reports")
    with ended(sender):
        run = subprocess.Popen(
            command, cwd=tmp_path, env=os.environ | {"TOKEN": token}, stdout=subprocess.PIPE, text=True
        )
        wanted = {"filters": {"system_id": "shop", "state": "DELIVRD"}, "timeout": 50}
        assert httpx.post(f"{emulator.url}/api/messages/wait", json=wanted, timeout=60).status_code == 200
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    assert run.returncode == 130, said
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    assert report["interrupted"]
    posts = report["requests"]["POST /v1/messages"]
    assert posts["count"] > 0
    assert posts["failed"] == 0
    assert 0 < report["service"]["max"] <= posts["latency"]["max"]
    assert report["requests"]["message final"]["failed"] == 0
    assert (tmp_path / "reports" / "report.html").stat().st_size > 0


BIND, SUBMIT, RESPONSE = 9, 4, 0x8000_0000


def failing_smsc(port: int, bad: bytes) -> None:
    """Binds two links, answers a few messages, says something `bad` to the next on both, and is gone for good."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        links = [listening.accept()[0] for _ in range(2)]

    def serve(link: socket.socket) -> None:
        submits = 0
        with link, link.makefile("rb") as stream:
            while (header := stream.read(16)) and submits < 10:
                length, command, _, number = struct.unpack(">4I", header)
                stream.read(length - 16)
                submits += command == SUBMIT
                if submits < 5:
                    answer = b"17\0" if command in (BIND, SUBMIT) else b""
                    link.sendall(struct.pack(">4I", 16 + len(answer), command | RESPONSE, 0, number) + answer)
            link.sendall(bad)

    for link in links:
        threading.Thread(target=serve, args=(link,), daemon=True).start()


@pytest.mark.parametrize("bad", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["gone", "garbage"])
def test_every_message_that_was_due_is_counted_when_the_smsc_goes_away(tmp_path: Path, bad: bytes) -> None:
    smsc = threading.Thread(target=failing_smsc, args=(port := free_port(), bad), daemon=True)
    smsc.start()
    code, said, report = load(
        tmp_path,
        f"target: {{smpp: '127.0.0.1:{port}', accounts: [{{system_id: one, password: secret}}]}}\n"
        "mode: open\narrival: constant\nusers: 2\nshape: {shape: steady, at: 40/s, for: 1500ms}\n"
        "mix: [{text: hi, registered: false}]\nresponse_timeout: 1s\ngive_up: 500ms\nthresholds: {errors: 99%}\n",
    )
    smsc.join()
    assert code == 0, said
    submits = report["requests"]["submit_sm"]
    assert submits["count"] == report["due"] == report["written"] + report["given_up"]
    assert submits["failures"].keys() == {"connection lost", "not written in time"}, said


def test_a_password_that_smpp_cannot_carry_is_told_and_not_shown_and_reports_are_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as smsc:
        (tmp_path / "profile.yaml").write_text(
            f"target: {{smpp: '127.0.0.1:{smsc.getsockname()[1]}', accounts: [{{system_id: one, password_env: LONG}}]}}"
        )
        command = program("carrierlab", "load", "profile.yaml", "--report", "reports")
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                command, cwd=tmp_path, env=os.environ | {"LONG": "too-long-for-it"},
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "output cannot be written: No space left on device" in done.stderr
    assert "too-long-for-it" not in done.stderr
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    assert report["unusable"] == "one cannot bind: bind_transceiver.password: has 15 characters, at most 8"


def test_a_worker_that_is_lost_on_the_way_is_told_and_nothing_has_passed(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text(
        f"target: {{smpp: '{emulator.address}', accounts: [{{system_id: a, password: x}}, "
        "{system_id: b, password: x}]}"
        f"\nmode: open\nusers: 2\nshape: {{shape: steady, at: 10/s, for: 2s}}\nthresholds: {{{LENIENT}, errors: 0%}}\n"
        "mix: [{text: hi, registered: false}]\n"
    )
    common = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/locustfile.py")]
    common += ["--load-profile", "profile.yaml"]
    port = str(free_port())
    alone = ["--headless", "--master", "--master-bind-port", port, "--expect-workers", "2", "--load-report", "reports"]
    worker = [*common, "--worker", "--master-port", port]
    with contextlib.ExitStack() as stack:
        workers = [subprocess.Popen(worker, cwd=tmp_path, stderr=subprocess.DEVNULL) for _ in range(2)]
        for each in workers:
            stack.enter_context(ended(each))
        master = subprocess.Popen([*common, *alone], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        stack.enter_context(ended(master))
        assert master.stderr is not None
        assert any("All users spawned" in line for line in master.stderr)
        workers[1].kill()
        master.stderr.read()
        assert master.wait(60) == 2
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    assert (report["workers"], report["lost_workers"], report["exit_code"]) == (2, 1, 2)
