"""Receipts find their part in any order, base and process (I3), and none is lost."""

from __future__ import annotations

import itertools

import pytest

from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.guessing import CLOCK_STEP
from sender.store.records import Accepted, InDoubt, ReceiptFate, Refused, Retry
from sender.store.sqlite import SqliteStore
from smppkit.message_ids import IdBase, render
from smppkit.message_state import MessageState
from tests.sender.store.kit import FIRST, Desk, directly, open_quick, part_of, receipt, rows, state_of

MATCHED, REPEATED, PARKED, RESOLVED = (
    ReceiptFate.MATCHED,
    ReceiptFate.REPEATED,
    ReceiptFate.PARKED,
    ReceiptFate.RESOLVED_DOUBT,
)
ENROUTE, DELIVERED, EXPIRED = MessageState.ENROUTE, MessageState.DELIVERED, MessageState.EXPIRED


def number(row: int) -> str:
    return str(FIRST + row)


def desk_of(store: SqliteStore, messages: int = 1, **options) -> Desk:
    return Desk(store, directly(store), messages=messages, **options)


def stored(store: SqliteStore) -> int:
    """Receipts in the store, matched and parked."""
    return rows(store, "SELECT (SELECT count(*) FROM all_receipts) + (SELECT count(*) FROM parked_receipts)")[0][0]


# In every order


@pytest.mark.parametrize("order", list(itertools.permutations(["response", "enroute", "final", "again"])))
def test_response_and_receipts_may_come_in_any_order_i3(store, order):
    desk = desk_of(store)
    [message] = desk.sent()
    steps = {
        "response": lambda: desk.accept({message: "17"}),
        "enroute": lambda: desk.receipts(receipt("17", number(0), ENROUTE)),
        "final": lambda: desk.receipts(receipt("17", number(0), DELIVERED)),
        "again": lambda: desk.receipts(receipt("17", number(0), DELIVERED)),
    }
    for name in order:
        steps[name]()
    assert desk.states == {State.DELIVERED: 1}
    part = part_of(store, message)
    assert part["receipts"] == 3
    assert part["repeated"] == (1 if order.index("enroute") < min(order.index("final"), order.index("again")) else 2)
    assert stored(store) == 3


@pytest.mark.parametrize("reopened", [False, True])
def test_a_parked_receipt_is_matched_when_its_response_is_recorded_after_a_restart_too_i3(tmp_path, reopened):
    path = tmp_path / "campaign.sqlite"
    desk = desk_of(open_quick(path))
    [message] = desk.sent()
    assert desk.fates(receipt("17", number(0), at=2001.0)) == [PARKED]
    if reopened:
        desk.store.close()
        desk.store = open_quick(path)
        desk.run = directly(desk.store)
    desk.accept({message: "17"}, at=2002.0)
    assert desk.states == {State.DELIVERED: 1}
    assert stored(desk.store) == 1
    desk.store.close()


def test_receipts_of_one_batch_are_applied_in_their_order(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "17"})
    batch = [receipt("17", number(0), state) for state in (ENROUTE, ENROUTE, EXPIRED, DELIVERED, ENROUTE)]
    assert desk.fates(*batch) == [MATCHED, REPEATED, MATCHED, REPEATED, REPEATED]
    assert desk.states == {State.EXPIRED: 1}
    assert [row[0] for row in rows(store, "SELECT stat FROM all_receipts ORDER BY n")] == [it.stat for it in batch]


def test_an_intermediate_receipt_leaves_the_message_accepted(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "17"})
    [result] = desk.receipts(receipt("17", number(0), MessageState.ACCEPTED))
    assert (result.fate, result.state) == (MATCHED, State.ACCEPTED)


def test_a_final_state_follows_an_intermediate_one_that_was_worded_alike(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "17"})
    for state in (ENROUTE, DELIVERED):
        wordless = receipt("17", number(0), state)
        desk.receipts(type(wordless)(wordless.account, "17", state, "", None, wordless.number, wordless.at))
    assert desk.states == {State.DELIVERED: 1}


# In another base


@pytest.mark.parametrize(
    ("in_response", "in_receipt"),
    [(IdBase.HEX, IdBase.DECIMAL), (IdBase.DECIMAL, IdBase.HEX), (IdBase.UUID, IdBase.UUID)],
)
@pytest.mark.parametrize("receipts_first", [False, True])
def test_ids_are_matched_in_another_base_i3(store, in_response, in_receipt, receipts_first):
    desk = desk_of(store, 40)
    sent = desk.sent()
    ids = {message: render(message + 5, in_response) for message in sent}
    # Small numbers on purpose: "10" is one message read as decimal and another read as hexadecimal.
    receipts = [
        receipt(render(message + 5, in_receipt), number(row), EXPIRED if row % 2 else DELIVERED)
        for row, message in enumerate(sent)
    ]
    if receipts_first:
        assert desk.fates(*receipts) == [PARKED] * 40
        desk.accept(ids)
    else:
        desk.accept(ids)
        results = desk.receipts(*receipts)
        assert [result.message_id for result in results] == sent
    assert desk.states == {State.DELIVERED: 20, State.EXPIRED: 20}
    assert [state_of(store, message) for message in sent] == [State.DELIVERED, State.EXPIRED] * 20


def test_receipts_and_responses_interleaved_in_another_base_do_not_mix_up_messages_i3(store):
    desk = desk_of(store, 40)
    sent = desk.sent()
    for row, message in enumerate(sent):
        # The receipt of this message, in decimal, may be the hexadecimal id of one accepted before.
        desk.receipts(receipt(str(message + 5), number(row), EXPIRED if row % 2 else DELIVERED))
        desk.accept({message: f"{message + 5:x}"})
    assert [state_of(store, message) for message in sent] == [State.DELIVERED, State.EXPIRED] * 20


@pytest.mark.parametrize("spelling", ["000ABC17", "abc17", "ABC17", " abc17"])
def test_case_and_leading_zeros_do_not_matter(store, spelling):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "00abc17"})
    assert desk.fates(receipt(spelling, number(0))) == [MATCHED]


# Whose receipt it is


def test_a_receipt_from_another_account_is_not_about_this_message(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "17"})
    assert desk.fates(receipt("17", number(0), account="kcell")) == [PARKED]
    assert desk.fates(receipt("17", number(0))) == [MATCHED]


def test_the_number_tells_messages_with_one_id_apart(store):
    desk = desk_of(store, 2)
    first, second = desk.sent()
    desk.accept({first: "17", second: "17"})  # the operator was restarted and counts anew
    [result] = desk.receipts(receipt("17", "+" + number(1)))
    assert result.message_id == second
    assert desk.fates(receipt("17")) == [PARKED]  # it names no handset: nobody can tell


def test_of_two_messages_to_one_number_with_one_id_the_open_one_is_meant(store):
    desk = desk_of(store, 2, numbers=[number(0), number(0)])
    first, second = desk.sent()
    desk.accept({first: "17"})
    desk.receipts(receipt("17", number(0)))
    desk.accept({second: "17"})
    [result] = desk.receipts(receipt("17", number(0)))
    assert (result.message_id, result.fate) == (second, MATCHED)


def test_a_receipt_for_another_number_is_parked_and_not_guessed(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.accept({message: "17"})
    assert desk.fates(receipt("17", number(5))) == [PARKED]
    assert desk.states == {State.ACCEPTED: 1}


@pytest.mark.parametrize("handset", ["", "SHOP", "4567"])
def test_a_receipt_that_names_no_handset_is_matched_by_its_id_as_it_stands(store, handset):
    desk = desk_of(store, 2)
    first, second = desk.sent()
    desk.accept({first: "16"})
    assert desk.fates(receipt("10", handset)) == [PARKED]  # 0x10 is 16, and it is also the id of the second
    desk.accept({second: "10"})
    assert state_of(store, second) is State.DELIVERED
    assert desk.fates(receipt("16", handset)) == [MATCHED]


def test_a_receipt_parked_before_the_submit_cannot_be_its_receipt(store):
    desk = desk_of(store)
    assert desk.fates(receipt("17", number(0), at=1500.0)) == [PARKED]
    [message] = desk.sent(now=1501.0 + CLOCK_STEP)
    desk.accept({message: "17"})
    assert desk.states == {State.ACCEPTED: 1}


def test_a_clock_that_was_set_back_keeps_no_receipt_from_its_message_i3(store):
    """Receipts are noted with the time of the process that hears them, submits with that of the one before it."""
    desk, _ = in_doubt(store)
    assert desk.fates(receipt("17", number(0), at=1400.0)) == [RESOLVED]
    second = desk_of(store, 1, numbers=[number(7)])
    assert second.fates(receipt("18", number(7), at=1500.0)) == [PARKED]
    [other] = second.sent(now=2000.0)
    second.accept({other: "18"})
    assert state_of(store, other) is State.DELIVERED


def test_a_doubt_that_a_notification_settled_hears_its_final_receipt_i3(store):
    """The part carries the id as the notification wrote it, in another base than the operator's responses."""
    desk = desk_of(store, 8)
    first, *others, last = desk.sent()
    desk.accept({message: f"{0x98967F + row:X}" for row, message in enumerate([first, *others])})
    desk.receipts(*(receipt(str(0x98967F + row), number(row)) for row in range(7)))
    desk.outcome(InDoubt(last, 1, DoubtCause.TIMEOUT, None, 2030.0))
    desk.receipts(receipt("10000033", number(7), state=ENROUTE, at=2040.0))
    assert state_of(store, last) is State.ACCEPTED
    desk.receipts(receipt("10000033", number(7), at=2050.0))
    assert state_of(store, last) is State.DELIVERED


def test_one_parked_receipt_is_about_one_message_only(store):
    desk = desk_of(store, 2, numbers=[number(0), number(0)])
    first, second = desk.sent()
    desk.receipts(receipt("17", number(0)))
    desk.accept({first: "17", second: "017"})
    assert desk.states == {State.DELIVERED: 1, State.ACCEPTED: 1}
    assert stored(store) == 1


def test_parts_of_one_message_have_ids_of_their_own(store):
    desk = desk_of(store, parts=2)
    [message] = desk.sent()
    assert desk.fates(receipt("a2", number(0)), receipt("a1", number(0))) == [PARKED, PARKED]
    desk.outcome(Accepted(message, 1, "a1", 2001.0))
    desk.outcome(Accepted(message, 2, "a2", 2001.0))
    assert desk.states == {State.DELIVERED: 1}


# Doubts


def in_doubt(store: SqliteStore, **options) -> tuple[Desk, list[int]]:
    options.setdefault("messages", 1)
    desk = desk_of(store, message_class=MessageClass.ADVERTISING, **options)
    sent = desk.sent()
    desk.outcome(
        *(
            InDoubt(message, part, DoubtCause.TIMEOUT, None, 2030.0)
            for message in sent
            for part in range(1, desk.parts + 1)
        )
    )
    return desk, sent


def test_a_receipt_resolves_the_only_doubt_about_its_number(store):
    desk, [first, second] = in_doubt(store, messages=2)
    [result] = desk.receipts(receipt("aa17", "8" + number(0)[1:]))
    assert (result.fate, result.message_id, result.state) == (RESOLVED, first, State.DELIVERED)
    assert state_of(store, second) is State.IN_DOUBT
    assert part_of(store, first)["smsc_id"] == "aa17"
    assert desk.fates(receipt("AA17", number(0))) == [REPEATED]  # now the id is known
    assert desk.run(store.report, desk.campaign).doubts_resolved == 1


def test_an_intermediate_receipt_shows_that_the_operator_has_the_message(store):
    desk, [message] = in_doubt(store)
    batch = [receipt("17", number(0), ENROUTE), receipt("17", number(0), DELIVERED)]
    assert desk.fates(*batch) == [RESOLVED, MATCHED]
    assert state_of(store, message) is State.DELIVERED


def test_two_doubts_about_one_number_are_not_guessed_at(store):
    desk, _ = in_doubt(store, messages=2, numbers=[number(0), number(0)])
    assert desk.fates(receipt("17", number(0))) == [PARKED]
    assert desk.states == {State.IN_DOUBT: 2}


def test_the_parts_of_one_doubtful_message_are_resolved_one_by_one(store):
    desk, _ = in_doubt(store, parts=2)
    assert desk.fates(receipt("a1", number(0)), receipt("a1", number(0))) == [RESOLVED, REPEATED]
    assert desk.states == {State.IN_DOUBT: 1}
    assert desk.fates(receipt("a2", number(0))) == [RESOLVED]
    assert desk.states == {State.DELIVERED: 1}


def test_a_receipt_that_was_parked_before_the_doubt_resolves_it(store):
    desk = desk_of(store)
    [message] = desk.sent()
    assert desk.fates(receipt("17", number(0), at=2001.0)) == [PARKED]
    desk.outcome(InDoubt(message, 1, DoubtCause.CONNECTION_LOST, 2040.0, 2002.0))
    assert desk.states == {State.DELIVERED: 1}
    assert desk.claim(now=9999.0) == []  # and no resend


def test_a_receipt_spares_the_resend_that_waits(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    claimed = desk.claim(now=2040.0)
    assert desk.fates(receipt("17", number(0))) == [RESOLVED]
    assert desk.submit(claimed) != []
    assert desk.states == {State.DELIVERED: 1}


def test_while_a_submit_to_the_number_is_under_way_a_receipt_may_be_its_own(store):
    desk = desk_of(store, 2, numbers=[number(0), number(0)], message_class=MessageClass.ADVERTISING)
    [first] = desk.sent(limit=1)
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, None, 2030.0))
    [second] = desk.sent(limit=1, now=2031.0)
    assert desk.fates(receipt("17", number(0), at=2032.0)) == [PARKED]
    desk.accept({second: "17"}, at=2033.0)
    assert (state_of(store, first), state_of(store, second)) == (State.IN_DOUBT, State.DELIVERED)


def test_once_the_submit_in_the_way_has_another_id_the_receipt_resolves_the_doubt(store):
    desk = desk_of(store, 2, numbers=[number(0), number(0)], message_class=MessageClass.ADVERTISING)
    [first] = desk.sent(limit=1)
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, None, 2030.0))
    [second] = desk.sent(limit=1, now=2031.0)
    desk.receipts(receipt("17", number(0), at=2032.0))
    desk.accept({second: "18"}, at=2033.0)
    assert (state_of(store, first), state_of(store, second)) == (State.DELIVERED, State.ACCEPTED)


def test_a_receipt_older_than_the_submit_resolves_nothing(store):
    desk, _ = in_doubt(store)
    assert desk.fates(receipt("17", number(0), at=1999.0 - CLOCK_STEP)) == [PARKED]


def test_a_doubt_that_was_answered_is_no_candidate_any_more(store):
    desk, [message] = in_doubt(store)
    desk.accept({message: "18"}, at=2031.0)
    assert desk.fates(receipt("17", number(0))) == [PARKED]
    assert rows(store, "SELECT * FROM doubts") == []


def test_the_first_attempt_can_still_be_resolved_while_its_resend_waits_for_the_pace(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    desk.submit(desk.claim(now=2040.0), at=2041.0)
    desk.outcome(Retry(message, 1, 0x58, 2050.0, 2042.0))
    assert desk.fates(receipt("17", number(0))) == [RESOLVED]
    assert desk.states == {State.DELIVERED: 1}


def test_a_refused_message_has_no_doubts_left(store):
    desk = desk_of(store)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    desk.submit(desk.claim(now=2040.0), at=2041.0)
    desk.outcome(Refused(message, 1, 0x0B, 2042.0))
    assert rows(store, "SELECT * FROM doubts") == []


# Plans


def test_no_statement_of_the_sending_path_reads_a_whole_table(store):
    """A cost that grows with the backlog shows as a SCAN of a table in the plan."""
    from sender.store import applying, guessing, matching, multipart, outcomes, queue, recovery, settling

    statements = {
        f"{module.__name__}.{name}": value
        for module in (applying, guessing, matching, multipart, outcomes, queue, recovery, settling)
        for name, value in vars(module).items()
        if isinstance(value, str) and value.startswith(("SELECT", "UPDATE", "INSERT")) and "$" not in value
    }
    for where, update in (
        *((f"settling._MOVE[{state}]", update) for state, update in settling._MOVE.items()),
        *((f"applying._UPDATE_ALIKE[{state}]", update) for state, update in applying._UPDATE_ALIKE.items()),
        ("queue._SUBMITTING", queue._SUBMITTING),
    ):
        statements |= {f"{where}, range": update.in_range, f"{where}, list": update.in_list}
    statements |= {f"applying._UPDATE_PART[{state}]": text for state, text in applying._UPDATE_PART.items()}
    assert len(statements) > 15
    for name, statement in statements.items():
        parameters = (None,) * statement.count("?")
        for *_, detail in rows(store, f"EXPLAIN QUERY PLAN {statement}", *parameters):
            bounded = "j VIRTUAL TABLE" in detail or "parts_submitting" in detail
            assert bounded or not detail.startswith("SCAN"), f"{name}: {detail}"
