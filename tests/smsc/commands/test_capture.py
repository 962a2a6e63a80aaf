"""The commands that record, replay and learn, as people and programs call them."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from twisted.internet.task import Clock

from smppkit.codec import decode, encode
from smppkit.pdus import BindTransceiver, BindTransceiverResp, Pdu, SubmitSm, Unbind
from smsc.capture.recording import Recording
from smsc.commands import capture
from smsc.journal.journal import Journal
from smsc.scenario.model import Scenario
from tests.smsc.capture.test_pcap import busy_world
from yamlmodel.loader import loads


def call(name: str, *arguments: object) -> Result:
    return CliRunner().invoke(getattr(capture, name), [str(argument) for argument in arguments])


def flat(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "operator.sqlite"
    world, _ = busy_world(path)
    world.close()
    return path


# --- pcap -----------------------------------------------------------------------------------------------


def test_a_recording_becomes_a_capture_and_comes_back(recording: Path, tmp_path: Path) -> None:
    out, back = tmp_path / "out.pcap", tmp_path / "back.sqlite"
    result = call("pcap", recording, "-o", out)
    assert result.exit_code == 0
    assert re.fullmatch(r"\S+out\.pcap: 2 connections, \d+ PDUs, \d+ packets\n", result.stdout)
    assert out.stat().st_mode & 0o777 == 0o600
    result = call("pcap", out, "-o", back)
    assert result.exit_code == 0
    assert "2 connections" in result.stdout
    with Recording(recording) as one, Recording(back) as other:
        before = [pdu.octets[:16] for pdu in one.pdus(1)]
        assert [pdu.octets[:16] for pdu in other.pdus(1)] == before
        assert not any(b"secret" in pdu.octets for pdu in other.pdus())


def test_numbers_are_hidden_in_captures_too(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    assert call("pcap", recording, "-o", out, "--redact", "addresses,texts").exit_code == 0
    octets = out.read_bytes()
    assert b"77050000001" not in octets
    assert b"Order" not in octets
    assert b"DELIVRD" in octets


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "found no capture"), (b"PK\3\4", "found no capture"), (b"\xd4\xc3\xb2\xa1", "ends inside its header")],
)
def test_what_is_no_capture_is_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "in.pcap"
    file.write_bytes(content)
    result = call("pcap", file, "-o", tmp_path / "out.sqlite")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert told in result.stderr
    assert not (tmp_path / "out.sqlite").exists()


def test_a_capture_that_is_cut_gives_what_it_has(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    call("pcap", recording, "-o", out)
    out.write_bytes(out.read_bytes()[:5000])
    result = call("pcap", out, "-o", tmp_path / "back.sqlite")
    assert result.exit_code == 0
    assert "what comes before is taken" in result.stderr
    assert "1 connections" in result.stdout


def test_nothing_is_overwritten(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    out.write_text("precious")
    result = call("pcap", recording, "-o", out)
    assert result.exit_code == 2
    assert "exists" in result.stderr
    assert out.read_text() == "precious"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--redact", "adresses"], "did you mean addresses"),
        (["--keep-secrets", "--redact", "secrets"], "contradict"),
        (["--port", "70000"], "not in the range"),
    ],
)
def test_bad_options_are_explained(recording: Path, tmp_path: Path, options: list[str], told: str) -> None:
    result = call("pcap", recording, "-o", tmp_path / "out.pcap", *options)
    assert result.exit_code == 2
    assert told in flat(result.stderr).replace('"', "")


# --- learn ----------------------------------------------------------------------------------------------


def test_learn_writes_a_scenario(recording: Path, tmp_path: Path) -> None:
    result = call("learn", recording)
    assert result.exit_code == 0
    assert list(loads(result.stdout, Scenario).operators) == ["127.0.0.1:2775"]
    assert "few samples: a guess" not in result.stdout.split("receipts:")[0].split("latency")[0]
    out = tmp_path / "twin.yaml"
    assert call("learn", recording, "-o", out).exit_code == 0
    assert out.read_text() == result.stdout


@pytest.mark.parametrize("name", ["learn", "replay"])
def test_a_recording_that_is_not_there_is_one_line(tmp_path: Path, name: str) -> None:
    result = call(name, tmp_path / "none.sqlite")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "none.sqlite does not exist" in result.stderr


# --- proxy and replay -----------------------------------------------------------------------------------


class Program:
    """One of the commands as a process, and its first line."""

    def __init__(self, directory: Path, module: str, name: str, *arguments: object) -> None:
        command = [sys.executable, "-c", f"from {module} import {name}; {name}()", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.search(r"ready on 127\.0\.0\.1:(\d+)", self.line)
        assert found is not None, self.process.communicate()
        self.port = int(found[1])

    def end(self) -> tuple[int, str, str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()


def ask(connection: socket.socket, pdu: Pdu) -> Pdu:
    connection.sendall(encode(pdu))
    octets = connection.recv(4, socket.MSG_WAITALL)
    return decode(octets + connection.recv(int.from_bytes(octets) - 4, socket.MSG_WAITALL))


def talk(port: int) -> str:
    """Bind, submit, unbind; the id of the message."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as esme:
        bind = BindTransceiver(system_id="shop", password="secret", sequence_number=1)
        assert ask(esme, bind).command_status == 0
        response = ask(esme, SubmitSm(destination_addr="77051234567", short_message=b"hello", sequence_number=2))
        assert response.command_status == 0
        assert ask(esme, Unbind(sequence_number=3)).command_status == 0
        return str(response.message_id)  # type: ignore[attr-defined]


def test_a_session_is_recorded_and_replayed_over_real_sockets(tmp_path: Path, programs: list[Program]) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text('operators: {op: {listen: "tcp:0", ids: hex}}')
    served = Program(tmp_path, "smsc.commands.serve", "serve", scenario, "--no-journal")
    programs.append(served)
    record = tmp_path / "operator.sqlite"
    upstream = f"127.0.0.1:{served.port}"
    proxy = Program(
        tmp_path,
        "smsc.commands.capture",
        "proxy",
        *("--upstream", upstream, "--listen", "127.0.0.1:0", "--record", record),
    )
    programs.append(proxy)
    assert proxy.line == f"smsc: ready on 127.0.0.1:{proxy.port} (proxy to {upstream})\n"
    message_id = talk(proxy.port)
    code, out, err = proxy.end()
    assert code == 0
    assert "6 PDUs recorded" in out
    assert "Traceback" not in err
    assert "77051234567" not in err
    replay = Program(tmp_path, "smsc.commands.capture", "replay", record, "--port", 0)
    programs.append(replay)
    assert talk(replay.port) == message_id
    code, out, err = replay.end()
    assert code == 0
    assert "1 requests answered as recorded (1 by exact)" in out
    assert "Traceback" not in err


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        result = subprocess.run(
            [
                *(sys.executable, "-c", "from smsc.commands.capture import proxy; proxy()"),
                *("--upstream", "127.0.0.1:1", "--listen", listen),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert (result.returncode, result.stdout) == (1, "")
    assert f"cannot listen on {listen}" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--upstream", "smsc"], "expected HOST:PORT"),
        ([], "Missing option"),
        (["--upstream", "a:1", "--tls-ca", "ca.pem"], "are for --tls-upstream"),
        (["--upstream", "a:1", "--faults", "none.yaml"], "none.yaml"),
        (["--upstream", "a:1", "--tls-upstream", "--tls-ca", "none.pem"], "none.pem"),
    ],
)
def test_options_of_the_proxy_are_explained(options: list[str], told: str) -> None:
    result = call("proxy", *options)
    assert result.exit_code == 2
    assert told in flat(result.stderr)


def test_a_recording_with_pseudonyms_is_not_continued(recording: Path) -> None:
    result = call("proxy", "--upstream", "a:1", "--record", recording, "--redact", "addresses")
    assert result.exit_code == 2
    assert "cannot be continued" in result.stderr


@pytest.fixture
def two_operators(tmp_path: Path) -> Path:
    journal = Journal.open(tmp_path / "two.sqlite", clock=Clock())
    for name in ("kcell", "beeline"):
        number = journal.connection_opened(name, "127.0.0.1:4000", 1.0)
        journal.pdu(number, "in", encode(BindTransceiver(system_id=name, password="x", sequence_number=1)), 1.0)
        journal.pdu(number, "out", encode(BindTransceiverResp(system_id=name, sequence_number=1)), 2.0)
    journal.close()
    return tmp_path / "two.sqlite"


def test_one_of_several_operators_is_learned(two_operators: Path) -> None:
    assert set(loads(call("learn", two_operators).stdout, Scenario).operators) == {"kcell", "beeline"}
    assert set(loads(call("learn", two_operators, "--operator", "kcell").stdout, Scenario).operators) == {"kcell"}
    result = call("learn", two_operators, "--operator", "kcel")
    assert result.exit_code == 2
    assert "did you mean" in result.stderr


def test_a_replay_is_of_one_operator(two_operators: Path) -> None:
    result = call("replay", two_operators)
    assert result.exit_code == 2
    assert "several operators (beeline, kcell); choose one with --operator" in result.stderr
