"""Short ways to say what the store tests say all the time."""

from __future__ import annotations

import queue
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from sender.domain.message import MessageClass, State
from sender.store.records import (
    Accepted,
    Claimed,
    Intent,
    NewCampaign,
    NewMessage,
    ReceiptFate,
    ReceiptIn,
    ReceiptResult,
)
from sender.store.sqlite import SqliteStore
from sender.store.writer import InlineWriter, ThreadWriter, Writer
from smppkit.message_state import MessageState

ACCOUNT = "beeline-kz"
FIRST = 77050000000


def campaign(message_class: MessageClass = MessageClass.SERVICE, name: str = "evening") -> NewCampaign:
    return NewCampaign(name, "Hello {name}", "SHOP", message_class, "/people.csv", "/rejects.csv", 1000.0)


def new(row: int, *, number: str | None = None, operator: str = ACCOUNT) -> NewMessage:
    return NewMessage(row, number or str(FIRST + row), operator, {"name": f"n{row}"})


def receipt(
    smsc_id: str,
    number: str = "",
    state: MessageState = MessageState.DELIVERED,
    *,
    at: float = 9999.0,
    account: str = ACCOUNT,
    err: str | None = "000",
) -> ReceiptIn:
    return ReceiptIn(account, smsc_id, state, state.stat, err, number, at)


class Runner(Protocol):
    """Runs one verb to its commit: the ways in which a store is used."""

    def __call__(self, verb: Callable[..., Any], *args: Any) -> Any: ...


class Desk:
    """A store with one campaign of `messages`, and the steps of their life. Times are arguments of the steps."""

    def __init__(
        self,
        store: SqliteStore,
        run: Runner,
        *,
        messages: int = 1,
        message_class: MessageClass = MessageClass.SERVICE,
        numbers: list[str] | None = None,
        parts: int = 1,
    ) -> None:
        self.store, self.run, self.parts = store, run, parts
        self.campaign: int = run(store.create_campaign, campaign(message_class))
        rows = [new(row, number=numbers[row] if numbers else None) for row in range(messages)]
        run(store.add_messages, self.campaign, rows)
        run(store.finish_import, self.campaign, messages, 0)
        self.epoch: int = run(store.new_epoch)
        self.sequence = 0

    def claim(self, limit: int = 100, now: float = 2000.0) -> list[Claimed]:
        return self.run(self.store.claim, ACCOUNT, limit, now)

    def submit(self, claimed: list[Claimed], at: float = 2000.0) -> list[Intent]:
        """Mark every part that is not done; the intents that must not be written."""
        intents = []
        for message in claimed:
            for part in range(1, self.parts + 1):
                if part not in message.parts_done:
                    self.sequence += 1
                    intents.append(Intent(message.message_id, part, self.parts, ACCOUNT, self.epoch, self.sequence, at))
        return self.run(self.store.mark_submitting, intents)

    def sent(self, limit: int = 100, now: float = 2000.0) -> list[int]:
        """Claim and mark; the message ids."""
        claimed = self.claim(limit, now)
        assert self.submit(claimed, now) == []
        return [message.message_id for message in claimed]

    def outcome(self, *outcomes: Any) -> None:
        self.run(self.store.record_outcomes, list(outcomes))

    def accept(self, ids: dict[int, str], at: float = 2001.0) -> None:
        self.outcome(*(Accepted(message, 1, smsc_id, at) for message, smsc_id in ids.items()))

    def receipts(self, *receipts: ReceiptIn) -> list[ReceiptResult]:
        results = self.run(self.store.record_receipts, list(receipts))
        assert len(results) == len(receipts)
        return results

    def fates(self, *receipts: ReceiptIn) -> list[ReceiptFate]:
        return [result.fate for result in self.receipts(*receipts)]

    @property
    def states(self) -> dict[State, int]:
        """Messages by state, without the empty ones; checked against the rows (I4)."""
        counts = self.run(self.store.counts, self.campaign)
        check_i4(self.store)
        return {state: count for state, count in counts.items() if count}


def rows(store: SqliteStore, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement finds, as a verb does: with everything entered."""
    database = store.database
    if not store.database.hot.in_transaction and database.hand.told.count:
        with database.transaction():
            database.enter_told()
    return database.conn.execute(statement, values).fetchall()


def state_of(store: SqliteStore, message: int) -> State:
    return State(rows(store, "SELECT state FROM messages WHERE id = ?", message)[0][0])


def part_of(store: SqliteStore, message: int, part: int = 1) -> dict[str, Any]:
    cursor = store.database.conn.execute("SELECT * FROM all_parts WHERE message = ? AND part = ?", (message, part))
    names = [column[0] for column in cursor.description]
    return dict(zip(names, cursor.fetchone(), strict=True))


def check_i4(store: SqliteStore) -> None:
    """I4 from the rows themselves: every message of a campaign is in exactly one state, and counted there."""
    counted: Counter[tuple[int, int]] = Counter()
    for number, state, messages in rows(store, "SELECT campaign, state, messages FROM campaign_states"):
        counted[number, state] = messages
    found = Counter(
        {(c, s): n for c, s, n in rows(store, "SELECT campaign, state, count(*) FROM messages GROUP BY 1, 2")}
    )
    for number, state, recipients in rows(
        store, "SELECT campaign, state, sum(recipients - taken) FROM chunks GROUP BY 1, 2"
    ):
        found[number, state] += recipients
    for number, state, messages in rows(store, "SELECT campaign, name, number FROM retired WHERE what = 'state'"):
        found[number, int(state)] += messages
    assert +counted == +found
    assert all(messages >= 0 for messages in counted.values())
    waiting = dict(rows(store, "SELECT campaign, sum(recipients - taken) FROM chunks WHERE state = 1 GROUP BY 1"))
    for number, accepted, unexpanded in rows(store, "SELECT id, messages, unexpanded FROM campaigns"):
        assert unexpanded == waiting.get(number, 0)
        assert accepted == sum(count for (campaign_id, _), count in found.items() if campaign_id == number)


class Faulty:
    """The connection of a store whose disk fails when it is told to.

    ``statements`` are those since the last `well`.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.statements: list[str] = []
        self._store = store
        self._conn = store.database.conn
        self._fails: Callable[[int, str], bool] = lambda _, __: False
        self._code = sqlite3.SQLITE_IOERR
        self._text = ""
        store.database.conn = self  # type: ignore[assignment]

    def fail(self, fails: Callable[[int, str], bool], code: int = sqlite3.SQLITE_FULL, text: str = "disk full") -> None:
        """From now on statements for which `fails(number, text)` is true end with this error."""
        self.well()
        self._fails, self._code, self._text = fails, code, text

    def well(self) -> None:
        """Nothing fails any more."""
        self.statements.clear()
        self._fails = lambda _, __: False

    def restore(self) -> None:
        """Give the store its own connection back."""
        self._store.database.conn = self._conn

    def execute(self, statement: str, *args: Any) -> sqlite3.Cursor:
        self._pass(statement)
        return self._conn.execute(statement, *args)

    def executemany(self, statement: str, *args: Any) -> sqlite3.Cursor:
        self._pass(statement)
        return self._conn.executemany(statement, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def _pass(self, statement: str) -> None:
        self.statements.append(statement)
        if not statement.startswith("ROLLBACK") and self._fails(len(self.statements) - 1, statement):
            error = sqlite3.OperationalError(self._text)
            error.sqlite_errorcode = self._code
            raise error


class CalledReactor:
    """Stands for the reactor of a ThreadWriter: keeps what other threads ask to run until the test runs it."""

    def __init__(self) -> None:
        self.asked: queue.Queue[Callable[[], None]] = queue.Queue()
        self.turns = 0

    def callFromThread(self, work: Callable[..., object], *args: object) -> None:  # noqa: N802 - Twisted's name
        self.asked.put(lambda: work(*args))

    def turn(self) -> None:
        """Wait for one request of another thread and run it."""
        self.turns += 1
        self.asked.get(timeout=30)()


def outcome_of(deferred: Deferred[Any]) -> tuple[list[Any], list[Failure]]:
    """Lists that get the result or the failure when it comes."""
    results: list[Any] = []
    failures: list[Failure] = []
    deferred.addCallbacks(results.append, failures.append)
    return results, failures


def through(writer: Writer, advance: Callable[[], None]) -> Runner:
    """A runner that waits for the writer."""

    def run(verb: Callable[..., Any], *args: Any) -> Any:
        results, failures = outcome_of(writer.call(verb, *args))
        for _ in range(1000):
            if results or failures:
                break
            advance()
        for failure in failures:
            failure.raiseException()
        return results[0]

    return run


def directly(store: SqliteStore) -> Runner:
    """A runner without a writer: one transaction a verb."""

    def run(verb: Callable[..., Any], *args: Any) -> Any:
        with store.database.transaction():
            return verb(*args)

    return run


def thread_runner(store: SqliteStore) -> tuple[Runner, Callable[[], None]]:
    """A runner through the writer thread, and how to stop it."""
    reactor = CalledReactor()
    writer = ThreadWriter(store, reactor)

    def stop() -> None:
        closed, _ = outcome_of(writer.close())
        while not closed:
            reactor.turn()

    return through(writer, reactor.turn), stop


def inline_runner(store: SqliteStore) -> Runner:
    """A runner through the writer of virtual time."""
    clock = Clock()
    return through(InlineWriter(store, clock), lambda: clock.advance(0.001))


def open_quick(path: Path) -> SqliteStore:
    """Open a store whose commits do not wait for the disk: for tests whose only crash is a closed file."""
    store = SqliteStore.open(path)
    store.database.conn.execute("PRAGMA synchronous = OFF")
    return store
