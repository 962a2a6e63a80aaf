"""`smsc serve` as a process of ours."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from carrierlab.background.process import EmulatorProcess
from carrierlab.background.running import StartError
from carrierlab.client import Client
from smppkit.codec import encode
from smppkit.pdus import EnquireLink
from tests.carrierlab.plugin.esmes import BlockingEsme

TWO = "operators: {beeline: {listen: tcp:2775}, kcell: {listen: tcp:2776}}\n"


def test_it_serves_a_file_on_free_ports_and_its_journal_can_be_copied(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    process = EmulatorProcess(tmp_path / "two.yaml", tmp_path)
    try:
        assert list(process.where.operators) == ["beeline", "kcell"]
        with BlockingEsme(*process.where.operators["kcell"], "shop", "secret") as esme:
            assert esme.send("77011234567", "hello") == [0]
        with Client(process.where.url) as client:
            assert client.wait(text="hello")[0].operator == "kcell"
        process.copy_journal(tmp_path / "copy.sqlite")
    finally:
        process.stop()
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copy:
        assert copy.execute("SELECT text FROM messages").fetchall() == [("hello",)]


def test_whoever_stays_bound_does_not_keep_it(tmp_path: Path) -> None:
    process = EmulatorProcess(None, tmp_path)
    with BlockingEsme(*process.where.operators["smsc"], "shop", "secret"):
        process.stop()  # nobody answers its unbind
    assert "stopped at once" in (tmp_path / "smsc.log").read_text()


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    """Also when that is killed and can do nothing about it."""
    program = "import sys; from pathlib import Path; from carrierlab.background.process import EmulatorProcess as It\n"
    program += "it = It(None, Path(sys.argv[1])); print(it.where.operators['smsc'][1], flush=True); sys.stdin.read()"
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    port = int(starter.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(encode(EnquireLink(0, 1)))
        assert len(connection.recv(64)) == 16  # it has taken the connection, which would be reset else
        starter.kill()
        starter.communicate()
        assert connection.recv(1) == b""  # nobody is bound: it is closed without a word


def test_what_keeps_it_from_starting_is_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("operators: {kcell: {listn: tcp:2776}}\n")
    with pytest.raises(StartError, match=r'bad\.yaml:1:21: .*unknown key "listn"; did you mean "listen"'):
        EmulatorProcess(tmp_path / "bad.yaml", tmp_path)
