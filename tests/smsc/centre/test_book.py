"""The book: states over time, what is found, what is let go. A simple model is right; the book must agree with it."""

from __future__ import annotations

from math import inf
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from smppkit.message_state import MessageState as M
from smppkit.pdus import SubmitSm
from smppkit.tlvs import MESSAGE_PAYLOAD, Tlv
from smsc.centre.book import Book, Held
from smsc.scenario.decisions import Fate, Plan

DELIVERED = Fate("DELIVRD", "000", M.DELIVERED)
DELETED = Fate("DELETED", "001", M.DELETED)
ACCEPTED = Fate("ACCEPTD", "000", M.ACCEPTED)


def held(number: int = 1, at: float = 0.0, fate: Fate = DELIVERED, *, ends: float | None = 1.0, **more: object) -> Held:
    starts = more.pop("starts", 0.0)
    to = more.pop("to", "7705")
    source = more.pop("source", "SHOP")
    plan = Plan(fate, ends, starts, 100.0)  # type: ignore[arg-type]
    pdu = SubmitSm(source_addr=source, destination_addr=to)  # type: ignore[arg-type]
    return Held(at, "shop", str(number), pdu, plan, fate, inf if ends is None else at + ends, number, **more)  # type: ignore[arg-type]


def test_a_state_follows_from_the_plan_and_the_time() -> None:
    message = held(at=10.0, starts=5.0, ends=8.0)
    states = [message.state(now) for now in (10.0, 14.9, 15.0, 17.9, 18.0, 1e9)]
    assert states == [M.SCHEDULED, M.SCHEDULED, M.ENROUTE, M.ENROUTE, M.DELIVERED, M.DELIVERED]
    assert [message.final(now) for now in (17.9, 18.0)] == [False, True]


def test_a_message_that_is_never_heard_of_stays_on_its_way() -> None:
    assert held(ends=None).state(1e12) is M.ENROUTE


def test_a_state_that_is_not_final_may_be_the_last_and_can_still_be_cancelled() -> None:
    message = held(fate=ACCEPTED)
    assert (message.state(2.0), message.final(2.0)) == (M.ACCEPTED, False)
    message.end(DELETED, 3.0)
    assert message.state(3.0) is M.DELETED


def test_a_final_state_is_final() -> None:
    """I1."""
    message = held()
    with pytest.raises(ValueError, match="message 1 is DELIVRD for good, and cannot become DELETED"):
        message.end(DELETED, 1.0)
    assert message.state(2.0) is M.DELIVERED


def test_messages_are_found_by_id_and_account() -> None:
    book, message = Book(), held()
    book.add(message, 0.0)
    assert book.find("shop", "1") is message
    assert (book.find("other", "1"), book.find("shop", "2")) == (None, None)
    assert message in book
    book.remove(message)
    book.remove(message)
    assert (message in book, len(book), book.find("shop", "1")) == (False, 0, None)


def test_destinations_of_one_id_are_kept_in_order_and_leave_one_by_one() -> None:
    book, messages = Book(), [held(to=f"770{n}") for n in range(4)]
    for message in messages:
        book.add(message, 0.0)
    assert list(book.destinations("1")) == messages
    for gone in (1, 0, 2):
        book.remove(messages[gone])
    assert list(book.destinations("1")) == [messages[3]]


def test_destinations_are_in_order_also_when_they_were_asked_for_only_after_one_made_room() -> None:
    book = Book(most_kept=3)
    first, second = held(1, ends=1e6), held(2)
    first.message_id = second.message_id = "1"
    for message in (first, second, held(3), held(4, at=5.0)):
        book.add(message, message.at)
    assert len(book) == 3
    assert list(book.destinations("1")) == [first]
    book, second = Book(most_kept=3), held(2, ends=1e6)
    first.other, second.message_id = None, "1"
    for message in (first, held(3), second, held(4, at=5.0)):
        book.add(message, message.at)
    assert list(book.destinations("1")) == [first, second]


def test_messages_on_a_route_are_those_that_are_not_final() -> None:
    book = Book()
    first, second, other, done = held(1, ends=5.0), held(2, ends=5.0), held(3, to="7706"), held(4, ends=0.5)
    for message in (first, second, other, done):
        book.add(message, 0.0)
    route = first.route()
    assert book.on_route(route, 1.0) == [first, second]
    late = held(5, at=1.0, ends=9.0)
    book.add(late, 1.0)
    assert book.on_route(route, 2.0) == [first, second, late]
    assert book.on_route(route, 6.0) == [late]
    assert book.on_route(("shop", "SHOP", "nobody", ""), 1.0) == []


def test_messages_on_a_route_are_in_order_also_when_they_were_asked_for_only_after_they_made_room() -> None:
    book = Book(most_kept=3)
    messages = [held(number, ends=1e6) for number in range(1, 7)]
    for message in messages:
        book.add(message, 0.0)
    assert [message.number for message in book.last_of("shop", "SHOP", 2)] == [6, 5]
    assert book.on_route(messages[0].route(), 1.0) == messages


def test_the_last_messages_of_a_source_come_newest_first() -> None:
    book = Book()
    for number in range(1, 6):
        book.add(held(number, source="BANK" if number == 4 else "SHOP"), 0.0)
    assert [message.number for message in book.last_of("shop", "SHOP", 3)] == [5, 3, 2]


def test_final_messages_are_let_go_first_the_oldest_before_the_others() -> None:
    book = Book(most_kept=3)
    living = held(1, ends=1e6)
    book.add(living, 0.0)
    for number in range(2, 7):
        book.add(held(number, at=float(number)), number + 10.0)
    assert len(book) == 3
    assert book.find("shop", "1") is living
    assert [book.find("shop", str(n)) is not None for n in range(2, 7)] == [False, False, False, True, True]
    assert book.evicted == 3


def test_what_has_still_to_be_told_is_not_let_go() -> None:
    book = Book(most_kept=1)
    untold = held(1, timed=True)
    book.add(untold, 0.0)
    book.add(held(2), 5.0)
    assert book.find("shop", "1") is untold
    untold.over = True
    book.add(held(3), 6.0)
    assert book.find("shop", "1") is None


def test_even_living_messages_are_bounded() -> None:
    book = Book(most_kept=2, most_living=5)
    for number in range(20):
        book.add(held(number, ends=1e6), 0.0)
    assert (len(book), book.evicted) == (5, 15)


class BookMachine(RuleBasedStateMachine):
    """I1: states only move forward; the book finds what the model has, and lets go of nothing that is not final."""

    messages = Bundle("messages")

    @initialize(kept=st.integers(1, 6))
    def begin(self, kept: int) -> None:
        self.now = 0.0
        self.book = Book(most_kept=kept)
        self.entered: list[Held] = []
        self.furthest: dict[int, M] = {}
        self.asked_routes = False

    @rule(
        target=messages,
        starts=st.sampled_from([0.0, 2.0]),
        ends=st.sampled_from([1e6, 0.0, 1.0, 3.0]),
        to=st.sampled_from(["a", "b"]),
        again=st.booleans(),
    )
    def enter(self, starts: float, ends: float, to: str, again: bool) -> Held:
        number = len(self.entered) if not (again and self.entered) else self.entered[-1].number
        message = held(number, self.now, ends=starts + ends, starts=starts, to=to)
        self.book.add(message, self.now)
        self.entered.append(message)
        return message

    @rule(message=messages)
    def cancel(self, message: Held) -> None:
        before = message.state(self.now)
        try:
            message.end(DELETED, self.now)
        except ValueError:
            assert before.final
            assert message.state(self.now) is before
        else:
            assert not before.final
            assert message.state(self.now) is M.DELETED

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(to=st.sampled_from(["a", "b"]))
    def ask_for_a_route(self, to: str) -> None:
        self.asked_routes = True
        found = self.book.on_route(("shop", "SHOP", to, ""), self.now)
        expected = [m for m in self.entered if m.pdu.destination_addr == to and not m.final(self.now)]
        assert sorted(map(id, found)) == sorted(map(id, expected))

    @invariant()
    def states_move_forward(self) -> None:
        order = [M.SCHEDULED, M.ENROUTE]
        for message in self.entered:
            state, before = message.state(self.now), self.furthest.get(id(message), M.SCHEDULED)
            if before.final:
                assert state is before
            elif not state.final:
                assert order.index(state) >= order.index(before)
            self.furthest[id(message)] = state

    @invariant()
    def what_is_not_final_is_there(self) -> None:
        for message in self.entered:
            assert message in self.book or message.final(self.now)
        kept = [message for message in self.entered if message in self.book]
        assert len(kept) == len(self.book)
        assert len(self.book) + self.book.evicted == len(self.entered)


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_message_with_long_tlvs_counts_as_several() -> None:
    book = Book(most_kept=100, most_living=300)
    payload = (Tlv(MESSAGE_PAYLOAD.number, bytes(64 * 1024 - 1)),)
    for number in range(10):
        heavy = held(number)
        heavy.pdu.tlvs = payload
        heavy.ends = 0.0
        heavy.over = True
        book.add(heavy, now=1.0)
    assert len(book) + book.evicted == 10
    assert len(book) <= 2


def test_a_book_is_full_when_only_the_living_could_make_room() -> None:
    book = Book(most_kept=2, most_living=5)
    for number in range(5):
        assert not book.full
        book.add(held(number, ends=100.0), now=1.0)
    assert book.full
    book.clear()
    assert not book.full


def test_messages_that_are_never_heard_of_again_make_room() -> None:
    book = Book(most_kept=2, most_living=5)
    for number in range(20):
        book.add(held(number, ends=None), now=1.0)
        assert not book.full
    assert len(book) + book.evicted == 20


class Several:
    """Messages that came together."""

    def __init__(self, *messages: Held) -> None:
        self.messages = list(messages)

    def __len__(self) -> int:
        return len(self.messages)

    def alike(self, first: int, last: int, now: float) -> tuple[int, bool]:
        done = [now >= message.ends for message in self.messages[first:last]]
        return next((count for count, one in enumerate(done) if one != done[0]), len(done)), done[0]

    def members(self) -> list[Held]:
        return self.messages


def grown(groups: list[list[float]], *, together: bool) -> list[tuple[int, int, list[int]]]:
    """What a small book has after each of so many messages that last so long: its size, what went, who is there."""
    book, seen, number, now = Book(most_kept=10, most_living=30), [], 0, 0.0
    for lasts in groups:
        now += 1.0
        messages = [held(number + index, at=now, ends=ends) for index, ends in enumerate(lasts)]
        number += len(messages)
        if together:
            book.enter_group(Several(*messages), len(messages))
        else:
            for message in messages:
                book.enter(message)
        book.make_room(now)
        seen.append((len(book), book.evicted, book.room))
    return [*seen, [message.number for message in book.living(now)], [m.number for m in book.take(None)]]  # type: ignore[list-item]


@pytest.mark.parametrize("seed", range(20))
def test_a_group_makes_room_as_its_messages_would(seed: int) -> None:
    chance = Random(seed)
    lasts = [0.5, 2.0, 2.0, 9.0]
    groups = [
        chance.choices(lasts, k=count) if chance.random() < 0.5 else [chance.choice(lasts)] * count
        for count in (chance.randrange(1, 9) for _ in range(40))
    ]
    assert grown(groups, together=True) == grown(groups, together=False)


def test_a_group_is_taken_apart_when_somebody_asks() -> None:
    book, messages = Book(), [held(1), held(2)]
    book.enter_group(Several(*messages), len(messages))
    assert (len(book), book.takes_groups) == (2, True)
    assert book.find("shop", "2") is messages[1]
    assert not book.takes_groups
    book.clear()
    assert (len(book), book.takes_groups) == (0, True)
