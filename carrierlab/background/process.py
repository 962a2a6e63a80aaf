"""An emulator as a process of its own: ``smsc serve``."""

from __future__ import annotations

import os
import re
import selectors
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

from carrierlab.background.running import START_SECONDS, UNBIND_SECONDS, StartError, Where
from smsc.journal.expansion import expand

STOP_SECONDS: Final = 10.0
"""For the process to end after a signal; then it is killed."""

_PROGRAM: Final = "from smsc.cli import main; main(prog_name='smsc')"
_OPERATOR: Final = re.compile(r"(\S+):(\d+) \(([^(),]+)\)")
_INBOX: Final = re.compile(r"inbox at (http://\S+?)/?$")
_LOG: Final = "smsc.log"


class EmulatorProcess:
    """One ``smsc serve`` on free ports of loopback. See Background."""

    def __init__(self, file: Path | None, directory: Path) -> None:
        """`file` is its scenario; journal and log go to `directory`. StartError, with the log, if it does not start."""
        self._journal = directory / "journal.sqlite"
        arguments = ["serve", *([] if file is None else [str(file)]), "--host", "127.0.0.1", "--port", "0"]
        arguments += ["--http", "0", "--journal", str(self._journal), "--until-eof"]
        with (directory / _LOG).open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", _PROGRAM, *arguments],
                stdin=subprocess.PIPE,  # its end is the end of the emulator, also when we are killed
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            self.where = _where(self._ready_line())
        except BaseException as error:
            self.stop()
            if isinstance(error, StartError):
                said = (directory / _LOG).read_text(errors="replace").strip()
                raise StartError(f"{error}\n{said}".strip()) from None
            raise

    def copy_journal(self, path: Path) -> None:
        """See Background."""
        source = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)
        target = sqlite3.connect(path, isolation_level=None)
        try:
            source.backup(target)
            expand(target)  # whoever reads it may know of the tables only
        finally:
            source.close()
            target.close()

    def stop(self) -> None:
        """See Background."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        # Closed, standard input ends it in order; SIGTERM then ends it at once, whoever is still bound.
        for seconds, then in ((UNBIND_SECONDS, process.terminate), (STOP_SECONDS, process.kill)):
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                then()
        process.wait()

    def _ready_line(self) -> str:
        stdout = self._process.stdout
        if stdout is None:
            raise StartError("smsc serve has no standard output")
        read = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not read.endswith(b"\n"):
                if not selector.select(START_SECONDS):
                    raise StartError(f"smsc serve was not ready after {START_SECONDS:g} s")
                octets = os.read(stdout.fileno(), 4096)
                if not octets:
                    raise StartError("smsc serve ended before it was ready")
                read += octets
        return read.decode().strip()


def _where(line: str) -> Where:
    """What the line says with which ``smsc serve`` is ready."""
    inbox = _INBOX.search(line)
    operators = {name: (host.strip("[]"), int(port)) for host, port, name in _OPERATOR.findall(line)}
    if inbox is None or not operators:
        raise StartError(f"smsc serve says what this version does not understand: {line}")
    return Where(inbox[1], operators)
