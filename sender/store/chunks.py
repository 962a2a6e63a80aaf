"""Verbs about recipients that are not message rows yet.

An import writes its recipients as compressed chunks of some thousand rows, which are a hundredth of the work and a
tenth of the room of as many message rows. They become rows a few hundred at a time, when the queue they go to runs low
and the start of the campaign is near. A chunk holds recipients of one account, as far as the import has routed them:
so every account finds its own, wherever they stand in the file.

Recipients in chunks count as queued (I4): expanding them moves no counts.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from sender.domain.message import State
from sender.store import campaigns
from sender.store.database import Database, Moves
from sender.store.records import CampaignState, Chunk, NewMessage
from sender.store.sql import sql

_LEVEL: Final = 1
_decode: Final = msgspec.msgpack.Decoder(list[NewMessage]).decode

_OPEN: Final = sql(
    "SELECT DISTINCT k.campaign, k.account FROM campaigns c JOIN chunks k INDEXED BY chunks_queued"
    " ON k.campaign = c.id AND k.state = $QUEUED"
    " WHERE c.unexpanded > 0 AND c.state = ? AND NOT c.paused AND NOT c.cancelled AND coalesce(c.starts_at, 0) <= ?"
    " AND coalesce(c.expires_at, 9e99) > ? ORDER BY c.priority DESC, k.campaign, k.account"
)
_QUEUED: Final = sql(
    "SELECT count(*) FROM (SELECT 1 FROM messages"
    " WHERE state = $QUEUED AND account = ? AND campaign = ? AND due <= ? LIMIT ?)"
)
_MOST_ASLEEP: Final = 50_000
"""Queued messages of a campaign that wait for a later hour (quiet hours of their recipients), beyond which nobody looks
behind them for some that could go out now."""
_FIRST: Final = sql(
    "SELECT k.id, k.taken, d.data FROM chunks k JOIN chunk_data d ON d.chunk = k.id"
    " WHERE k.state = $QUEUED AND k.campaign = ? AND k.account IS ? ORDER BY k.id LIMIT 1"
)

Group = tuple[int, str | None]
"""Chunks that are expanded in order: of one campaign, for one account (None: the import did not route)."""


def add(db: Database, campaign_id: int, messages: Sequence[NewMessage]) -> None:
    """See `SqliteStore.add_recipients`."""
    campaigns.require_importing(db, campaign_id)
    by_operator: dict[str, list[NewMessage]] = defaultdict(list)
    for message in messages:
        by_operator[message.operator].append(message)
    for operator, recipients in by_operator.items():
        insert(db, campaign_id, db.account(operator) if operator else None, State.QUEUED, 0, recipients)
    db.hot.execute(
        "UPDATE campaigns SET messages = messages + ?, unexpanded = unexpanded + ? WHERE id = ?",
        (len(messages), len(messages), campaign_id),
    )
    moves: Moves = Counter({(campaign_id, int(State.QUEUED)): len(messages)})
    db.count_moves(moves)


def insert(
    db: Database, campaign: int, account: int | None, state: State, taken: int, recipients: Sequence[NewMessage]
) -> None:
    """One chunk. The counts of the campaign are the caller's."""
    chunk = db.hot.execute(
        "INSERT INTO chunks (campaign, account, state, recipients, taken) VALUES (?, ?, ?, ?, ?)",
        (campaign, account, int(state), len(recipients), taken),
    ).lastrowid
    db.hot.execute("INSERT INTO chunk_data (chunk, data) VALUES (?, ?)", (chunk, pack(recipients)))


def pack(recipients: Sequence[NewMessage]) -> bytes:
    """Recipients as the octets of a chunk."""
    return zlib.compress(msgspec.msgpack.encode(recipients), _LEVEL)


def unpack(data: bytes) -> list[NewMessage]:
    """Recipients from the octets of a chunk."""
    return _decode(zlib.decompress(data))


def waiting(
    db: Database, now: float, ahead: float, low: int, landing: Mapping[Group, Sequence[str]]
) -> dict[Group, bool]:
    """See `SqliteStore.waiting_chunks`."""
    names = dict(db.hot.execute("SELECT id, name FROM accounts").fetchall())
    groups: dict[Group, bool] = {}
    for campaign, account in db.hot.execute(_OPEN, (CampaignState.RUNNING.value, now + ahead, now)).fetchall():
        group = (campaign, names.get(account))
        targets = landing.get(group, ())
        groups[group] = not targets or any(_is_low(db, name, campaign, now + ahead, low) for name in targets)
    return groups


def _is_low(db: Database, account: str, campaign: int, soon: float, low: int) -> bool:
    """Whether fewer than `low` messages are due `soon`; those that wait for the morning feed nobody tonight."""
    number = db.known_account(account)
    if number is None:
        return True
    if db.hot.execute(_QUEUED, (number, campaign, soon, low)).fetchone()[0] >= low:
        return False
    return bool(db.hot.execute(_QUEUED, (number, campaign, 9e99, _MOST_ASLEEP)).fetchone()[0] < _MOST_ASLEEP)


def read(db: Database, group: Group) -> Chunk | None:
    """See `SqliteStore.read_chunk`."""
    campaign, account = group
    number = None
    if account is not None and (number := db.known_account(account)) is None:
        return None
    row = db.hot.execute(_FIRST, (campaign, number)).fetchone()
    if row is None:
        return None
    chunk, taken, data = row
    return Chunk(chunk, campaigns.get(db, campaign), taken, tuple(unpack(data)[taken:]))


def expand(
    db: Database, chunk_id: int, taken: int, messages: Sequence[NewMessage], dues: Sequence[float] | None = None
) -> bool:
    """See `SqliteStore.expand`."""
    row = db.hot.execute(
        sql("SELECT campaign, recipients FROM chunks WHERE id = ? AND taken = ? AND state = $QUEUED"), (chunk_id, taken)
    ).fetchone()
    if row is None:
        return False
    campaign, recipients = row
    campaigns.insert(db, campaign, messages, dues)
    if taken + len(messages) < recipients:
        db.hot.execute("UPDATE chunks SET taken = taken + ? WHERE id = ?", (len(messages), chunk_id))
    else:
        db.hot.execute("DELETE FROM chunk_data WHERE chunk = ?", (chunk_id,))
        db.hot.execute("DELETE FROM chunks WHERE id = ?", (chunk_id,))
    db.hot.execute("UPDATE campaigns SET unexpanded = unexpanded - ? WHERE id = ?", (len(messages), campaign))
    return True


def end(db: Database, campaign: int, state: State, limit: int) -> int:
    """Recipients in chunks of a campaign that is over, at most `limit` chunks of them; how many recipients."""
    rows = db.hot.execute(
        sql(
            "UPDATE chunks SET state = ? WHERE id IN (SELECT id FROM chunks INDEXED BY chunks_queued"
            " WHERE state = $QUEUED AND campaign = ? LIMIT ?) RETURNING recipients - taken"
        ),
        (int(state), campaign, limit),
    ).fetchall()
    ended = sum(int(row[0]) for row in rows)
    if ended:
        db.hot.execute("UPDATE campaigns SET unexpanded = unexpanded - ? WHERE id = ?", (ended, campaign))
        moves: Moves = Counter({(campaign, int(State.QUEUED)): -ended, (campaign, int(state)): ended})
        db.count_moves(moves)
    return ended


def ended(db: Database, campaign: int, state: State) -> int:
    """Recipients of a campaign that ended in `state` without ever becoming message rows."""
    row = db.hot.execute(
        "SELECT coalesce(sum(recipients - taken), 0) FROM chunks WHERE campaign = ? AND state = ?",
        (campaign, int(state)),
    ).fetchone()
    return int(row[0])
