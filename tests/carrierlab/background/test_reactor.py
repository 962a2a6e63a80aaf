"""A thread with a reactor of its own: it leaves nothing behind, whatever happens in it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import fail, succeed
from twisted.internet.protocol import ServerFactory

from carrierlab.background.reactor import ReactorThread
from carrierlab.background.running import Where

HERE = Where("http://127.0.0.1:1", {"smsc": ("127.0.0.1", 2)})


class Served:
    def __init__(self, start: Callable[[Any], Any] = lambda reactor: succeed(HERE)) -> None:
        self._start = start
        self.closed = False
        self.reactor: Any

    def __call__(self, reactor: Any) -> Served:
        self.reactor = reactor
        return self

    def start(self) -> Any:
        return self._start(self.reactor)

    def stop(self) -> Any:
        return succeed(None)

    def close(self) -> None:
        self.closed = True


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count


def test_it_starts_says_where_it_is_and_ends() -> None:
    served = Served()
    thread = ReactorThread(served)
    assert thread.start() == HERE
    thread.stop()
    assert served.closed


def test_i8_nothing_is_left_of_it() -> None:
    def busy(reactor: Any) -> Any:
        reactor.callLater(3600, print, "never")
        reactor.listenTCP(0, ServerFactory(), interface="127.0.0.1")
        asyncio.get_running_loop().run_in_executor(None, len, "work")
        return succeed(HERE)

    warm = ReactorThread(Served(busy))  # imports, and what Twisted keeps open once for a process
    warm.start()
    warm.stop()
    threads, files = threading.active_count(), open_files()
    for _ in range(3):
        thread = ReactorThread(Served(busy))
        thread.start()
        thread.stop()
    assert threading.active_count() == threads
    assert open_files() == files


def test_what_keeps_it_from_starting_is_raised() -> None:
    def broken(reactor: Any) -> Any:
        raise LookupError("no such scenario")

    with pytest.raises(LookupError, match="no such scenario"):
        ReactorThread(Served(broken)).start()
    with pytest.raises(OSError, match="in use"):
        ReactorThread(Served(lambda reactor: fail(OSError("in use")))).start()


def test_what_fails_at_the_end_is_raised_too() -> None:
    class Stuck(Served):
        def stop(self) -> Any:
            return fail(RuntimeError("cannot end"))

    thread = ReactorThread(Stuck())
    thread.start()
    with pytest.raises(RuntimeError, match="cannot end"):
        thread.stop()


def test_work_is_done_in_the_thread_and_its_failure_comes_back() -> None:
    thread = ReactorThread(Served(), name="of its own")
    thread.start()
    try:
        assert thread.call(lambda: threading.current_thread().name) == "of its own"
        with pytest.raises(ZeroDivisionError):
            thread.call(lambda: 1 // 0)
    finally:
        thread.stop()


def test_the_global_reactor_stays_as_it_is() -> None:
    code = """
import sys
from carrierlab.background.emulator import EmulatorThread
from carrierlab.plugin.reading import read_scenario
from twisted.python import threadable
emulator = EmulatorThread(read_scenario(None))
emulator.stop()
assert threadable.ioThread is None, threadable.ioThread
assert "twisted.internet.reactor" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
