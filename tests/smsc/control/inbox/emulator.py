"""`smsc serve` as a process, and its clients."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.smsc.control.inbox.esme import Esme

_READY = re.compile(r"ready on (?:127\.0\.0\.1:)(\d+).*inbox at (http://127\.0\.0\.1:\d+/)")


class Emulator:
    """`smsc serve` on free ports."""

    def __init__(self, directory: Path, *arguments: object) -> None:
        command = [sys.executable, "-c", "from smsc.cli import main; main()", "serve", "--http", "0", "--quiet"]
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            [*command, *map(str, arguments)], cwd=directory, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._process.stdout is not None
        self.line = self._process.stdout.readline()
        found = _READY.search(self.line)
        assert found is not None, (self.line, (directory / "log").read_text())
        self.port = int(found[1])
        self.url = found[2]
        self._esmes: list[Esme] = []

    def bind(self, system_id: str = "shop") -> Esme:
        self._esmes.append(Esme(self.port, system_id))
        return self._esmes[-1]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control API."""
        data = None if method == "GET" else json.dumps({} if body is None else body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.url.rstrip("/") + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def clear(self) -> None:
        """Let all clients go, and everything be forgotten."""
        for esme in self._esmes:
            esme.close()
        self._esmes.clear()
        self.ask("POST", "/api/reset", {"system_id": None})

    def end(self) -> None:
        for esme in self._esmes:
            esme.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=20)
        finally:
            self._process.kill()
            self._log.close()
