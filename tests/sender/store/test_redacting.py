"""Numbers and texts made unreadable, wherever they are; counts and invariants as before."""

from __future__ import annotations

import msgspec
import pytest

from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.intake import NewApiMessage
from sender.store.records import Accepted, InDoubt
from sender.store.redacting import Found, Redacted, find_campaign, find_numbers, hashed, steps
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import ACCOUNT, FIRST, Desk, Runner, campaign, check_i4, new, receipt, rows, state_of

KEY = b"k" * 32


def redact(store: SqliteStore, found: Found, numbers: list[str] | None) -> Redacted:
    total = Redacted()
    for step in steps(found, numbers, KEY, 3000.0, size=2):
        with store.database.transaction():
            total += step(store.database)
        check_i4(store)
    return total


def everything(store: SqliteStore) -> str:
    return "\n".join(store.database.conn.iterdump())


@pytest.fixture
def desk(store: SqliteStore, run: Runner) -> Desk:
    return Desk(store, run, messages=5, numbers=[str(FIRST + row % 2) for row in range(5)])


def test_messages_to_a_number_and_their_receipts(desk):
    ids = desk.sent(3)
    desk.accept({ids[0]: "a", ids[1]: "b"})
    desk.receipts(receipt("a", str(FIRST)), receipt("b", str(FIRST + 1)), receipt("lost", f"+{FIRST}"))
    found = find_numbers(desk.store.database, [str(FIRST)])
    assert found.messages == (1, 3, 5)
    total = redact(desk.store, found, [str(FIRST)])
    # Message 3 is on its way, message 5 was still to be sent, the receipt of nobody was to the number too.
    assert (total.messages, total.cancelled, total.open, total.others) == (2, 1, 1, 1)
    assert state_of(desk.store, 5) is State.CANCELLED
    numbers = dict(rows(desk.store, "SELECT id, number FROM messages"))
    assert numbers == {
        1: hashed(str(FIRST), KEY), 2: str(FIRST + 1), 3: str(FIRST), 4: str(FIRST + 1), 5: hashed(str(FIRST), KEY)
    }  # fmt: skip
    assert rows(desk.store, "SELECT number FROM all_receipts") == [(hashed(str(FIRST), KEY),), (str(FIRST + 1),)]
    assert rows(desk.store, "SELECT fields FROM all_fields WHERE message = 1") == [("{}",)]
    desk.accept({3: "c"})
    desk.receipts(receipt("c", str(FIRST)))
    redact(desk.store, find_numbers(desk.store.database, [str(FIRST)]), [str(FIRST)])
    assert f"'{FIRST}'" not in everything(desk.store)


def test_what_a_program_gave_with_a_message(store, run):
    with store.database.transaction():
        message = NewApiMessage(
            number=str(FIRST), sender="SHOP", text="hi", fields={}, operator=ACCOUNT,
            message_class=MessageClass.SERVICE, priority=5, segments=1, due=0.0,
            reference="aset@example.com", callback="Aset, flat 5",
        )  # fmt: skip
        other = msgspec.structs.replace(message, number=str(FIRST + 1), reference="order-7", callback=None)
        store.accept_messages(1, [message, other], 1000.0)
    for _ in range(2):
        redact(store, find_numbers(store.database, [str(FIRST)]), [str(FIRST)])
        assert rows(store, "SELECT reference, callback FROM api_messages ORDER BY message") == [
            (hashed("aset@example.com", KEY), None),
            ("order-7", None),
        ]


def test_a_hash_tells_nothing_without_its_key():
    assert hashed("77050000000", b"a") != hashed("77050000000", b"b")
    assert hashed("77050000000", b"a") == hashed("77050000000", b"a")
    assert "7705" not in hashed("77050000000", b"a")


def test_what_is_in_doubt_keeps_its_number(desk):
    [message] = desk.sent(1)
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2060.0, 2031.0))
    total = redact(desk.store, Found((message,), (), ()), [str(FIRST)])
    assert (total.messages, total.cancelled, total.open) == (0, 0, 1)
    assert state_of(desk.store, message) is State.IN_DOUBT


def test_recipients_in_chunks(store, run):
    desk = Desk(store, run, messages=0)
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(row) for row in range(6)])
    run(store.finish_import, number, 6, 0)
    chunk = run(store.read_chunk, (number, ACCOUNT))
    run(store.expand, chunk.id, 0, chunk.recipients[:2])
    [one, other] = run(store.claim, ACCOUNT, 2, 2000.0)
    assert desk.submit([one, other]) == []
    desk.outcome(Accepted(one.message_id, 1, "a", 2001.0))
    desk.receipts(receipt("a", one.number))
    wanted = [str(FIRST), str(FIRST + 3)]  # one is expanded already, the other is not
    total = redact(store, find_numbers(store.database, wanted), wanted)
    assert (total.messages, total.cancelled, total.open) == (2, 1, 0)
    assert not run(store.expand, chunk.id, 2, chunk.recipients[2:])  # whoever had read it has to read it again
    again = run(store.read_chunk, (number, ACCOUNT))
    assert (again.taken, [it.number for it in again.recipients]) == (2, [str(FIRST + row) for row in (2, 4, 5)])
    run(store.expand, again.id, 2, again.recipients)
    assert run(store.counts, number)[State.QUEUED] == 3
    check_i4(store)
    assert f"'{FIRST}'" not in everything(store)
    assert f"'{FIRST + 3}'" not in everything(store)


def test_all_recipients_of_a_campaign_that_is_over(desk):
    with pytest.raises(ValueError, match="5 messages that are not sent yet; cancel it first"):
        find_campaign(desk.store.database, desk.campaign)
    desk.run(desk.store.cancel, desk.campaign)
    while desk.run(desk.store.sweep, 2000.0):
        pass
    total = redact(desk.store, find_campaign(desk.store.database, desk.campaign), None)
    assert (total.messages, total.open) == (5, 0)
    assert not rows(desk.store, "SELECT 1 FROM messages WHERE number LIKE '7705%'")


def test_events_about_a_campaign(desk):
    conn = desk.store.database.conn
    number = str(FIRST)
    with desk.store.database.transaction():
        conn.execute("INSERT INTO consumers VALUES (1, 'crm', 'https://crm', '[]', 'on', '', 1.0, 1.0)")
        for state, campaign_id in ((0, desk.campaign), (1, desk.campaign), (1, 99)):
            body = f'{{"type":"t","data":{{"campaign_id":{campaign_id},"number":"{number}"}}}}'
            conn.execute(
                "INSERT INTO outbox (consumer, type, at, body, state, due, attempts, outcome)"
                " VALUES (1, 't', 1.0, ?, ?, 1.0, 0, '')",
                (body, state),
            )
    for others in (2, 0):
        assert redact(desk.store, Found((), (), (), desk.campaign), None).others == others
    assert [hashed(number, KEY) in body for (body,) in rows(desk.store, "SELECT body FROM outbox")] == [True, False]


def test_a_cancelled_campaign_in_chunks(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(row) for row in range(6)])
    run(store.finish_import, number, 6, 0)
    run(store.cancel, number)
    while run(store.sweep, 2000.0):
        pass
    redact(store, find_campaign(store.database, number), None)
    assert find_numbers(store.database, [str(FIRST + row) for row in range(6)]) == Found((), (), ())
    assert run(store.counts, number)[State.CANCELLED] == 6


def test_what_is_gone_meanwhile_is_left_to_the_next_look(store, run):
    assert redact(store, Found((99,), (99,), ((0, "1"),)), ["1"]).messages == 0


def test_what_else_tells_of_a_number(store, run):
    desk = Desk(store, run)
    desk.receipts(receipt("x", "+7 705 000 00 00", at=1.0), receipt("y", "77059999999"))
    run(store.sweep_receipts, 1e9)
    desk.receipts(receipt("z", "77050000000", at=1e9))
    conn = store.database.conn
    with store.database.transaction():
        conn.execute(
            "INSERT INTO incoming (account, source, destination, text, data_coding, at, parts, missing, action, label)"
            " VALUES ('a', '77050000000', '1234', 'my secret', 0, 1.0, 1, 0, '', '')"
        )
        conn.execute("INSERT INTO answered VALUES ('77050000000', 'STOP', 1.0)")
        conn.execute("INSERT INTO suppression VALUES ('*', 77050000000, 'mo', '', 'my secret', 1.0)")
        conn.execute(
            "INSERT INTO suppression_history (number, scope, change, source, reason, text, at)"
            " VALUES (77050000000, '*', 'added', 'mo', '', 'my secret', 1.0)"
        )
        conn.execute("INSERT INTO consumers VALUES (1, 'crm', 'https://crm', '[]', 'on', '', 1.0, 1.0)")
        for state in (0, 1):
            conn.execute(
                "INSERT INTO outbox (consumer, type, at, body, state, due, attempts, outcome)"
                " VALUES (1, 't', 1.0, ?, ?, 1.0, 0, '')",
                ('{"type":"t","data":{"number":"+77050000000","text":"my secret"}}', state),
            )
        conn.execute(
            "INSERT INTO suppression_history (number, scope, change, source, reason, text, at)"
            " VALUES (77050000001, '*', 'consent', 'cli', '', 'my secret', 1.0)"
        )
        answer = b'{"messages":[{"to":"77050000000"}]}'
        conn.execute("INSERT INTO idempotency VALUES (1, 'k', x'00', 202, ?, 1.0)", (answer,))
        conn.execute(
            "INSERT INTO audit (at, token, address, action, target, outcome, items)"
            " VALUES (1.0, 'shop', '127.0.0.1', 'messages.cancel', 'to 77050000000', 'done', 1)"
        )
    numbers = ["77050000000", "77050000001"]
    redact(store, find_numbers(store.database, numbers), numbers)
    hidden = hashed("77050000000", KEY)
    assert "my secret" not in everything(store)
    assert "+7 705" not in everything(store)
    assert rows(store, "SELECT number FROM suppression") == [(77050000000,)]  # the opt-out is honoured still
    assert rows(store, "SELECT number FROM suppression_history") == [(77050000000,)]  # and can be proved
    assert rows(store, "SELECT source, text FROM incoming") == [(hidden, "")]
    told = f'{{"type":"t","data":{{"number":"{hidden}","text":""}}}}'
    assert rows(store, "SELECT state, body FROM outbox") == [(0, told)]  # it is told still, without the person
    assert rows(store, "SELECT body FROM idempotency") == [(f'{{"messages":[{{"to":"{hidden}"}}]}}'.encode(),)]
    assert rows(store, "SELECT target FROM audit") == [(f"to {hidden}",)]
    again = redact(store, find_numbers(store.database, numbers), numbers)
    assert again.others == 0
    assert rows(store, "SELECT number FROM unmatched_receipts UNION SELECT number FROM parked_receipts") == [
        ("77059999999",)
    ]
