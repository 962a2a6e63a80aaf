"""Which bind gets what waits for an ESME."""

from __future__ import annotations

from smsc.mailbox import Mailbox
from smsc.records import Owed


class Bind:
    """A receiver with a window."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.got: list[int] = []
        self.flushes = 0

    def room(self) -> int:
        return self.window - len(self.got)

    def deliver(self, owed: Owed, now: float) -> None:
        self.got.append(owed.row)

    def flush(self) -> None:
        self.flushes += 1


def filled(count: int) -> Mailbox:
    mailbox = Mailbox("shop")
    mailbox.queue.extend(Owed(row, "shop", b"", receipt=True) for row in range(1, count + 1))
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
    mailbox.put_back([Owed(1, "shop", b"", receipt=True), Owed(2, "shop", b"", receipt=True)])
    assert [owed.row for owed in mailbox.queue] == [1, 2, 3, 4]


def test_a_bind_that_left_gets_nothing() -> None:
    mailbox, bind = filled(1), Bind(1)
    mailbox.add(bind)
    mailbox.remove(bind)
    mailbox.remove(bind)
    mailbox.pump(0.0)
    assert bind.got == []
