"""``carrierlab blast HOST:PORT``: as many messages as an SMSC takes, and what that cost."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click
from twisted.internet.defer import Deferred

from carrierlab.blast.meters import Meters, processor_time, waiting_time
from carrierlab.blast.plan import BindKind, Plan, Receipts
from carrierlab.blast.player import Measured, Player, Unusable
from carrierlab.blast.report import report, to_json, to_text
from carrierlab.conformance.command import is_loopback
from carrierlab.exit_codes import FAILED, PASSED, UNUSABLE
from carrierlab.parameters import Parsed, parse_address
from smppkit.errors import SmppError
from smppkit.text import Alphabet
from smppkit.tls import ClientTls, TlsClient, TlsFileError
from smppkit.transport import TcpNetwork
from yamlmodel.scalars import Duration, Rate

WithReactor = Callable[[Callable[[Any], Coroutine[Deferred[Any], Any, Measured]]], Measured]

_ADDRESS = Parsed("HOST:PORT", parse_address)
_TIME, _RATE = Parsed("TIME", Duration.parse), Parsed("RATE", Rate.parse)
_FILE = click.Path(path_type=Path, dir_okay=False)
_PASSWORD = "SMPP_PASSWORD"  # noqa: S105 - the name of a variable
_COUNT, _SOME = click.IntRange(min=1), click.IntRange(min=0)
_CHOICES = {
    kind: click.Choice([each.value for each in kind], case_sensitive=False) for kind in (Alphabet, BindKind, Receipts)
}


def blast_command(with_reactor: WithReactor) -> click.Command:
    """The command; `with_reactor` runs a coroutine on the reactor that it hands in, and returns its result."""

    @click.command()
    @click.argument("address", type=_ADDRESS)
    @click.option("--system-id", default="blast", show_default=True, help="Account; {n} is the connection's number.")
    @click.option("--password", envvar=_PASSWORD, show_envvar=True, help="Its password; asked for when not given.")
    @click.option("--system-type", default="", help="system_type of the bind.")
    @click.option("--bind", type=_CHOICES[BindKind], default="transceiver", show_default=True, help="How to bind.")
    @click.option("--tls", is_flag=True, help="Connect over TLS.")
    @click.option("--tls-ca", type=_FILE, help="Whom to trust (PEM); the system's authorities when omitted.")
    @click.option("--tls-certificate", type=_FILE, help="Our certificate (PEM), where the SMSC wants one.")
    @click.option("--tls-key", type=_FILE, help="Its private key (PEM).")
    @click.option("--tls-server-name", default="", help="Name in the SMSC's certificate; HOST when omitted.")
    @click.option("-c", "--connections", type=_COUNT, default=1, show_default=True, help="Connections.")
    @click.option("-w", "--window", type=_COUNT, default=10, show_default=True, help="Unanswered submits on each.")
    @click.option("-n", "--messages", type=_COUNT, help="So many, or:")
    @click.option("--seconds", type=_TIME, help="As long as that.")
    @click.option("--warm-up", type=_SOME, default=1_000, show_default=True, help="Messages before, not measured.")
    @click.option("--rate", type=_RATE, help="Open loop: as many a second, such as 5000/s. Without: a closed loop.")
    @click.option("--text", help="The text of the messages.")
    @click.option("--length", type=_COUNT, default=160, show_default=True, help="Of a text of our own, in characters.")
    @click.option("--alphabet", type=_CHOICES[Alphabet], default="gsm7", show_default=True, help="How it is encoded.")
    @click.option("--source", type=_SOME, default=1_000, show_default=True, help="The first source address.")
    @click.option("--source-range", type=_COUNT, default=1, show_default=True, help="How many there are.")
    @click.option("--destination", type=_SOME, default=77_050_000_000, show_default=True, help="The first number.")
    @click.option("--destination-range", type=_COUNT, default=1_000, show_default=True, help="How many there are.")
    @click.option("--registered", is_flag=True, help="Ask for receipts, and do nothing with them.")
    @click.option(
        "--receipts",
        type=_CHOICES[Receipts],
        default="none",
        show_default=True,
        help="Ask for receipts, wait until as many have come, or match each with its message.",
    )
    @click.option("--receipt-wait", type=_TIME, default=Duration(5), show_default="5s", help="After the last receipt.")
    @click.option("--stall", type=_TIME, default=Duration(10), show_default="10s", help="It is over without an answer.")
    @click.option("--longest", type=_TIME, default=Duration(300), show_default="5m", help="The whole run.")
    @click.option("--pid", type=_COUNT, help="Process of a server on this machine, whose processor time is read.")
    @click.option("--send-to", metavar="HOST", help="HOST of the address, once more: for one that is not this machine.")
    @click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
    def blast(
        address: tuple[str, int],
        password: str | None,
        pid: int | None,
        send_to: str | None,
        as_json: bool,
        tls: bool,
        tls_ca: Path | None,
        tls_certificate: Path | None,
        tls_key: Path | None,
        tls_server_name: str,
        **options: Any,
    ) -> NoReturn:
        """Send the SMSC at ADDRESS (HOST:PORT) as many messages as it takes, and say what was measured.

        Exits with 0 when all were accepted and answered, 1 when not, 2 when nothing could be sent.
        """
        if not is_loopback(address[0]) and send_to != address[0]:
            raise click.UsageError(
                f"{address[0]} is not this machine, and load harms who has not asked for it. "
                f"Where its operator agrees, name it again: --send-to {address[0]}"
            )
        files = ClientTls(tls_ca, tls_certificate, tls_key, tls_server_name)
        client = _tls_client(tls, files)
        for name, kind in (("alphabet", Alphabet), ("bind", BindKind), ("receipts", Receipts)):
            options[name] = kind(options[name])
        if password is None:  # click takes an empty variable for none
            password = os.environ.get(_PASSWORD)
        if password is None:
            if not sys.stdin.isatty():
                raise click.UsageError(f"no password: give --password or {_PASSWORD} (which may be empty)")
            password = click.prompt("Password", default="", show_default=False, hide_input=True, err=True)
        plan = Plan(host=address[0], port=address[1], password=password, **options)
        problems = list(plan.problems())
        if problems:
            raise click.UsageError("; ".join(problems))
        try:
            meters = Meters(time.process_time, None if pid is None else partial(processor_time, pid), waiting_time)
            if pid is not None:
                processor_time(pid)
            measured = with_reactor(lambda reactor: Player(plan, reactor, TcpNetwork(reactor), meters, client).run())
        except (Unusable, SmppError, ValueError) as error:
            click.echo(str(error), err=True)
            raise SystemExit(UNUSABLE) from None
        found = report(measured)
        click.echo((to_json(found).decode() if as_json else to_text(found)), nl=False)
        raise SystemExit(PASSED if found.passed else FAILED)

    return blast


def _tls_client(wanted: bool, files: ClientTls) -> TlsClient | None:
    if not wanted:
        if files != ClientTls():
            raise click.UsageError("--tls-ca, --tls-certificate, --tls-key and --tls-server-name are for --tls")
        return None
    try:
        return TlsClient(files)
    except TlsFileError as error:
        raise click.UsageError(f"--tls-{error.key}: {error}") from None
