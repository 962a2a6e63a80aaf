"""``smsc serve``: run emulated operators until told to stop."""

from __future__ import annotations

import gc
import logging
import resource
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import rich_click as click

from smsc.commands.journal_option import DEFAULT_JOURNAL
from smsc.commands.refusing import UNAVAILABLE, UNUSABLE, refuse
from smsc.commands.running import Run, address_text, not_listening

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from smsc.control.control import Control
    from smsc.control.serving import ControlServer
    from smsc.journal.journal import Journal
    from smsc.scenario.model import Scenario


MOST_KEPT = 1_000_000  # messages, unless an option says otherwise
BREATH = 0.02  # seconds that receipts at drawn times may be late under load: they go out, and come back, together
_OTHER_FILES = 64  # journal, log, listeners, what the reactor needs


def _duration(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    from yamlmodel.scalars import Duration

    try:
        return None if value is None else Duration.parse(value)
    except ValueError as error:
        raise click.BadParameter(f'found "{value}"; {error}', param=param) from None


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
    help="Port to listen on, 0 for any free one (also for several operators). Default: the scenario's, else 2775.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default=DEFAULT_JOURNAL,
    show_default=True,
    help="Where every message and PDU is kept; one that exists is continued.",
)
@click.option(
    "--keep-messages",
    type=click.IntRange(min=1),
    default=MOST_KEPT,
    show_default=True,
    help="Keep the newest so many messages in the journal, and whatever is still planned or owed.",
)
@click.option(
    "--keep", metavar="TIME", callback=_duration, help="Keep messages so long, such as 24h. Default: any time."
)
@click.option("--no-journal", is_flag=True, help="Keep nothing: faster, and forgotten at the end.")
@click.option(
    "--lint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge the clients, and write at the end what they do wrong (.txt, .json, .xml or .sarif).",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value for a variable of the file.")
@click.option("--only", multiple=True, metavar="NAME=VALUE", help="Pick the run of a file with a matrix.")
@click.option(
    "--commands", is_flag=True, help="Obey commands in the text of messages, such as `#status=ESME_RTHROTTLED`."
)
@click.option(
    "--http",
    metavar="[HOST:]PORT",
    help="Where the inbox and the control API are, 0 for any free port. Default: 127.0.0.1:2780, or any free port.",
)
@click.option("--no-http", is_flag=True, help="Serve neither.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Holds the token that the control API asks for. Default: SMSC_TOKEN of the environment.",
)
@click.option(
    "--paused", is_flag=True, help="Begin with time standing still, until the control API lets it run or advances it."
)
@click.option(
    "--until-eof",
    is_flag=True,
    help="Stop when standard input ends too: a program that holds a pipe to it leaves nothing behind, even if killed.",
)
@click.option("-q", "--quiet", is_flag=True, help="Log warnings and errors only.")
def serve(
    file: Path | None,
    host: str | None,
    port: int | None,
    journal: Path,
    keep_messages: int,
    keep: float | None,
    no_journal: bool,
    lint: Path | None,
    settings: tuple[str, ...],
    only: tuple[str, ...],
    commands: bool,
    http: str | None,
    no_http: bool,
    token_file: Path | None,
    paused: bool,
    until_eof: bool,
    quiet: bool,
) -> NoReturn:
    """Run the operators of the scenario FILE until SIGTERM or Ctrl-C.

    Without FILE: one operator on 127.0.0.1, port 2775, that lets anybody bind, takes every message and sends
    a receipt after a second.

    One line on standard output says when and where it is ready; the log goes to standard error. Exit codes:
    0 stopped in order, 1 an address cannot be listened on, 2 a file or option cannot be used.
    """
    from smsc.commands.http_option import listening_on

    scenario = _placed(_load_scenario(file, _pairs("--set", settings), _pairs("--only", only)), host, port, commands)
    watching = None if lint is None else _Watching(scenario, lint)
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
        level=logging.WARNING if quiet else logging.INFO,
    )
    if paused and no_http:
        raise click.UsageError("--paused needs the control API, which lets time go on; remove --paused or --no-http")
    web = None if no_http else listening_on(http, token_file)
    kept = None if no_journal else (journal, keep_messages, keep)
    serving = partial(_Serving, scenario, kept, watching, web, paused)
    raise SystemExit(Run(until_eof=until_eof)(serving))


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Values by name, of texts such as `rate=50`."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f'found "{text}"; expected NAME=VALUE, such as rate=50', param_hint=option)
        pairs[name] = value
    return pairs


def _load_scenario(file: Path | None, values: dict[str, str], only: dict[str, str]) -> Scenario:
    from smsc.scenario.defaults import default_scenario
    from smsc.scenario.model import Scenario
    from smsc.server.tls import tls_problems
    from yamlmodel.errors import ConfigError
    from yamlmodel.loader import load_located

    if file is None:
        if values or only:
            raise click.UsageError("--set and --only are about a FILE")
        return default_scenario()
    try:
        loaded = load_located(file, Scenario, values, {name: [value] for name, value in only.items()})
        if problems := tls_problems(loaded):
            raise ConfigError(*problems)
        return loaded.value
    except ConfigError as error:  # its lines begin with file and line, as compilers write them
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from error


def _placed(scenario: Scenario, host: str | None, port: int | None, commands: bool) -> Scenario:
    """The scenario with its operators listening where --host and --port say, and obeying commands if they shall."""
    from msgspec.structs import replace

    if port and len(scenario.operators) > 1:
        raise click.UsageError(f"--port is for one operator; the scenario has {', '.join(scenario.operators)}")
    operators = {}
    for name, operator in scenario.operators.items():
        listen = operator.listen
        listen = replace(listen, host=listen.host if host is None else host, port=listen.port if port is None else port)
        operators[name] = replace(operator, listen=listen, commands=operator.commands or commands)
    return replace(scenario, operators=operators)


class _Watching:
    """What watches the clients, and where its report goes."""

    def __init__(self, scenario: Scenario, path: Path) -> None:
        from smsc.lint.live import LiveLint
        from smsc.lint.report import format_for

        try:
            format_for(path)
        except ValueError as error:
            raise click.UsageError(f"--lint: {error}") from error
        if not path.parent.is_dir():  # now, and not when all that was seen is to be written
            raise click.UsageError(f"--lint: {path} cannot be written: there is no directory {path.parent}")
        self.lint = LiveLint.of_scenario(scenario)
        self._path = path

    def write(self, at: float) -> bool:
        """Write the report; False, and a word on standard error, when it cannot be written."""
        try:
            self.lint.write(self._path, at)
        except OSError as error:
            click.echo(f"smsc: cannot write {self._path}: {error.strerror or error}", err=True)
            return False
        return True


class _Serving:
    """One emulator, its journal, what watches its clients, and what shows it to people."""

    def __init__(
        self,
        scenario: Scenario,
        journal: tuple[Path, int, float | None] | None,
        watching: _Watching | None,
        web: ControlServer | None,
        paused: bool,
        reactor: Any,
    ) -> None:
        from smppkit.transport import TcpNetwork
        from smsc.app import Emulator
        from smsc.clock import SteerableClock

        _check_ports(scenario)
        _raise_file_limit(sum(operator.access.connections for operator in scenario.operators.values()))
        self._watching = watching
        self._web = web
        self._reactor = reactor
        # Nobody can steer the time of an emulator that has no control API.
        self._clock = reactor if web is None else SteerableClock(reactor, paused=paused)
        self._epoch = time.time() - self._clock.seconds()
        self._journal = _open_journal(journal, reactor)
        self._emulator = Emulator(
            scenario,
            clock=self._clock,
            network=TcpNetwork(reactor),
            journal=self._journal,
            epoch=self._epoch,
            watcher_for=None if watching is None else watching.lint.operator,
            disturbable=web is not None,
            breath=self._breath,
        )

    def start(self) -> Deferred[str]:
        """See Service."""
        return self._emulator.start().addCallback(self._ready)

    def _breath(self) -> float:
        """Time that was ever made to stand still, or passed through, is exact."""
        return 0.0 if getattr(self._clock, "steered", False) else BREATH

    def stop(self) -> Deferred[None]:
        """See Service."""
        if self._web is None:
            return self._emulator.stop()
        self._clock.resume()  # sessions end in time, and time may stand still
        return self._web.stop().addCallback(lambda _: self._emulator.stop())

    def ended(self, started: bool) -> int:
        """See Service."""
        if self._journal is not None:
            self._journal.close()
        if self._watching is not None and started and not self._watching.write(self._epoch + self._clock.seconds()):
            return UNAVAILABLE
        return 0

    def _ready(self, addresses: dict[str, tuple[str, int]]) -> str:
        # What stands now stands to the end; and what a message makes is mostly freed by counting references.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        where = []
        for name, (host, port) in addresses.items():
            where.append(f"{address_text(host, port)} ({name})")
            plain = self._emulator.operators[name].plain_port
            if plain is not None:
                where.append(f"{address_text(host, plain)} ({name}, without TLS)")
        if self._web is None:
            return ", ".join(where)
        self._web.start(self._reactor, self._control)
        return f"{', '.join(where)}, inbox at {self._web.url}"

    def _control(self) -> Control:
        from smsc.control.control import Control

        lint = None if self._watching is None else self._watching.lint.report
        return Control(
            self._emulator, self._journal, clock=self._clock, epoch=self._epoch, reactor=self._reactor, lint=lint
        )


def _check_ports(scenario: Scenario) -> None:
    """Whoever starts a second emulator by mistake wants to hear of the port, not of the journal."""
    listening = []
    for operator in scenario.operators.values():
        listening.append((operator.listen.host, operator.listen.port))
        if operator.tls is not None and operator.tls.also_plain is not None:
            listening.append((operator.listen.host, operator.tls.also_plain))
    for host, port in listening:
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            refuse(not_listening(host, port, error), UNAVAILABLE)


def _open_journal(kept: tuple[Path, int, float | None] | None, reactor: Any) -> Journal | None:
    """`kept`: where, and the newest so many messages of so many seconds."""
    from smsc.journal.journal import Journal
    from smsc.journal.retention import Keep
    from smsc.journal.schema import JournalError

    if kept is None:
        return None
    path, messages, seconds = kept
    try:
        return Journal.open(path, clock=reactor, threaded=True, keep=Keep(messages, seconds))
    except JournalError as error:
        refuse(str(error), UNUSABLE)


def _raise_file_limit(connections: int) -> None:
    """Let the process have as many open files as it may have connections, as far as it is allowed to."""
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            logging.getLogger("smsc").warning(
                "%d connections are allowed and only %d open files: raise the hard limit (ulimit -Hn)",
                connections,
                allowed,
            )
