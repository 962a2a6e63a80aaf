"""An emulator in a thread: it takes nothing with it when it cannot start or its clients do not let go."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from twisted.internet.error import CannotListenError

from carrierlab.background.emulator import EmulatorThread
from carrierlab.client import Client
from carrierlab.plugin.reading import read_scenario
from smsc.scenario.scalars import Listen
from tests.carrierlab.plugin.esmes import BlockingEsme


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count


def test_i8_nothing_is_left_when_a_port_is_taken() -> None:
    scenario = read_scenario(None)
    EmulatorThread(scenario).stop()  # imports
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen("127.0.0.1", taken.getsockname()[1])
        operators = {name: msgspec.structs.replace(one, listen=listen) for name, one in scenario.operators.items()}
        threads, files = threading.active_count(), open_files()
        with pytest.raises(CannotListenError):
            EmulatorThread(msgspec.structs.replace(scenario, operators=operators))
        assert (threading.active_count(), open_files()) == (threads, files)


def test_i8_nothing_is_left_of_one_that_was_used(tmp_path: Path) -> None:
    def use() -> None:
        emulator = EmulatorThread(read_scenario(None))
        with Client(emulator.where.url) as client:
            with BlockingEsme(*emulator.where.operators["smsc"], "shop", "secret") as esme:
                esme.send("77011234567", "hello")
                client.wait(text="hello")
            client.pause_clock()
            emulator.copy_journal(tmp_path / "copy.sqlite")
        emulator.stop()

    use()
    threads, files = threading.active_count(), open_files()
    use()
    assert (threading.active_count(), open_files()) == (threads, files)
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM messages").fetchone() == (1,)


def test_a_client_that_does_not_unbind_is_cut_soon() -> None:
    emulator = EmulatorThread(read_scenario(None))
    esme = BlockingEsme(*emulator.where.operators["smsc"], "shop", "secret")
    emulator.stop()
    assert esme.closed()
    esme.close()
