"""The emulators of one pytest session: one that its tests share, and those that single tests have to themselves."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
import pytest

from carrierlab.background.process import EmulatorProcess
from carrierlab.background.running import Background, StartError, Where
from carrierlab.client import Client, ClientError
from carrierlab.plugin.handle import OperatorAt, Smsc
from carrierlab.plugin.namespace import PASSWORD, system_id_for, this_run
from carrierlab.plugin.reading import read_scenario
from smsc.scenario.model import Operator, Scenario
from yamlmodel.errors import ConfigError

_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - what a listener says, not what we listen on


class Settings(msgspec.Struct, frozen=True):
    """What the command line and the ini file say."""

    smsc: str
    """``process``, ``subprocess`` or a URL."""
    port: int | None
    scenario: Path | None
    token: str | None

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        """Read them; the plugin has checked them at the start."""
        named = config.getini("smsc_scenario")
        scenario = config.rootpath / named if named else None
        return cls(config.getoption("smsc"), config.getoption("smsc_port"), scenario, os.environ.get("SMSC_TOKEN"))


class Emulators:
    """Starts emulators when a test asks for one, and ends them."""

    def __init__(self, settings: Settings, directories: pytest.TempPathFactory) -> None:
        self._settings = settings
        self._directories = directories
        self._stack = ExitStack()
        self._shared: _Shared | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def shared(self, node: str) -> Iterator[Smsc]:
        """The session's emulator as the test `node` sees it; started at the first call."""
        if self._shared is None:
            self._shared = self._start_shared()
        handle = self._shared.handle_for(node)
        try:
            yield handle
        finally:
            handle.reset()

    @contextmanager
    def own(self, file: Path | None, values: Mapping[str, Any]) -> Iterator[Smsc]:
        """An emulator in this process for one test alone."""
        from carrierlab.background.emulator import EmulatorThread

        scenario = read_scenario(file, values)
        with ExitStack() as stack:
            background = EmulatorThread(scenario)
            stack.callback(background.stop)
            client = stack.enter_context(Client(background.where.url))
            _awaken(client)
            operators = {
                name: _at(name, address, scenario.operators[name], "test")
                for name, address in background.where.operators.items()
            }
            yield Smsc(client, operators, namespace=None, own=True, copy_journal=background.copy_journal)

    def _start_shared(self) -> _Shared:
        settings = self._settings
        if "://" in settings.smsc:
            client = self._stack.enter_context(Client(settings.smsc, token=settings.token))
            return _Shared(client, _operators_at(client, settings), None, run=this_run(), copy_journal=None)
        scenario = read_scenario(settings.scenario)
        background: Background
        if settings.smsc == "process":
            # Not at the top: half of what the first test waits for, and for nothing where the emulator is elsewhere.
            from carrierlab.background.emulator import EmulatorThread

            background = EmulatorThread(scenario)
        else:
            background = EmulatorProcess(settings.scenario, self._directories.mktemp("smsc"))
        self._stack.callback(background.stop)
        client = self._stack.enter_context(Client(background.where.url))
        _awaken(client)
        return _Shared(client, background.where, scenario, run="", copy_journal=background.copy_journal)


@contextmanager
def entered(handling: AbstractContextManager[Smsc]) -> Iterator[Smsc]:
    """The emulator of a test; what keeps it from starting fails the test in its own words, without a traceback."""
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(handling)
        except (ConfigError, StartError, ClientError) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield handle


class _Shared:
    """The session's emulator, and who may bind there."""

    def __init__(
        self,
        client: Client,
        where: Where,
        scenario: Scenario | None,
        *,
        run: str,
        copy_journal: Callable[[Path], None] | None,
    ) -> None:
        """`scenario` is None for an emulator that runs already: it is taken to let anybody in."""
        self._client = client
        self._where = where
        self._scenario = scenario
        self._run = run
        self._copy_journal = copy_journal

    def handle_for(self, node: str) -> Smsc:
        """The account of one test. Where the scenario lists accounts, they are the test's, one test at a time."""
        system_id = system_id_for(node, self._run)
        known = {} if self._scenario is None else self._scenario.operators
        operators = {
            name: _at(name, address, known.get(name), system_id) for name, address in self._where.operators.items()
        }
        open_to_all = all(operator.accounts == "any" for operator in known.values())
        return Smsc(
            self._client,
            operators,
            namespace=system_id if open_to_all else None,
            own=False,
            copy_journal=self._copy_journal,
        )


def _awaken(client: Client) -> None:
    """Have the control API imported now: what its packages warn of at import is not for the tests to fail of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.count()


def _at(name: str, address: tuple[str, int], operator: Operator | None, system_id: str) -> OperatorAt:
    if operator is None or operator.accounts == "any":
        return OperatorAt(name, *address, system_id, PASSWORD)
    account = operator.accounts[0]
    return OperatorAt(name, *address, account.system_id, account.password)


def _operators_at(client: Client, settings: Settings) -> Where:
    """Where the operators of a running emulator are, as seen from here."""
    here = urlsplit(settings.smsc).hostname or "127.0.0.1"
    operators = {}
    for operator in client.operators():
        host, port = operator.address
        operators[operator.name] = (here if host in _WILDCARDS else host, port)
    if settings.port is not None:
        first = next(iter(operators))
        operators[first] = (here, settings.port)
    return Where(settings.smsc, operators)
