"""What every engine of the store promises, verb by verb, through every kind of writer."""

from __future__ import annotations

import pytest

from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.records import (
    Accepted,
    CampaignState,
    Dropped,
    InDoubt,
    Intent,
    NotSent,
    ReceiptFate,
    Refused,
    Retry,
)
from sender.store.sqlite import SqliteStore
from smppkit.message_state import MessageState
from tests.sender.store.kit import ACCOUNT, FIRST, Desk, Runner, campaign, new, part_of, receipt, rows, state_of

THROTTLED, BAD_NUMBER = 0x58, 0x0B


@pytest.fixture
def desk(store: SqliteStore, run: Runner) -> Desk:
    return Desk(store, run, messages=3)


# Importing


def test_nothing_can_be_claimed_before_the_import_is_finished(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_messages, number, [new(1), new(2)])
    assert run(store.claim, ACCOUNT, 10, 5000.0) == []
    assert run(store.next_due, ACCOUNT) is None
    assert run(store.campaign, number).state is CampaignState.IMPORTING
    run(store.finish_import, number, 5, 3)
    found = run(store.campaign, number)
    assert (found.state, found.rows, found.rejected, found.messages) == (CampaignState.RUNNING, 5, 3, 2)
    assert len(run(store.claim, ACCOUNT, 10, 5000.0)) == 2


def test_a_campaign_is_kept_as_it_was_given(store, run):
    given = campaign(MessageClass.CODE)
    found = run(store.campaign, run(store.create_campaign, given))
    assert (found.name, found.template, found.sender) == (given.name, given.template, given.sender)
    assert (found.message_class, found.recipients, found.rejects) == (
        given.message_class,
        "/people.csv",
        "/rejects.csv",
    )
    assert found.created_at == given.at


def test_an_import_that_was_cut_starts_again_from_nothing(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_messages, number, [new(1), new(2)])
    assert run(store.recover, 1.0).importing == (number,)
    run(store.restart_import, number)
    assert run(store.campaign, number).messages == 0
    assert sum(run(store.counts, number).values()) == 0
    run(store.add_messages, number, [new(1), new(2), new(3)])
    run(store.finish_import, number, 3, 0)
    assert [it.number for it in run(store.claim, ACCOUNT, 10, 1.0)] == [str(FIRST + row) for row in (1, 2, 3)]


def test_an_import_restarts_without_touching_another_campaign(store, run):
    first, second = run(store.create_campaign, campaign()), run(store.create_campaign, campaign())
    run(store.add_messages, first, [new(1)])
    run(store.add_messages, second, [new(2)])
    run(store.add_messages, first, [new(3)])
    run(store.restart_import, first)
    run(store.finish_import, second, 1, 0)
    assert [it.fields for it in run(store.claim, ACCOUNT, 10, 1.0)] == [{"name": "n2"}]


def test_a_running_campaign_takes_no_more_messages_and_cannot_be_imported_again(desk):
    for verb, args in (
        (desk.store.add_messages, (desk.campaign, [new(9)])),
        (desk.store.restart_import, (desk.campaign,)),
        (desk.store.finish_import, (desk.campaign, 1, 0)),
    ):
        with pytest.raises(ValueError, match="running"):
            desk.run(verb, *args)


def test_an_unknown_campaign_is_a_key_error(store, run):
    with pytest.raises(KeyError):
        run(store.campaign, 17)
    with pytest.raises(KeyError):
        run(store.add_messages, 17, [new(1)])


def test_unfinished_campaigns_are_those_with_something_to_do(store, run):
    importing = run(store.create_campaign, campaign(name="importing"))
    desk = Desk(store, run)
    assert [it.id for it in run(store.unfinished_campaigns)] == [importing, desk.campaign]
    [message] = desk.sent()
    desk.accept({message: "1"})
    assert len(run(store.unfinished_campaigns)) == 2  # a receipt may come
    desk.receipts(receipt("1"))
    assert [it.name for it in run(store.unfinished_campaigns)] == ["importing"]


def test_a_message_left_in_doubt_keeps_no_campaign_unfinished(store, run):
    desk = Desk(store, run)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, None, 2030.0))
    assert run(store.unfinished_campaigns) == []


# The queue


def test_messages_are_claimed_in_the_order_of_the_file_and_only_once(desk):
    assert [it.number for it in desk.claim(limit=2)] == [str(FIRST), str(FIRST + 1)]
    [third] = desk.claim(limit=2)
    assert (third.campaign_id, third.fields, third.attempts, third.parts) == (desk.campaign, {"name": "n2"}, 0, 0)
    assert (third.parts_done, third.resends, third.tried_since) == ((), 0, None)
    assert desk.claim() == []
    assert desk.states == {State.CLAIMED: 3}


def test_the_oldest_campaign_is_claimed_first(store, run):
    first, second = Desk(store, run, messages=2), Desk(store, run, messages=2)
    assert [it.campaign_id for it in first.claim(limit=3)] == [first.campaign, first.campaign, second.campaign]


def test_accounts_have_queues_of_their_own(store, run):
    number = run(store.create_campaign, campaign())
    run(store.add_messages, number, [new(1), new(2, operator="kcell")])
    run(store.finish_import, number, 2, 0)
    assert [it.number for it in run(store.claim, "kcell", 10, 0.0)] == [str(FIRST + 2)]
    assert run(store.claim, "unheard-of", 10, 0.0) == []
    assert run(store.next_due, "unheard-of") is None


def test_a_released_message_is_queued_as_if_it_had_never_been_claimed(desk):
    before = desk.claim()
    desk.run(desk.store.release, [it.message_id for it in before])
    assert desk.states == {State.QUEUED: 3}
    assert desk.claim() == before


def test_release_leaves_alone_what_is_not_claimed(desk):
    [sent] = desk.sent(limit=1)
    desk.run(desk.store.release, [sent, 999])
    assert state_of(desk.store, sent) is State.SUBMITTING


def test_the_next_due_time_is_that_of_the_earliest_queued_message(desk):
    assert desk.run(desk.store.next_due, ACCOUNT) == 0.0
    first, second, third = desk.sent()
    assert desk.run(desk.store.next_due, ACCOUNT) is None
    desk.outcome(Retry(first, 1, THROTTLED, 2010.0, 2001.0), Retry(second, 1, THROTTLED, 2005.0, 2001.0))
    assert desk.run(desk.store.next_due, ACCOUNT) == 2005.0
    assert desk.claim(now=2004.9) == []
    assert [it.message_id for it in desk.claim(now=2010.0)] == [second, first]
    assert state_of(desk.store, third) is State.SUBMITTING


def test_epochs_never_repeat(store, run):
    assert [run(store.new_epoch) for _ in range(3)] == [1, 2, 3]


# Submitting


def test_an_intent_is_stored_before_the_submit_i2(desk):
    [claimed] = desk.claim(limit=1)
    intent = Intent(claimed.message_id, 1, 1, ACCOUNT, 7, 1234, 2000.5)
    assert desk.run(desk.store.mark_submitting, [intent]) == []
    part = part_of(desk.store, claimed.message_id)
    assert (part["state"], part["epoch"], part["sequence"], part["submitted_at"]) == (State.SUBMITTING, 7, 1234, 2000.5)
    assert (part["submits"], part["retries"], part["resends"]) == (1, 0, 0)


def test_an_intent_for_a_message_that_is_not_claimed_comes_back(desk):
    claimed = desk.claim(limit=2)
    desk.submit(claimed[:1])
    desk.run(desk.store.release, [claimed[1].message_id])
    stale = desk.submit(claimed)
    assert [it.message_id for it in stale] == [it.message_id for it in claimed]
    assert part_of(desk.store, claimed[0].message_id)["submits"] == 1


def test_an_accepted_message_has_its_operator_id(desk):
    first, *_ = desk.sent()
    desk.accept({first: "00AbC"})
    assert desk.states == {State.SUBMITTING: 2, State.ACCEPTED: 1}
    part = part_of(desk.store, first)
    assert (part["smsc_id"], part["key"], part["answered_at"]) == ("00AbC", "abc", 2001.0)


def test_a_refusal_that_passes_puts_the_message_back_with_its_due_time(desk):
    first, *_ = desk.sent()
    desk.outcome(Retry(first, 1, THROTTLED, 2060.0, 2001.0))
    assert desk.claim(now=2059.0) == []
    [again] = desk.claim(now=2060.0)
    assert (again.message_id, again.attempts, again.parts, again.parts_done) == (first, 1, 1, ())
    assert (again.resends, again.tried_since) == (0, 2000.0)
    desk.submit([again], at=2061.0)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (2, 1, 0)


def test_a_refusal_for_good_rejects_the_message(desk):
    first, *_ = desk.sent()
    desk.outcome(Refused(first, 1, BAD_NUMBER, 2001.0))
    assert desk.states == {State.SUBMITTING: 2, State.REJECTED: 1}
    assert part_of(desk.store, first)["status"] == BAD_NUMBER


def test_a_message_that_was_never_written_is_queued_without_a_trace_of_an_attempt(desk):
    first, *_ = desk.sent()
    desk.outcome(NotSent(first, 1, 2005.0))
    [again] = desk.claim(now=2005.0)
    assert (again.message_id, again.attempts, again.tried_since, again.parts_done) == (first, 0, None, ())
    desk.submit([again], at=2006.0)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"], part["first_at"]) == (1, 0, 0, 2006.0)


def test_a_doubt_without_a_resend_stays(desk):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.CONNECTION_LOST, None, 2030.0))
    assert desk.states == {State.SUBMITTING: 2, State.IN_DOUBT: 1}
    assert desk.claim(now=9999.0) == []


def test_a_doubt_with_a_resend_is_queued_and_its_second_submit_is_counted_as_a_resend(desk):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    [again] = desk.claim(now=2040.0)
    assert (again.attempts, again.resends, again.parts_done) == (1, 1, ())
    desk.submit([again], at=2041.0)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (2, 0, 1)
    desk.outcome(NotSent(first, 1, 2042.0))
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (1, 0, 0)
    desk.submit(desk.claim(now=2042.0), at=2042.0)
    desk.accept({first: "17"}, at=2043.0)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (2, 0, 1)


@pytest.mark.parametrize("answer", [Accepted, Retry, Refused], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("unwritten", [NotSent, Dropped], ids=lambda kind: kind.__name__)
def test_a_resend_that_waited_until_its_doubt_was_answered_is_not_counted(desk, answer, unwritten):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    desk.submit(desk.claim(now=2040.0), at=2041.0)
    answered = {
        Accepted: Accepted(first, 1, "17", 2042.0),
        Retry: Retry(first, 1, THROTTLED, 2050.0, 2042.0),
        Refused: Refused(first, 1, BAD_NUMBER, 2042.0),
    }[answer]
    never = {
        NotSent: NotSent(first, 1, 2043.0),
        Dropped: Dropped(first, 1, State.BLOCKED, "opted out: all", 2043.0),
    }[unwritten]
    desk.outcome(answered, never)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (1, 0, 0)
    state = {Accepted: State.ACCEPTED, Retry: State.QUEUED, Refused: State.REJECTED}[answer]
    assert state_of(desk.store, first) is state


@pytest.mark.parametrize("kind", [Retry, Refused, InDoubt], ids=lambda kind: kind.__name__)
def test_a_late_refusal_is_about_its_own_attempt_alone(desk, kind):
    def late(attempt):
        return {
            Retry: Retry(first, 1, THROTTLED, 2060.0, 2050.0, attempt),
            Refused: Refused(first, 1, BAD_NUMBER, 2050.0, attempt),
            InDoubt: InDoubt(first, 1, DoubtCause.UNCLEAR, 2060.0, 2050.0, attempt),
        }[kind]

    first, *_ = desk.sent()
    attempts = [part_of(desk.store, first)]
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    desk.submit(desk.claim(now=2040.0), at=2041.0)
    attempts.append(part_of(desk.store, first))
    before, now = [(part["epoch"], part["sequence"]) for part in attempts]
    desk.outcome(late(before))
    assert state_of(desk.store, first) is State.SUBMITTING  # the second one is on its way
    assert desk.claim(now=2070.0) == []
    desk.outcome(late(now))
    assert state_of(desk.store, first) is {Refused: State.REJECTED}.get(kind, State.QUEUED)


def test_a_refused_resend_is_a_retry_next_time(desk):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    desk.submit(desk.claim(now=2040.0), at=2041.0)
    desk.outcome(Retry(first, 1, THROTTLED, 2050.0, 2042.0))
    [again] = desk.claim(now=2050.0)
    assert again.resends == 1
    desk.submit([again], at=2051.0)
    part = part_of(desk.store, first)
    assert (part["submits"], part["retries"], part["resends"]) == (3, 1, 1)


@pytest.mark.parametrize(
    "late",
    [
        Accepted(1, 1, "99", 2100.0),
        Retry(1, 1, THROTTLED, 2200.0, 2100.0),
        Refused(1, 1, BAD_NUMBER, 2100.0),
        InDoubt(1, 1, DoubtCause.TIMEOUT, 2200.0, 2100.0),
        NotSent(1, 1, 2200.0),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_no_outcome_changes_a_final_message_i1(store, run, late):
    desk = Desk(store, run)
    [message] = desk.sent()
    desk.accept({message: "17"})
    desk.receipts(receipt("17"))
    before = part_of(store, message)
    desk.outcome(late)
    assert desk.states == {State.DELIVERED: 1}
    assert part_of(store, message) == before
    assert desk.claim(now=9999.0) == []


def test_a_response_after_all_settles_a_doubt(desk):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, None, 2030.0))
    desk.accept({first: "17"}, at=2031.0)
    assert state_of(desk.store, first) is State.ACCEPTED


def test_a_response_after_all_spares_the_resend_even_of_a_claimed_message(desk):
    first, *_ = desk.sent()
    desk.outcome(InDoubt(first, 1, DoubtCause.TIMEOUT, 2040.0, 2030.0))
    claimed = desk.claim(now=2040.0)
    desk.accept({first: "17"}, at=2041.0)
    assert state_of(desk.store, first) is State.ACCEPTED
    assert [it.message_id for it in desk.submit(claimed)] == [first]
    desk.run(desk.store.release, [first])
    assert state_of(desk.store, first) is State.ACCEPTED


def test_an_outcome_of_a_part_that_was_never_marked_is_a_mistake(desk):
    [claimed] = desk.claim(limit=1)
    with pytest.raises(KeyError, match="no part 1"):
        desk.accept({claimed.message_id: "17"})


# Messages of several segments


def test_a_message_is_accepted_when_all_its_parts_are_and_delivered_when_all_are(store, run):
    desk = Desk(store, run, parts=3)
    [message] = desk.sent()
    for part, state in ((2, State.SUBMITTING), (1, State.SUBMITTING), (3, State.ACCEPTED)):
        desk.outcome(Accepted(message, part, f"a{part}", 2001.0))
        assert desk.states == {state: 1}
    for part, state in ((3, State.ACCEPTED), (1, State.ACCEPTED), (2, State.DELIVERED)):
        [result] = desk.receipts(receipt(f"a{part}", str(FIRST)))
        assert (result.message_id, result.part, result.state) == (message, part, state)


def test_the_worst_part_decides(store, run):
    desk = Desk(store, run, parts=3)
    [message] = desk.sent()
    desk.outcome(*(Accepted(message, part, f"a{part}", 2001.0) for part in (1, 2, 3)))
    desk.receipts(
        receipt("a1"), receipt("a2", state=MessageState.EXPIRED), receipt("a3", state=MessageState.UNDELIVERABLE)
    )
    assert desk.states == {State.UNDELIVERED: 1}


def test_only_the_parts_that_failed_are_sent_again(store, run):
    desk = Desk(store, run, parts=3)
    [message] = desk.sent()
    desk.outcome(
        Accepted(message, 1, "a1", 2001.0),
        Retry(message, 2, THROTTLED, 2050.0, 2001.0),
        Retry(message, 3, THROTTLED, 2040.0, 2001.0),
    )
    assert desk.states == {State.QUEUED: 1}
    assert desk.claim(now=2049.0) == []  # when the last of them is due
    [again] = desk.claim(now=2050.0)
    assert (again.parts, again.parts_done, again.attempts) == (3, (1,), 1)
    assert desk.submit([again]) == []
    assert part_of(store, message, 1)["submits"] == 1
    desk.outcome(Accepted(message, 2, "a2", 2052.0), Accepted(message, 3, "a3", 2052.0))
    assert desk.states == {State.ACCEPTED: 1}


def test_the_due_time_counts_whichever_answer_comes_last(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(Retry(message, 1, THROTTLED, 2050.0, 2001.0))
    desk.outcome(Accepted(message, 2, "a2", 2002.0))
    assert run(store.next_due, ACCOUNT) == 2050.0


def test_a_refused_part_rejects_the_message_and_the_others_are_not_sent_again(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(Retry(message, 1, THROTTLED, 2050.0, 2001.0), Refused(message, 2, BAD_NUMBER, 2001.0))
    assert desk.states == {State.REJECTED: 1}
    assert desk.claim(now=9999.0) == []


def test_an_intent_for_a_part_that_is_answered_comes_back(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(Accepted(message, 1, "a1", 2001.0), Retry(message, 2, THROTTLED, 2002.0, 2001.0))
    desk.claim(now=2002.0)
    intents = [Intent(message, part, 2, ACCOUNT, 1, 50 + part, 2002.0) for part in (1, 2)]
    assert run(store.mark_submitting, intents) == intents[:1]
    assert (part_of(store, message, 1)["state"], part_of(store, message, 2)["state"]) == (
        State.ACCEPTED,
        State.SUBMITTING,
    )


def test_a_part_in_doubt_without_a_resend_is_not_sent_when_another_is(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(InDoubt(message, 1, DoubtCause.TIMEOUT, None, 2030.0), Retry(message, 2, THROTTLED, 2050.0, 2001.0))
    [again] = desk.claim(now=2050.0)
    assert again.parts_done == (1,)
    desk.submit([again])
    desk.outcome(Accepted(message, 2, "a2", 2052.0))
    assert desk.states == {State.IN_DOUBT: 1}


def test_a_receipt_for_a_sibling_leaves_a_claimed_message_with_the_pipeline(store, run):
    desk = Desk(store, run, parts=2)
    [message] = desk.sent()
    desk.outcome(Accepted(message, 1, "a1", 2001.0), Retry(message, 2, THROTTLED, 2002.0, 2001.0))
    claimed = desk.claim(now=2002.0)
    desk.receipts(receipt("a1", str(FIRST)))
    assert desk.states == {State.CLAIMED: 1}
    assert desk.submit(claimed) == []


# Figures


def test_the_report_of_a_whole_campaign(store, run):
    numbers = [str(FIRST + row) for row in range(8)]
    desk = Desk(store, run, messages=8, numbers=numbers, message_class=MessageClass.ADVERTISING)
    sent = desk.sent(limit=7, now=2000.0)
    desk.accept({sent[0]: "1", sent[1]: "2", sent[2]: "3", sent[3]: "4"}, at=2004.0)
    desk.outcome(
        Refused(sent[4], 1, BAD_NUMBER, 2004.0),
        InDoubt(sent[5], 1, DoubtCause.TIMEOUT, None, 2030.0),
        Retry(sent[6], 1, THROTTLED, 2005.0, 2004.0),
    )
    desk.submit(desk.claim(limit=1, now=2005.0)[:1], at=2005.0)  # message 8: never sent before
    desk.receipts(
        receipt("1", numbers[0], at=2040.0),
        receipt("1", numbers[0], at=2041.0),
        receipt("2", numbers[1], MessageState.UNDELIVERABLE, at=2042.0, err="069"),
        receipt("3", numbers[2], MessageState.UNDELIVERABLE, at=2042.0, err="069"),
    )
    report = run(store.report, desk.campaign)
    assert (report.messages, report.rows, report.rejected_rows) == (8, 8, 0)
    assert (report.queued, report.in_flight, report.in_doubt, report.delivered, report.failed) == (1, 2, 1, 1, 3)
    assert report.accepted == 4
    assert [(it.reason, it.stage, it.messages) for it in report.failures] == [
        ("UNDELIV 069", "receipt", 2),
        ("ESME_RINVDSTADR", "submit", 1),
    ]
    assert report.doubts == {"response timeout": 1}
    assert (report.segments, report.submits, report.retries, report.resends) == (8, 8, 0, 0)
    assert (report.receipts, report.repeated_receipts) == (4, 1)
    assert (report.started_at, report.finished_at, report.duration) == (2000.0, 2042.0, 42.0)
    assert (report.submit_duration, report.messages_per_second) == (30.0, 4 / 30)
    assert sum(report.states.values()) == 8


def test_the_report_of_a_campaign_that_sent_nothing(store, run):
    report = run(store.report, run(store.create_campaign, campaign()))
    assert (report.messages, report.duration, report.messages_per_second, report.failures) == (0, 0.0, 0.0, ())


def test_the_figures_of_one_campaign_are_not_those_of_another(store, run):
    first, second = Desk(store, run, messages=2), Desk(store, run, messages=3)
    for message in first.sent(limit=2):
        first.outcome(Refused(message, 1, BAD_NUMBER, 2001.0))
    assert run(store.report, first.campaign).failed == 2
    assert run(store.report, second.campaign).failed == 0
    assert first.states == {State.REJECTED: 2}
    assert second.states == {State.QUEUED: 3}


# Recovery


@pytest.mark.parametrize(
    ("message_class", "state", "found"),
    [
        (MessageClass.ADVERTISING, State.IN_DOUBT, (1, 1, 0, 0)),
        (MessageClass.SERVICE, State.QUEUED, (1, 0, 1, 0)),
        (MessageClass.CODE, State.QUEUED, (1, 0, 1, 0)),
    ],
)
def test_after_a_crash_the_class_decides_about_submits_under_way(store, run, message_class, state, found):
    desk = Desk(store, run, messages=4, message_class=message_class)
    accepted, under_way = desk.sent(limit=2)
    desk.accept({accepted: "17"})
    [claimed] = desk.claim(limit=1)
    recovery = run(store.recover, 3000.0)
    assert (recovery.released, recovery.in_doubt, recovery.requeued, recovery.resolved) == found
    assert state_of(store, under_way) is state
    assert state_of(store, claimed.message_id) is State.QUEUED
    assert state_of(store, accepted) is State.ACCEPTED
    assert part_of(store, under_way)["cause"] == "sender stopped"


def test_a_second_crash_does_not_resend_a_service_message_again(store, run):
    desk = Desk(store, run)
    [message] = desk.sent()
    run(store.recover, 3000.0)
    assert desk.claim(now=3029.0) == []  # a receipt may still spare the duplicate
    [again] = desk.claim(now=3030.0)
    desk.submit([again], at=3031.0)
    recovery = run(store.recover, 4000.0)
    assert (recovery.requeued, recovery.in_doubt) == (0, 1)
    assert state_of(store, message) is State.IN_DOUBT
    assert run(store.report, desk.campaign).resends == 1


def test_a_receipt_that_came_before_the_crash_settles_the_submit_under_way(store, run):
    desk = Desk(store, run)
    [message] = desk.sent()
    assert desk.fates(receipt("17", str(FIRST), at=2001.0)) == [ReceiptFate.PARKED]
    recovery = run(store.recover, 3000.0)
    assert (recovery.requeued, recovery.in_doubt, recovery.resolved) == (0, 0, 1)
    assert state_of(store, message) is State.DELIVERED
    assert run(store.report, desk.campaign).doubts_resolved == 1


def test_only_what_was_submitted_before_is_brought_back_when_the_clock_went_back(store, run):
    desk = Desk(store, run, messages=3)
    first, second = desk.sent(limit=2)
    desk.outcome(Retry(first, 1, 8, 90_000.0, 2001.0), Retry(second, 1, 8, 2010.0, 2001.0))
    [third] = desk.claim(limit=1)
    desk.submit([third])
    desk.outcome(NotSent(third.message_id, 1, 80_000.0))  # held until the morning: that is wall time
    assert run(store.bring_back, 2060.0) == 1
    dues = dict(rows(store, "SELECT id, due FROM messages"))
    assert dues == {first: 2060.0, second: 2010.0, third.message_id: 80_000.0}
    assert run(store.bring_back, 2060.0) == 0


def test_recovering_a_store_in_order_changes_nothing(desk):
    recovery = desk.run(desk.store.recover, 3000.0)
    assert (recovery.released, recovery.in_doubt, recovery.requeued, recovery.resolved) == (0, 0, 0, 0)
    assert desk.states == {State.QUEUED: 3}
