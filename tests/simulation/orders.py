"""What people order while a campaign goes on: pause it, go on, cancel it, write to this number no more.

An order is given until it is acknowledged, by one life of the sender after another, and holds from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sender.store.suppression import Suppressed

if TYPE_CHECKING:
    from tests.simulation.world import Life, World

ALL = "all"


class Orders:
    """The orders of one world."""

    def __init__(self, world: World) -> None:
        self.paused: set[str] = set()
        """Names of campaigns that are paused for certain."""
        self.cancelled: set[str] = set()
        """Names of campaigns that are cancelled for certain."""
        self.opted_out: set[str] = set()
        """Numbers that nothing may be written to, for certain."""
        self.ever_opted_out: set[str] = set()
        """Numbers that an order to that effect was given for, heard or not."""
        self.ever_cancelled: set[str] = set()
        self._world = world
        self._wanted: list[tuple[str, str]] = []
        self._early: set[str] = set()
        """Campaigns that somebody paused before there were any: whoever resumes them comes after that."""

    def give(self, order: str, whom: str) -> None:
        """``pause``, ``resume`` or ``cancel`` a campaign by its name, or ``opt out`` a number."""
        self._wanted.append((order, whom))
        if order == "resume":
            self.paused.discard(whom)  # from here on either is right
        elif order == "opt out":
            self.ever_opted_out.add(whom)
        elif order == "cancel":
            self.ever_cancelled.add(whom)
        life = self._world.life
        if life is not None and life.ready:
            self._ask(life, order, whom)

    @property
    def settled(self) -> bool:
        """Whether every order is acknowledged."""
        return not self._wanted

    def ask_again(self, life: Life) -> None:
        """A new life has begun: what no life before it has acknowledged is asked of it."""
        for order, whom in list(self._wanted):
            self._ask(life, order, whom)

    def _ask(self, life: Life, order: str, whom: str) -> None:
        doing = Deferred.fromCoroutine(self._do(life, order, whom))
        doing.addCallbacks(self._done, self._not_done, (life, order, whom), None, (life, order, whom))

    async def _do(self, life: Life, order: str, whom: str) -> bool:
        if order == "opt out":
            entry = Suppressed(number=int(whom), scope=ALL, source="simulation", at=life.now())
            await life.sender.suppressing.add([entry])
            return True
        rows = life.query("SELECT id FROM campaigns WHERE name = ?", whom)
        if not rows or (order == "resume" and whom in self._early):
            if order == "pause":
                self._early.add(whom)
            life.clock.callLater(1.0, self._later, life, order, whom)
            return False
        if order == "pause":
            self._early.discard(whom)
        verb = {"pause": life.store.pause, "resume": life.store.resume, "cancel": life.store.cancel}[order]
        await life.writer.call(verb, rows[0][0])
        await life.sender.on_outside_change()
        return True

    def _later(self, life: Life, order: str, whom: str) -> None:
        if (order, whom) in self._wanted:
            self._ask(life, order, whom)

    def _done(self, done: bool, life: Life, order: str, whom: str) -> None:
        if not done or not life.clock.alive or (order, whom) not in self._wanted:
            return
        self._wanted.remove((order, whom))
        self._world.ledger.note(f"{order} {whom} is acknowledged")
        if order == "pause" and ("resume", whom) not in self._wanted:
            self.paused.add(whom)
        elif order == "cancel":
            self.cancelled.add(whom)
        elif order == "opt out":
            self.opted_out.add(whom)

    def _not_done(self, failure: Failure, life: Life, order: str, whom: str) -> None:
        """The store could not be written: it is asked again, of this life or the next."""
        self._world.ledger.note(f"an order failed: {failure.getErrorMessage()}")
        life.clock.callLater(1.0, self._later, life, order, whom)
