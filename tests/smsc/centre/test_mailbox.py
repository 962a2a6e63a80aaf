"""Which bind gets what waits for an ESME."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc.centre.mailbox import Mailbox
from smsc.centre.taken import Receipts
from smsc.journal.records import Kind, Owed
from smsc.scenario.receipts import Route


class Bind:
    """A receiver with a window."""

    def __init__(self, window: int, number: int = 0, bind: str = "transceiver") -> None:
        self.window = window
        self.number = number
        self.bind = bind
        self.got: list[int] = []
        self.flushes = 0

    def room(self) -> int:
        return self.window - len(self.got)

    def deliver(self, deliveries: Sequence[Owed], now: float) -> None:
        self.got += [owed.row for owed in deliveries]

    def flush(self) -> None:
        self.flushes += 1


def filled(count: int, route: Route = Route.ROUND_ROBIN, bind: int = 0) -> Mailbox:
    mailbox = Mailbox("shop", route)
    mailbox.queue.extend(Owed(row, "shop", b"", bind=bind) for row in range(1, count + 1))
    return mailbox


def test_binds_take_turns_and_each_is_flushed_once() -> None:
    mailbox, one, two = filled(5), Bind(10), Bind(10)
    mailbox.add(one)
    mailbox.add(two)
    mailbox.pump(0.0)
    assert (one.got, two.got) == ([1, 3, 5], [2, 4])
    assert (one.flushes, two.flushes) == (1, 1)


def test_a_full_bind_is_passed_over() -> None:
    mailbox, full, free = filled(4), Bind(1), Bind(10)
    mailbox.add(full)
    mailbox.add(free)
    mailbox.pump(0.0)
    assert (full.got, free.got) == ([1], [2, 3, 4])


def test_what_fits_nowhere_waits_in_order() -> None:
    mailbox, bind = filled(4), Bind(2)
    mailbox.pump(0.0)
    assert len(mailbox.queue) == 4
    mailbox.add(bind)
    mailbox.pump(0.0)
    assert [owed.row for owed in mailbox.queue] == [3, 4]
    mailbox.put_back([Owed(1, "shop", b""), Owed(2, "shop", b"")])
    assert [owed.row for owed in mailbox.queue] == [1, 2, 3, 4]


def test_a_bind_that_left_gets_nothing() -> None:
    mailbox, bind = filled(1), Bind(1)
    mailbox.add(bind)
    mailbox.remove(bind)
    mailbox.remove(bind)
    mailbox.pump(0.0)
    assert bind.got == []


@pytest.mark.parametrize(
    ("route", "gets"),
    [(Route.SAME_BIND, 7), (Route.SIBLING, 8), (Route.RECEIVERS, 9), (Route.ROUND_ROBIN, None)],
)
def test_a_route_names_the_bind_that_gets_receipts(route: Route, gets: int | None) -> None:
    binds = [Bind(10, 7), Bind(10, 8), Bind(10, 9, "receiver")]
    mailbox = filled(6, route, bind=7)
    if route is Route.SIBLING:
        binds.pop()
    for bind in binds:
        mailbox.add(bind)
    mailbox.pump(0.0)
    served = [bind.number for bind in binds if bind.got]
    assert served == ([gets] if gets else [7, 8, 9])


@pytest.mark.parametrize(("route", "number"), [(Route.SAME_BIND, 1), (Route.SIBLING, 7), (Route.RECEIVERS, 1)])
def test_where_the_named_bind_is_gone_any_other_gets_them(route: Route, number: int) -> None:
    mailbox, other = filled(3, route, bind=7), Bind(10, number)
    mailbox.add(other)
    mailbox.pump(0.0)
    assert other.got == [1, 2, 3]


def test_what_one_full_bind_waits_for_holds_up_no_other() -> None:
    mailbox, full, free = Mailbox("shop", Route.SAME_BIND), Bind(1, 7), Bind(10, 8)
    mailbox.queue.extend(Owed(row, "shop", b"", bind=7 if row < 4 else 8) for row in range(1, 6))
    mailbox.add(full)
    mailbox.add(free)
    mailbox.pump(0.0)
    assert (full.got, free.got, len(mailbox)) == ([1], [4, 5], 2)
    full.window = 2
    mailbox.pump(0.0)
    assert full.got == [1, 2]
    mailbox.remove(full)
    mailbox.pump(0.0)
    assert free.got == [4, 5, 3]


def test_messages_of_subscribers_go_round_whatever_the_route() -> None:
    mailbox, one, two = Mailbox("shop", Route.RECEIVERS), Bind(10, 1), Bind(10, 2, "receiver")
    mailbox.queue.extend(Owed(row, "shop", b"", Kind.MO) for row in range(1, 5))
    mailbox.add(one)
    mailbox.add(two)
    mailbox.pump(0.0)
    assert (one.got, two.got) == ([1, 3], [2, 4])


@given(
    st.sampled_from(list(Route)),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from(["receiver", "transceiver"])), max_size=4),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([Kind.RECEIPT, Kind.MO])), max_size=12),
)
def test_nothing_is_lost_and_nothing_comes_twice(
    route: Route, binds: list[tuple[int, int, str]], deliveries: list[tuple[int, Kind]]
) -> None:
    mailbox = Mailbox("shop", route)
    receivers = [Bind(window, number, kind) for number, window, kind in binds]
    for receiver in receivers:
        mailbox.add(receiver)
    mailbox.queue.extend(Owed(row, "shop", b"", kind, bind=bind) for row, (bind, kind) in enumerate(deliveries))
    mailbox.pump(0.0)
    waiting = len(deliveries) - sum(len(receiver.got) for receiver in receivers)
    assert len(mailbox) == waiting
    assert all(len(receiver.got) <= receiver.window for receiver in receivers)
    for receiver in receivers:
        mailbox.remove(receiver)
    last = Bind(100)
    mailbox.add(last)
    mailbox.pump(0.0)
    assert len(mailbox) == 0
    assert sorted(row for receiver in (*receivers, last) for row in receiver.got) == list(range(len(deliveries)))


# several receipts as one


class Octets:
    """A receiver that never asks for one of several."""

    number, bind = 1, "transceiver"

    def __init__(self, window: int) -> None:
        self.window = window
        self.got: list[bytes] = []

    def room(self) -> int:
        return self.window - len(self.got)

    def deliver(self, deliveries: Sequence[Owed], now: float) -> None:
        self.got += deliveries.octets if isinstance(deliveries, Receipts) else [owed.octets for owed in deliveries]

    def flush(self) -> None:
        pass


def receipts(octets: bytes) -> Receipts:
    """Of nobody, so that none of them can be made."""
    each = [octets[at : at + 1] for at in range(len(octets))]
    return Receipts("shop", each, [None] * len(each), range(len(each)), 0)  # type: ignore[list-item]


def test_several_receipts_are_cut_where_a_window_ends() -> None:
    mailbox, bind = Mailbox("shop"), Octets(4)
    mailbox.put(receipts(b"abc"))
    mailbox.put(Owed(1, "shop", b"d"))
    mailbox.put(receipts(b"efg"))
    assert (len(mailbox), mailbox.unreceived) == (7, True)
    mailbox.add(bind)  # type: ignore[arg-type]
    mailbox.pump(0.0)
    assert (bind.got, len(mailbox), mailbox.unreceived) == ([b"a", b"b", b"c", b"d"], 3, False)
    bind.window = 6
    mailbox.pump(0.0)
    assert (bind.got[4:], len(mailbox)) == ([b"e", b"f"], 1)


def test_binds_take_turns_at_several_receipts() -> None:
    mailbox, one, two = Mailbox("shop"), Octets(10), Octets(10)
    mailbox.add(one)  # type: ignore[arg-type]
    mailbox.add(two)  # type: ignore[arg-type]
    for octets in (b"abc", b"de", b"f"):
        mailbox.put(receipts(octets))
        mailbox.pump(0.0)
    assert (one.got, two.got) == ([b"a", b"c", b"e"], [b"b", b"d", b"f"])
