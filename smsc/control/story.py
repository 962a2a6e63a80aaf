"""The story of one message: its parts, the PDUs that were about them, and what happened when."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from smppkit.status import status_name
from smsc.control.reader import Shelf
from smsc.journal.whole import PartRow, WholeMessage


class Segment(msgspec.Struct, frozen=True):
    """One part of a message as it came; `row` is that of the journal."""

    row: int
    part: int
    text: str
    status: int
    status_name: str
    message_id: str | None
    state: str | None
    err: str | None
    at: float
    final_at: float | None


class MessageDetail(WholeMessage, frozen=True, kw_only=True):
    """A message with its parts."""

    segments: list[Segment]


def detail_of(shelf: Shelf, parts: Sequence[PartRow]) -> MessageDetail:
    """The story of the message of which these are the parts."""
    whole = shelf.messages.joined(parts)
    segments = [
        Segment(
            row=part.row,
            part=part.part,
            text=part.text,
            status=part.status,
            status_name=status_name(part.status),
            message_id=part.message_id,
            state=part.state,
            err=part.err if part.final_at is not None else None,
            at=part.at,
            final_at=part.final_at,
        )
        for part in parts
    ]
    return MessageDetail(**msgspec.structs.asdict(whole), segments=segments)
