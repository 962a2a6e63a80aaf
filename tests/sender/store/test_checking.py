"""Every kind of fault is found, and none where there is none."""

from __future__ import annotations

import pytest

from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import Desk, Runner, campaign, new, receipt


@pytest.fixture
def desk(store: SqliteStore, run: Runner) -> Desk:
    made = Desk(store, run, messages=4)
    first, second, _ = made.sent(3)
    made.accept({first: "a", second: "b"})
    made.receipts(receipt("a"), receipt("nobody", "77059999999"))
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(row) for row in range(3)])
    return made


def test_a_sound_store_has_no_faults(desk):
    assert list(desk.store.maintenance.faults()) == []


def test_messages_that_failed_are_no_fault(store: SqliteStore, run: Runner) -> None:
    desk = Desk(store, run, messages=5)
    desk.accept(dict(zip(desk.sent(5), "abcde", strict=True)))
    for ident, state in zip("abcd", (MessageState.UNDELIVERABLE, MessageState.EXPIRED, MessageState.REJECTED,
                                     MessageState.UNKNOWN), strict=True):  # fmt: skip
        desk.receipts(receipt(ident, state=state))
    assert list(store.maintenance.faults()) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE campaign_states SET messages = messages + 1 WHERE state = 1 AND campaign = 1", "I4: campaign 1 has 1"),
        ("UPDATE campaigns SET messages = 7 WHERE id = 1", "I4: campaign 1 accepted 7 messages, and has 4"),
        ("UPDATE campaigns SET unexpanded = 1 WHERE id = 2", "I4: campaign 2 has 3 recipients in chunks, and 1 are"),
        ("DELETE FROM messages WHERE id = 1", "references: 1 rows of message_fields name rows of messages"),
        ("DELETE FROM messages WHERE id = 1", "orphans: 1 parts belong to nothing"),
        ("DELETE FROM parts WHERE message = 1", "orphans: 1 receipts belong to nothing"),
        ("DELETE FROM chunk_data", "orphans: 1 chunks belong to nothing"),
        ("UPDATE parts SET state = 3 WHERE message = 1", "I1: 1 messages are final, with a part under way"),
        ("DELETE FROM intents", "I1: 1 messages are submitting, without a part under way"),
        ("UPDATE parts SET state = 10 WHERE message = 2", "I1: 1 messages are accepted, without a part that is"),
        ("UPDATE parts SET state = 11 WHERE message = 1", "I1: 1 messages are delivered, with a part that is not"),
    ],
)
def test_a_fault_is_found_and_said(desk, damage, words):
    desk.store.database.begin()
    desk.store.database.conn.execute(damage)
    found = list(desk.store.maintenance.faults())
    desk.store.database.rollback()
    assert any(fault.startswith(words) for fault in found), found
