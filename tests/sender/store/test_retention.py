"""What is deleted by age, and what is left of it."""

from __future__ import annotations

import pytest

from sender.domain.message import DoubtCause, State
from sender.store.records import Accepted, CampaignKind, InDoubt, Refused
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import Desk, Runner, campaign, check_i4, new, receipt, rows

OLD = 10_000.0


@pytest.fixture
def desk(store: SqliteStore, run: Runner) -> Desk:
    """Ten messages: delivered, undelivered, refused, in doubt, accepted; five were cancelled."""
    made = Desk(store, run, messages=10)
    ids = made.sent(5)
    made.outcome(
        *(Accepted(ids[index], 1, f"a{index}", 2001.0) for index in (0, 1, 4)),
        Refused(ids[2], 1, 0x0B, 2001.0),
        InDoubt(ids[3], 1, DoubtCause.TIMEOUT, None, 2031.0),
    )
    made.receipts(receipt("a0", at=2100.0), receipt("a1", state=MessageState.UNDELIVERABLE, err="069", at=2100.0))
    run(store.cancel, made.campaign)
    while run(store.sweep, 2200.0):
        pass
    return made


def retire(desk: Desk, before: float = OLD, limit: int = 3) -> int:
    steps = 0
    while desk.run(desk.store.maintenance.retire, before, limit):
        steps += 1
        check_i4(desk.store)
    return steps


def test_the_messages_of_a_campaign_go_and_every_figure_of_it_stays_i4(desk):
    before = desk.run(desk.store.report, desk.campaign)
    assert retire(desk) == 5  # 3 + 3 + 3 + 1, and the end
    for table in ("messages", "message_fields", "parts", "receipts", "doubts"):
        assert rows(desk.store, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608
    after = desk.run(desk.store.report, desk.campaign)
    assert after == before
    assert list(desk.store.maintenance.faults()) == []
    assert desk.store.maintenance.info().retired == 1


def test_half_way_the_figures_are_right_too(desk):
    before = desk.run(desk.store.report, desk.campaign)
    desk.run(desk.store.maintenance.retire, OLD, 4)
    assert rows(desk.store, "SELECT count(*) FROM messages") == [(6,)]
    assert desk.run(desk.store.report, desk.campaign) == before
    assert list(desk.store.maintenance.faults()) == []


@pytest.mark.parametrize("before", [1000.0, 2100.0])
def test_what_is_younger_stays(desk, before):
    assert retire(desk, before) == 0


def test_a_campaign_with_something_to_send_stays(store, run):
    desk = Desk(store, run, messages=3)
    desk.sent(1)
    assert retire(desk) == 0


def test_recipients_that_never_became_messages_go_too(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_recipients, number, [new(row) for row in range(5)])
    run(store.finish_import, number, 5, 0)
    run(store.cancel, number)
    while run(store.sweep, 2000.0):
        pass
    assert run(store.maintenance.retire, OLD, 100) == 1
    assert run(store.counts, number)[State.CANCELLED] == 5
    assert rows(store, "SELECT count(*) FROM chunks UNION ALL SELECT count(*) FROM chunk_data") == [(0,), (0,)]
    check_i4(store)


def test_a_campaign_that_never_ends_loses_its_old_messages_only(store, run):
    desk = Desk(store, run, messages=6)
    with store.database.transaction():
        store.database.conn.execute("UPDATE campaigns SET kind = ?", (CampaignKind.API.value,))
    for at in (2000.0, 3000.0, 9000.0, 2000.0):
        [message] = desk.sent(1, at)
        desk.accept({message: f"a{message}"}, at + 1)
    assert retire(desk, 8000.0, limit=100) == 1
    assert rows(store, "SELECT id, state FROM messages") == [(3, 4), (4, 4), (5, 1), (6, 1)]
    assert list(store.maintenance.faults()) == []


def test_receipts_of_nobody_are_dropped_after_their_time_and_counted(store, run):
    desk = Desk(store, run)
    desk.receipts(receipt("x", "77051", at=1000.0), receipt("y", "77052", at=2000.0), receipt("z", "77053", at=3000.0))
    assert run(store.maintenance.drop_unmatched, 2500.0, 100) == 0  # they may still be matched
    assert run(store.sweep_receipts, 2500.0 + 72 * 3600) == 2
    assert run(store.maintenance.info).unmatched == 3
    assert run(store.maintenance.drop_unmatched, 2500.0, 1) == 1
    assert run(store.maintenance.drop_unmatched, 2500.0, 100) == 1
    assert run(store.maintenance.drop_unmatched, 2500.0, 100) == 0
    info = run(store.maintenance.info)
    assert (info.unmatched, info.counters) == (1, {"receipts dropped unmatched": 2})


def test_messages_of_subscribers_are_dropped_after_their_time_and_counted(store, run):
    with store.database.transaction():
        for at in (1000.0, 2000.0, 3000.0):
            store.database.conn.execute(
                "INSERT INTO incoming (account, source, destination, text, data_coding, at, parts, missing, action,"
                " label) VALUES ('a', '77050000000', '1234', 'STOP', 0, ?, 1, 0, 'stop', '')",
                (at,),
            )
    assert [run(store.maintenance.drop_incoming, 2500.0, 1) for _ in range(3)] == [1, 1, 0]
    assert [it.at for it in store.incoming.latest(limit=9)] == [3000.0]
    assert run(store.maintenance.info).counters == {"messages of subscribers dropped for their age": 2}


def test_ids_of_deleted_messages_are_not_given_again(desk):
    last = rows(desk.store, "SELECT max(id) FROM messages")[0][0]
    retire(desk)
    desk.store.database.rollback()
    other = Desk(desk.store, desk.run)
    assert other.claim()[0].message_id == last + 1
