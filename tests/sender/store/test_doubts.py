"""What a person, or an operator's delivery file, decides about doubts; each decision leaves a row (I1, I4)."""

from __future__ import annotations

import pytest

from sender.console import report_text
from sender.domain.delivery_file import DeliveryRow
from sender.domain.dialect import PartsRule, Settings
from sender.domain.message import DoubtCause, MessageClass, State
from sender.domain.settlement import Verdict
from sender.store.delivery_file import RowFate
from sender.store.records import Accepted, InDoubt, ReceiptFate
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, FIRST, Desk, directly, part_of, receipt, rows, state_of


def number(row: int) -> str:
    return str(FIRST + row)


def in_doubt(
    store: SqliteStore, messages: int = 1, *, resend: float | None = None, **options
) -> tuple[Desk, list[int]]:
    options.setdefault("message_class", MessageClass.ADVERTISING)
    desk = Desk(store, directly(store), messages=messages, **options)
    sent = desk.sent()
    desk.outcome(
        *(
            InDoubt(message, part, DoubtCause.TIMEOUT, resend, 2030.0)
            for message in sent
            for part in range(1, desk.parts + 1)
        )
    )
    return desk, sent


def decide(desk: Desk, verdict: Verdict, *messages: int) -> list[tuple[State | None, State | None]]:
    def verb() -> list[tuple[State | None, State | None]]:
        settled = desk.store.settle(list(messages), verdict, who="aigerim", source="by hand", at=3000.0)
        return [(it.before, it.after) for it in settled]

    return desk.run(verb)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.DELIVERED, State.DELIVERED),
        (Verdict.UNDELIVERED, State.UNDELIVERED),
        (Verdict.DROP, State.UNKNOWN),
        (Verdict.RESEND, State.QUEUED),
    ],
)
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("resend", [None, 9000.0])
def test_a_verdict_ends_a_doubt_and_is_kept(
    store: SqliteStore, verdict: Verdict, state: State, parts: int, resend: float | None
) -> None:
    desk, [message] = in_doubt(store, parts=parts, resend=resend)
    before = State.IN_DOUBT if resend is None else State.QUEUED
    assert decide(desk, verdict, message) == [(before, state)]
    assert desk.states == {state: 1}
    kept = store.settlements(message)
    assert [(it.who, it.source, it.before, it.after, it.at) for it in kept] == [
        ("aigerim", "by hand", before, state, 3000.0)
    ] * parts
    assert bool(store.doubts()) == (verdict is Verdict.RESEND)


def test_the_report_says_that_a_person_ended_a_message(store: SqliteStore) -> None:
    desk, (message,) = in_doubt(store)
    decide(desk, Verdict.DROP, message)
    (failure,) = store.report(1).failures
    assert (failure.reason, failure.stage) == ("unknown, by hand", "person")
    assert list(store.maintenance.faults()) == []
    assert "unknown, by hand" in report_text(store.report(1))


def test_the_report_says_so_of_a_message_that_was_accepted_too(store: SqliteStore) -> None:
    desk = Desk(store, directly(store), messages=1)
    (message,) = desk.sent()
    desk.accept({message: "a"})
    decide(desk, Verdict.UNDELIVERED, message)
    assert [(it.reason, it.stage) for it in store.report(1).failures] == [("undelivered, by hand", "person")]


def test_what_is_sent_again_by_hand_goes_out_at_once_and_counts_as_resent_i2(store: SqliteStore) -> None:
    desk, [message] = in_doubt(store)
    decide(desk, Verdict.RESEND, message)
    desk.submit(desk.claim(now=3000.0), at=3000.0)
    desk.accept({message: "17"}, at=3001.0)
    assert (part_of(store, message)["submits"], part_of(store, message)["resends"]) == (2, 1)
    assert store.doubts() == []


def test_a_receipt_may_still_settle_what_waits_to_be_sent_again(store: SqliteStore) -> None:
    desk, [message] = in_doubt(store)
    decide(desk, Verdict.RESEND, message)
    assert desk.fates(receipt("17", number(0))) == [ReceiptFate.RESOLVED_DOUBT]
    assert desk.claim(now=9999.0) == []


def test_two_spellings_of_one_id_settle_one_part_and_not_two(store: SqliteStore) -> None:
    """Receipts that waited for the second part of a message whose first was under way: both are then in doubt."""
    desk = Desk(store, directly(store), parts=2, message_class=MessageClass.ADVERTISING)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 2, DoubtCause.TIMEOUT, None, 2030.0))
    told = [receipt("A00002", number(0), MessageState.ENROUTE), receipt("10485762", number(0))]
    assert desk.fates(*told) == [ReceiptFate.PARKED] * 2
    desk.outcome(InDoubt(message, 1, DoubtCause.CONNECTION_LOST, None, 2031.0))
    desk.receipts(receipt("10485761", number(0), MessageState.EXPIRED))
    desk.receipts(receipt("A00002", number(0)))
    assert rows(store, "SELECT smsc_id, state FROM parts ORDER BY part") == [
        ("A00002", State.DELIVERED), ("10485761", State.EXPIRED),
    ]  # fmt: skip
    assert rows(store, "SELECT 1 FROM parked_receipts") == []


def test_what_was_accepted_may_be_given_up_but_not_sent_again(store: SqliteStore) -> None:
    desk = Desk(store, directly(store), messages=2)
    first, second = desk.sent()
    desk.accept({first: "a1", second: "a2"})
    assert decide(desk, Verdict.RESEND, first) == [(State.ACCEPTED, State.ACCEPTED)]
    assert decide(desk, Verdict.DROP, first) == [(State.ACCEPTED, State.UNKNOWN)]
    assert desk.fates(receipt("a1", number(0))) == [ReceiptFate.REPEATED]  # final stays final (I1)
    assert state_of(store, first) is State.UNKNOWN


def test_only_the_parts_in_doubt_are_sent_again(store: SqliteStore) -> None:
    desk = Desk(store, directly(store), parts=2, message_class=MessageClass.ADVERTISING)
    [message] = desk.sent()
    desk.outcome(Accepted(message, 1, "a1", 2001.0), InDoubt(message, 2, DoubtCause.TIMEOUT, None, 2030.0))
    assert decide(desk, Verdict.RESEND, message) == [(State.IN_DOUBT, State.QUEUED)]
    [claimed] = desk.claim(now=3000.0)
    assert claimed.parts_done == (1,)


def test_what_is_final_unsent_under_way_or_not_there_stays_as_it_is(store: SqliteStore) -> None:
    desk = Desk(store, directly(store), messages=4)
    first, second = desk.sent(limit=2)
    desk.accept({first: "a1"})
    desk.receipts(receipt("a1", number(0)))
    [claimed] = desk.claim(limit=1)
    wanted = [first, second, claimed.message_id, claimed.message_id + 1, 4711]
    expected = [State.DELIVERED, State.SUBMITTING, State.CLAIMED, State.QUEUED, None]
    for verdict in Verdict:
        assert decide(desk, verdict, *wanted) == [(state, state) for state in expected]
    assert rows(store, "SELECT 1 FROM settlements") == []


def test_doubts_are_listed_with_what_may_be_about_them(store: SqliteStore) -> None:
    desk, [first, second] = in_doubt(store, 2, numbers=[number(0), number(0)])
    desk.receipts(receipt("17", number(0)))
    listed = store.doubts()
    assert [(it.message, it.number, it.cause, it.since, it.receipts) for it in listed] == [
        (message, number(0), "response timeout", 2000.0, 1) for message in (first, second)
    ]
    assert store.doubts_of(desk.campaign, 10) == [first, second]
    assert store.doubts_of(desk.campaign + 1, 10) == []


# Delivery files


def line(
    at: int, smsc_id: str = "", to: str = "", state: MessageState = MessageState.DELIVERED, **times
) -> DeliveryRow:
    return DeliveryRow(at, smsc_id, to, state, state.stat, times.get("sent"), times.get("done"), "")


def apply(desk: Desk, *lines: DeliveryRow, account: str = ACCOUNT) -> list[tuple[RowFate, State | None]]:
    def verb() -> list[tuple[RowFate, State | None]]:
        return desk.store.apply_delivery_rows(account, lines, who="aigerim", source="file may.csv", at=5000.0)

    return desk.run(verb)


def test_a_file_settles_by_id_in_any_base_and_by_number_and_reading_it_again_changes_nothing(
    store: SqliteStore,
) -> None:
    desk, doubts = in_doubt(store, 2)
    other = Desk(store, directly(store), messages=2, numbers=[number(7), number(8)])
    accepted = other.sent()
    other.accept({accepted[0]: "ab0017", accepted[1]: "ab0018"})
    lines = [
        line(2, str(0xAB0017), number(7)),
        line(3, "AB0018", "", MessageState.EXPIRED),
        line(4, "", number(0), MessageState.UNDELIVERABLE),
        line(5, "ff01", number(1)),
        line(6, "ff02", number(9)),
        line(7, "ff03", number(0), MessageState.ENROUTE),
    ]
    settled = [
        (RowFate.SETTLED, State.DELIVERED),
        (RowFate.SETTLED, State.EXPIRED),
        (RowFate.SETTLED, State.UNDELIVERED),
        (RowFate.SETTLED, State.DELIVERED),
        (RowFate.UNKNOWN, None),
        (RowFate.UNFINISHED, None),
    ]
    assert apply(desk, *lines) == settled
    assert (desk.states, other.states) == (
        {State.UNDELIVERED: 1, State.DELIVERED: 1},
        {State.DELIVERED: 1, State.EXPIRED: 1},
    )
    audit = rows(store, "SELECT message, source FROM settlements ORDER BY message")
    assert audit == [(message, "file may.csv") for message in sorted([*doubts, *accepted])]
    assert rows(store, "SELECT 1 FROM parked_receipts") == []
    again = apply(desk, *lines)
    assert [fate for fate, _ in again] == [
        RowFate.ALREADY, RowFate.ALREADY, RowFate.ALREADY, RowFate.ALREADY, RowFate.UNKNOWN, RowFate.UNFINISHED,
    ]  # fmt: skip
    assert rows(store, "SELECT count(*) FROM all_receipts") == [(4,)]
    assert rows(store, "SELECT count(*) FROM settlements") == [(4,)]


def test_a_file_never_changes_a_final_state_i1(store: SqliteStore) -> None:
    desk = Desk(store, directly(store))
    [message] = desk.sent()
    desk.accept({message: "a1"})
    desk.receipts(receipt("a1", number(0)))
    assert apply(desk, line(2, "a1", number(0), MessageState.EXPIRED)) == [(RowFate.CONTRADICTS, State.DELIVERED)]
    assert state_of(store, message) is State.DELIVERED


def test_of_two_doubts_about_one_number_a_file_settles_neither(store: SqliteStore) -> None:
    desk, _ = in_doubt(store, 2, numbers=[number(0), number(0)])
    assert apply(desk, line(2, "ff", number(0))) == [(RowFate.UNKNOWN, None)]


def test_a_file_of_an_account_that_sent_nothing_knows_nothing(store: SqliteStore) -> None:
    desk, _ = in_doubt(store)
    assert apply(desk, line(2, "ff", number(0)), account="never") == [(RowFate.UNKNOWN, None)]


def test_a_file_may_be_in_another_time_zone(store: SqliteStore) -> None:
    desk, [message] = in_doubt(store)
    assert apply(desk, line(2, "ff", number(0), done=1000.0)) == [(RowFate.SETTLED, State.DELIVERED)]
    assert state_of(store, message) is State.DELIVERED


def test_the_parts_rule_holds_for_files_too_and_is_audited(store: SqliteStore) -> None:
    directly(store)(store.configure_receipts, {ACCOUNT: Settings(parts=PartsRule.FIRST)})
    desk = Desk(store, directly(store), parts=2)
    [message] = desk.sent()
    desk.outcome(Accepted(message, 1, "a1", 2001.0), Accepted(message, 2, "a2", 2001.0))
    assert apply(desk, line(2, "a1", number(0))) == [(RowFate.SETTLED, State.DELIVERED)]
    assert state_of(store, message) is State.DELIVERED
    assert len(store.settlements(message)) == 2


# Receipts that found nothing


def test_receipts_without_a_message_are_shown_and_put_aside_after_three_days(store: SqliteStore) -> None:
    desk = Desk(store, directly(store))
    desk.receipts(receipt("17", number(5), at=1000.0), receipt("18", number(6), at=2000.0))
    assert [it.smsc_id for it in store.unmatched_receipts(1500.0, 10)] == ["17"]
    assert store.count_unmatched(3000.0) == {ACCOUNT: 2}
    assert desk.run(store.sweep_receipts, 1500.0 + 72 * 3600) == 1
    assert [it.smsc_id for it in store.unmatched_receipts(3000.0, 10)] == ["17", "18"]
    assert store.count_unmatched(3000.0) == {ACCOUNT: 2}
    assert rows(store, "SELECT smsc_id FROM parked_receipts") == [("18",)]


def test_intermediate_receipts_are_kept_and_shown_and_end_nothing(store: SqliteStore) -> None:
    desk = Desk(store, directly(store))
    [message] = desk.sent()
    desk.accept({message: "17"})
    for state in (MessageState.ENROUTE, MessageState.ACCEPTED, MessageState.SCHEDULED):
        desk.receipts(receipt("17", number(0), state))
    assert state_of(store, message) is State.ACCEPTED
    assert [(it.part, it.n, it.stat) for it in store.receipts_of(message)] == [
        (1, 1, "ENROUTE"), (1, 2, "ACCEPTD"), (1, 3, "SCHEDLD"),
    ]  # fmt: skip
