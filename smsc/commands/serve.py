"""``smsc serve``: run emulated operators until told to stop."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import rich_click as click

from smsc.commands.journal_option import DEFAULT_JOURNAL
from smsc.commands.refusing import UNAVAILABLE, UNUSABLE, refuse
from smsc.reactor import install_reactor

if TYPE_CHECKING:
    from smsc.journal import Journal
    from smsc.scenario.model import Scenario


class _ServeCommand(click.RichCommand):
    """Its help lists the magic numbers, which stand in the default scenario only."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from smsc.scenario.defaults import default_scenario, magic_numbers

        super().format_help(ctx, formatter)
        lines = [f"   {'...' + pattern.lstrip('*'):<12}{note}" for pattern, note in magic_numbers(default_scenario())]
        heading = " Without FILE, destination numbers that end in these digits ask for something:\n"
        formatter.write("\n".join([heading, *lines]))


@click.command(cls=_ServeCommand)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--host", help="Address to listen on. Default: the one of the scenario, else 127.0.0.1.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on, 0 for any free one. Default: the scenario's, else 2775.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default=DEFAULT_JOURNAL,
    show_default=True,
    help="Where every message and PDU is kept; one that exists is continued.",
)
@click.option("--no-journal", is_flag=True, help="Keep nothing: faster, and forgotten at the end.")
@click.option("-q", "--quiet", is_flag=True, help="Log warnings and errors only.")
def serve(
    file: Path | None, host: str | None, port: int | None, journal: Path, no_journal: bool, quiet: bool
) -> NoReturn:
    """Run the operators of the scenario FILE until SIGTERM or Ctrl-C.

    Without FILE: one operator on 127.0.0.1, port 2775, that lets anybody bind, takes every message and sends
    a receipt after a second.

    One line on standard output says when and where it is ready; the log goes to standard error. Exit codes:
    0 stopped in order, 1 an address cannot be listened on, 2 a file or option cannot be used.
    """
    scenario = _placed(_load_scenario(file), host, port)
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
        level=logging.WARNING if quiet else logging.INFO,
    )
    raise SystemExit(_Service(scenario, None if no_journal else journal).run())


def _load_scenario(file: Path | None) -> Scenario:
    from smsc.scenario.defaults import default_scenario
    from smsc.scenario.model import Scenario
    from yamlmodel.errors import ConfigError
    from yamlmodel.loader import load

    if file is None:
        return default_scenario()
    try:
        return load(file, Scenario)
    except ConfigError as error:  # its lines begin with file and line, as compilers write them
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from error


def _placed(scenario: Scenario, host: str | None, port: int | None) -> Scenario:
    """The scenario with its operators listening where --host and --port say."""
    from msgspec.structs import replace

    if port is not None and len(scenario.operators) > 1:
        raise click.UsageError(f"--port is for one operator; the scenario has {', '.join(scenario.operators)}")
    operators = {}
    for name, operator in scenario.operators.items():
        listen = operator.listen
        listen = replace(listen, host=listen.host if host is None else host, port=listen.port if port is None else port)
        operators[name] = replace(operator, listen=listen)
    return replace(scenario, operators=operators)


class _Service:
    """One run of the reactor around one emulator."""

    def __init__(self, scenario: Scenario, journal: Path | None) -> None:
        self._scenario = scenario
        self._journal_path = journal
        self._stopping = False
        self._exit_code = 0

    def run(self) -> int:
        """Serve until told to stop; the exit code."""
        self._reactor = install_reactor()
        from smppkit.transport import TcpNetwork
        from smsc.app import Emulator

        self._check_ports()
        self._journal = self._open_journal()
        self._emulator = Emulator(
            self._scenario,
            clock=self._reactor,
            network=TcpNetwork(self._reactor),
            journal=self._journal,
            epoch=time.time() - self._reactor.seconds(),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        self._reactor.callWhenRunning(self._start)
        self._reactor.run(installSignalHandlers=False)
        if self._journal is not None:
            self._journal.close()
        return self._exit_code

    def _check_ports(self) -> None:
        """Whoever starts a second emulator by mistake wants to hear of the port, not of the journal."""
        for operator in self._scenario.operators.values():
            host, port = operator.listen.host, operator.listen.port
            try:
                with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((host, port))
            except OSError as error:
                refuse(_not_listening(host, port, error), UNAVAILABLE)

    def _open_journal(self) -> Journal | None:
        from smsc.journal import Journal
        from smsc.schema import JournalError

        if self._journal_path is None:
            return None
        try:
            return Journal.open(self._journal_path, clock=self._reactor, threaded=True)
        except JournalError as error:
            refuse(str(error), UNUSABLE)

    def _start(self) -> None:
        self._emulator.start().addCallbacks(self._ready, self._cannot_start).addErrback(self._broken)

    def _ready(self, addresses: dict[str, tuple[str, int]]) -> None:
        # What stands now stands to the end; and what a message makes is mostly freed by counting references.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        where = ", ".join(f"{_address(host, port)} ({name})" for name, (host, port) in addresses.items())
        click.echo(f"smsc: ready on {where}")
        sys.stdout.flush()

    def _cannot_start(self, failure: Any) -> None:
        from twisted.internet.error import CannotListenError

        failure.trap(CannotListenError)
        error = failure.value
        click.echo(f"smsc: {_not_listening(error.interface, error.port, error.socketError)}", err=True)
        self._exit_code = UNAVAILABLE
        self._reactor.stop()

    def _signalled(self, number: int, _: FrameType | None) -> None:
        self._reactor.callFromThread(self._stop, number)

    def _stop(self, number: int) -> None:
        if self._stopping:
            logging.getLogger("smsc").warning("stopped at once")
            os._exit(128 + number)  # what was acknowledged is in the journal
        self._stopping = True
        logging.getLogger("smsc").info("stopping (once more to stop at once)")
        self._emulator.stop().addCallbacks(lambda _: self._reactor.stop(), self._broken)

    def _broken(self, failure: Any) -> None:
        """A fault of ours: say all about it and end."""
        logging.getLogger("smsc").critical("%s", failure.getTraceback())
        self._exit_code = 70  # EX_SOFTWARE
        if self._reactor.running:
            self._reactor.stop()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _not_listening(host: str, port: int, error: OSError) -> str:
    return f"cannot listen on {_address(host, port)}: {error.strerror or error}"
