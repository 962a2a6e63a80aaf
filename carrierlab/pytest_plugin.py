"""The pytest plugin: fixtures `smsc` and `smsc_scenario`, and scenario files as tests.

Whoever has CarrierLab installed has this loaded in every pytest session, so nothing of CarrierLab, Twisted or HTTP is
imported before a test asks for a fixture. What the fixtures do is in ``carrierlab.plugin``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from carrierlab.plugin.emulators import Emulators
    from carrierlab.plugin.handle import Smsc
    from carrierlab.plugin.scenarios import Scenarios

_HANDLES = pytest.StashKey[list[Any]]()
"""Whatever a test has used that can say what happened: ``sections()``, and ``keep(directory, name)``."""
_FAILED = pytest.StashKey[bool]()
_MARKER = (
    "smsc_scenario(file=None, set=None): give `smsc` an emulator of its own, which plays a scenario file; without one,"
    " the one that lets anybody in"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be said on the command line and in the ini file."""
    group = parser.getgroup("carrierlab", "emulated SMSC (CarrierLab)")
    group.addoption(
        "--smsc",
        default="process",
        metavar="process|subprocess|URL",
        help="where the emulator of the `smsc` fixture runs: in this process (default), in one of its own, or already,"
        " with its control API at URL (token in SMSC_TOKEN)",
    )
    group.addoption(
        "--smsc-port",
        type=int,
        metavar="PORT",
        help="with a URL: the SMPP port as seen from here, when the emulator itself knows another",
    )
    group.addoption(
        "--smsc-journal", type=Path, metavar="DIR", help="keep the messages and PDUs of failing tests there"
    )
    group.addoption(
        "--scenarios", action="store_true", help="collect scenario files too (*.yaml with a workload) and play them"
    )
    parser.addini("smsc_scenario", "scenario file of the session's emulator, relative to the rootdir")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and refuse options that cannot be before any test runs."""
    config.addinivalue_line("markers", _MARKER)
    smsc: str = config.getoption("smsc")
    if smsc not in ("process", "subprocess") and not smsc.startswith(("http://", "https://")):
        expected = "process, subprocess or a URL such as http://127.0.0.1:2780"
        raise pytest.UsageError(f'--smsc: found "{smsc}"; expected {expected}')
    if config.getoption("smsc_port") is not None and "://" not in smsc:
        raise pytest.UsageError(
            "--smsc-port goes with the URL of an emulator that runs already: --smsc http://HOST:PORT"
        )


@pytest.fixture(scope="session")
def _smsc_emulators(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    """The emulators of this session, or of this xdist worker."""
    from carrierlab.plugin.emulators import Emulators, Settings

    with Emulators(Settings.of(pytestconfig), tmp_path_factory) as emulators:
        yield emulators


@pytest.fixture
def smsc(request: pytest.FixtureRequest, _smsc_emulators: Emulators) -> Iterator[Smsc]:
    """An emulated SMSC that lets this test bind as ``smsc.system_id``, and is reset at the end of the test."""
    from carrierlab.plugin.emulators import entered
    from carrierlab.plugin.scenarios import marked

    marker = request.node.get_closest_marker("smsc_scenario")
    if marker is not None:
        file, values = marked(marker, request)
        handling = _smsc_emulators.own(file, values)
    else:
        handling = _smsc_emulators.shared(request.node.nodeid)
    with entered(handling) as handle:
        request.node.stash.setdefault(_HANDLES, []).append(handle)
        yield handle


@pytest.fixture
def smsc_scenario(request: pytest.FixtureRequest, _smsc_emulators: Emulators) -> Iterator[Scenarios]:
    """Plays scenario files: ``smsc_scenario(FILE)`` runs its operators, ``smsc_scenario.play(FILE)`` all of it."""
    from carrierlab.plugin.scenarios import Scenarios

    with Scenarios(request, _smsc_emulators) as scenarios:
        request.node.stash.setdefault(_HANDLES, []).append(scenarios)
        yield scenarios


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Say what the emulator saw when a test fails, while it still knows."""
    report: pytest.TestReport = yield
    handles = item.stash.get(_HANDLES, None)
    if handles and report.failed and report.when != "teardown":  # a bind that fails mostly does so in a fixture
        from carrierlab.plugin.aftermath import describe

        report.sections += describe(handles, item)
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Messages that are not equal: in which fields."""
    if op != "==" or type(left).__module__.partition(".")[0] != "carrierlab":
        return None
    from carrierlab.plugin.compare import compared

    return compared(left, right)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenario files, where --scenarios asks for them."""
    if file_path.suffix not in (".yaml", ".yml") or not parent.config.getoption("scenarios"):
        return None
    from carrierlab.plugin.collect import ScenarioFile

    return ScenarioFile.of(file_path, parent)
