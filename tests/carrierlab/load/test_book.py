"""The book of a load: every message comes to one end, whatever order things happen in."""

from __future__ import annotations

from carrierlab.ledgers import OperatorLedger, SenderLedger, SentMessage, SentPart
from carrierlab.load.book import LoadBook, Part, assigned
from carrierlab.load.messages import Due
from sender.domain.message import State
from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smppkit.receipts import Receipt
from tests.carrierlab.books import submit


def due(number: int = 1, to: str = "7705", parts: int = 1, at: float = 10.0) -> Due:
    return Due(number, at, "alpha", "SHOP", to, f"text {number}", (SubmitSm(),) * parts, registered=True)


def receipt(message_id: str, state: MessageState = MessageState.DELIVERED) -> Receipt:
    return Receipt(message_id=message_id, stat="", state=state)


def written(book: LoadBook, *messages: Due) -> list[Part]:
    parts = [part for message in messages for part in book.add(message, "shop").parts]
    for part in parts:
        book.written(part, 11.0)
    return parts


def entry(book: LoadBook, index: int = 0) -> SentMessage:
    return book.ledger(1000.0).messages[index]


def test_a_message_that_went_well() -> None:
    book = LoadBook()
    (part,) = written(book, due())
    assert book.open_parts == 1
    book.answered(part, 0, "A1", 12.0)
    assert (book.open_parts, book.awaited) == (0, 1)
    assert entry(book).state is State.ACCEPTED
    book.reported("alpha", "7705", receipt("A1"))
    assert book.awaited == 0
    message = entry(book)
    assert message.state is State.DELIVERED
    assert (message.key, message.account) == ("7705#1", "shop")
    assert (message.due, message.written_at, message.answered_at) == (1010, 1011, 1012)


def test_a_receipt_may_come_before_the_response_and_write_the_id_in_another_base() -> None:
    book = LoadBook()
    (part,) = written(book, due())
    book.reported("alpha", "7705", receipt("255"))
    assert entry(book).state is State.SUBMITTING
    book.answered(part, 0, "FF", 12.0)
    assert entry(book).state is State.DELIVERED
    assert book.awaited == 0


def test_a_receipt_is_for_the_number_it_names() -> None:
    book = LoadBook()
    first, second = written(book, due(), due(2, to="7701"))
    book.answered(first, 0, "10", 12.0)
    book.answered(second, 0, "16", 12.0)
    book.reported("alpha", "7701", receipt("10"))
    assert [message.state for message in book.ledger(0).messages] == [State.ACCEPTED, State.DELIVERED]


def test_a_doubt_is_resolved_by_a_late_response_or_by_a_receipt() -> None:
    book = LoadBook()
    first, second, third = written(book, due(), due(2, to="7701"), due(3, to="7702"))
    for part in (first, second, third):
        book.doubted(part)
    book.answered(first, 0, "A1", 60.0)
    book.reported("alpha", "7701", receipt("A2"))
    book.reported("alpha", "7709", receipt("A9"))
    ledger = book.ledger(0)
    assert [message.state for message in ledger.messages] == [State.ACCEPTED, State.DELIVERED, State.IN_DOUBT]
    assert [parked.smsc_id for parked in ledger.parked] == ["A9"]


def test_a_refusal_and_what_was_never_written_are_ends() -> None:
    book = LoadBook()
    (part,) = written(book, due())
    book.answered(part, 0x58, "", 12.0)
    assert (entry(book).state, entry(book).status) == (State.REJECTED, 0x58)
    for part in book.add(due(2), "shop").parts:
        book.given_up(part)
    late = entry(book, 1)
    assert (late.state, late.parts, late.written_at) == (State.CANCELLED, (), None)


def test_a_message_is_as_its_worst_part() -> None:
    book = LoadBook()
    first, second = written(book, due(parts=2))
    book.answered(first, 0, "A1", 12.0)
    book.answered(second, 0, "A2", 13.0)
    book.reported("alpha", "7705", receipt("A1"))
    book.reported("alpha", "7705", receipt("A2", MessageState.EXPIRED))
    assert entry(book).state is State.EXPIRED
    assert entry(book).answered_at == 1013


def sent(number: int, smsc_id: str | None, text: str = "text") -> SentMessage:
    state = State.IN_DOUBT if smsc_id is None else State.ACCEPTED
    return SentMessage("7705", "alpha", state, (SentPart(1, state, smsc_id),), text=text, number=number)


def test_submits_are_assigned_by_id_then_by_text_then_in_order() -> None:
    submits = [
        submit(recipient="7705", smsc_id="A3", text="three"),
        submit(recipient="7705", smsc_id="X1", text="two"),
        submit(recipient="7705", smsc_id="X2", text="another alphabet"),
        submit(recipient="7705", smsc_id="X3", text="nobody sent it"),
    ]
    ledger = SenderLedger((sent(1, None, "one"), sent(2, None, "two"), sent(3, "A3", "three")))
    numbers = [each.number for each in assigned(ledger, OperatorLedger(tuple(submits))).submits]
    assert numbers == [3, 2, 1, 0]
