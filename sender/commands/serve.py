"""``sender serve``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import rich_click as click

from sender.commands.input import BadInput, bad_input
from sender.commands.options import config_option
from sender.commands.running import Job
from sender.config.file import SenderConfig, load_config
from sender.config.serve import Listen
from sender.logs import LogFormat, log_to
from sender.serving import ServeError, listen
from sender.store.sqlite import SqliteStore


@click.command()
@config_option
@click.option("--listen", "listen_on", metavar="ADDRESS", help="Where; as `serve.listen` says when omitted.")
@click.option(
    "--log-format",
    type=click.Choice([kind.value for kind in LogFormat]),
    default=LogFormat.TEXT.value,
    show_default=True,
    help="Lines for people, or a JSON object a line. Numbers are masked in both.",
)
def serve(config_path: Path, listen_on: str | None, log_format: str) -> None:
    """Serve the HTTP API, and send: API and workers in one process.

    Nothing is open but health, metrics and the schema, and those on this machine alone: everything else needs a token
    (`sender tokens create`). SIGTERM and Ctrl-C stop in order: requests are answered, then what is on its way to the
    operators; a second one stops at once.

    \b
    Exit codes:
      0    stopped in order
      1    sending had to stop
      2    the command, the configuration, the address or the store cannot be used
    """
    with bad_input():
        listen_at = None if listen_on is None else _address(listen_on)

        def read() -> SenderConfig:
            read = load_config(config_path, os.environ)
            if listen_at is None:
                return read
            return msgspec.structs.replace(read, serve=msgspec.structs.replace(read.serve, listen=listen_at))

        config = read()
        log_to(LogFormat(log_format))
        store = SqliteStore.open(config.store)
        tokens = store.access.tokens()
        store.close()
        try:
            listening = listen(config.serve.listen.address, tokens, time.time())
        except ServeError as error:
            raise BadInput(str(error)) from None
        job = Job(config, config_path, receipt_wait=0.0, give_up=None, quiet=True, reread=read)
        code = job.run(lambda: job.serve(listening))
    raise SystemExit(code)


def _address(text: str) -> Listen:
    try:
        return Listen.parse(text)
    except ValueError as error:
        raise BadInput(f'--listen: found "{text}"; {error}') from None
