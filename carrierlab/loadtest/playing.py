"""What one process of a load test plays: its share of the messages, when they are due, and its tally.

A process is a worker of Locust, or the only one. The conductor (`carrierlab.loadtest.conducting`) tells it what
to play, over Locust's own messages:

=================  ==================================================================================
``lab-share``      to a player: which share of how many it has (before its users begin)
``lab-play``       to a player: a stretch, as spans of rates
``lab-finish``     to a player: send nothing more, wait for what is on its way
``lab-played``     to the conductor: a stretch is played, and all of it answered
``lab-finished``   to the conductor: nothing more will come
``lab-unusable``   to the conductor: this cannot be played, and why
=================  ==================================================================================
"""

from __future__ import annotations

import logging
import time
from collections import deque
from random import Random
from typing import Any, Final

import gevent
import msgspec
from gevent.lock import Semaphore

from carrierlab.load.arrivals import due_times
from carrierlab.loadtest.esme import Job
from carrierlab.loadtest.mix import Mix
from carrierlab.loadtest.profile import Mode, Profile
from carrierlab.loadtest.room import Room
from carrierlab.loadtest.shapes import Span, open_loop
from carrierlab.loadtest.smpp_user import REQUEST_TYPE, SmppUser
from carrierlab.loadtest.tally import Receipts, Tally, added
from carrierlab.loadtest.thresholds import SUBMIT
from smppkit.rate import Gcra

SHARE: Final = "lab-share"
PLAY: Final = "lab-play"
FINISH: Final = "lab-finish"
PLAYED: Final = "lab-played"
FINISHED: Final = "lab-finished"
UNUSABLE: Final = "lab-unusable"

NOT_WRITTEN: Final = "not written in time"
_LOOK: Final = 0.05
_BREATHE_EVERY: Final = 20  # messages that are late, after which the users get a turn

log = logging.getLogger(__name__)


class Due(msgspec.Struct, frozen=True, gc=False):
    """A message that is due: a job for an ESME, or for an HTTP client its address and its text."""

    job: Job
    to: str
    sender: str
    text: str
    without: float
    """`Room.without` when the generator came to it."""


class Player:
    """One for each process that generates load."""

    def __init__(self, environment: Any, profile: Profile) -> None:
        self.environment = environment
        self.profile = profile
        self.share, self.of = 0, 1
        self.users: list[Any] = []
        self._reset()
        events = environment.events
        events.test_start.add_listener(lambda **_: self._reset())
        events.test_stopping.add_listener(lambda **_: self._halt())
        events.request.add_listener(self._on_request)
        events.report_to_master.add_listener(self._on_report)
        runner = environment.runner
        runner.register_message(SHARE, self._on_share)
        runner.register_message(PLAY, self._on_play)
        runner.register_message(FINISH, self._on_finish)

    def _reset(self) -> None:
        self.stretches: dict[int, Tally] = {}
        self.receipts = Receipts()
        SmppUser.counts = self.receipts
        SmppUser.books.clear()
        self.users.clear()
        self.stopped = False
        self.room = Room(time.monotonic())
        self._queue: deque[Due] = deque()
        self._there = Semaphore(0)
        self._began: dict[int, float] = {}
        self._playing: gevent.Greenlet | None = None
        self._taken = 0
        self._mix: Mix | None = None
        self._gate = self._new_gate()

    # --- what users ask -------------------------------------------------------------------------

    def account_number(self, count: int) -> int:
        """Which account the next user of this process has, of so many: each worker has accounts of its own."""
        own = range(self.share, count, self.of) or range(self.share % count, self.share % count + 1)
        return own[(len(self.users) - 1) % len(own)]

    def next(self) -> Due | None:
        """The next message; waits until it may be sent. None when nothing more is to be sent."""
        if self.profile.mode is Mode.OPEN:
            return self._next_due()
        self._wait_for_the_gate()
        if self.stopped or not self._may_send(1):
            return None
        parts = self._composed(0, None)
        self._queue.extend(parts[1:])
        for _ in parts[1:]:
            self._there.release()
        return parts[0]

    def put_back(self, due: Due) -> None:
        """A message of an open loop that could not be written after all is the next one again."""
        self._queue.appendleft(due)
        self._there.release()

    def next_part(self) -> Due | None:
        """A further part of a long message of a closed loop, if one waits."""
        if not self._there.acquire(blocking=False):
            return None
        part = self._queue.popleft()
        self._wait_for_the_gate()
        return part if self._may_send(1) else None

    def _new_gate(self) -> Gcra:
        """What holds the run below safety.rate. What is due by chance may come together, within a second's worth."""
        rate = float(self.profile.most.rate) / self.of
        return Gcra(rate, max(1.0, rate) if self.profile.mode is Mode.OPEN else 1.0)

    def _wait_for_the_gate(self) -> None:
        if self._gate.take(time.monotonic()):
            return
        self._tally(0).held_back += 1
        while not self._gate.take(time.monotonic()):
            gevent.sleep(max(0.001, self._gate.wait(time.monotonic())))

    def _next_due(self) -> Due | None:
        while True:
            self._there.acquire()
            due = self._queue.popleft()
            self._wait_for_the_gate()
            if not self._is_too_late(due):
                return due

    def _is_too_late(self, due: Due) -> bool:
        late = time.monotonic() - due.job.due
        if late <= self.profile.give_up:
            return False
        tally = self._tally(due.job.stretch)
        tally.given_up += 1
        self.environment.events.request.fire(
            request_type=REQUEST_TYPE if self.profile.target.speaks_smpp else "POST",
            name=self.profile.sent or SUBMIT,
            response_time=None,
            response_length=0,
            exception=TimeoutError(NOT_WRITTEN),
            context={"stretch": due.job.stretch},
        )
        return True

    def _may_send(self, count: int) -> bool:
        """Whether the most that a run may send leaves room for so many more; else this is its end."""
        self._taken += count
        if self._taken <= -(-self.profile.most.messages // self.of):
            return True
        if not self.stopped:
            log.warning("safety.messages (%s) is reached: nothing more is sent", f"{self.profile.most.messages:,}")
            self._halt()
        return False

    def prepare(self) -> Mix:
        """Read what the mix needs, before anything is due. ValueError when its numbers do not go round."""
        if self._mix is None:
            self._mix = Mix(self.profile.mix, self.profile.seed, self.share, self.of)
        return self._mix

    def unusable(self, reason: str) -> None:
        """A user could not begin. When none has, there is nothing to test."""
        if not any(getattr(user, "has_been_bound", False) for user in self.users):
            self._send(UNUSABLE, {"reason": reason})

    # --- what the conductor says ------------------------------------------------------------------

    def _on_share(self, environment: Any, msg: Any, **_: Any) -> None:
        self.share, self.of = msg.data["share"], msg.data["of"]
        self._gate = self._new_gate()

    def _on_play(self, environment: Any, msg: Any, **_: Any) -> None:
        number, spans = msg.data["number"], [Span(*span) for span in msg.data["spans"]]
        self._playing = gevent.spawn(self._play, number, spans)

    def _on_finish(self, environment: Any, msg: Any, **_: Any) -> None:
        gevent.spawn(self._finish, msg.data["seconds"], msg.data["lost"])

    def _on_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        data["carrierlab"] = self.reported()

    def reported(self) -> str:
        """Its tally so far, as text for a message."""
        whole = added(list(self.stretches.values()))
        whole.receipts = self.receipts
        whole.seconds = sum(tally.seconds for tally in self.stretches.values())  # one after the other
        return msgspec.json.encode(whole).decode()

    def _send(self, kind: str, data: dict[str, Any]) -> None:
        runner = self.environment.runner
        runner.send_message(kind, {"client": runner.client_id, **data})

    # --- inside -----------------------------------------------------------------------------------

    def _play(self, number: int, spans: list[Span]) -> None:
        self._wait_for_users()
        profile = self.profile
        tally = self._tally(number)
        load = open_loop(spans, profile.arrival, profile.burst)
        begins = self._began[number] = time.monotonic()
        late = 0
        for count, at in enumerate(due_times(load, Random(f"{profile.seed}/loadtest/{number}"))):  # noqa: S311
            if count % self.of != self.share:
                continue
            wait = begins + at - time.monotonic()
            late = 0 if wait > 0 else late + 1
            if wait > 0 or late % _BREATHE_EVERY == 0:
                gevent.sleep(max(0.0, wait))
            parts = self._composed(number, begins + at)
            if self.stopped or not self._may_send(len(parts)):
                break
            tally.due += len(parts)
            self._queue.extend(parts)
            for _ in parts:
                self._there.release()
        self._settle(profile.give_up + profile.response_timeout)
        self._send(PLAYED, {"number": number, "tally": msgspec.json.encode(tally).decode()})

    def _wait_for_users(self) -> None:
        """Until each user has bound or given up."""
        deadline = time.monotonic() + self.profile.response_timeout
        while time.monotonic() < deadline and not all(getattr(user, "has_begun", True) for user in self.users):
            gevent.sleep(_LOOK)

    def _composed(self, stretch: int, due: float | None) -> list[Due]:
        addressed = self.prepare().next()
        now = time.monotonic()
        said = addressed.composed
        parts = said.parts if self.profile.target.speaks_smpp else said.parts[:1]
        since = now if due is None else due
        without = self.room.without(now)
        return [Due(Job(pdu, since, now, stretch), addressed.to, said.sender, said.text, without) for pdu in parts]

    def _halt(self) -> None:
        """Make nothing more. What an open loop has waiting is given up; the rest of a long message still goes out."""
        self.stopped = True
        if self._playing is not None and self._playing is not gevent.getcurrent():
            self._playing.kill(block=False)
        while self.profile.mode is Mode.OPEN and self._there.acquire(blocking=False):
            self._tally(self._queue.popleft().job.stretch).given_up += 1

    def _settle(self, most: float) -> None:
        """Wait until all that waits is written, and all that was written is answered."""
        deadline = time.monotonic() + most
        while time.monotonic() < deadline and (self._queue or any(user.outstanding for user in self.users)):
            self._give_up_late()
            gevent.sleep(_LOOK)
        self._give_up_late()

    def _give_up_late(self) -> None:
        """Tell of all messages that wait for longer than they may."""
        while self._there.acquire(blocking=False):
            if not self._is_too_late(self._queue[0]):
                self._there.release()
                return
            self._queue.popleft()

    def _finish(self, most: float, lost: bool) -> None:
        """Wait for what is on its way, `most` seconds at most; what then misses is `lost`, or still awaited."""
        deadline = time.monotonic() + most
        self._halt()
        self._settle(min(most, float(self.profile.response_timeout)))
        while self.receipts.awaited and time.monotonic() < deadline:
            gevent.sleep(_LOOK)
        for user in self.users if lost else ():
            user.give_up_receipts()
        self._send(FINISHED, {"tally": self.reported()})

    def _tally(self, stretch: int) -> Tally:
        return self.stretches.setdefault(stretch, Tally())

    def _on_request(
        self, name: str, response_time: float | None, exception: BaseException | None, context: Any, **_: Any
    ) -> None:
        context = context or {}
        stretch = int(context.get("stretch", 0))
        tally = self._tally(stretch)
        seconds = None if response_time is None else response_time / 1000
        tally.request(name, seconds, None if exception is None else str(exception) or type(exception).__name__)
        now = time.monotonic()
        if name == self.profile.sent or not self.profile.sent:
            tally.seconds = now - self._began.setdefault(stretch, now if seconds is None else now - seconds)
        if "waited" in context:
            tally.written += 1
            tally.lag.add(context["lag"])
            tally.waiting.add(context["waited"])
            if context.get("service") is not None:
                tally.service.add(context["service"])
