"""Final receipts that come by the hundred: written down at once as they came, and entered a thousand at a time.

Receipts mostly come in no order, so that those of one call are about messages all over the last second or minute of a
campaign. To enter them touches a page of the file for nearly every one of them; to enter a thousand at a time
touches hardly more. A receipt that is written down (a row of `told` for what says the same) is durable: it may be
acknowledged. Until it is entered, its message and its part stand in the file as before, and so do the counts.

Who takes the connection of the `Database` finds all of them entered, and so does every other process that writes. Only
what neither reads nor changes accepted messages goes by `Database.hot`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from sender.domain.message import State
from sender.store import intents
from sender.store.applying import update_alike
from sender.store.database import Database
from sender.store.parts import PartRow, Said
from sender.store.settling import move_messages, move_rows
from sender.store.sql import sql

MANY: Final = 24
"""Receipts of a call, from which on they are written down; fewer are entered at once."""
NEAR: Final = 4
"""Numbers for each of them, up to which messages are neighbours: then to enter them at once touches few pages."""
MOST: Final = 2_500
"""Receipts that are written down and not entered."""

_WRITE: Final = (
    "INSERT INTO told (account, state, stat, err, received, received_at, messages) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_ALL: Final = "SELECT state, stat, err, received, received_at, messages FROM told ORDER BY id"
_ACCEPTED: Final = sql(
    "SELECT m.id, m.campaign FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value WHERE m.state = $ACCEPTED"
)
_encode: Final = msgspec.json.Encoder().encode


def tell(db: Database, account: int, told: dict[Said, list[PartRow]], *, together: bool) -> None:
    """Accepted parts in hand, whose rows say what they become, were told so by their final receipts.

    `together`: nobody waits to hear of each of them.
    """
    if not together or sum(map(len, told.values())) < MANY:
        enter_these(db, account, told, together=together)
        return
    if db.hand.told.lost:
        enter(db)
    others: dict[Said, list[PartRow]] = {}
    for said, rows in told.items():
        state, stat, err, receipts, repeated, received, received_at = said
        messages = [row.message for row in rows]
        near = max(messages) - min(messages) < NEAR * len(messages)
        if near or (receipts, repeated) != (1, 0) or received is None:
            others[said] = rows
            continue
        text = _encode(messages).decode()
        db.hot.execute(_WRITE, (account, int(state), stat, err, received, received_at, text))
        db.hand.told.add(account, said, rows)
    if others:
        enter_these(db, account, others, together=together)
    if db.hand.told.count >= MOST:
        enter(db)


def enter(db: Database) -> None:
    """Enter all receipts that are written down."""
    db.hand.touched = True
    told = db.hand.told
    lost, by_account = told.lost, told.take()
    if lost:
        _enter_rows(db)
    for account, these in by_account.items():
        enter_these(db, account, these, together=True)
    if lost or by_account:
        db.hot.execute("DELETE FROM told")


def enter_these(db: Database, account: int, told: dict[Said, list[PartRow]], *, together: bool) -> None:
    """Write what parts in hand were told, and what their messages are now."""
    moved: dict[State, list[PartRow]] = defaultdict(list)
    packed: dict[Said, list[PartRow]] = {}
    for said, rows in told.items():
        after = said[0]
        some = [row for row in rows if row.pack]
        if some:
            packed[said] = some
        if len(some) < len(rows):
            update_alike(db, after, said[1:], [row.message for row in rows if not row.pack])
        moved[after] += rows
        db.hand.finished(account, rows)
    intents.finish(db, account, packed, together=together)
    for after, rows in moved.items():
        move_rows(db, rows, after)


def _enter_rows(db: Database) -> None:
    """The same for what is not in hand: another process, or a transaction that was undone, has written it down."""
    for state, stat, err, received, received_at, text in db.hot.execute(_ALL).fetchall():
        accepted: Sequence[tuple[int, int]] = db.hot.execute(_ACCEPTED, (text,)).fetchall()
        messages = [message for message, _ in accepted]
        if messages:
            intents.write_out_messages(db, messages)
            update_alike(db, state, (stat, err, 1, 0, received, received_at), messages)
            move_messages(db, [(message, campaign, State.ACCEPTED, state) for message, campaign in accepted])
