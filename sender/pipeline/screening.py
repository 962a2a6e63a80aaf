"""What can be said about a row before anything is sent: it makes a message, or it is a bad row."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sender.domain.recipients import Recipient
from sender.domain.routing import Router
from sender.domain.rows import MAX_RAW, BadRow
from sender.pipeline.compose import Composer
from sender.pipeline.press import UNCOMPOSABLE
from sender.store.records import NewMessage


class Screened(msgspec.Struct, frozen=True, gc=False):
    """A row that makes a message."""

    message: NewMessage
    text: str
    """As the template gives it."""
    segments: int


Blocked = Callable[[str], str | None]
"""The opt-out that forbids this campaign to write to a number, or None."""


def nobody(_: str) -> None:
    """Nobody has opted out."""


class Screening:
    """Routes and composes rows. Nothing that can be known now is left to fail while sending.

    `raw` gives the row as it stands in the file, should it be a bad one. The fields of rows are the columns of the
    composer. Routes and health are those of the last `look`, which whoever lets others work in between repeats.
    """

    def __init__(self, composer: Composer, router: Router, raw: Callable[[], str], blocked: Blocked = nobody) -> None:
        self._composer = composer
        self._router = router
        self._raw = raw
        self._blocked = blocked
        self.look()

    def look(self) -> None:
        """Take routes and health as they are now."""
        composer = self._composer
        self._choose = self._router.chooser(sender=composer.sender, message_class=composer.message_class)

    def screen(self, row: Recipient | BadRow) -> Screened | BadRow:
        """The message that a row makes, or why it makes none."""
        if isinstance(row, BadRow):
            return row
        number, fields = row.number, row.fields
        scope = self._blocked(number)
        if scope is not None:
            return self._bad(row, f"opted out: {scope}")
        choice = self._choose(number)
        if choice is None:
            return self._bad(row, f"no route for +{number}")
        operator = choice.account
        composer = self._composer
        try:
            text = composer.text(fields)
            if not text:
                return self._bad(row, "the text is empty")
            segments = composer.count(text, operator)
            if operator in composer.tlvs_of_rows:
                composer.tlvs(fields, operator)
        except UNCOMPOSABLE as error:
            return self._bad(row, str(error))
        return Screened(NewMessage(row.row, number, operator, fields), text, segments)

    def _bad(self, row: Recipient, reason: str) -> BadRow:
        return BadRow(row.row, self._raw()[:MAX_RAW], reason)
