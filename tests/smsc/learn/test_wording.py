"""The text of receipts as a template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsc.learn.wording import Written, fit_wording
from smsc.scenario.receipt_text import CANONICAL, ReceiptText, Said

BEGAN = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)

TEMPLATES = [
    str(CANONICAL),
    "id:{id} done date:{done:YYYYMMDDhhmmss} stat:{stat} err:{err} text:{text:10}",
    "ID:{id} Sub:null Dlvrd:{dlvrd} Submit Date:{submit} Done Date:{done} Stat:{stat} Err:{err} Text:",
    "id:{id} submit date:{submit:YYMMDDhhmmss} done date:{done:YYYYMMDDhhmm} stat:{stat} err:{err} Text:{text}",
    "id:{id} sub:{sub:1} dlvrd:{dlvrd:1} stat:{stat} err:null",
    "id:{id} stat:{stat} done date:{done:YYYY-MM-DD hh:mm:ss} text:{text}",
    "id:{id} stat:{stat} err:{err} Text:000 DLVRD TO SMSC",
    "id:{id}, stat:{stat}, err:{err}",
]


def receipts(template: str, *, message: str = "Order {} is on its way to you") -> list[Written]:
    render = ReceiptText.parse(template).say
    written = []
    for number in range(40):
        at = BEGAN + timedelta(seconds=37 * number)
        stat, delivered = ("DELIVRD", 1) if number % 3 else ("UNDELIV", 0)
        text = message.format(number)
        said = Said(f"{1000 + number}", 1, delivered, at, at + timedelta(seconds=9), stat, f"{number % 3:03}", text)
        written.append(Written(render(said), (at + timedelta(seconds=10)).timestamp(), text))
    return written


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_found_again(template: str) -> None:
    fitted = fit_wording(receipts(template))
    assert fitted is not None
    assert fitted.value == template
    assert (fitted.samples, fitted.note) == (40, "")


def test_short_messages_do_not_make_a_width() -> None:
    fitted = fit_wording(receipts(str(CANONICAL), message="No {}"))
    assert fitted is not None
    assert fitted.value == CANONICAL


def test_a_cut_id_is_seen_by_the_whole_one() -> None:
    written = [Written(f"id:{'abcdefghijk'[:8]} stat:DELIVRD", 0.0, message_id="abcdefghijk")]
    fitted = fit_wording(written)
    assert fitted is not None
    assert fitted.value == "id:{id:8} stat:{stat}"


def test_the_commonest_wording_is_taken_and_the_others_are_told() -> None:
    fitted = fit_wording(receipts(TEMPLATES[0]) + receipts(TEMPLATES[1])[:5])
    assert fitted is not None
    assert fitted.value == TEMPLATES[0]
    assert fitted.note == "5 receipts are worded otherwise"


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), max_size=10))
def test_any_text_has_a_template(texts: list[str]) -> None:
    fitted = fit_wording([Written(text, 0.0, "hello") for text in texts])
    assert (fitted is None) is not any(texts)
