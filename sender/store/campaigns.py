"""Verbs about campaigns: importing messages, listing, counting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final

from sender.domain.message import OPEN, MessageClass, State
from sender.store import fields
from sender.store.database import Database, Moves
from sender.store.outbox import emit_ends
from sender.store.records import Campaign, CampaignKind, CampaignState, NewCampaign, NewMessage
from sender.store.sql import Insert, sql

_COLUMNS: Final = (
    "id, name, state, template, sender, message_class, recipients, rejects, created_at, rows, rejected, messages,"
    " priority, paused, cancelled, starts_at, expires_at, quiet, kind, options"
)
_MESSAGES: Final = Insert(
    "INSERT INTO messages (id, campaign, account, row, number, state, due, parts)", "(?, ?1, ?2, ?, ?, $QUEUED, ?3, 0)"
)


def create(db: Database, new: NewCampaign) -> int:
    """See `SqliteStore.create_campaign`."""
    cursor = db.conn.execute(
        "INSERT INTO campaigns (name, state, template, sender, message_class, recipients, rejects, created_at,"
        " priority, starts_at, expires_at, quiet, kind, options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new.name,
            CampaignState.IMPORTING.value,
            new.template,
            new.sender,
            new.message_class.value,
            new.recipients,
            new.rejects,
            new.at,
            new.message_class.priority if new.priority is None else new.priority,
            new.starts_at,
            new.expires_at,
            new.quiet,
            new.kind.value,
            new.options,
        ),
    )
    return int(cursor.lastrowid or 0)


def add_messages(db: Database, campaign_id: int, messages: Sequence[NewMessage]) -> None:
    """See `SqliteStore.add_messages`."""
    require_importing(db, campaign_id)
    if not messages:
        return
    insert(db, campaign_id, messages)
    db.conn.execute("UPDATE campaigns SET messages = messages + ? WHERE id = ?", (len(messages), campaign_id))
    moves: Moves = Counter({(campaign_id, int(State.QUEUED)): len(messages)})
    db.count_moves(moves)


def insert(db: Database, campaign_id: int, messages: Sequence[NewMessage], dues: Sequence[float] | None = None) -> int:
    """Queued message rows; the id of the first. The counts of the campaign are the caller's.

    `dues`: unix times before which they are not claimed; None = at once.
    """
    first = db.message_ids(len(messages))
    groups: defaultdict[tuple[str, float], list[Any]] = defaultdict(list)
    for message, (new, due) in enumerate(zip(messages, dues or repeat(0.0), strict=False), first):
        groups[new.operator, due] += (message, new.row, new.number)
    for (operator, due), values in groups.items():
        _MESSAGES.run(db.conn, (campaign_id, db.account(operator), due), values)
    fields.write(db, first, [new.fields for new in messages])
    db.conn.execute(
        "UPDATE campaigns SET first_message = coalesce(first_message, ?), last_message = ? WHERE id = ?",
        (first, first + len(messages) - 1, campaign_id),
    )
    return first


def finish_import(db: Database, campaign_id: int, rows: int, rejected: int) -> None:
    """See `SqliteStore.finish_import`."""
    require_importing(db, campaign_id)
    db.conn.execute(
        "UPDATE campaigns SET state = ?, rows = ?, rejected = ? WHERE id = ?",
        (CampaignState.RUNNING.value, rows, rejected, campaign_id),
    )
    emit_ends(db, [campaign_id])  # no row of it was good


def restart_import(db: Database, campaign_id: int) -> None:
    """See `SqliteStore.restart_import`."""
    require_importing(db, campaign_id)
    first, last = message_range(db, campaign_id)
    db.conn.execute("DELETE FROM chunk_data WHERE chunk IN (SELECT id FROM chunks WHERE campaign = ?)", (campaign_id,))
    db.conn.execute("DELETE FROM chunks WHERE campaign = ?", (campaign_id,))
    db.conn.execute(
        "DELETE FROM message_fields WHERE message IN"
        " (SELECT id FROM messages WHERE id BETWEEN ? AND ? AND campaign = ?)",
        (first, last, campaign_id),
    )
    db.conn.execute("DELETE FROM messages WHERE id BETWEEN ? AND ? AND campaign = ?", (first, last, campaign_id))
    db.conn.execute("DELETE FROM campaign_states WHERE campaign = ?", (campaign_id,))
    db.conn.execute(
        "UPDATE campaigns SET messages = 0, unexpanded = 0, first_message = NULL, last_message = NULL WHERE id = ?",
        (campaign_id,),
    )


def get(db: Database, campaign_id: int) -> Campaign:
    """See `SqliteStore.campaign`."""
    row = db.conn.execute(
        sql("SELECT $columns FROM campaigns WHERE id = ?", columns=_COLUMNS), (campaign_id,)
    ).fetchone()
    if row is None:
        raise KeyError(f"no campaign {campaign_id}")
    return _campaign(row)


def unfinished(db: Database) -> list[Campaign]:
    """See `SqliteStore.unfinished_campaigns`."""
    rows = db.conn.execute(
        sql(
            "SELECT $columns FROM campaigns c WHERE state = ? OR EXISTS (SELECT 1 FROM campaign_states s"
            " WHERE s.campaign = c.id AND s.messages > 0 AND s.state IN ($open)) ORDER BY id",
            columns=_COLUMNS,
            open=", ".join(str(int(state)) for state in OPEN),
        ),
        (CampaignState.IMPORTING.value,),
    )
    return [_campaign(row) for row in rows]


def counts(db: Database, campaign_id: int) -> dict[State, int]:
    """See `SqliteStore.counts`."""
    rows = db.conn.execute("SELECT state, messages FROM campaign_states WHERE campaign = ?", (campaign_id,))
    found = dict(rows.fetchall())
    return {state: found.get(int(state), 0) for state in State}


def message_range(db: Database, campaign_id: int) -> tuple[int, int]:
    """First and last message id of a campaign; other campaigns may have messages between them. (1, 0) when empty."""
    row = db.conn.execute(
        "SELECT coalesce(first_message, 1), coalesce(last_message, 0) FROM campaigns WHERE id = ?", (campaign_id,)
    ).fetchone()
    return int(row[0]), int(row[1])


def require_importing(db: Database, campaign_id: int) -> None:
    """KeyError when there is no such campaign, ValueError when its import is finished."""
    row = db.conn.execute("SELECT state FROM campaigns WHERE id = ?", (campaign_id,)).fetchone()
    if row is None:
        raise KeyError(f"no campaign {campaign_id}")
    if row[0] != CampaignState.IMPORTING.value:
        raise ValueError(f"campaign {campaign_id} is {row[0]}; messages are added and dropped only while importing")


def _campaign(row: Sequence[Any]) -> Campaign:
    names = dict(zip(Campaign.__struct_fields__, row, strict=True))
    typed = {
        "state": CampaignState(names["state"]),
        "message_class": MessageClass(names["message_class"]),
        "paused": bool(names["paused"]),
        "cancelled": bool(names["cancelled"]),
        "kind": CampaignKind(names["kind"]),
    }
    return Campaign(**{**names, **typed})
