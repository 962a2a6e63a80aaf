"""Which submit is written next, where and when: limits, windows, silence and the gate, asked in that order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from sender.channels.outlet import Outlet
from sender.channels.pace import Pace
from sender.channels.reserve import Reserve
from sender.channels.results import Hold, Postponed, Result, Submit, Unwritten, Withheld
from sender.channels.senders import SenderLimit, sender_limits
from smppkit.commands import CommandId
from smppkit.transport import Link

_SUBMIT_SM: Final = int(CommandId.SUBMIT_SM)


class Writing:
    """Writes what waits on the outlets of one account."""

    def __init__(
        self,
        pace: Pace,
        sender_rates: Mapping[str, float],
        reserve: Reserve,
        *,
        clock: IReactorTime,
        hold: Callable[[Sequence[Submit]], Mapping[int, Hold]],
        wake: Callable[[], None],
    ) -> None:
        self.pace = pace
        self.reserve = reserve
        """What is kept free for one-time codes."""
        self.outlets: list[Outlet] = []
        self.senders: dict[str, SenderLimit] = sender_limits(sender_rates)
        self.patience = math.inf
        """Seconds without an answer after which a link is asked for a sign of life before more is written."""
        self._clock = clock
        self._hold = hold
        self._on_wake = wake
        self._next = 0  # whose turn it is among the outlets
        self._timer: IDelayedCall | None = None
        self._timer_at = math.inf
        self._wake_at = math.inf
        self._pumping = False
        self._stopped = False

    def stop(self) -> None:
        """Write nothing more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def stopped(self) -> bool:
        """Whether nothing more is written."""
        return self._stopped

    def change_senders(self, rates: Mapping[str, float]) -> None:
        """Other limits for senders. What stands aside waits in its queue for the new ones."""
        kept = {sender: limit for sender, limit in self.senders.items() if rates.get(sender) == limit.rate}
        self.senders = {**sender_limits(rates), **kept}
        for outlet in self.outlets:
            for sender, queue in list(outlet.aside.items()):
                if sender not in kept:
                    del outlet.aside[sender]
                    outlet.waiting.extendleft(reversed(queue))

    def pump(self, turn_link: Link | None) -> tuple[list[Result], bool]:
        """Write what may be written now, and arm one timer for the rest.

        Returns what was not and will not be written, and whether anything was. `turn_link` writes by itself when its
        turn ends.
        """
        refused: list[Result] = []
        if self._pumping or self._stopped:
            return refused, False
        self._pumping = True
        touched: dict[Link, None] = {}
        self._wake_at = math.inf
        try:
            while True:
                now = self._clock.seconds()
                chosen = self._choose(now, refused)
                if chosen is None:
                    break
                outlet, run = chosen
                held = self._hold(run)
                if held:
                    refused += [Withheld(run[place], hold) for place, hold in held.items()]
                    run = [submit for place, submit in enumerate(run) if place not in held]
                if run:
                    self._write(outlet, run, now)
                    touched[outlet.link] = None
            for link in touched:
                if link is not turn_link:
                    link.flush()
        finally:
            self._pumping = False
        self._arm()
        return refused, bool(touched)

    def take_back(self, outlet: Outlet) -> list[Result]:
        """Everything that waits on an outlet, to be sent another time."""
        for sender, queue in outlet.aside.items():
            if sender in self.senders:
                self.senders[sender].aside -= len(queue)
        return [Unwritten(submit) for submit in outlet.take_back()]

    def spare(self, message_id: int, part: int) -> list[Result]:
        """What waits of a part that needs it no more."""
        spared: list[Result] = []
        for outlet in self.outlets:
            aside = [(queue, self.senders.get(sender)) for sender, queue in outlet.aside.items()]
            for queue, limit in ((outlet.waiting.urgent, None), (outlet.waiting.others, None), *aside):
                for submit in [it for it in queue if it.message_id == message_id and it.part == part]:
                    queue.remove(submit)
                    spared.append(Unwritten(submit))
                    if limit is not None:
                        limit.aside -= 1
            if not all(outlet.aside.values()):
                outlet.aside = {sender: queue for sender, queue in outlet.aside.items() if queue}
        return spared

    # --- choosing -----------------------------------------------------------------------------

    def _choose(self, now: float, refused: list[Result]) -> tuple[Outlet, list[Submit]] | None:
        """The next submits for one outlet, taken out of its queue, that limits and windows let through."""
        if any(outlet.waiting.urgent for outlet in self.outlets):
            first = self._choose_urgent(now, refused)
            if first is not None:
                return first
        room = None
        count = len(self.outlets)
        for step in range(count):
            position = (self._next + step) % count
            outlet = self.outlets[position]
            if not outlet.waiting and not outlet.aside:
                continue
            if outlet.silent(now, self.patience):
                refused += self.take_back(outlet)  # a sibling may have them
                continue
            free = outlet.link.session.window_free - self.reserve.of(outlet.window.size, now)
            if free <= 0:
                self._wake_at = min(self._wake_at, outlet.silent_from(self.patience))
                continue
            if room is None:
                spare = self.reserve.of(self.pace.limit or 0, now)
                room = self.pace.room(now, spare)
                if not room:
                    backlog = sum(len(each.waiting) for each in self.outlets)
                    self._wake_in(now, self.pace.wait(now, backlog, spare))
                    return None
                # What the account may write now is for all binds that have something to write.
                room = max(1, room // sum(1 for each in self.outlets if each.waiting or each.aside))
            most = min(free, room)
            if outlet.limit is not None:
                most = min(most, outlet.limit.room(now))
                if not most:
                    self._wake_in(now, outlet.limit.until(now, len(outlet.waiting)) - now)
                    continue
            run = self._run(outlet, most, now, refused)
            if run:
                self._next = (position + 1) % count
                return outlet, run
        return None

    def _choose_urgent(self, now: float, refused: list[Result]) -> tuple[Outlet, list[Submit]] | None:
        """One-time codes, on any bind that has some and a place in its window; they keep no distance."""
        for outlet in self.outlets:
            if not outlet.waiting.urgent or outlet.silent(now, self.patience):
                continue  # of a silent link the others tell
            most = outlet.link.session.window_free
            if most <= 0:
                continue
            most = min(most, self.pace.room(now, urgent=True))
            if not most:
                self._wake_in(now, self.pace.wait(now, urgent=True))
                return None
            if outlet.limit is not None:
                most = min(most, outlet.limit.room(now, urgent=True))
                if not most:
                    self._wake_in(now, outlet.limit.until(now, urgent=True) - now)
                    continue
            run = self._run(outlet, most, now, refused)
            if run:
                return outlet, run
        return None

    def _run(self, outlet: Outlet, most: int, now: float, refused: list[Result]) -> list[Submit]:
        """Take `most` submits of a kind from an outlet, or what there is; one, where senders have limits too."""
        if self.senders:
            submit = self._pick(outlet, now, refused)
            return [] if submit is None else [submit]
        queue = outlet.waiting.urgent or outlet.waiting.others
        return [queue.popleft() for _ in range(min(most, len(queue)))]

    def _pick(self, outlet: Outlet, now: float, refused: list[Result]) -> Submit | None:
        """The next submit whose sender's limit has room."""
        for sender in outlet.aside:
            limit = self.senders[sender]
            if limit.ready(now):
                limit.aside -= 1
                return outlet.called(sender)
            self._wake_in(now, limit.wait(now))
        while outlet.waiting:
            submit = outlet.waiting.popleft()
            sender = submit.source_addr
            known = self.senders.get(sender)
            if known is None or (known.ready(now) and sender not in outlet.aside):
                return submit
            delay = known.postpone(now)
            if delay is None:
                outlet.stand_aside(submit)
                known.aside += 1
                self._wake_in(now, known.wait(now))
            else:
                refused.append(Postponed(submit, delay))
        return None

    def _write(self, outlet: Outlet, run: list[Submit], now: float) -> None:
        """Write submits of a kind."""
        session = outlet.link.session
        before = session.outstanding
        alone = not before and not any(each.outstanding for each in self.outlets)
        session.send_run(_SUBMIT_SM, [it.body for it in run], [it.sequence for it in run], run, now)
        for under_way, submit in enumerate(run, before + 1):
            submit.under_way = under_way
        run[0].alone = alone
        urgent = run[0].urgent
        self.pace.take(now, len(run), urgent=urgent)
        if outlet.limit is not None:
            outlet.limit.take(now, len(run), urgent=urgent)
        if self.senders:
            known = self.senders.get(run[0].source_addr)
            if known is not None:
                known.take(now)
        outlet.written(now)

    # --- waking -------------------------------------------------------------------------------

    def _wake_in(self, now: float, delay: float) -> None:
        self._wake_at = min(self._wake_at, now + max(0.0, delay))

    def _arm(self) -> None:
        if self._wake_at == math.inf or self._stopped:
            return
        if self._timer is not None:
            if self._timer_at <= self._wake_at:
                return
            self._timer.cancel()
        self._timer_at = self._wake_at
        self._timer = self._clock.callLater(max(0.0, self._wake_at - self._clock.seconds()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._on_wake()
