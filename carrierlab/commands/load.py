"""``carrierlab load``: a load test with Locust, which runs in processes of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import rich_click as click

from carrierlab.exit_codes import INTERRUPTED, UNUSABLE
from carrierlab.loadtest.profile import Address, Profile, accounts_of, anybody_may_bind, load_profile, stranger_problem
from webkit.address import HttpAddress
from yamlmodel.errors import ConfigError

NOT_INSTALLED: Final = """carrierlab load needs Locust, which is not installed:
    pip install "carrierlab[load]"
In the repository, `make setup-dev` installs it."""
_WAIT_FOR_WORKERS = 60
_LET_GO = 3.0  # seconds for a worker to end by itself when the master has


@click.command()
@click.argument("profile", type=click.Path(path_type=Path))
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value for a variable of the profile.")
@click.option("--host", metavar="HOST:PORT", help="Put this SMSC, or the API at this URL, under load instead.")
@click.option(
    "--yes-this-is", metavar="HOST", help="The target is this host, not this machine, and may be put under load."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the load."
)
@click.option(
    "--report", type=click.Path(path_type=Path, file_okay=False), help="Write HTML, CSV and JSON into this directory."
)
@click.option("--web", metavar="[HOST:]PORT", help="Serve Locust's page there, and begin when somebody says so.")
@click.option("--check", is_flag=True, help="Check the profile only.")
@click.option("-v", "--verbose", is_flag=True, help="Show what Locust logs, and its table as it changes.")
def load(
    profile: Path,
    settings: tuple[str, ...],
    host: str | None,
    yes_this_is: str | None,
    workers: int,
    report: Path | None,
    web: str | None,
    check: bool,
    verbose: bool,
) -> NoReturn:
    """Put an SMSC or an API under the load that a PROFILE describes; see docs/load-testing.md.

    Exits with 0 when all thresholds hold, or a limit was found; 1 when a threshold is broken; 2 when nothing can be
    tested (the profile, the target, an account, or the generator was at its end); 130 after Ctrl-C, which ends the run
    in order and writes the reports too.
    """
    read = _read(profile, settings)
    _refuse_if(_host_problem(read, host) or _workers_problem(read, workers))
    address = host or read.target.smpp or read.target.api or read.target.control
    _refuse_if(stranger_problem(address, yes_this_is, read) if address else None)
    if check:
        click.echo(f"{profile}: ok")
        raise SystemExit(0)
    _refuse_if(NOT_INSTALLED if find_spec("locust") is None else None)
    arguments = ["--load-profile", str(profile), *(word for text in settings for word in ("--load-set", text))]
    arguments += ["--yes-this-is", yes_this_is] if yes_this_is else []
    arguments += ["--loglevel", "INFO" if verbose else "WARNING", "--load-parent", str(os.getpid())]
    raise SystemExit(_Processes(arguments, _alone(host, report, web, verbose), workers).run())


def _read(path: Path, settings: tuple[str, ...]) -> Profile:
    for text in settings:
        _refuse_if(None if "=" in text else f'--set: found "{text}"; expected NAME=VALUE, such as rate=50')
    try:
        return load_profile(path, dict(text.partition("=")[::2] for text in settings))
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from None


def _refuse_if(problem: str | None) -> None:
    if problem is not None:
        click.echo(problem, err=True)
        raise SystemExit(UNUSABLE)


def _host_problem(profile: Profile, host: str | None) -> str | None:
    """Whether `--host` is written as this target is."""
    if host is None:
        return None
    if not profile.target.speaks_smpp:
        return None if "://" in host else f'--host: found "{host}"; expected a URL such as http://127.0.0.1:8080'
    try:
        Address.parse(host)
    except ValueError as error:
        return f'--host: found "{host}"; {error}'
    return None


def _workers_problem(profile: Profile, workers: int) -> str | None:
    """Whether each worker can have an account of its own: receipts come to any bind of an account."""
    target = profile.target
    if workers == 1 or not target.speaks_smpp or anybody_may_bind(target):
        return None
    accounts = len(accounts_of(target))
    if accounts >= workers or not any(kind.registered for kind in profile.mix):
        return None
    return (
        f"--workers {workers}: there are {accounts} accounts, and a receipt may come to any bind of its account, which "
        f"another worker may have. Give target.accounts {workers} of them, or ask for no receipts (registered: false)."
    )


def _alone(host: str | None, report: Path | None, web: str | None, verbose: bool) -> list[str]:
    """The arguments of the process that conducts."""
    arguments = ["--host", host] if host else []
    if report is not None:
        try:
            report.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.BadParameter(f"{report} cannot be made: {error.strerror}", param_hint="--report") from None
        try:
            tempfile.TemporaryFile(dir=report).close()
        except OSError as error:
            said = f"{report} cannot be written into: {error.strerror}"
            raise click.BadParameter(said, param_hint="--report") from None
        arguments += [
            "--load-report",
            str(report),
            "--html",
            str(report / "report.html"),
            "--csv",
            str(report / "load"),
        ]
    if web is None:
        # Locust's own tables would come after our report and say the same: they go nowhere.
        return [*arguments, "--headless", *([] if verbose else ["--only-summary", "--json-file", os.devnull])]
    try:
        address = HttpAddress.parse(web)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--web") from None
    click.echo(f"Locust's page: http://{address}/  (Ctrl-C ends it)")
    return [*arguments, "--web-host", address.host, "--web-port", str(address.port)]


class _Processes:
    """The processes of Locust, which get signals through us only."""

    def __init__(self, common: list[str], alone: list[str], workers: int) -> None:
        self._common = common
        self._alone = alone
        self._workers = workers
        self._started: list[subprocess.Popen[bytes]] = []
        self._asked = False

    def run(self) -> int:
        """Run them to the end; the exit code of the one that conducts."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        if self._workers == 1:
            return self._ended(self._start(self._alone).wait())
        port = str(_free_port())
        conducting = self._start(
            [
                *self._alone, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port,
                "--expect-workers", str(self._workers), "--expect-workers-max-wait", str(_WAIT_FOR_WORKERS),
            ]
        )  # fmt: skip
        for _ in range(self._workers):
            self._start(["--worker", "--master-host", "127.0.0.1", "--master-port", port])
        code = conducting.wait()
        for worker in self._started[1:]:
            for then in (worker.terminate, worker.kill):
                try:
                    worker.wait(_LET_GO)
                except subprocess.TimeoutExpired:
                    then()
            worker.wait()
        return self._ended(code)

    def _ended(self, code: int) -> int:
        """The exit code, where a second signal has not ended it at once."""
        return INTERRUPTED if code < 0 and self._asked else code

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "carrierlab.loadtest", *self._common, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603 - our own program
        self._started.append(process)
        return process

    def _end(self, number: int, frame: FrameType | None) -> None:
        """The first signal ends the run in order, and the second at once."""
        for process in self._started if self._asked else self._started[:1]:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL if self._asked else signal.SIGINT)
        self._asked = True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
