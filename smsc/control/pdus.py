"""PDUs as they were on the wire, taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec
from twisted.internet.defer import Deferred

from smppkit.commands import command_name
from smppkit.dissect import FieldAt, dissect, masked_octets
from smppkit.status import status_name
from smsc.control.reader import Reader, Shelf
from smsc.control.sending import Sent
from smsc.journal.inbox import PduRow
from smsc.scenario.reading import text_of
from webkit.problem import known_number, missing

MOST_ON_A_PAGE = 500


class PduView(msgspec.Struct, frozen=True):
    """One PDU, secrets masked; `row` is that of the journal, `direction` is "in" or "out" as seen by the SMSC."""

    row: int
    at: float
    operator: str
    connection: int
    peer: str
    system_id: str | None
    direction: str
    command: str
    status: int
    status_name: str
    sequence: int
    hex: str
    fields: list[FieldAt]


class SentView(msgspec.Struct, frozen=True):
    """A PDU that was sent by hand; `expects_answer`: its session waits for the response."""

    connection: int
    expects_answer: bool
    hex: str
    fields: list[FieldAt]

    @classmethod
    def of(cls, sent: Sent) -> SentView:
        """What was sent, taken apart as far as that can be."""
        fields = dissect(sent.octets, lambda octets, coding, header: text_of(octets, coding, "gsm7", header))
        return cls(sent.connection, sent.expects_answer, sent.octets.hex(), fields)


class PduPage(msgspec.Struct, frozen=True):
    """Some PDUs; `next` is what to give as `before` (or `after`) for those behind them, None when there are none."""

    items: list[PduView]
    next: int | None


def view_of(row: PduRow, alphabets: Mapping[str, str]) -> PduView:
    """A PDU as people look at it. `alphabets` is what operators mean by data_coding 0, where that is not gsm7."""
    alphabet = alphabets.get(row.operator, "gsm7")
    fields = dissect(row.octets, lambda octets, coding, header: text_of(octets, coding, alphabet, header))
    return PduView(
        row=row.row,
        at=row.at,
        operator=row.operator,
        connection=row.connection,
        peer=row.peer,
        system_id=row.system_id,
        direction=row.direction,
        command=command_name(row.command_id),
        status=row.status,
        status_name=status_name(row.status),
        sequence=row.sequence,
        hex=masked_octets(row.octets, fields).hex(),
        fields=fields,
    )


class PduDesk:
    """The PDUs in the journal."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def page(
        self,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        connection: int | None = None,
        operator: str | None = None,
        system_id: str | None = None,
        direction: str | None = None,
        command_id: int | None = None,
        status: int | None = None,
        since: float | None = None,
    ) -> Deferred[PduPage]:
        """The newest first; with `after` the oldest after it first."""

        def work(shelf: Shelf) -> PduPage:
            rows = shelf.inbox.pdus(
                connection=connection,
                operator=operator,
                system_id=system_id,
                direction=direction,
                command_id=command_id,
                status=status,
                since=since,
                limit=limit + 1,
                before=before,
                after=after,
            )
            if after is None:
                rows.reverse()
            items = [view_of(row, shelf.alphabets) for row in rows[:limit]]
            return PduPage(items, items[-1].row if len(rows) > limit else None)

        return self._reader.read(work)

    def one(self, row: int) -> Deferred[PduView]:
        """One PDU; Problem 404."""
        return self._reader.read(partial(_one, known_number("PDU", row)))


def _one(row: int, shelf: Shelf) -> PduView:
    found = shelf.inbox.pdu(row)
    if found is None:
        raise missing("PDU", row)
    return view_of(found, shelf.alphabets)
