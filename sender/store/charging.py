"""What a message costs: settled in the transaction that brings it to its end, by whatever way that comes.

Each segment that an operator took costs its price, the rest of what was reserved goes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sender.store import intents
from sender.store.database import Database, json_list

_ANY: Final = "SELECT 1 FROM charges WHERE message BETWEEN ? AND ? LIMIT 1"
_CHARGE: Final = (
    "UPDATE charges SET charged = price * min(segments,"
    " (SELECT count(*) FROM parts p WHERE p.message = charges.message AND p.smsc_id IS NOT NULL))"
    " WHERE message IN (SELECT value FROM json_each(?) j) AND charged IS NULL"
    " RETURNING wallet, price * segments, charged"
)
_SETTLE: Final = "UPDATE wallets SET reserved = reserved - ?, charged = charged + ? WHERE name = ?"


def settle(db: Database, messages: Sequence[int]) -> None:
    """Charge what these messages cost, which have just become final; their parts are written."""
    if db.hot.execute(_ANY, (min(messages), max(messages))).fetchone() is None:
        return  # nobody pays for any: all of a file, and what stands beside it
    intents.write_out_messages(db, messages)
    reserved: defaultdict[str, int] = defaultdict(int)
    charged: defaultdict[str, int] = defaultdict(int)
    for wallet, held, cost in db.conn.execute(_CHARGE, (json_list(messages),)).fetchall():
        reserved[wallet] += held
        charged[wallet] += cost
    db.conn.executemany(_SETTLE, [(held, charged[wallet], wallet) for wallet, held in reserved.items()])
