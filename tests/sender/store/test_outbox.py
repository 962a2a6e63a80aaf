"""Events in the store: written with the change they tell of, one row for each consumer that wants one."""

from contextlib import suppress
from typing import Any

import msgspec

from sender.domain.events import EventType
from sender.domain.incoming_rules import IncomingRules
from sender.domain.keywords import Action, Keyword, Keywords
from sender.domain.message import DoubtCause, MessageClass
from sender.store.intake import NewApiMessage
from sender.store.outbox import Attempt, Event, Fate, body_of
from sender.store.records import Accepted, InDoubt, Refused
from sender.store.sqlite import SqliteStore
from sender.store.suppression import Suppressed
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, Desk, Runner, campaign, new, receipt, rows
from tests.sender.store.test_incoming import message

ALL = [kind.value for kind in EventType]


def configure(store: SqliteStore, run: Runner, **consumers: list[str]) -> dict[str, int]:
    found: dict[str, int] = run(
        store.outbox.configure,
        {name: (f"https://{name}.example/", events) for name, events in consumers.items()},
        900.0,
    )
    return found


def told(store: SqliteStore, consumer: int = 1) -> list[dict[str, Any]]:
    found = rows(store, "SELECT body FROM outbox WHERE consumer = ? ORDER BY id", consumer)
    return [msgspec.json.decode(row[0]) for row in found]


def types(store: SqliteStore, consumer: int = 1) -> list[str]:
    return [it["type"] for it in told(store, consumer)]


def test_nobody_wants_anything_and_nothing_is_written(store: SqliteStore, run: Runner) -> None:
    sending = Desk(store, run, messages=2)
    sending.accept(dict.fromkeys(sending.sent(), "a"))
    assert rows(store, "SELECT * FROM outbox") == []


def test_the_life_of_a_message_is_told_to_who_wants_it(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=ALL, log=["message.delivered"])
    sending = Desk(store, run, messages=1)
    (ident,) = sending.sent()
    sending.accept({ident: "77"}, at=2001.25)
    sending.receipts(receipt("77", at=2005.5))
    assert types(store) == ["message.accepted", "message.delivered", "campaign.finished"]
    accepted, delivered, finished = told(store)
    assert accepted["timestamp"] == "1970-01-01T00:33:21.250Z"
    assert delivered["timestamp"] == "1970-01-01T00:33:25.500Z"
    assert delivered["data"] == {
        "message_id": ident, "campaign_id": 1, "campaign": "evening", "sender": "SHOP", "class": "service",
        "number": "77050000000", "state": "delivered", "account": "beeline-kz", "parts": 1, "status": 0,
        "stat": "DELIVRD", "err": "000",
    }  # fmt: skip
    assert finished["data"] == {"campaign_id": 1, "campaign": "evening", "messages": 1, "states": {"delivered": 1}}
    assert types(store, 2) == ["message.delivered"]


def test_failures_say_in_which_state(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=["message.failed", "message.in_doubt"])
    sending = Desk(store, run, messages=3)
    refused, undelivered, doubtful = sending.sent()
    sending.outcome(Refused(refused, 1, 11, 2001.0), InDoubt(doubtful, 1, DoubtCause.TIMEOUT, None, 2002.0))
    sending.accept({undelivered: "5"})
    sending.receipts(receipt("5", state=MessageState.UNDELIVERABLE))
    states = sorted((it["type"], it["data"]["state"]) for it in told(store))
    assert states == [
        ("message.failed", "rejected"), ("message.failed", "undelivered"), ("message.in_doubt", "in_doubt"),
    ]  # fmt: skip


def test_a_campaign_ends_once(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=["campaign.finished"])
    sending = Desk(store, run, messages=2)
    first, second = sending.sent()
    sending.outcome(Accepted(first, 1, "1", 2001.0), InDoubt(second, 1, DoubtCause.TIMEOUT, None, 2001.0))
    sending.receipts(receipt("1"))
    assert types(store) == ["campaign.finished"]
    sending.receipts(receipt("2", "77050000002"))  # settles the doubt
    assert types(store) == ["campaign.finished"]


def test_a_cancelled_campaign_says_when(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=["message.failed", "campaign.finished"])
    sending = Desk(store, run, messages=2)
    run(store.cancel, sending.campaign)
    run(store.sweep, 5000.0)
    assert types(store) == ["message.failed", "message.failed", "campaign.finished"]
    assert {it["timestamp"] for it in told(store)} == {"1970-01-01T01:23:20.000Z"}


def test_a_campaign_ends_too_when_its_recipients_never_became_messages(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=["message.failed", "campaign.finished"])
    ident = run(store.create_campaign, campaign())
    run(store.add_recipients, ident, [new(row) for row in range(3)])
    run(store.finish_import, ident, 3, 0)
    run(store.cancel, ident)
    run(store.sweep, 5000.0)
    (finished,) = told(store)
    assert finished["data"]["states"] == {"cancelled": 3}
    assert finished["timestamp"] == "1970-01-01T01:23:20.000Z"


def test_a_campaign_of_which_every_row_was_rejected_ends_with_its_import(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=["campaign.finished"])
    ident = run(store.create_campaign, campaign())
    run(store.finish_import, ident, 3, 3)
    (finished,) = told(store)
    assert finished["data"] == {"campaign_id": ident, "campaign": "evening", "messages": 0, "states": {}}
    other = run(store.create_campaign, campaign())
    run(store.add_recipients, other, [new(1)])
    run(store.finish_import, other, 3, 2)
    assert types(store) == ["campaign.finished"]


def test_a_message_of_a_program_carries_what_the_program_gave_with_it(store: SqliteStore, run: Runner) -> None:
    desk = Desk(store, run, messages=0)
    configure(store, run, crm=["message.accepted", "campaign.finished"])
    asked = NewApiMessage(
        number="77051234567", sender="SHOP", text="hello", fields={}, operator=ACCOUNT, message_class=MessageClass.CODE,
        priority=9, segments=1, due=0.0, reference="order-17", callback="eu",
    )  # fmt: skip
    (ident,) = run(store.accept_messages, 1, [asked], 1000.0)
    assert desk.sent() == [ident]
    desk.accept({ident: "7"})
    (accepted,) = told(store)  # and no end: the campaign of a program stands for ever
    assert (accepted["data"]["reference"], accepted["data"]["callback"]) == ("order-17", "eu")


def test_what_is_undone_is_not_told(store: SqliteStore) -> None:
    with store.database.transaction():
        store.outbox.configure({"crm": ("https://crm.example/", ALL)}, 1.0)

    class Undone(Exception):
        pass

    with suppress(Undone), store.database.transaction():
        store.suppression.add([Suppressed(77051234567, "all", "person")])
        raise Undone
    assert told(store) == []


def test_the_suppression_list_and_subscribers_are_told(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=ALL)
    run(store.suppression.add, [Suppressed(77051234567, "all", "person", "complaint", "no", 60.0)])
    run(lambda: store.suppression.remove(77051234567, source="person", at=61.0))
    assert types(store) == ["suppression.added", "suppression.removed"]
    assert told(store)[0]["data"] == {
        "number": "77051234567", "scope": "all", "source": "person", "reason": "complaint", "text": "no",
    }  # fmt: skip
    run(store.incoming.take, [message("hello")], IncomingRules(Keywords()))
    assert told(store)[2]["data"]["text"] == "hello"


def test_a_keyword_may_have_a_webhook_of_its_own(store: SqliteStore, run: Runner) -> None:
    configure(store, run, all=["message.incoming"], survey=["campaign.finished"])
    rules = IncomingRules(Keywords([Keyword("YES", Action.LABEL, label="yes", webhook="survey")]))
    run(store.incoming.take, [message("yes"), message("no")], rules)
    assert [it["data"]["text"] for it in told(store, 1)] == ["no"]
    assert [it["data"]["label"] for it in told(store, 2)] == ["yes"]


def event(at: float = 10.0, only: str = "") -> Event:
    return Event(EventType.MESSAGE_INCOMING, at, {"text": "Тест"}, only)


def test_a_body_is_what_standard_webhooks_says() -> None:
    body = body_of(event(1767225600.25))
    assert body == '{"type":"message.incoming","timestamp":"2026-01-01T00:00:00.250Z","data":{"text":"Тест"}}'


def test_a_delivery_from_due_to_dead_and_back(store: SqliteStore, run: Runner) -> None:
    crm = configure(store, run, crm=ALL)["crm"]
    run(store.outbox.add, [event(10.0), event(20.0)])
    due, following, active = run(store.outbox.due, crm, 15.0, 10)
    assert ([it.at for it in due], following, active) == ([10.0], 20.0, True)
    run(
        store.outbox.record,
        [Attempt(1, Fate.WAITING, 100.0, "500", 15.0), Attempt(2, Fate.DELIVERED, 0.0, "200", 25.0)],
    )
    due, following, _ = run(store.outbox.due, crm, 50.0, 10)
    assert (due, following) == ([], 100.0)
    run(store.outbox.record, [Attempt(1, Fate.DEAD, 100.0, "500", 100.0), Attempt(2, Fate.DEAD, 0.0, "late", 100.0)])
    (found,) = store.outbox.consumers()
    assert (found.waiting, found.delivered, found.dead) == (0, 1, 1)
    assert [it.state for it in store.outbox.deliveries(crm, None, 10)] == ["delivered", "dead"]
    assert run(lambda: store.outbox.replay(crm, 200.0)) == 1
    assert run(lambda: store.outbox.replay(crm, 200.0, ids=[2, 99])) == 1
    due, _, _ = run(store.outbox.due, crm, 200.0, 10)
    assert [(it.id, it.attempts) for it in due] == [(1, 0), (2, 0)]
    run(store.outbox.record, [Attempt(it.id, Fate.DELIVERED, 0.0, "200", 201.0) for it in due])
    assert run(lambda: store.outbox.replay(crm, 300.0, since=15.0)) == 1


def test_consumers_follow_the_configuration(store: SqliteStore, run: Runner) -> None:
    configure(store, run, crm=ALL, log=ALL)
    ids = configure(store, run, crm=["message.incoming"])
    assert ids == {"crm": 1}
    assert [(it.name, it.state) for it in store.outbox.consumers()] == [("crm", "active"), ("log", "removed")]
    run(store.outbox.add, [event()])
    assert (len(told(store, 1)), len(told(store, 2))) == (1, 0)
    assert configure(store, run, crm=ALL, log=ALL) == {"crm": 1, "log": 2}


def test_a_disabled_consumer_keeps_its_events_until_it_is_enabled(store: SqliteStore, run: Runner) -> None:
    crm = configure(store, run, crm=ALL)["crm"]
    run(store.outbox.disable, crm, "410 Gone", 5.0)
    run(store.outbox.add, [event()])
    configure(store, run, crm=ALL)  # a restart changes nothing
    assert run(store.outbox.due, crm, 50.0, 10)[2] is False
    run(store.outbox.enable, crm, 60.0)
    due, _, active = run(store.outbox.due, crm, 60.0, 10)
    assert (len(due), active) == (1, True)
    run(store.outbox.disable, crm, "410 Gone", 70.0)
    run(store.outbox.configure, {"crm": ("https://elsewhere.example/", ALL)}, 80.0)
    assert [it.state for it in store.outbox.consumers()] == ["active"]


def test_old_events_are_deleted_and_what_waited_too_long_is_dead(store: SqliteStore, run: Runner) -> None:
    crm = configure(store, run, crm=ALL)["crm"]
    run(store.outbox.add, [event(10.0), event(20.0)])
    run(store.outbox.record, [Attempt(1, Fate.DELIVERED, 0.0, "200", 30.0)])
    assert run(store.outbox.purge, 100.0, 80.0, 1000.0, 10) == 0
    assert run(store.outbox.purge, 200.0, 80.0, 1000.0, 10) == 1
    assert run(store.outbox.purge, 2000.0, 80.0, 1000.0, 10) == 1
    (row,) = store.outbox.deliveries(crm, Fate.DEAD, 10)
    assert row.outcome == "given up: it waited too long"
    assert run(store.outbox.purge, 4000.0, 80.0, 1000.0, 10) == 1
    run(store.outbox.add, [event(30.0)])
    assert [row[0] for row in rows(store, "SELECT id FROM outbox")] == [3]  # ids are never used again
