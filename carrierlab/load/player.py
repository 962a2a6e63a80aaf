"""Plays a load: lets messages fall due, and waits until nothing more comes of them."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from carrierlab.ledgers import OperatorLedger, SenderLedger
from carrierlab.load.book import LoadBook, assigned
from carrierlab.load.esmes import Esmes
from carrierlab.load.messages import Due, messages
from carrierlab.load.model import Load
from carrierlab.scenario import LabScenario, account_of
from carrierlab.stage import Addresses, OnProgress, Stage
from sender.channels.account import Account, BindKind
from sender.config.binds import BindMode
from sender.domain.message import State
from sender.pipeline.progress import Progress

DEFAULT_WINDOW = 10
DEFAULT_SENDER = "LAB"
_RECONNECT_LONGEST = 5.0
_LOOK_EVERY = 0.5

_KINDS = {
    BindMode.TRANSCEIVER: (BindKind.TRANSCEIVER,),
    BindMode.PAIR: (BindKind.TRANSMITTER, BindKind.RECEIVER),
}


class LoadPlayer:
    """The ESMEs of a load, and their book."""

    def __init__(self, scenario: LabScenario, load: Load, stage: Stage, on_progress: OnProgress | None = None) -> None:
        self._scenario = scenario
        self._load = load
        self._stage = stage
        self._on_progress = on_progress
        self._book = LoadBook()
        self._esmes: dict[str, Esmes] = {}
        self._begins = 0.0
        self._due = iter(messages(load, scenario.seed, self._senders(), next(iter(scenario.operators))))
        self._next: Due | None = next(self._due, None)
        self._calls: set[IDelayedCall] = set()
        self._over: Deferred[None] = Deferred()
        self._waited: tuple[int, float] | None = None

    @property
    def binds(self) -> dict[str, int]:
        """How many binds it keeps up with each operator."""
        each = self._load.binds * len(_KINDS[self._load.bind])
        return dict.fromkeys(self._scenario.used_operators(), each)

    async def prepare(self, addresses: Addresses) -> None:
        """Make the ESMEs; nothing is connected yet."""
        for name in self._scenario.used_operators():
            self._esmes[name] = Esmes(
                self._account(name, *addresses[name]),
                self._book,
                clock=self._stage.clock,
                network=self._stage.network,
                seed=self._scenario.seed,
                give_up=float(self._load.give_up),
                changed=self._look,
            )

    async def play(self) -> None:
        """Let the load fall due from now on; done when nothing more comes of it."""
        self._begins = self._stage.clock.seconds()
        for esmes in self._esmes.values():
            esmes.start()
        self._schedule()
        if self._on_progress is not None:
            self._tell()
        self._look()
        await self._over

    async def stop(self) -> None:
        """Unbind and close everything."""
        for call in self._calls:
            call.cancel()
        self._calls.clear()
        for stopping in [each for esmes in self._esmes.values() for each in esmes.stop()]:
            await stopping

    def ledger(self) -> SenderLedger:
        """What the ESMEs know."""
        return self._book.ledger(self._stage.epoch)

    def read(self, received: OperatorLedger, sent: SenderLedger) -> OperatorLedger:
        """The operators' book, each submit assigned to its message."""
        return assigned(sent, received)

    # --- inside ---------------------------------------------------------------------------------------

    def _senders(self) -> dict[str, str]:
        return {
            name: next(iter(account_of(operator, self._load.account).senders or ()), DEFAULT_SENDER)
            for name, operator in self._scenario.operators.items()
        }

    def _account(self, name: str, host: str, port: int) -> Account:
        load, account = self._load, account_of(self._scenario.operators[name], self._load.account)
        return Account(
            name=name,
            host=host,
            port=port,
            system_id=account.system_id,
            password=account.password,
            kinds=_KINDS[load.bind] * load.binds,
            window=load.window or account.window or DEFAULT_WINDOW,
            response_timeout=float(load.response_timeout),
            reconnect_longest=_RECONNECT_LONGEST,
        )

    def _schedule(self) -> None:
        if self._next is not None:
            self._later(max(0.0, self._begins + self._next.due - self._stage.clock.seconds()), self._fall_due)

    def _fall_due(self) -> None:
        """Hand over all that is due; its time is the one that was planned, however late it is."""
        now = self._stage.clock.seconds()
        while self._next is not None and self._begins + self._next.due <= now + 1e-9:
            due, self._next = self._next, next(self._due, None)
            esmes = self._esmes[due.operator]
            planned = msgspec.structs.replace(due, due=self._begins + due.due)
            esmes.submit(self._book.add(planned, esmes.account.system_id))
        self._schedule()
        self._look()

    def _look(self) -> None:
        """Whether nothing more is to come, but receipts that are waited for while they keep coming."""
        if self._next is not None or self._book.open_parts or any(each.waiting for each in self._esmes.values()):
            return
        if not self._book.awaited:
            self._end()
        elif self._waited is None or self._waited[0] != self._book.awaited:
            self._waited = (self._book.awaited, self._stage.clock.seconds())
            self._later(float(self._load.receipt_wait), self._waited_enough, self._waited)

    def _waited_enough(self, since: tuple[int, float]) -> None:
        if self._waited == since:
            self._end()

    def _end(self) -> None:
        if not self._over.called:
            self._over.callback(None)

    def _tell(self) -> None:
        if self._on_progress is not None and not self._over.called:
            states = [part.state for sending in self._book.sendings for part in sending.parts[-1:]]
            counts = {state: states.count(state) for state in State}
            total = round(sum(stage.expected() for stage in self._load.plan()))
            counts[State.QUEUED] += max(0, total - len(states))
            self._on_progress(Progress(0, max(total, len(states)), counts, ()))
            self._later(_LOOK_EVERY, self._tell)

    def _later(self, delay: float, act: object, *args: object) -> None:
        def run() -> None:
            self._calls.discard(call)
            act(*args)  # type: ignore[operator]

        call = self._stage.clock.callLater(delay, run)
        self._calls.add(call)
