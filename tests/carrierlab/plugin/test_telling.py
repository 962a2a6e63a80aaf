from __future__ import annotations

from typing import Any

import msgspec

from carrierlab.api.values import Message, Mismatch, NearMiss
from carrierlab.plugin.compare import compared
from carrierlab.plugin.messages import Messages
from carrierlab.plugin.telling import messages_table, not_seen_text, wanted_words

CODE = Message(
    id=17,
    at=0.0,
    operator="smsc",
    system_id="shop",
    direction="mt",
    command="submit_sm",
    from_="SHOP",
    to="77011234567",
    text="Your code is 1234",
    encoding="gsm7",
    data_coding=0,
    parts=1,
    parts_received=1,
    reference=None,
    status=0,
    status_name="ESME_ROK",
    message_id="10000001",
    state="DELIVRD",
    err="000",
    final_at=None,
    acknowledged_at=None,
)


def other(**changes: Any) -> Message:
    return msgspec.structs.replace(CODE, **changes)


def test_a_failure_says_what_was_wanted_what_came_closest_and_what_came_at_all() -> None:
    mismatch = Mismatch(field="text", wanted="order", found=CODE.text, why="the text has no such part")
    near_misses = [NearMiss(message=CODE, mismatches=(mismatch,))]
    late = other(id=18, text="Hello\nworld", parts=3, parts_received=2, state=None, status_name="ESME_RTHROTTLED")
    text = not_seen_text('No message came within 5 s: text "order"', near_misses, [CODE, late])
    assert text == (
        'No message came within 5 s: text "order"\n'
        "\n"
        "What came closest:\n"
        "  17: SHOP → 77011234567 'Your code is 1234'\n"
        '      text  wanted "order", found "Your code is 1234" (the text has no such part)\n'
        "\n"
        "All that came (2):\n"
        "  id  from  to           text               parts   status           state\n"
        "  17  SHOP  77011234567  Your code is 1234  1       ESME_ROK         DELIVRD\n"
        "  18  SHOP  77011234567  Hello⏎world        2 of 3  ESME_RTHROTTLED"
    )


def test_when_nothing_came_that_is_said() -> None:
    assert not_seen_text("No message", (), ()).endswith("No message came at all.")


def test_filters_are_words() -> None:
    assert (
        wanted_words({"to": "7701*", "from_": "SHOP", "parts": 3, "text": None}) == 'to "7701*", from "SHOP", parts 3'
    )
    assert wanted_words({}) == "of any kind"


def test_a_table_is_bounded_and_texts_are_cut() -> None:
    table = messages_table([other(id=number, text="x" * 500) for number in range(100)], most=3)
    lines = table.splitlines()
    assert lines[0] == "(97 earlier ones are left out)"
    assert len(lines) == 5
    assert max(map(len, lines)) < 120


def test_messages_that_differ_are_compared_field_by_field() -> None:
    assert compared(CODE, other(text="Other", from_="NEWS")) == [
        "these messages differ:",
        "from  'SHOP' != 'NEWS'",
        "text  'Your code is 1234' != 'Other'",
    ]


def test_lists_of_messages_are_compared_as_tables() -> None:
    lines = compared(Messages([CODE]), [])
    assert lines is not None
    assert lines[0] == "1 messages came, 0 were expected"
    assert any("77011234567" in line for line in lines)
    assert compared(CODE, "text") is None
