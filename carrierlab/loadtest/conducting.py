"""Conducts a run: tells the players what to play, adds up what they have counted, judges it, and writes the reports.

It lives in the master, or in the only process there is.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import gevent
import msgspec
from locust import LoadTestShape
from locust.html import get_html_report
from locust.runners import MasterRunner
from locust.stats import CSV_STATS_INTERVAL_SEC

from carrierlab.background.process import EmulatorProcess
from carrierlab.background.running import StartError
from carrierlab.exit_codes import FAILED, INTERRUPTED, PASSED, UNUSABLE
from carrierlab.loadtest.limit import LimitSearch
from carrierlab.loadtest.playing import FINISH, FINISHED, PLAY, PLAYED, SHARE
from carrierlab.loadtest.playing import UNUSABLE as CANNOT
from carrierlab.loadtest.profile import Mode, Profile, accounts_of, anybody_may_bind, operator_of, stranger_problem
from carrierlab.loadtest.report import Result, document, is_late, lines
from carrierlab.loadtest.shapes import Limit, Span, users_at
from carrierlab.loadtest.tally import Tally, added
from carrierlab.loadtest.thresholds import broken, judge

REPORT_FILE: Final = "report.json"
_LOOK: Final = 0.05
_END_SECONDS: Final = 5.0
"""How long an end by Ctrl-C waits for responses and receipts that are still to come."""
_GRACE: Final = 10.0
"""How long a player may be silent beyond what it was given."""
_ACTIVE: Final = ("spawning", "running")

log = logging.getLogger(__name__)


class Conductor:
    """One for each run of Locust."""

    def __init__(self, environment: Any, profile: Profile, confirmed: str | None, reports: Path | None) -> None:
        """`confirmed` is the host that may be put under load though it is not this machine."""
        self.environment = environment
        self.profile = profile
        self._confirmed = confirmed
        self._reports = reports
        self._emulator: EmulatorProcess | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._conducting: gevent.Greenlet | None = None
        self._has_begun = self._stopping = False
        self._clear()
        events = environment.events
        events.test_start.add_listener(lambda **_: self._begin())
        events.spawning_complete.add_listener(lambda **_: self._go())
        events.test_stopping.add_listener(lambda **_: self._halt())
        events.worker_report.add_listener(self._on_report)
        events.quitting.add_listener(lambda **_: self._conclude())
        events.quit.add_listener(lambda **_: self._stop_emulator())
        runner = environment.runner
        runner.register_message(PLAYED, self._on_played)
        runner.register_message(FINISHED, self._on_finished)
        runner.register_message(CANNOT, self._on_cannot)

    def _clear(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._played: dict[tuple[int, str], Tally] = {}
        self._finished: set[str] = set()
        self._sharing: list[str] = []
        self._lost: list[str] = []
        self._has_gone = self._is_done = False
        self._search: LimitSearch | None = None
        self.unusable: str | None = None
        self.interrupted = False

    def prepare(self) -> None:
        """Start the emulator, if it is the target. SystemExit, the reason on standard error, when that cannot be."""
        environment, target = self.environment, self.profile.target
        if target.emulator is not None and not environment.host:
            name, _ = operator_of(target)
            self._scratch = tempfile.TemporaryDirectory(prefix="carrierlab-load-")
            try:
                self._emulator = EmulatorProcess(target.emulator, Path(self._scratch.name))
            except StartError as error:
                self._refuse(str(error))
            else:
                host, port = self._emulator.where.operators[name]
                environment.host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        elif not environment.host:
            environment.host = str(target.smpp or target.api or target.control)
        problem = stranger_problem(environment.host, self._confirmed, self.profile)
        if problem is not None:
            self._refuse(problem)

    def _refuse(self, why: str) -> None:
        print(why, file=sys.stderr)  # noqa: T201 - before Locust has begun
        self._stop_emulator()
        raise SystemExit(UNUSABLE)

    # --- a run ------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._clear()
        self._has_begun = True
        clients = self._sharing = self._clients()
        for share, client in enumerate(clients):
            self.environment.runner.send_message(SHARE, {"share": share, "of": len(clients)}, client)
        target = self.profile.target
        if target.speaks_smpp and len(clients) > 1 and not anybody_may_bind(target):
            accounts = len(accounts_of(target))
            if accounts < len(clients):
                log.warning(
                    "%d workers share %d accounts: receipts that come to a bind of another worker are unknown there. "
                    "Give target.accounts one for each worker.",
                    len(clients), accounts,
                )  # fmt: skip

    def _go(self) -> None:
        if not self._has_gone and self.unusable is None and self.profile.mode is Mode.OPEN:
            self._has_gone = True
            self._conducting = gevent.spawn(self._conduct)

    def _conduct(self) -> None:
        shape = self.profile.shape
        if isinstance(shape, Limit):
            self._find_the_limit(shape)
        elif shape is not None:
            self._play(1, list(shape.spans()))
        self.finish(float(self.profile.receipt_wait))
        self._end()

    def _find_the_limit(self, shape: Limit) -> None:
        self._search = search = LimitSearch(shape)
        thresholds = self.profile.thresholds.for_a_search()
        while search.found is None:
            probe = search.probe
            said = f"{probe.doing.value}: {probe.rate:g}/s for {probe.seconds:g} s"
            print(said, file=sys.stderr, flush=True)  # noqa: T201 - what takes long says what it does
            tally = self._play(probe.number, [Span(probe.rate, probe.rate, probe.seconds)])
            if tally.written + tally.given_up < tally.due or not tally.due:
                search.give_up("the run has ended before the step did")
            elif not set(self._sharing) <= set(self._clients()):
                search.give_up("a worker is lost")
            elif is_late(tally, self.profile):
                search.give_up(f"the generator cannot keep up with {probe.rate:g}/s")
            else:
                search.observed([str(verdict) for verdict in broken(judge(thresholds, tally, self.profile.sent))])
            gevent.sleep(shape.rest)

    def _play(self, number: int, spans: list[Span]) -> Tally:
        """Let all players play their share, and add up what they have counted."""
        clients = self._clients()
        for client in clients:
            self.environment.runner.send_message(
                PLAY, {"number": number, "spans": [list(span) for span in spans]}, client
            )
        while any((number, client) not in self._played for client in clients if client in self._clients()):
            gevent.sleep(_LOOK)
        return added([tally for (stretch, _), tally in self._played.items() if stretch == number])

    def finish(self, seconds: float, *, interrupted: bool = False) -> None:
        """Let all players send nothing more, and wait for what is on its way; what then misses is lost.

        Not when the run is interrupted: nobody has waited long enough to say so.
        """
        self._finished.clear()
        clients = self._clients()
        for client in clients:
            self.environment.runner.send_message(FINISH, {"seconds": seconds, "lost": not interrupted}, client)
        with gevent.Timeout(seconds + _GRACE, exception=False):
            while any(client not in self._finished for client in clients if client in self._clients()):
                gevent.sleep(_LOOK)
        self._lost = [client for client in self._sharing if client not in self._finished]
        self._is_done = True

    def interrupt(self, web_ui: Any) -> None:
        """Ctrl-C: the run ends in order, and its reports are written. A second one ends the process at once."""
        if self._stopping or not self._has_begun:
            self._stop_emulator()
            os._exit(INTERRUPTED)
        self._stopping = True
        self._end_early()
        self.environment.runner.quit()
        if web_ui is not None:
            web_ui.stop()

    def _end_early(self) -> None:
        """If a run is on: nothing more is sent, and what is on its way is waited for a little."""
        if self.unusable is None and self.environment.runner.state in _ACTIVE:
            self._halt()
            self.finish(_END_SECONDS, interrupted=True)

    def _end(self) -> None:
        """Stop the users; without web UI that is the end."""
        options = self.environment.parsed_options
        runner = self.environment.runner
        gevent.spawn(runner.quit if options is None or options.headless else runner.stop)

    def _halt(self) -> None:
        """The run ends: of its own, or because somebody wants it to."""
        options = self.environment.parsed_options
        by_hand = options is not None and not options.headless
        has_an_end = self.profile.shape is not None
        early = has_an_end and not self._is_done and self.unusable is None and not by_hand
        self.interrupted = self.interrupted or early
        if self._conducting is not None and self._conducting is not gevent.getcurrent():
            self._conducting.kill(block=False)

    def _clients(self) -> list[str]:
        runner = self.environment.runner
        if not isinstance(runner, MasterRunner):
            return [runner.client_id]
        return sorted(
            client.id for client in (*runner.clients.ready, *runner.clients.spawning, *runner.clients.running)
        )

    def _on_played(self, environment: Any, msg: Any, **_: Any) -> None:
        tally = msgspec.json.decode(msg.data["tally"], type=Tally)
        self._played[msg.data["number"], msg.data["client"]] = tally

    def _on_finished(self, environment: Any, msg: Any, **_: Any) -> None:
        self._tallies[msg.data["client"]] = msgspec.json.decode(msg.data["tally"], type=Tally)
        self._finished.add(msg.data["client"])

    def _on_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        if "carrierlab" in data:
            self._tallies[client_id] = msgspec.json.decode(data["carrierlab"], type=Tally)

    def _on_cannot(self, environment: Any, msg: Any, **_: Any) -> None:
        if self.unusable is None:
            self.unusable = msg.data["reason"]
            log.error("%s", self.unusable)
            self._end()

    # --- the end ----------------------------------------------------------------------------------

    def _conclude(self) -> None:
        """Before Locust decides how to exit: what still runs ends in order, and the reports are written."""
        environment = self.environment
        options = environment.parsed_options
        if environment.process_exit_code is not None:
            return
        self._end_early()
        environment.runner.quit()
        player = getattr(environment, "player", None)
        if player is not None:  # the only process: what it has counted up to the last receipt
            self._tallies = {"": msgspec.json.decode(player.reported(), type=Tally)}
        result = self._result()
        code = exit_code(result)
        environment.process_exit_code = code
        self._write(result, code)
        try:
            print("\n".join(["", *lines(result), ""]), flush=True)  # noqa: T201 - for people, as Locust prints its tables
        except OSError as error:
            _give_up_output(error)
            environment.process_exit_code = UNUSABLE
        if options is not None and options.csv_prefix:
            gevent.sleep(CSV_STATS_INTERVAL_SEC * 1.2)  # its writer looks that often
        if options is not None and options.html_file:
            _put(Path(options.html_file), get_html_report(environment, show_download_link=False))  # type: ignore[no-untyped-call]

    def _result(self) -> Result:
        tally = added(list(self._tallies.values()))
        search = self._search
        verdicts = [] if search is not None else judge(self.profile.thresholds, tally, self.profile.sent)
        return Result(
            profile=self.profile,
            address=str(self.environment.host),
            tally=tally,
            verdicts=verdicts,
            workers=max(1, len(self._sharing), len(self._tallies)),
            lost_workers=len(self._lost),
            interrupted=self.interrupted,
            unusable=self.unusable,
            tried=[] if search is None else search.tried,
            found=None if search is None else search.found,
        )

    def _write(self, result: Result, code: int) -> None:
        if self._reports is not None:
            text = msgspec.json.format(msgspec.json.encode(document(result, code)), indent=1).decode() + "\n"
            _put(self._reports / REPORT_FILE, text)

    def _stop_emulator(self) -> None:
        emulator, self._emulator = self._emulator, None
        if emulator is not None:
            emulator.stop()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        log.error("%s cannot be written: %s", path, error.strerror)


def _give_up_output(error: OSError) -> None:
    """Nobody reads the report: let the rest of the output go nowhere, the reports in files are written all the same."""
    log.error("output cannot be written: %s", error.strerror)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def exit_code(result: Result) -> int:
    """How the process exits: see docs/load-testing.md."""
    if result.unusable is not None:
        return UNUSABLE
    if result.interrupted:
        return INTERRUPTED
    found = result.found
    if found is not None:
        return UNUSABLE if found.inconclusive else FAILED if found.rate is None else PASSED
    if not result.tally.requests:
        return UNUSABLE
    if broken(result.verdicts):
        return FAILED
    return UNUSABLE if result.lost_workers else PASSED


class ProfileShape(LoadTestShape):
    """The users of a closed loop over time; `conductor` and `profile` are set before it begins."""

    abstract = True
    profile: Profile
    conductor: Conductor
    _users = 1
    _finishing: gevent.Greenlet | None = None

    def tick(self) -> tuple[int, float] | None:
        """See Locust. At the end what is on its way is waited for, with the users as they are."""
        shape = self.profile.shape
        if shape is None or isinstance(shape, Limit):
            return None
        users = users_at(shape, self.get_run_time())  # type: ignore[no-untyped-call]
        if users is not None:
            self._users, self._finishing = users, None
            return users, float(max(1, users))
        if self._finishing is None:
            self._finishing = gevent.spawn(self.conductor.finish, float(self.profile.receipt_wait))
        return None if self._finishing.ready() else (self._users, float(max(1, self._users)))
