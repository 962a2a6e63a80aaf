"""What pytest says when two messages, or lists of them, are not equal."""

from __future__ import annotations

from carrierlab.api.values import Message
from carrierlab.plugin.messages import Messages
from carrierlab.plugin.telling import difference_text, messages_table


def compared(left: object, right: object) -> list[str] | None:
    """Lines that explain the difference; None leaves it to pytest."""
    if isinstance(left, Message) and isinstance(right, Message):
        return ["these messages differ:", *difference_text(left, right)]
    if isinstance(left, Messages) and isinstance(right, list):
        lines = [f"{len(left)} messages came, {len(right)} were expected", "those that came:"]
        lines += messages_table(left).splitlines() if left else ["  none"]
        if right and all(isinstance(one, Message) for one in right):
            lines += ["those that were expected:", *messages_table(right).splitlines()]
        return lines
    return None
