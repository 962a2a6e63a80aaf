"""``carrierlab conformance HOST:PORT``: the checks against any SMSC, over the network."""

from __future__ import annotations

import io
import ipaddress
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from twisted.internet.defer import Deferred

from carrierlab.conformance.catalogue import Selection, select
from carrierlab.conformance.check import ALL, VERSION_NAMES
from carrierlab.conformance.console import print_list, print_report
from carrierlab.conformance.files import to_json, to_junit
from carrierlab.conformance.runner import OnResult, Result, Tally, Unusable, messages, run
from carrierlab.conformance.target import Surroundings, Target
from carrierlab.parameters import Parsed, parse_address
from smppkit.states import Version
from smppkit.transport import TcpNetwork
from yamlmodel.scalars import Duration

PASSED, FAILED, UNUSABLE = 0, 1, 2
_VERSIONS = {name: version for version, name in VERSION_NAMES.items()}
_WIDTH = 160  # of a table that goes into a file

WithReactor = Callable[[Callable[[Any], Coroutine[Deferred[Any], Any, list[Result]]]], list[Result]]


def parse_versions(text: str) -> tuple[Version, ...]:
    """Versions written "3.3,3.4,5.0"; ValueError."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in _VERSIONS:
            raise ValueError(f'found "{name}"; expected versions among {", ".join(_VERSIONS)}')
    return tuple(sorted({_VERSIONS[name] for name in names}))


def is_loopback(host: str) -> bool:
    """Whether this is certainly our own machine; a name other than localhost is not."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_ADDRESS_TYPE, _VERSIONS_TYPE = Parsed("HOST:PORT", parse_address), Parsed("VERSIONS", parse_versions)
_CHECKS_TYPE, _TIME = Parsed("CHECKS", Selection.parse), Parsed("TIME", Duration.parse)


def conformance_command(with_reactor: WithReactor) -> click.Command:
    """The command; `with_reactor` runs a coroutine on the reactor that it hands in, and returns its result."""

    @click.command()
    @click.argument("address", type=_ADDRESS_TYPE, required=False)
    @click.option("--system-id", help="Account to bind as.")
    @click.option("--password", envvar="SMPP_PASSWORD", show_envvar=True, help="Its password.")
    @click.option("--system-type", default="", help="system_type of the bind.")
    @click.option("--versions", type=_VERSIONS_TYPE, default=ALL, show_default="3.3,3.4,5.0", help="Versions to speak.")
    @click.option("--only", type=_CHECKS_TYPE, help="These checks only, such as C15,C37-C54.")
    @click.option("--skip", type=_CHECKS_TYPE, default=Selection(), help="Not these checks.")
    @click.option("--source", default="12345", show_default=True, help="Source address of the messages.")
    @click.option("--destination", help="A number whose messages are delivered.")
    @click.option("--failing", help="A number whose messages are accepted and fail.")
    @click.option("--refused", help="A number that is refused in the response.")
    @click.option("--unavailable", help="A number that is switched off and comes back.")
    @click.option("--own", help="A number that is this account: messages to it come back.")
    @click.option("--timeout", type=_TIME, default=Duration(2), show_default="2s", help="For every answer.")
    @click.option("--receipts", type=_TIME, default=Duration(10), show_default="10s", help="For a receipt.")
    @click.option("--window", type=click.IntRange(min=1), help="Its limit of unanswered requests.")
    @click.option("--session-init", type=_TIME, help="Its time for a bind.")
    @click.option("--enquire-link", type=_TIME, help="Its silence before enquire_link.")
    @click.option("--response", type=_TIME, help="Its time for our responses.")
    @click.option("--inactivity", type=_TIME, help="Its time without messages before it unbinds.")
    @click.option("--yes-send-there", is_flag=True, help="The address is not this machine, and may be sent to.")
    @click.option("--format", "form", type=click.Choice(["table", "json", "junit"]), default="table", show_default=True)
    @click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write into this file.")
    @click.option("--list", "listing", is_flag=True, help="List the checks, and run none.")
    def conformance(
        address: tuple[str, int] | None,
        versions: tuple[Version, ...],
        only: Selection | None,
        skip: Selection,
        form: str,
        output: Path | None,
        listing: bool,
        yes_send_there: bool,
        **settings: Any,
    ) -> NoReturn:
        """Run the conformance checks against the SMSC at ADDRESS (HOST:PORT).

        Exits with 0 when all that apply pass, 1 when one fails, 2 when the SMSC cannot be used. Messages are submitted
        to --destination; checks that need an address, a limit or a timer that was not given do not apply.
        """
        checks = select(only, skip)
        if listing:
            print_list(checks, Console(highlight=False))
            raise SystemExit(PASSED)
        target = _target(address, settings)
        _refuse_strangers(target, messages(checks, versions), yes_send_there)
        try:
            with _progress(sum(version in check.versions for check in checks for version in versions)) as on_result:
                results = with_reactor(
                    partial(_run_on, checks=checks, versions=versions, target=target, on_result=on_result)
                )
        except Unusable as error:
            click.echo(str(error), err=True)
            raise SystemExit(UNUSABLE) from None
        _report(results, f"{target.host}:{target.port}", form, output)
        raise SystemExit(FAILED if Tally.of(results).failed else PASSED)

    return conformance


@contextmanager
def _progress(total: int) -> Iterator[OnResult | None]:
    """A bar of the checks that are done, on a terminal only; beside the report, which may go elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda result: bar.update(task, advance=1, description=result.id)


async def _run_on(reactor: Any, **what: Any) -> list[Result]:
    # The clock may go back or jump, our timers may not: the wall is asked once.
    world = Surroundings(reactor, TcpNetwork(reactor), time.time() - reactor.seconds())
    return await run(world=world, **what)


def _target(address: tuple[str, int] | None, settings: dict[str, Any]) -> Target:
    if address is None:
        raise click.UsageError("Missing argument 'HOST:PORT'.")
    for name in ("system_id", "password"):
        if settings[name] is None:
            raise click.UsageError(f"Missing option '--{name.replace('_', '-')}'.")
    ton, npi = (1, 1) if settings["source"].isdigit() else (5, 0)
    return Target(host=address[0], port=address[1], source_ton=ton, source_npi=npi, **settings)


def _refuse_strangers(target: Target, count: int, allowed: bool) -> None:
    if is_loopback(target.host) or allowed:
        return
    message = (
        f"{target.host} is not this machine. The checks send malformed PDUs there, wrong passwords too, and up to "
        f"{count} messages. Give --yes-send-there when its operator agrees."
    )
    click.echo(message, err=True)
    raise SystemExit(UNUSABLE)


def _report(results: list[Result], target: str, form: str, output: Path | None) -> None:
    if form == "table":
        if output is None:
            print_report(results, Console(highlight=False))
            return
        text = io.StringIO()
        print_report(results, Console(file=text, highlight=False, width=_WIDTH))
        octets = text.getvalue().encode()
    else:
        octets = (to_json if form == "json" else to_junit)(results, target)
    if output is None:
        click.echo(octets.decode(), nl=False)
        return
    try:
        output.write_bytes(octets)
    except OSError as error:
        click.echo(f"{output} could not be written: {error.strerror}", err=True)
        raise SystemExit(UNUSABLE) from None
