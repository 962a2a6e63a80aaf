"""Each scenario fails when what it rehearses is taken away: an expectation that cannot fail expects nothing.

Two sorts of mutation: the operators behave after all (`without.py`; the scenario rehearses nothing then, and must say
so), or one of the programs lacks what the scenario is about (`mistakes.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from carrierlab.scenario import LabScenario
from tests.scenarios.mistakes import (
    a_full_queue_is_taken_for_refusal,
    a_length_is_one_octet,
    a_refusal_breaks_the_connection,
    an_error_of_the_system_is_taken_for_refusal,
    an_unbind_is_answered_at_once,
    dates_decide,
    doubts_are_sent_again_uncounted,
    each_connection_knows_its_own,
    early_receipts_are_forgotten,
    ids_are_compared_as_text,
    leading_zeros_count,
    nothing_is_asked_in_silence,
    one_read_is_one_pdu,
    only_the_last_part_is_waited_for,
    parts_have_references_of_their_own,
    receipts_are_as_in_the_appendix,
    receipts_die_with_the_connection,
    receipts_have_a_text,
    responses_come_in_order,
    sender_never_slows_down,
    texts_are_cut_anywhere,
    the_case_counts,
    the_centre_knows_no_sar,
    the_centre_knows_short_references_only,
    the_first_receipt_is_the_only_one,
    the_sender_knocks_without_pause,
    the_window_is_ignored,
    throttling_is_taken_for_refusal,
    time_counts_from_when_it_was_written,
)
from tests.scenarios.playing import STEMS, complaint, load, play
from tests.scenarios.without import (
    all_rows_are_good,
    answers_come_in_time,
    every_part_has_its_receipt,
    every_text_is_short_and_plain,
    every_text_is_ucs2,
    everything_is_delivered,
    ids_keep_their_base,
    no_connection_is_touched,
    no_text_is_ucs2,
    nobody_answers,
    nobody_has_a_rule,
    nobody_moves_on,
    nothing_happens,
    nothing_is_refused,
    only_messages_are_counted,
    receipts_come_at_once,
    receipts_come_in_time,
    receipts_come_on_the_same_bind,
    receipts_come_once,
    texts_are_three_times_as_long,
    the_load_is_even,
    the_queue_has_room,
    the_rate_is_known,
    the_sender_cuts,
    the_window_has_no_end,
    the_window_is_wide,
    there_are_no_ghosts,
)

Change = Callable[[LabScenario, pytest.MonkeyPatch], LabScenario]

MUTATIONS: dict[str, list[tuple[Change, set[str]]]] = {
    "quickstart": [
        (nothing_happens, {"throttled", "reconnects", "mo_received"}),
        (all_rows_are_good, {"rejected_rows"}),
        (ids_are_compared_as_text, {"awaiting_receipt"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
    ],
    "throttled-evening": [
        (nothing_happens, {"throttled", "duration"}),
        (sender_never_slows_down, {"throttled"}),
        (throttling_is_taken_for_refusal, {"refused"}),
    ],
    "operator-restart": [
        (nothing_happens, {"reconnects", "unanswered"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
        (receipts_die_with_the_connection, {"awaiting_receipt"}),
    ],
    "receipts-before-responses": [
        (receipts_come_in_time, {"receipts_before_response"}),
        (early_receipts_are_forgotten, {"awaiting_receipt"}),
    ],
    "hex-ids": [
        (ids_keep_their_base, {"rewritten_ids"}),
        (ids_are_compared_as_text, {"awaiting_receipt"}),
    ],
    "mixed-scripts": [
        (every_text_is_short_and_plain, {"segments"}),
        (every_text_is_ucs2, {"segments"}),
        (no_text_is_ucs2, {"recipients"}),
        (texts_are_cut_anywhere, {"garbled"}),
    ],
    "receipt-gauntlet": [
        (ids_are_compared_as_text, {"awaiting_receipt", "unmatched_receipts"}),
        (early_receipts_are_forgotten, {"awaiting_receipt", "unmatched_receipts"}),
    ],
    "sibling-binds": [
        (receipts_come_on_the_same_bind, {"receipts_elsewhere"}),
        (each_connection_knows_its_own, {"awaiting_receipt", "unmatched_receipts", "delivered"}),
    ],
    "first-part-receipts": [
        (every_part_has_its_receipt, {"delivered", "awaiting_receipt"}),
        (only_the_last_part_is_waited_for, {"unmatched_receipts"}),
    ],
    "duplicate-receipts": [
        (receipts_come_once, {"receipts_repeated"}),
        (the_first_receipt_is_the_only_one, {"unmatched_receipts"}),
    ],
    "padded-ids": [
        (ids_keep_their_base, {"rewritten_ids"}),
        (leading_zeros_count, {"awaiting_receipt", "unmatched_receipts", "delivered"}),
    ],
    "ids-in-another-case": [
        (ids_keep_their_base, {"rewritten_ids"}),
        (the_case_counts, {"awaiting_receipt", "unmatched_receipts"}),
    ],
    "accepted-first": [
        (receipts_come_once, {"receipts_repeated"}),
        (the_first_receipt_is_the_only_one, {"awaiting_receipt", "unmatched_receipts"}),
    ],
    "queue-full": [
        (the_queue_has_room, {"queue_full"}),
        (a_full_queue_is_taken_for_refusal, {"refused", "delivered"}),
    ],
    "ghost-session": [
        (there_are_no_ghosts, {"refused_binds", "duration"}),
        (the_sender_knocks_without_pause, {"refused_binds"}),
    ],
    "errors-with-a-body": [
        (nothing_is_refused, {"refused"}),
        (a_refusal_breaks_the_connection, {"reconnects"}),
    ],
    "nack-without-a-number": [
        (no_connection_is_touched, {"duration"}),
        (doubts_are_sent_again_uncounted, {"submits", "duplicates"}),
    ],
    "window-of-one": [
        (the_window_is_wide, {"throughput"}),
        (the_window_is_ignored, {"queue_full"}),
    ],
    "pdus-in-pieces": [
        (no_connection_is_touched, {"throughput"}),
        (one_read_is_one_pdu, {"throughput"}),
    ],
    "tlv-only-receipts": [
        (nothing_happens, {"mo_received"}),
        (everything_is_delivered, {"expired"}),
        (receipts_have_a_text, {"awaiting_receipt", "expired"}),
    ],
    "receipts-of-their-own": [
        (everything_is_delivered, {"undelivered"}),
        (receipts_are_as_in_the_appendix, {"awaiting_receipt"}),
    ],
    "swapped-responses": [
        (answers_come_in_time, {"submit_latency"}),
        (responses_come_in_order, {"awaiting_receipt", "unmatched_receipts", "lost"}),
    ],
    "throttle-storm": [
        (the_rate_is_known, {"throttled"}),
        (sender_never_slows_down, {"throttled"}),
        (throttling_is_taken_for_refusal, {"refused"}),
    ],
    "receipts-while-unbound": [
        (nothing_happens, {"receipt_delay", "receipts_elsewhere", "reconnects", "mo_received"}),
        (receipts_die_with_the_connection, {"awaiting_receipt"}),
    ],
    "until-acknowledged": [
        (nothing_happens, {"receipts_repeated", "receipt_delay"}),
        (the_first_receipt_is_the_only_one, {"unmatched_receipts"}),
    ],
    "slow-answers": [
        (answers_come_in_time, {"submit_latency"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
    ],
    "half-open-link": [
        (nothing_happens, {"reconnects", "duration", "receipt_delay"}),
        (nothing_is_asked_in_silence, {"resends"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
    ],
    "midnight": [
        (receipts_come_at_once, {"receipt_delay"}),
        (dates_decide, {"awaiting_receipt", "delivered"}),
    ],
    "parts-count": [
        (every_text_is_short_and_plain, {"segments"}),
        (only_messages_are_counted, {"throttled", "peak_rate"}),
    ],
    "message-payload": [
        (the_sender_cuts, {"segments"}),
        (a_length_is_one_octet, {"garbled"}),
    ],
    "unbind-mid-window": [
        (nothing_happens, {"reconnects"}),
        (an_unbind_is_answered_at_once, {"unanswered"}),
    ],
    "line-noise": [
        (nothing_happens, {"reconnects"}),
        (doubts_are_sent_again_uncounted, {"duplicates"}),
    ],
    "greylisting": [
        (nobody_has_a_rule, {"submits"}),
        (an_error_of_the_system_is_taken_for_refusal, {"refused", "delivered"}),
    ],
    "every-persona[persona=tlv-only]": [
        (receipts_have_a_text, {"awaiting_receipt"}),
    ],
    "every-persona[persona=hex-id-decimal-receipt]": [
        (ids_are_compared_as_text, {"awaiting_receipt", "unmatched_receipts", "delivered"}),
    ],
    "codes-beside-a-campaign": [
        (nothing_happens, {"response_time", "reconnects"}),
    ],
    "evening-of-three-operators": [
        (nothing_happens, {"throttled", "reconnects", "submits"}),
        (sender_never_slows_down, {"throttled"}),
        (texts_are_three_times_as_long, {"cost"}),
    ],
    "spike": [
        (the_load_is_even, {"response_time", "send_lag"}),
        (the_window_has_no_end, {"response_time", "send_lag", "peak_rate"}),
        (time_counts_from_when_it_was_written, {"response_time"}),
    ],
    "long-messages[method=sar, segments=86]": [
        (every_text_is_short_and_plain, {"message", "segments"}),
        (parts_have_references_of_their_own, {"message"}),
        (the_centre_knows_no_sar, {"message"}),
    ],
    "long-messages[method=udh16, segments=97]": [
        (parts_have_references_of_their_own, {"message"}),
        (the_centre_knows_short_references_only, {"message"}),
    ],
    "answered-codes": [
        (nobody_has_a_rule, {"mo_received", "refused", "message"}),
        (nobody_moves_on, {"refused", "message"}),
        (nobody_answers, {"mo_received"}),
    ],
}
"""For each scenario: what is taken away, and the expectations that must notice, at least."""


LONG = (
    "receipts-before-responses",
    "hex-ids",
    "spike",
    "quickstart",
    "operator-restart",
    "receipt-gauntlet",
    "throttled-evening",
    "evening-of-three-operators",
)
"""From short to long. Of these an ordinary run plays the first mutation, and those that no shorter scenario has."""
ALL = "ALL_MUTATIONS" in os.environ


def is_played(name: str, change: Change) -> bool:
    """Whether an ordinary run plays a mutation."""
    if ALL or name not in LONG or change is MUTATIONS[name][0][0]:
        return True
    longer = LONG[LONG.index(name) :]
    return not any(change is other for it in MUTATIONS if it not in longer for other, _ in MUTATIONS[it])


def test_every_scenario_has_its_mutations() -> None:
    assert {name.partition("[")[0] for name in MUTATIONS} == set(STEMS)


@pytest.mark.parametrize(
    ("name", "change", "noticed_by"),
    [
        pytest.param(name, change, noticed_by, id=f"{name}-{change.__name__}")
        for name, mutations in MUTATIONS.items()
        for change, noticed_by in mutations
        if is_played(name, change)
    ],
)
def test_the_scenario_fails_when(
    name: str, change: Change, noticed_by: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = play(change(load(name), monkeypatch), name)
    assert not outcome.passed
    unmet = {verdict.metric for verdict in outcome.verdicts if not verdict.met}
    assert noticed_by <= unmet, complaint(outcome)
