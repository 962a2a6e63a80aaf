"""Inner pytest sessions: real ones, within this process where the global reactor is not involved, else in their own."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

OTHERS = ("locust", "twisted", "pytest_twisted", "asyncio", "cacheprovider", "hypothesispytest", "faker", "anyio")
BARE = " ".join(f"-p no:{plugin}" for plugin in OTHERS)
"""Without the plugins of others that happen to be installed here."""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def bare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A place for sessions that have none of this suite's options and plugins; ``tests`` can be imported there."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "SMSC_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini(f"[pytest]\naddopts = {BARE}\n")
    return pytester


@pytest.fixture(scope="session")
def imported() -> None:
    """What sessions within this process import. A pytester forgets all that was imported after it was made."""
    for module in ("httpcore", "smsc.control.web", "carrierlab.plugin.emulators", "carrierlab.plugin.playing"):
        importlib.import_module(module)
    for route in pkgutil.iter_modules([str(ROOT / "smsc" / "control" / "routes")]):
        importlib.import_module(f"smsc.control.routes.{route.name}")


@pytest.fixture
def inner(imported: None, bare: pytest.Pytester) -> Run:
    """Runs a test file in a session within this process."""

    def run(source: str, *arguments: str) -> pytest.RunResult:
        bare.makepyfile(test_inner=source)
        return bare.runpytest_inprocess(*arguments)

    return run


@pytest.fixture
def inner_process(bare: pytest.Pytester) -> Run:
    """The same in a process of its own."""

    def run(source: str, *arguments: str) -> pytest.RunResult:
        bare.makepyfile(test_inner=source)
        return bare.runpytest_subprocess(*arguments)

    return run
