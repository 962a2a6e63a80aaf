"""The command line: ``smsc serve | messages | pdus``. The one place that knows the reactor and the process."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import rich_click as click

if TYPE_CHECKING:
    from smsc.inbox import Inbox
    from smsc.journal import Journal
    from smsc.scenario.model import Scenario

# What only one command needs is imported by it: `smsc --help` and shell completion are to be quick.

DEFAULT_JOURNAL = Path("smsc-journal.sqlite")
PAGE = 5_000  # rows read at a time when all are asked for

UNAVAILABLE, UNUSABLE = 1, 2
T = TypeVar("T")


class _ServeCommand(click.RichCommand):
    """Its help lists the magic numbers, which stand in the default scenario only."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from smsc.scenario.defaults import default_scenario, magic_numbers

        super().format_help(ctx, formatter)
        lines = [f"   {'...' + pattern.lstrip('*'):<12}{note}" for pattern, note in magic_numbers(default_scenario())]
        heading = " Without FILE, destination numbers that end in these digits ask for something:\n"
        formatter.write("\n".join([heading, *lines]))


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Completion for your shell: `eval "$(_SMSC_COMPLETE=bash_source smsc)"` (or zsh_source, fish_source).',
)
@click.version_option(package_name="carrierlab", prog_name="smsc")
def main() -> None:
    """Emulated mobile operators: an SMPP server whose behaviour a scenario file decides."""


@main.command(cls=_ServeCommand)
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


# --- listing ----------------------------------------------------------------------------------------


def _status(_: click.Context, param: click.Parameter, value: str | None) -> int | None:
    from smppkit.status import parse_status

    return None if value is None else _parsed(parse_status, value, param)


def _command(_: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else _parsed(_command_id, value, param)


def _since(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    return None if value is None else _parsed(_moment, value, param)


def _parsed(parse: Callable[[str], T], value: str, param: click.Parameter) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None


def _command_id(name: str) -> int:
    from difflib import get_close_matches

    from smppkit.commands import CommandId

    names = {command.name.lower(): command for command in CommandId}
    if name.lower() in names:
        return names[name.lower()]
    close = get_close_matches(name.lower(), names, n=1)
    raise ValueError(f"no PDU is called {name!r}" + (f"; did you mean {close[0]}?" if close else ""))


def _moment(text: str) -> float:
    """Unix seconds of a time ("2026-03-01 12:00", local unless it names a zone) or of so long ago ("10m")."""
    from yamlmodel.scalars import Duration

    try:
        return time.time() - Duration.parse(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise ValueError(
            f'found "{text}"; expected a time such as "2026-03-01 12:00", or a duration such as 10m'
        ) from None


journal_option = click.option(
    "--journal", type=click.Path(path_type=Path), default=DEFAULT_JOURNAL, show_default=True, help="Which journal."
)
operator_option = click.option("--operator", help="Of this operator.")
status_option = click.option("--status", callback=_status, help="With this status, such as ESME_RTHROTTLED or 0x58.")
since_option = click.option("--since", callback=_since, help='Since a time ("2026-03-01 12:00") or so long ago (10m).')
limit_option = click.option(
    "--limit", type=click.IntRange(min=0), default=100, show_default=True, help="The newest so many; 0 for all."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@main.command()
@journal_option
@click.option("--to", help="To this number; may hold * and ?.")
@click.option("--from", "from_", help="From this address; may hold * and ?.")
@click.option("--text", help="With this in the text, in any case.")
@operator_option
@click.option("--state", help="In this state, such as DELIVRD or ENROUTE.")
@status_option
@since_option
@limit_option
@json_option
def messages(
    journal: Path,
    to: str | None,
    from_: str | None,
    text: str | None,
    operator: str | None,
    state: str | None,
    status: int | None,
    since: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the messages in a journal, also while `smsc serve` writes it.

    A table on a terminal; elsewhere one message a line with tabs between time, operator, account, from, to,
    status, state, id, part and text.
    """
    with _open_inbox(journal) as inbox:
        from smsc.listing import MESSAGE_COLUMNS, message_brief, message_cells, message_json

        def read(**page: int | None) -> Sequence[Any]:
            return inbox.messages(
                to=to,
                from_=from_,
                text=text,
                operator=operator,
                state=None if state is None else state.upper(),
                status=status,
                since=since,
                **page,
            )

        cells = message_brief if sys.stdout.isatty() else message_cells
        _show(_pages(read, limit), MESSAGE_COLUMNS, cells, message_json if as_json else None)


@main.command()
@journal_option
@click.option("--connection", type=click.IntRange(min=1), help="Of the connection with this number.")
@operator_option
@click.option("--command", "command_id", metavar="NAME", callback=_command, help="Of this kind, such as submit_sm.")
@status_option
@since_option
@limit_option
@click.option("--hex", "as_hex", is_flag=True, help="All octets as they were on the wire, passwords too.")
@json_option
def pdus(
    journal: Path,
    connection: int | None,
    operator: str | None,
    command_id: int | None,
    status: int | None,
    since: float | None,
    limit: int,
    as_hex: bool,
    as_json: bool,
) -> None:
    """List the PDUs in a journal, also while `smsc serve` writes it.

    A table on a terminal; elsewhere one PDU a line with tabs between time, operator, connection, account, way,
    name, status, sequence number and fields.
    """
    with _open_inbox(journal) as inbox:
        from smsc.listing import PDU_COLUMNS, pdu_brief, pdu_cells, pdu_json

        def read(**page: int | None) -> Sequence[Any]:
            return inbox.pdus(
                connection=connection,
                operator=operator,
                command_id=command_id,
                status=status,
                since=since,
                **page,
            )

        cells = partial(pdu_brief if sys.stdout.isatty() else pdu_cells, as_hex=as_hex)
        _show(_pages(read, limit), PDU_COLUMNS, cells, pdu_json if as_json else None)


def _open_inbox(journal: Path) -> Inbox:
    from smsc.inbox import Inbox
    from smsc.schema import JournalError

    try:
        return Inbox(journal)
    except JournalError as error:
        _refuse(str(error), UNUSABLE)


def _pages(read: Callable[..., Sequence[Any]], limit: int) -> Iterable[Any]:
    if limit:
        yield from read(limit=limit)
        return
    after = 0
    while rows := read(limit=PAGE, after=after):
        yield from rows
        after = rows[-1].row


def _show(
    rows: Iterable[Any],
    columns: Sequence[str],
    cells: Callable[[Any], Sequence[str]],
    as_json: Callable[[Any], str] | None,
) -> None:
    from smsc.listing import plain, print_table

    if as_json is not None:
        for row in rows:
            click.echo(as_json(row))
    elif sys.stdout.isatty():
        print_table(columns, map(cells, rows))
    else:
        for line in plain(map(cells, rows)):
            click.echo(line)


# --- serving ----------------------------------------------------------------------------------------


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
        self._reactor = _install_reactor()
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
                _refuse(_not_listening(host, port, error), UNAVAILABLE)

    def _open_journal(self) -> Journal | None:
        from smsc.journal import Journal
        from smsc.schema import JournalError

        if self._journal_path is None:
            return None
        try:
            return Journal.open(self._journal_path, clock=self._reactor, threaded=True)
        except JournalError as error:
            _refuse(str(error), UNUSABLE)

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


def _install_reactor() -> Any:
    """The asyncio reactor, whose clock is monotonic, on uvloop where that is installed."""
    from twisted.internet import asyncioreactor
    from twisted.python.log import PythonLoggingObserver

    loop = importlib.import_module("uvloop").new_event_loop() if importlib.util.find_spec("uvloop") else None
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor

    logging.getLogger("twisted").setLevel(logging.WARNING)
    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    return reactor


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _not_listening(host: str, port: int, error: OSError) -> str:
    return f"cannot listen on {_address(host, port)}: {error.strerror or error}"


def _refuse(text: str, code: int) -> NoReturn:
    click.echo(f"smsc: {text}", err=True)
    raise SystemExit(code)
