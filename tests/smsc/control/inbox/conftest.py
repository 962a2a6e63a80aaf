"""An emulator as a process, clients of it, and its page in a browser. Every test ends with a console that is empty."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.smsc.control.inbox import browser
from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.esme import Esme

_READY = re.compile(r"ready on (?:127\.0\.0\.1:)(\d+).*inbox at (http://127\.0\.0\.1:\d+/)")


class Emulator:
    """`smsc serve` on free ports."""

    def __init__(self, directory: Path, *arguments: object) -> None:
        command = [sys.executable, "-c", "from smsc.cli import main; main()", "serve", "--http", "0", "--quiet"]
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            [*command, *map(str, arguments)], cwd=directory, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._process.stdout is not None
        self.line = self._process.stdout.readline()
        found = _READY.search(self.line)
        assert found is not None, (self.line, (directory / "log").read_text())
        self.port = int(found[1])
        self.url = found[2]
        self._esmes: list[Esme] = []

    def bind(self, system_id: str = "shop") -> Esme:
        self._esmes.append(Esme(self.port, system_id))
        return self._esmes[-1]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control API."""
        data = None if method == "GET" else json.dumps({} if body is None else body).encode()
        request = urllib.request.Request(
            self.url.rstrip("/") + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def end(self) -> None:
        for esme in self._esmes:
            esme.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=20)
        finally:
            self._process.kill()
            self._log.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests of a process."""
    if (what := browser.missing()) is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(what)
        pytest.skip(what)
    driver = browser.start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start an emulator, with arguments of `smsc serve`; without any, the default one on a free port."""
    started: list[Emulator] = []

    def start(*arguments: object) -> Emulator:
        started.append(Emulator(tmp_path, *(arguments or ("--port", 0))))
        return started[-1]

    yield start
    for emulator in started:
        emulator.end()


@pytest.fixture
def emulator(serve: Callable[..., Emulator]) -> Emulator:
    return serve()


@pytest.fixture
def tab_of(chromium: Chrome, serve: Callable[..., Emulator]) -> Iterator[Callable[[Emulator], Tab]]:
    """A tab with the page of an emulator; at the end, while that still runs, its console must have said nothing."""
    tabs: list[Tab] = []

    def look(emulator: Emulator) -> Tab:
        tabs.append(Tab(chromium, emulator.url))
        tabs[-1].allowed += ["404 (Not Found)"]  # TEMP
        tabs[-1].size(1280, 800)
        tabs[-1].media(prefers_color_scheme="light")
        tabs[-1].complaints()
        return tabs[-1]

    yield look
    for tab in tabs:
        complaints = tab.complaints()
        chromium.get("about:blank")
        assert complaints == []


@pytest.fixture
def tab(tab_of: Callable[[Emulator], Tab], emulator: Emulator) -> Tab:
    return tab_of(emulator)
