"""``carrierlab gauntlet``: every kind of receipt there is, sent to our sender or to a client of somebody else's."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click
from rich.console import Console
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from carrierlab.gauntlet import ours
from carrierlab.gauntlet.claims import ClaimsError, read_claims
from carrierlab.gauntlet.console import print_list, print_ports, print_score
from carrierlab.gauntlet.files import to_json, to_junit
from carrierlab.gauntlet.plan import Course, orders_csv, select
from carrierlab.gauntlet.score import Score
from carrierlab.gauntlet.serve import OnReady, Stay, score, serve
from carrierlab.gauntlet.written import scenario_text
from carrierlab.parameters import Parsed, parse_address
from smppkit.transport import TcpNetwork
from smsc.journal.inbox import Inbox
from smsc.journal.journal import Journal
from yamlmodel.scalars import Duration

PASSED, FAILED, UNUSABLE = 0, 1, 2
_STRANGER = "an SMPP client"

WithReactor = Callable[[Callable[[Any], Coroutine[Deferred[Any], Any, dict[str, int]]]], dict[str, int]]


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT"; port 0 is any free ones. ValueError."""
    host, colon, port = text.strip().rpartition(":")
    if colon and port.strip("0") == "" and port:
        return parse_address(f"{host}:1")[0], 0
    return parse_address(text)


_FILE = click.Path(path_type=Path, dir_okay=False)


def gauntlet_command(with_reactor: WithReactor) -> click.Command:
    """The command; `with_reactor` runs a coroutine on the reactor that it hands in, and returns its result."""

    @click.command()
    @click.option("--only", multiple=True, help="These variants only: a name or a subject, * and ? allowed.")
    @click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="For our sender's run.")
    @click.option(
        "--listen",
        type=Parsed("HOST:PORT", parse_listen),
        help="Serve a client here and on the ports after it.",
    )
    @click.option("--orders", type=_FILE, help="Write what the client is to send: port,variant,binds,number,text.")
    @click.option("--results", type=_FILE, help="What the client says: number,state or message_id,state (CSV).")
    @click.option(
        "--wait",
        type=Parsed("TIME", Duration.parse),
        default=Duration(60),
        show_default="60s",
        help="How long to wait for the client, from the last thing heard of it.",
    )
    @click.option("--json", "json_file", type=_FILE, help="Write the score into this file as JSON.")
    @click.option("--junit", "junit_file", type=_FILE, help="Write the score into this file as JUnit XML.")
    @click.option("--list", "listing", is_flag=True, help="List the variants, and send none.")
    @click.option("--scenario", is_flag=True, help="Print the scenario that plays the variants, and send none.")
    def gauntlet(
        only: tuple[str, ...],
        seed: int,
        listen: tuple[str, int] | None,
        orders: Path | None,
        results: Path | None,
        wait: Duration,
        json_file: Path | None,
        junit_file: Path | None,
        listing: bool,
        scenario: bool,
    ) -> NoReturn:
        """Send a client every kind of receipt there is, and score how many it matched to their messages.

        Without --listen the client is the sender of this repository, in virtual time. Exits with 0 when everything is
        matched, 1 when not, 2 when nothing could be played.
        """
        courses = _selected(only)
        console = Console(highlight=False)
        if listing:
            print_list(courses, console)
            raise SystemExit(PASSED)
        if scenario:
            click.echo(scenario_text(courses), nl=False)
            raise SystemExit(PASSED)
        if listen is None:
            if results is not None or orders is not None:
                raise click.UsageError("--orders and --results go with --listen only: our sender needs neither")
            found = Score(ours.CLIENT, tuple(ours.play(courses, seed=seed)))
        else:
            on_ready = partial(_announce, courses, console, orders)
            found = _served(courses, listen, Stay(float(wait), results), with_reactor, on_ready)
        print_score(found, console)
        _write(found, json_file, to_json)
        _write(found, junit_file, to_junit)
        raise SystemExit(PASSED if found.passed else FAILED)

    return gauntlet


def _selected(only: Sequence[str]) -> list[Course]:
    try:
        return select(only)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--only") from None


def _served(
    courses: Sequence[Course], listen: tuple[str, int], stay: Stay, with_reactor: WithReactor, on_ready: OnReady
) -> Score:
    if listen[1] and listen[1] + len(courses) > 65536:
        raise click.BadParameter(f"{len(courses)} ports are needed from {listen[1]} on", param_hint="--listen")
    owed: dict[str, int] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="carrierlab-")))
        journal = scratch / "journal.sqlite"
        main = partial(_serve, courses, listen, stay, journal, on_ready, owed)
        try:
            with_reactor(main)
        except CannotListenError as error:
            click.echo(f"{listen[0]}:{error.port} cannot be listened on: {error.socketError}", err=True)
            raise SystemExit(UNUSABLE) from None
        except SystemExit:
            if not journal.exists():
                raise  # interrupted before there was anything to score
        try:
            claims = None if stay.results is None else read_claims(stay.results)
        except ClaimsError as error:
            click.echo(str(error), err=True)
            raise SystemExit(UNUSABLE) from None
        with Inbox(journal) as inbox:
            return Score(_STRANGER, tuple(score(courses, inbox, owed, claims)))


async def _serve(
    courses: Sequence[Course],
    listen: tuple[str, int],
    stay: Stay,
    file: Path,
    on_ready: OnReady,
    owed: dict[str, int],
    reactor: Any,
) -> dict[str, int]:
    journal = Journal.open(file, clock=reactor, threaded=True)
    try:
        left = await serve(
            courses,
            stay,
            host=listen[0],
            port=listen[1],
            clock=reactor,
            network=TcpNetwork(reactor),
            epoch=time.time() - reactor.seconds(),
            journal=journal,
            on_ready=on_ready,
        )
    finally:
        journal.close()
    owed.update(left)  # an interrupted run returns nothing
    return left


def _announce(courses: Sequence[Course], console: Console, orders: Path | None, ports: Sequence[int]) -> None:
    """Tell people and programs where the variants are."""
    if orders is not None:
        _put(orders, orders_csv(courses, ports).encode())
    print_ports(courses, ports, console)


def _write(found: Score, file: Path | None, render: Callable[[Score], bytes]) -> None:
    if file is not None:
        _put(file, render(found))


def _put(file: Path, octets: bytes) -> None:
    try:
        file.write_bytes(octets)
    except OSError as error:
        click.echo(f"{file} could not be written: {error.strerror}", err=True)
        raise SystemExit(UNUSABLE) from None
