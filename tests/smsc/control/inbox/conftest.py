"""An emulator as a process, clients of it, and its page in a browser. Every test ends with a console that is empty."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.smsc.control.inbox import browser
from tests.smsc.control.inbox.browser import Tab
from tests.smsc.control.inbox.emulator import Emulator


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
    """Start an emulator of the test's own, with arguments of `smsc serve`."""
    started: list[Emulator] = []

    def start(*arguments: object) -> Emulator:
        started.append(Emulator(tmp_path, *arguments))
        return started[-1]

    yield start
    for emulator in started:
        emulator.end()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The default emulator, which most tests share."""
    emulator = Emulator(tmp_path_factory.mktemp("served"), "--port", 0)
    yield emulator
    emulator.end()


@pytest.fixture
def emulator(served: Emulator) -> Iterator[Emulator]:
    """The default emulator; at the end it forgets what the test has left."""
    yield served
    served.clear()


@pytest.fixture
def tab_of(chromium: Chrome, serve: Callable[..., Emulator]) -> Iterator[Callable[[Emulator], Tab]]:
    """A tab with the page of an emulator; at the end, while that still runs, its console must have said nothing."""
    tabs: list[Tab] = []

    def look(emulator: Emulator) -> Tab:
        tabs.append(Tab(chromium, emulator.url))
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
def tab(emulator: Emulator, tab_of: Callable[[Emulator], Tab]) -> Tab:
    return tab_of(emulator)
