"""Our sender in the gauntlet: it scores 100 %, and it would not if it understood less."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

import sender.domain.dialect
import sender.pipeline.incoming
from carrierlab.gauntlet import ours
from carrierlab.gauntlet.console import print_score
from carrierlab.gauntlet.plan import Course, all_courses, select
from carrierlab.gauntlet.score import Score, VariantScore, Verdict
from carrierlab.gauntlet.seen import Seen, read_seen
from sender.store.matching import Matching
from smppkit.message_state import MessageState
from smppkit.pdus import DataSm, DeliverSm
from smppkit.receipts import Receipt, parse_receipt
from smsc.journal.inbox import Inbox


def play(*patterns: str) -> dict[str, VariantScore]:
    return {score.course.name: score for score in ours.play(select(patterns), longest=300.0)}


def failed(*patterns: str) -> set[str]:
    return {name for name, score in play(*patterns).items() if score.verdict is Verdict.FAILED}


@pytest.mark.parametrize("course", all_courses(), ids=[course.name for course in all_courses()])
def test_i3_our_sender_matches_every_receipt(course: Course) -> None:
    (score,) = ours.play([course], longest=300.0)
    assert score.verdict is Verdict.MATCHED, (score.misses, score.trouble)
    assert score.matched == score.messages == 12


def test_a_receipt_after_hours_finds_its_message() -> None:
    (score,) = ours.play(select(["after-days"]))
    assert score.verdict is Verdict.MATCHED


def test_the_same_run_twice_is_the_same() -> None:
    assert play("retry", "route") == play("retry", "route")


# --- it bites: a client that understands less scores less -------------------------------------------

Patch = pytest.MonkeyPatch


def ids_are_compared_as_text(patch: Patch) -> None:
    patch.setattr(sender.domain.dialect, "candidate_keys", lambda message_id: (message_id.casefold(),))


def nothing_is_kept_for_later(patch: Patch) -> None:
    patch.setattr(Matching, "take_parked", lambda matching, rows: None)


def reads(change: Callable[[DeliverSm | DataSm], Receipt | None]) -> Callable[[Patch], None]:
    def understood(patch: Patch) -> None:
        patch.setattr(sender.pipeline.incoming, "parse_receipt", change)

    return understood


def tlvs_are_not_read(pdu: DeliverSm | DataSm) -> Receipt | None:
    return parse_receipt(_without_tlvs(pdu))


def _without_tlvs(pdu: DeliverSm | DataSm) -> DeliverSm | DataSm:
    return DeliverSm(
        esm_class=pdu.esm_class, source_addr=pdu.source_addr, short_message=getattr(pdu, "short_message", b"")
    )


def esm_class_decides(pdu: DeliverSm | DataSm) -> Receipt | None:
    return parse_receipt(pdu) if pdu.esm_class & 0x3C else None


def data_sm_carries_no_receipts(pdu: DeliverSm | DataSm) -> Receipt | None:
    return parse_receipt(pdu) if isinstance(pdu, DeliverSm) else None


def everything_was_delivered(pdu: DeliverSm | DataSm) -> Receipt | None:
    receipt = parse_receipt(pdu)
    if receipt is None:
        return None
    return Receipt(receipt.message_id, MessageState.DELIVERED, "DELIVRD")


BITES = [
    (
        ids_are_compared_as_text,
        "ids",
        {"id-hex-then-decimal", "id-decimal-then-hex", "id-3.3-hex", "id-beyond-64-bits"},
    ),
    (nothing_is_kept_for_later, "timing", {"before-response"}),
    (reads(tlvs_are_not_read), "fields", {"no-stat", "text-foo", "empty-body"}),
    (reads(tlvs_are_not_read), "tlvs", {"tlvs-only", "tlvs-contradict", "id-cut-in-the-text"}),
    (reads(esm_class_decides), "esm_class", {"esm-class-00"}),
    (reads(data_sm_carries_no_receipts), "carrier", {"carrier-data-sm"}),
]


@pytest.mark.parametrize(("less", "subject", "names"), BITES)
def test_who_understands_less_fails_exactly_there(
    less: Callable[[Patch], None], subject: str, names: set[str], monkeypatch: Patch
) -> None:
    less(monkeypatch)
    assert failed(subject) == names


def test_who_takes_every_receipt_for_good_news_matches_only_good_news(monkeypatch: Patch) -> None:
    reads(everything_was_delivered)(monkeypatch)
    scores = play("canonical", "stat-delivrd", "stat-acceptd")
    assert {name: score.matched for name, score in scores.items()} == {
        "canonical": sum(message.number.endswith("2") for message in select(["canonical"])[0].messages),
        "stat-delivrd": 12,
        "stat-acceptd": 0,
    }


def test_what_fails_is_shown_with_the_octets_and_what_was_believed(monkeypatch: Patch) -> None:
    ids_are_compared_as_text(monkeypatch)
    scores = tuple(play("id-hex-then-decimal").values())
    output = io.StringIO()
    print_score(Score(ours.CLIENT, scores), Console(file=output, width=200))
    text = output.getvalue()
    number, receipt = scores[0].misses[0].number, scores[0].misses[0].receipts[0]
    assert f"{number}: expected delivered, found accepted" in text
    assert f"submit_sm_resp message_id {scores[0].misses[0].ids[0]}" in text
    assert "deliver_sm sequence" in text
    assert receipt[:8].hex(" ", -4) in text
    assert "the receipt for 10000001 was taken for no message" in text
    assert "FAILED: 0 of 1 variants and 0 of 12 messages matched" in text


def test_receipts_that_are_sent_again_have_been_heard_before(monkeypatch: Patch) -> None:
    """What the variant is about happens: receipts are written more than once, and answered in the end."""
    books: list[Seen] = []

    def read(inbox: Inbox, operator: str) -> Seen:
        books.append(read_seen(inbox, operator))
        return books[-1]

    monkeypatch.setattr(ours, "read_seen", read)
    play("retried")
    deliveries = [delivery for group in books[0].deliveries.values() for delivery in group]
    assert max(len(delivery.answers) for delivery in deliveries) > 1
    assert all(delivery.acknowledged for delivery in deliveries)
