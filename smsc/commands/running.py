"""A service of the command line: it runs on the reactor until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Protocol

import rich_click as click

from clikit.lazy import give_up_output
from smsc.commands.refusing import UNAVAILABLE, UNUSABLE
from smsc.reactor import install_reactor

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

BROKEN: Final = 70  # EX_SOFTWARE
_STDIN: Final = 0


class Service(Protocol):
    """What runs until it is told to stop."""

    def start(self) -> Deferred[str]:
        """Listen; fires with where, in words."""

    def stop(self) -> Deferred[None]:
        """End in order."""

    def ended(self, started: bool) -> int:
        """Close files, say what there is to say at the end; the exit code, 0 when all is well."""


class Run:
    """One run of the reactor around one service."""

    def __init__(self, *, until_eof: bool = False) -> None:
        """`until_eof`: end with standard input too, and so with whoever holds its other end, however that ends."""
        self._until_eof = until_eof
        self._stopping = False
        self._exit_code = 0

    def __call__(self, build: Callable[[Any], Service]) -> int:
        """Serve until told to stop; the exit code."""
        self._reactor = install_reactor()
        self._service = build(self._reactor)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        self._reactor.callWhenRunning(self._start)
        self._reactor.run(installSignalHandlers=False)
        ended = self._service.ended(started=not self._exit_code)
        return self._exit_code or ended

    def _start(self) -> None:
        if self._until_eof:
            threading.Thread(target=self._read_to_eof, name="eof", daemon=True).start()
        self._service.start().addCallbacks(self._ready, self._cannot_start).addErrback(self._broken)

    def _ready(self, where: str) -> None:
        try:
            click.echo(f"smsc: ready on {where}")
            sys.stdout.flush()
        except OSError as error:  # whoever waits for this line would wait for ever
            give_up_output()
            click.echo(f"smsc: output cannot be written: {error.strerror}", err=True)
            self._exit_code = UNUSABLE
            self._stop_in_order()

    def _cannot_start(self, failure: Any) -> None:
        from twisted.internet.error import CannotListenError

        failure.trap(CannotListenError)
        error = failure.value
        click.echo(f"smsc: {not_listening(error.interface, error.port, error.socketError)}", err=True)
        self._exit_code = UNAVAILABLE
        self._reactor.stop()

    def _signalled(self, number: int, _: FrameType | None) -> None:
        self._reactor.callFromThread(self._stop, number)

    def _stop(self, number: int) -> None:
        if self._stopping:
            logging.getLogger("smsc").warning("stopped at once")
            os._exit(128 + number)  # what was acknowledged is in the journal
        self._stop_in_order()

    def _read_to_eof(self) -> None:
        # A thread, because an event loop cannot watch every kind of file that standard input may be.
        while os.read(_STDIN, 4096):
            pass
        self._reactor.callFromThread(self._stop_in_order)

    def _stop_in_order(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        logging.getLogger("smsc").info("stopping (once more to stop at once)")
        self._service.stop().addCallbacks(lambda _: self._reactor.stop(), self._broken)

    def _broken(self, failure: Any) -> None:
        """A fault of ours: say all about it and end."""
        logging.getLogger("smsc").critical("%s", failure.getTraceback())
        self._exit_code = BROKEN
        if self._reactor.running:
            self._reactor.stop()


def address_text(host: str, port: int) -> str:
    """An address as people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def not_listening(host: str, port: int, error: OSError) -> str:
    """What to say when an address cannot be had."""
    return f"cannot listen on {address_text(host, port)}: {error.strerror or error}"
