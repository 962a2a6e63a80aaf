"""Whatever the order of responses, receipts, duplicates and restarts, a message ends as its operator said (I1, I3)."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sender.domain.dialect import IdRule, Relation, Settings
from sender.domain.message import State
from sender.store.records import Accepted, ReceiptIn
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, FIRST, Desk, check_i4, directly, open_quick, receipt, rows

OUTCOMES = {
    MessageState.DELIVERED: State.DELIVERED,
    MessageState.EXPIRED: State.EXPIRED,
    MessageState.UNDELIVERABLE: State.UNDELIVERED,
    MessageState.REJECTED: State.REJECTED,
}
SPELL = {
    Relation.SAME: ("{0:d}", "{0:d}"),
    Relation.HEX_DECIMAL: ("{0:x}", "{0:d}"),
    Relation.DECIMAL_HEX: ("{0:d}", "{0:X}"),
}


class Fate(msgspec.Struct, frozen=True):
    """What the operator does with one part."""

    phone: int
    ident: int
    state: MessageState
    enroute: bool


class Step(msgspec.Struct, frozen=True):
    what: str
    part: int = 0


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[Fate], list[Step]]:
    """Fates of messages with small ids to few numbers, and everything that happens in one order."""
    count = draw(st.integers(1, 8))
    first = draw(st.sampled_from([8, 10, 0x10, 0x16, 100, 900_000]))
    step = draw(st.sampled_from([1, 6, 9]))
    fates = [
        Fate(draw(st.integers(0, 2)), first + step * row, draw(st.sampled_from(list(OUTCOMES))), draw(st.booleans()))
        for row in range(count)
    ]
    steps = [Step("response", row) for row in range(count)]
    steps += [Step("receipt", row) for row in range(count)]
    steps += [Step("again", row) for row in draw(st.lists(st.integers(0, count - 1), max_size=4))]
    steps += [Step("enroute", row) for row, fate in enumerate(fates) if fate.enroute]
    steps += [Step("restart")] * draw(st.integers(0, 2))
    return fates, draw(st.permutations(steps))


@cache
def empty_store() -> Path:
    """A store with its tables: to make them takes longer than all the rest of an example."""
    path = Path(tempfile.mkdtemp(prefix="orders-")) / "empty.sqlite"
    open_quick(path).close()
    return path


class Course:
    """One run of the steps."""

    def __init__(self, fates: list[Fate], relation: Relation, directory: Path) -> None:
        self.path = directory / "campaign.sqlite"
        shutil.copy(empty_store(), self.path)
        self.fates = fates
        self.response, self.receipt = SPELL[relation]
        store = open_quick(self.path)
        self.desk = Desk(store, directly(store), messages=len(fates), numbers=[str(FIRST + it.phone) for it in fates])

    def configure(self, rule: IdRule) -> None:
        self.desk.run(self.desk.store.configure_receipts, {ACCOUNT: Settings(ids=rule)})

    def play(self, steps: list[Step]) -> None:
        self.sent = self.desk.sent()
        for at, step in enumerate(steps):
            self.take(step, 2001.0 + at)
            check_i4(self.desk.store)

    def take(self, step: Step, at: float) -> None:
        if step.what == "restart":
            self.desk.store.close()
            self.desk.store = open_quick(self.path)
            self.desk.run = directly(self.desk.store)
            return
        fate, message = self.fates[step.part], self.sent[step.part]
        if step.what == "response":
            self.desk.outcome(Accepted(message, 1, self.response.format(fate.ident), at))
        else:
            self.desk.receipts(self.told(fate, MessageState.ENROUTE if step.what == "enroute" else fate.state, at))

    def told(self, fate: Fate, state: MessageState, at: float) -> ReceiptIn:
        return receipt(self.receipt.format(fate.ident), str(FIRST + fate.phone), state, at=at)

    def states(self) -> list[State]:
        found = dict(rows(self.desk.store, "SELECT id, state FROM messages"))
        return [State(found[message]) for message in self.sent]

    def expected(self) -> list[State]:
        return [OUTCOMES[fate.state] for fate in self.fates]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(relation=st.sampled_from(Relation), course=courses())
def test_in_any_order_every_message_ends_as_the_operator_said_i3(
    relation: Relation, course: tuple[list[Fate], list[Step]]
) -> None:
    fates, steps = course
    directory = Path(tempfile.mkdtemp(prefix="orders-"))
    try:
        play = Course(fates, relation, directory)
        play.configure(IdRule(relation.value))
        play.play(steps)
        assert play.states() == play.expected()
        assert rows(play.desk.store, "SELECT 1 FROM parked_receipts") == []
        told = sum(step.what in ("receipt", "again", "enroute") for step in steps)
        assert rows(play.desk.store, "SELECT count(*) FROM all_receipts") == [(told,)]
        play.desk.store.close()
    finally:
        shutil.rmtree(directory)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(relation=st.sampled_from(Relation), course=courses())
def test_before_anything_is_learned_a_message_may_wait_but_is_never_wrong_i1_i3(
    relation: Relation, course: tuple[list[Fate], list[Step]]
) -> None:
    fates, steps = course
    directory = Path(tempfile.mkdtemp(prefix="orders-"))
    try:
        play = Course(fates, relation, directory)
        play.play(steps)
        for found, expected in zip(play.states(), play.expected(), strict=True):
            assert found in (State.ACCEPTED, expected)
        # The next message, whose id cannot be misread, shows what the others meant.
        teacher = Desk(play.desk.store, play.desk.run, messages=1, numbers=[str(FIRST + 9)])
        [lesson] = teacher.sent(now=3000.0)
        teacher.accept({lesson: play.response.format(0xABCDEF)}, at=3001.0)
        teacher.receipts(receipt(play.receipt.format(0xABCDEF), str(FIRST + 9), at=3002.0))
        assert play.states() == play.expected()
        play.desk.store.close()
    finally:
        shutil.rmtree(directory)
