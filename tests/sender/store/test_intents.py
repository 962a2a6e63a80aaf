"""Intents that are one row for many, and the parts in hand: whatever is lost of them, the file tells the same."""

from __future__ import annotations

import pytest

from sender.domain.message import DoubtCause, State
from sender.store import parts
from sender.store.records import Accepted, InDoubt, NotSent, ReceiptFate, Refused, Retry
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import FIRST, Desk, directly, part_of, receipt, rows, state_of

LEARNING = 20
"""Receipts by which an account's reading of ids becomes certain."""


@pytest.fixture
def desk(store) -> Desk:
    """Messages 1 to 20 have made the reading of ids certain; 21 to 23 are submitted, 24 is queued."""
    desk = Desk(store, directly(store), messages=LEARNING + 4)
    ids = desk.sent(LEARNING)
    desk.accept({message: f"id{message}" for message in ids})
    desk.receipts(*(told(message) for message in ids))
    desk.sent(3)
    return desk


def told(message: int, state: MessageState = MessageState.DELIVERED, smsc_id: str | None = None):
    return receipt(smsc_id or f"id{message}", str(FIRST + message - 1), state)


def packed(desk: Desk) -> int:
    return rows(desk.store, "SELECT count(*) FROM intents")[0][0]


def test_a_call_has_one_row_until_everything_of_it_is_answered(desk):
    assert packed(desk) == 1
    assert rows(desk.store, "SELECT message FROM parts WHERE message > ?", LEARNING) == []
    assert part_of(desk.store, 21)["state"] == State.SUBMITTING
    desk.accept({21: "id21", 22: "id22"})
    assert packed(desk) == 1
    assert rows(desk.store, "SELECT message FROM all_parts WHERE message > ? ORDER BY 1", LEARNING) == [
        (21,), (22,), (23,),
    ]  # fmt: skip
    desk.accept({23: "id23"})
    assert packed(desk) == 0
    assert part_of(desk.store, 23) | {"epoch": 0, "sequence": 0} == part_of(desk.store, 1) | {
        "message": 23, "epoch": 0, "sequence": 0, "state": State.ACCEPTED, "smsc_id": "id23", "key": "id23",
        "stat": None, "err": None, "receipts": 0, "received": None, "received_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "state", "submits"),
    [
        (Retry(21, 1, 0x58, 3000.0, 2001.0), State.QUEUED, 1),
        (NotSent(21, 1, 3000.0), State.QUEUED, 0),
        (InDoubt(21, 1, DoubtCause.TIMEOUT, None, 2001.0), State.IN_DOUBT, 1),
        (Refused(21, 1, 0x0B, 2001.0), State.REJECTED, 1),
    ],
)
def test_what_is_not_accepted_gets_its_row_first(desk, outcome, state, submits):
    desk.outcome(outcome)
    part = part_of(desk.store, 21)
    assert (part["state"], part["submits"], state_of(desk.store, 21)) == (state, submits, state)
    assert desk.store.database.hand.of(21) is None
    desk.accept({22: "id22", 23: "id23"})
    assert packed(desk) == 0


def test_outcomes_of_a_message_keep_their_order_within_a_call(desk):
    desk.outcome(InDoubt(21, 1, DoubtCause.TIMEOUT, None, 2001.0), Accepted(21, 1, "id21", 2002.0))
    assert part_of(desk.store, 21)["cause"] == DoubtCause.TIMEOUT.value
    assert state_of(desk.store, 21) is State.ACCEPTED
    assert desk.fates(told(21)) == [ReceiptFate.MATCHED]


def lose_by_undo(desk: Desk) -> None:
    database = desk.store.database
    with database.transaction():
        database.savepoint()
        desk.store.record_outcomes([Accepted(23, 1, "undone", 2001.0)])
        database.undo()


def lose_by_rollback(desk: Desk) -> None:
    desk.store.database.begin()
    desk.store.database.rollback()


def lose_by_another(desk: Desk) -> None:
    path = rows(desk.store, "PRAGMA database_list")[0][2]
    other = SqliteStore.open(path, beside=True)
    with other.database.transaction():
        other.pause(desk.campaign)
    other.close()


@pytest.mark.parametrize("lose", [lose_by_undo, lose_by_rollback, lose_by_another])
def test_without_the_parts_in_hand_all_goes_on(desk, lose):
    desk.accept({21: "id21"})
    lose(desk)
    desk.accept({22: "id22"})
    assert packed(desk) == 0
    assert desk.fates(told(21), told(22)) == [ReceiptFate.MATCHED] * 2
    desk.accept({23: "id23"})
    assert desk.fates(told(23)) == [ReceiptFate.MATCHED]
    assert [state_of(desk.store, message) for message in (21, 22, 23)] == [State.DELIVERED] * 3


def test_a_call_that_fails_for_its_own_reasons_costs_the_others_nothing(desk):
    database = desk.store.database
    with database.transaction():
        database.savepoint()
        database.conn.execute("UPDATE campaigns SET priority = 1")
        database.undo()
    assert database.hand.of(21) is not None
    assert packed(desk) == 1


def test_a_new_process_finds_every_intent(desk):
    desk.accept({21: "id21"})
    path = rows(desk.store, "PRAGMA database_list")[0][2]
    other = SqliteStore.open(path, read_only=True)
    assert rows(other, "SELECT message FROM all_parts WHERE state = 3 ORDER BY 1") == [(22,), (23,)]
    assert list(other.maintenance.faults()) == []
    assert other.report(desk.campaign).submits == LEARNING + 3
    other.close()
    other = SqliteStore.open(path, beside=True)
    with other.database.transaction():
        assert other.recover(3000.0).requeued == 2
    other.close()
    assert packed(desk) == 0
    assert desk.fates(told(21)) == [ReceiptFate.MATCHED]


def test_more_than_can_be_held_is_put_down(desk, monkeypatch):
    monkeypatch.setattr(parts, "HELD", 2)
    desk.sent(1)
    assert rows(desk.store, "SELECT message FROM parts WHERE message > ?", LEARNING) == [(21,), (22,)]
    desk.accept({message: f"id{message}" for message in (21, 22, 23, 24)})
    assert desk.fates(*(told(message) for message in (21, 22, 23, 24))) == [ReceiptFate.MATCHED] * 4
    assert packed(desk) == 0


def test_of_two_with_one_id_the_number_decides(desk):
    desk.accept({21: "same", 22: "same"})
    assert desk.store.database.hand.by_id(1)["same"] is None
    assert [it.message_id for it in desk.receipts(told(22, smsc_id="same"), told(21, smsc_id="same"))] == [22, 21]


def test_the_first_receipt_stands_in_its_part_and_is_shown_as_it_came(desk):
    desk.accept({21: "id21"})
    desk.receipts(told(21), told(21))
    assert rows(desk.store, "SELECT n FROM receipts WHERE message = 21") == [(2,)]
    first, second = desk.store.receipts_of(21)
    assert (first.n, second.n) == (1, 2)
    assert [getattr(first, it) for it in first.__struct_fields__ if it != "n"] == [
        getattr(second, it) for it in second.__struct_fields__ if it != "n"
    ]


@pytest.mark.parametrize("spelling", [{"smsc_id": "ID21"}, {"number": f"+{FIRST + 20}"}])
def test_a_receipt_that_spells_it_in_another_way_is_kept_by_itself(desk, spelling):
    desk.accept({21: "id21"})
    given = {"smsc_id": "id21", "number": str(FIRST + 20)} | spelling
    [result] = desk.receipts(receipt(given["smsc_id"], given["number"]))
    assert (result.fate, result.state) == (ReceiptFate.MATCHED, State.DELIVERED)
    assert rows(desk.store, "SELECT smsc_id, number FROM receipts WHERE message = 21") == [tuple(given.values())]


def test_receipts_of_a_message_keep_their_order_within_a_call(desk):
    desk.accept({21: "id21", 22: "id22"})
    fates = desk.fates(told(21, MessageState.ENROUTE), told(22), told(21), told(22))
    assert fates == [ReceiptFate.MATCHED, ReceiptFate.MATCHED, ReceiptFate.MATCHED, ReceiptFate.REPEATED]
    assert [it.state for it in desk.store.receipts_of(21)] == [MessageState.ENROUTE, MessageState.DELIVERED]
    assert part_of(desk.store, 22)["repeated"] == 1


def test_what_was_claimed_in_hand_and_submitted_by_the_file_is_not_known_as_claimed_any_more(desk):
    """In one call with a message that this process knows nothing of; then it is claimed anew, with a row in `parts`."""
    desk.outcome(NotSent(21, 1, 2001.0))
    claimed = desk.claim(now=2002.0)
    assert [(it.message_id, it.parts) for it in claimed] == [(24, 0), (21, 1)]
    assert desk.submit(claimed[::-1], 2002.0) == []
    desk.outcome(NotSent(24, 1, 2002.0))
    assert desk.submit(desk.claim(now=2003.0), 2003.0) == []
    assert part_of(desk.store, 24) | {"epoch": 0} == part_of(desk.store, 24) | {
        "epoch": 0, "state": State.SUBMITTING, "sequence": desk.sequence, "submits": 1,
    }  # fmt: skip
    assert list(desk.store.maintenance.faults()) == []
