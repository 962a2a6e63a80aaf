"""What the lint has found so far: of the one that watches (`--lint`), or of the journal, read when somebody asks."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed

from smsc.app import Emulator
from smsc.control.reader import Reader, Shelf
from smsc.control.unkept import no_journal
from smsc.lint.lint import Lint
from smsc.lint.live import report_of, windows_of
from smsc.lint.replay import replay
from smsc.lint.report import Report
from smsc.lint.settings import LintSettings
from webkit.problem import Problem


class LintDesk:
    """Gives reports. Nobody pays for a lint that nobody asks."""

    def __init__(self, emulator: Emulator, reader: Reader | None, live: Callable[[], Report] | None) -> None:
        """`live` is the report of the lint that watches, where one does."""
        self._emulator = emulator
        self._reader = reader
        self._live = live
        self._reading = False

    def report(self, since: float | None = None, account: str | None = None) -> Deferred[Report]:
        """What was found; of what was done since a time, of one account. Problem."""
        if self._live is not None and since is None and account is None:
            return succeed(self._live())
        if self._reader is None:
            raise no_journal()
        if self._reading:
            raise Problem(503, "the journal is being judged for somebody else; try again later")
        self._reading = True
        windows = windows_of({name: server.state.operator for name, server in self._emulator.operators.items()})
        settings = LintSettings(windows=windows, since=since)

        def work(shelf: Shelf) -> Report:
            lint = Lint(settings)
            replay(shelf.connection, lint)
            return report_of([lint], account=account)

        return self._reader.read(work).addBoth(self._done)

    def _done(self, result: Report) -> Report:
        self._reading = False
        return result
