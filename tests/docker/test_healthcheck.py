"""docker/healthcheck.py: any PDU is a sign of life, all else is not."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smppkit.codec import encode
from smppkit.pdus import EnquireLinkResp, GenericNack

SCRIPT = Path(__file__).parents[2] / "docker" / "healthcheck.py"


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """One connection on a free port: reads a PDU's header, answers, closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=10)
        assert not thread.is_alive()


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=30)


def test_an_answer_is_a_sign_of_life() -> None:
    for answer in (EnquireLinkResp(sequence_number=1), GenericNack(command_status=4, sequence_number=1)):
        with server(encode(answer)) as port:
            result = check("127.0.0.1", str(port))
        assert (result.returncode, result.stderr) == (0, "")
        assert type(answer).__name__ in result.stdout


def test_what_is_no_smsc_is_not_healthy() -> None:
    for answer, reason in (
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SMPP"),
        (b"", "closed the connection"),
    ):
        with server(answer) as port:
            result = check("127.0.0.1", str(port))
        assert result.returncode == 1
        assert reason in result.stderr
        assert "Traceback" not in result.stderr


def test_nothing_there_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = check("127.0.0.1", str(port))
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


def test_wrong_arguments_are_told() -> None:
    result = check("127.0.0.1")
    assert result.returncode == 2
    assert result.stderr.startswith("usage:")
