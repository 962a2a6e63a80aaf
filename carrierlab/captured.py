"""Messages as a phone would show them: the parts that an operator took, put together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from smsc.journal.inbox import MessageRow

_MO = "deliver_sm"


class Captured(msgspec.Struct, frozen=True):
    """One message that an ESME submitted. `at` is when its first part came (unix seconds)."""

    at: float
    operator: str
    account: str
    from_: str
    to: str
    text: str
    """Of all parts that came, in their order."""
    parts: int
    status: int = 0
    """The command_status of a refusal; 0 when it was accepted."""
    state: str = ""
    """That of its last part."""


def captured(rows: Iterable[MessageRow]) -> list[Captured]:
    """Put the parts of messages together; messages of handsets are left out. In the order of their first parts."""
    whole: dict[object, dict[int, MessageRow]] = {}
    running: dict[object, int] = {}
    for row in rows:
        if row.command == _MO:
            continue
        if row.parts == 1 or row.reference is None:
            whole[row.row] = {1: row}
            continue
        source = (row.operator, row.system_id, row.source, row.destination, row.reference, row.parts, bool(row.status))
        # A reference comes round again: the part of a later message has a number that is there already.
        if row.part in whole.get((source, running.get(source, 0)), {}):
            running[source] = running.get(source, 0) + 1
        whole.setdefault((source, running.get(source, 0)), {})[row.part] = row
    return [_message(parts) for parts in whole.values()]


def _message(parts: dict[int, MessageRow]) -> Captured:
    rows = [parts[number] for number in sorted(parts)]
    first = rows[0]
    return Captured(
        at=min(row.at for row in rows),
        operator=first.operator,
        account=first.system_id,
        from_=first.source,
        to=first.destination,
        text="".join(row.text for row in rows),
        parts=first.parts,
        status=first.status,
        state=rows[-1].state or "",
    )
