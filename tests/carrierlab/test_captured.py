"""Messages are put together from their parts."""

from __future__ import annotations

from typing import Any

import msgspec

from carrierlab.captured import captured
from smsc.journal.inbox import MessageRow

ROW = MessageRow(
    row=1, at=1.0, operator="alpha", system_id="shop", command="submit_sm", source="SHOP", destination="7705",
    text="Hello", data_coding=0, reference=None, part=1, parts=1, status=0, message_id="1", err=None, state="DELIVRD",
    final_at=2.0, acknowledged_at=None,
)  # fmt: skip


def row(number: int, **changes: Any) -> MessageRow:
    return msgspec.structs.replace(ROW, row=number, at=float(number), **changes)


def part(number: int, which: int, **changes: Any) -> MessageRow:
    return row(number, **({"reference": 7, "part": which, "parts": 2, "text": f"part {which} "} | changes))


def test_a_short_message_is_itself_and_what_handsets_send_is_left_out() -> None:
    (message,) = captured([row(1), row(2, command="deliver_sm")])
    assert (message.text, message.to, message.from_, message.account) == ("Hello", "7705", "SHOP", "shop")
    assert (message.parts, message.status, message.state) == (1, 0, "DELIVRD")


def test_parts_make_one_message_in_whatever_order_they_come() -> None:
    (message,) = captured([part(1, 2), part(2, 1)])
    assert (message.text, message.at, message.parts) == ("part 1 part 2 ", 1.0, 2)


def test_a_reference_that_comes_round_again_is_another_message() -> None:
    first, second = captured([part(1, 1), part(2, 2), part(3, 1, text="other "), part(4, 2)])
    assert (first.text, second.text) == ("part 1 part 2 ", "other part 2 ")


def test_parts_of_different_numbers_and_refused_ones_do_not_mix() -> None:
    messages = captured([part(1, 1), part(2, 1, destination="7701"), part(3, 2, status=88, state=None)])
    assert [(message.text, message.status) for message in messages] == [("part 1 ", 0), ("part 1 ", 0), ("part 2 ", 88)]
    assert messages[2].state == ""
