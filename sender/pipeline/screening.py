"""What can be said about a row before anything is sent: it makes a message, or it is a bad row."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sender.domain.recipients import Recipient
from sender.domain.routing import Router
from sender.domain.rows import MAX_RAW, BadRow
from sender.pipeline.compose import UNCOMPOSABLE, Composer
from sender.store.records import NewMessage


class Screened(msgspec.Struct, frozen=True, gc=False):
    """A row that makes a message."""

    message: NewMessage
    text: str
    segments: int


Blocked = Callable[[str], str | None]
"""The opt-out that forbids this campaign to write to a number, or None."""


def nobody(_: str) -> None:
    """Nobody has opted out."""


def screen(
    row: Recipient | BadRow, composer: Composer, router: Router, raw: Callable[[], str], blocked: Blocked = nobody
) -> Screened | BadRow:
    """Route and compose a row. Nothing that can be known now is left to fail while sending.

    `raw` gives the row as it stands in the file, should it be a bad one.
    """
    if isinstance(row, BadRow):
        return row
    scope = blocked(row.number)
    if scope is not None:
        return _bad(row, raw, f"opted out: {scope}")
    choice = router.route(row.number, sender=composer.sender, message_class=composer.message_class)
    if choice is None:
        return _bad(row, raw, f"no route for +{row.number}")
    operator = choice.account
    try:
        text = composer.text(row.fields)
        if not text:
            return _bad(row, raw, "the text is empty")
        segments = composer.count(text, operator)
        composer.tlvs(row.fields, operator)
    except UNCOMPOSABLE as error:
        return _bad(row, raw, str(error))
    fields = {key: value for key, value in row.fields.items() if key in composer.columns}
    return Screened(NewMessage(row.row, row.number, operator, fields), composer.said(text, operator), segments)


def _bad(row: Recipient, raw: Callable[[], str], reason: str) -> BadRow:
    return BadRow(row.row, raw()[:MAX_RAW], reason)
