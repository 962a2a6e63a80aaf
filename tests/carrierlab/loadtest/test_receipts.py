"""I3: a receipt matches before its response too, with the id in another base, and on any bind of the account."""

from __future__ import annotations

import pytest

from carrierlab.loadtest import receipts
from carrierlab.loadtest.receipts import ReceiptBook
from carrierlab.loadtest.tally import Receipts


@pytest.fixture
def book() -> ReceiptBook:
    return ReceiptBook(Receipts(), wait=30.0)


def test_a_receipt_finds_its_message(book: ReceiptBook) -> None:
    assert book.accepted("17", due=1.0, now=1.1, stretch=3) is None
    assert book.awaited == 1
    delivered = book.received("17", now=4.0)
    assert delivered is not None
    assert (delivered.due, delivered.came_at, delivered.stretch) == (1.0, 4.0, 3)
    assert (book.awaited, book.counts) == (0, Receipts(matched=1))


def test_before_its_response(book: ReceiptBook) -> None:
    assert book.received("17", now=1.05) is None
    delivered = book.accepted("17", due=1.0, now=1.1)
    assert delivered is not None
    assert delivered.came_at == 1.05
    assert book.close() == []
    assert book.counts == Receipts(matched=1)


def test_with_its_id_in_another_base(book: ReceiptBook) -> None:
    book.accepted("1A2B", due=1.0, now=1.1)
    assert book.received("6699", now=2.0) is not None
    assert book.received("6700", now=2.0) is None
    early = book.accepted("1A2C", due=1.0, now=2.1)
    assert early is not None


def test_what_does_not_come_is_lost_and_what_comes_after_that_is_late(book: ReceiptBook) -> None:
    book.accepted("17", due=1.0, now=1.0)
    book.accepted("18", due=2.0, now=5.0)
    assert book.overdue(30.9) == []
    assert [each.due for each in book.overdue(31.0)] == [1.0]
    assert book.received("17", now=40.0) is None
    assert book.received("17", now=41.0) is None
    assert book.counts == Receipts(awaited=1, lost=1, late=1, again=1)
    assert [each.due for each in book.close()] == [2.0]
    assert book.counts.lost == 2


def test_a_second_receipt_is_counted_as_such(book: ReceiptBook) -> None:
    book.accepted("17", due=1.0, now=1.0)
    book.received("17", now=2.0)
    assert book.received("17", now=3.0) is None
    assert book.close() == []
    assert book.counts == Receipts(matched=1, again=1)


def test_what_nobody_sent_is_unknown_in_the_end(book: ReceiptBook) -> None:
    book.received("99", now=1.0)
    assert book.counts.unknown == 0
    book.overdue(31.0)
    assert book.counts.unknown == 1
    book.received("98", now=32.0)
    book.close()
    assert book.counts == Receipts(unknown=2)


def test_an_id_that_is_used_again_is_a_new_message(book: ReceiptBook) -> None:
    for due in (1.0, 2.0):
        book.accepted("17", due=due, now=due)
        delivered = book.received("17", now=due + 0.5)
        assert delivered is not None
        assert delivered.due == due


def test_what_is_remembered_is_bounded(book: ReceiptBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_REMEMBERED", 10)
    for number in range(100):
        book.received(f"early-{number}", now=1.0)
        book.accepted(f"sent-{number}", due=1.0, now=1.0)
        book.received(f"sent-{number}", now=1.0)
    assert book.counts.unknown == 90
    book.close()
    assert book.counts == Receipts(matched=100, unknown=100)
