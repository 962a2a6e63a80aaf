"""Whether the sender can do its work: pure rules over what it says about itself."""

from __future__ import annotations

from typing import Final

from sender.pipeline.live import STALE, Live, LiveStatus

LAG: Final = 2.0
"""Seconds for a commit, beyond which the store is too slow for anybody who waits."""
DOWN: Final = 60.0
"""Seconds without a bind, after which an account counts as down."""
WAITING: Final = 300.0
"""Seconds that a message which is due may wait."""


def reasons(live: Live, status: LiveStatus) -> list[str]:
    """Why the sender is not ready; empty when it is."""
    return [*_store(live, status), *_accounts(status)]


def _store(live: Live, status: LiveStatus) -> list[str]:
    found = []
    if status.store_trouble is not None:
        found.append(f"store: {status.store_trouble}")
    elif status.at - live.written_at > STALE:
        found.append(f"store: nothing was committed for {status.at - live.written_at:.0f} s")
    elif status.writer_lag > LAG:
        found.append(f"store: a commit takes {status.writer_lag:.1f} s")
    if status.failure is not None:
        found.append(f"sending stops: {status.failure}")
    return found


def _accounts(status: LiveStatus) -> list[str]:
    found = []
    for account in status.accounts:
        if account.down_since is not None and status.at - account.down_since > DOWN:
            trouble = account.trouble or "not bound"
            found.append(f"{account.account}: down for {status.at - account.down_since:.0f} s: {trouble}")
        elif account.oldest_due is not None and status.at - account.oldest_due > WAITING:
            found.append(f"{account.account}: messages wait for {status.at - account.oldest_due:.0f} s")
    return found
