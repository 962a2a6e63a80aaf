"""Messages as people mean them: a long message is one, whatever number of parts it came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from smppkit.message_state import MessageState
from smppkit.status import status_name
from smppkit.text import Alphabet, alphabet_of
from smsc.scenario.reading import ALPHABETS

Direction = Literal["mt", "mo"]

_BADNESS = {
    state.stat: rank
    for rank, state in enumerate(
        (
            MessageState.DELIVERED,
            MessageState.SKIPPED,
            MessageState.ACCEPTED,
            MessageState.ENROUTE,
            MessageState.SCHEDULED,
            MessageState.UNKNOWN,
            MessageState.DELETED,
            MessageState.EXPIRED,
            MessageState.UNDELIVERABLE,
            MessageState.REJECTED,
        )
    )
}
"""How bad a state is for the whole message: it is where its worst part is. A word that nobody knows is the worst."""


class PartRow(msgspec.Struct, frozen=True, gc=False):
    """One row of the journal's messages as of a time: a message, or a part of one. Times are unix seconds."""

    row: int
    at: float
    operator: str
    system_id: str
    connection: int
    command: str
    source: str
    destination: str
    text: str
    data_coding: int
    reference: int | None
    part: int
    parts: int
    first: int | None
    sequence: int | None
    status: int
    message_id: str | None
    err: str | None
    state: str | None
    final_at: float | None
    acknowledged_at: float | None
    changes_at: float | None
    """When its state changes by time alone."""


class WholeMessage(msgspec.Struct, frozen=True, gc=False, rename={"from_": "from"}):
    """One message. Times are unix seconds; `id` is the journal's row of its first part that came.

    `status` and `state` are those of the worst part, `err` and `message_id` go with them; `state` is None when any part
    is refused. `final_at` is when the last part came to its end, None while one has not.
    """

    id: int
    at: float
    operator: str
    system_id: str
    direction: Direction
    command: str
    from_: str
    to: str
    text: str
    encoding: str
    data_coding: int
    parts: int
    parts_received: int
    reference: int | None
    status: int
    status_name: str
    message_id: str | None
    message_ids: tuple[str, ...]
    """Of all parts, in their order."""
    state: str | None
    err: str | None
    final_at: float | None
    acknowledged_at: float | None

    @property
    def complete(self) -> bool:
        """Whether all its parts have come."""
        return self.parts_received == self.parts


def direction_of(command: str) -> Direction:
    """Whom a message is for: "mt" a subscriber, "mo" an ESME."""
    return "mo" if command == "deliver_sm" else "mt"


def encoding_of(data_coding: int, default: str = "gsm7") -> str:
    """The alphabet that a data_coding names; `default` is what the operator means by 0."""
    return alphabet_of(data_coding, ALPHABETS.get(default, Alphabet.GSM7)).value


def latest_of_parts(rows: Sequence[PartRow]) -> list[PartRow]:
    """One row for each part, in the order of the parts: of one that was refused and came again the last."""
    parts: dict[int, PartRow] = {}
    for row in rows:
        parts[row.part] = row
    return [parts[number] for number in sorted(parts)]


def joined(rows: Sequence[PartRow], alphabets: Mapping[str, str]) -> WholeMessage:
    """The message of which these are the parts that came, in the order they came.

    `alphabets` is what operators mean by data_coding 0, where that is not gsm7.
    """
    first = rows[0]
    parts = rows if len(rows) == 1 else latest_of_parts(rows)
    worst = parts[0] if len(parts) == 1 else max(parts, key=_badness)
    ended = [part.final_at for part in parts if part.final_at is not None]
    acknowledged = [part.acknowledged_at for part in parts if part.acknowledged_at is not None]
    final_at = max(ended) if len(ended) == len(parts) else None
    return WholeMessage(
        id=first.row,
        at=first.at,
        operator=first.operator,
        system_id=first.system_id,
        direction=direction_of(first.command),
        command=first.command,
        from_=first.source,
        to=first.destination,
        text="".join([part.text for part in parts]),
        encoding=encoding_of(first.data_coding, alphabets.get(first.operator, "gsm7")),
        data_coding=first.data_coding,
        parts=first.parts,
        parts_received=len(parts),
        reference=first.reference,
        status=worst.status,
        status_name=status_name(worst.status),
        message_id=worst.message_id,
        message_ids=tuple([part.message_id for part in parts if part.message_id is not None]),
        state=worst.state,
        err=worst.err if worst.final_at is not None else None,
        final_at=final_at,
        acknowledged_at=max(acknowledged, default=None),
    )


def _badness(part: PartRow) -> tuple[bool, int]:
    return part.status != 0, _BADNESS.get(part.state or "", len(_BADNESS))
