"""What a person sees of a sender that runs, or ran: read from the store alone, so that it works beside any process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from clikit.terminal import visible
from sender.console import duration_text
from sender.pipeline.live import STALE, AccountStatus, LiveStatus
from sender.pipeline.tally import Meter
from sender.store import lookup
from sender.store.lookup import CampaignView
from sender.store.sqlite import SqliteStore

_CAMPAIGNS: Final = 20
_WIDE: Final = 120
NARROW: Final = 116
"""Columns that all of it needs."""
_ENDED: Final = ("finished", "cancelled")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the store."""

    at: float
    live: LiveStatus | None
    campaigns: list[CampaignView]
    """Those at work first, newest first."""
    waiting: dict[str, float]
    """By account: seconds that the first message which is due waits."""
    messages: dict[str, int]
    """By state, over all campaigns."""
    forsaken: dict[str, int] = {}
    """Queued messages by account, of accounts that the process which sends does not have."""

    @property
    def alive(self) -> bool:
        """Whether a process sends from this store now."""
        return self.live is not None and not self.live.over and self.at - self.live.at <= STALE


def take(store: SqliteStore, now: float) -> Snapshot:
    """Look at a store at unix time `now`."""
    row = store.live.read()
    live = None if row is None else msgspec.json.decode(row.status, type=LiveStatus)
    views = lookup.campaign_views(store.database, now=now, limit=_CAMPAIGNS)
    messages: dict[str, int] = {}
    for (_, state), count in lookup.totals(store.database).items():
        messages[state] = messages.get(state, 0) + count
    return Snapshot(
        at=now,
        live=live,
        campaigns=sorted(views, key=lambda view: view.state in _ENDED),
        waiting={account: max(0.0, now - due) for account, due in lookup.oldest_due(store.database).items()},
        messages={state: count for state, count in messages.items() if count},
        forsaken={} if live is None else lookup.forsaken(store.database, [it.account for it in live.accounts]),
    )


class Rates:
    """How fast campaigns go, from one look to the next."""

    def __init__(self) -> None:
        self._meters: dict[int, Meter] = {}

    def note(self, snapshot: Snapshot) -> dict[int, float]:
        """Messages a second by campaign."""
        return {
            view.id: self._meters.setdefault(view.id, Meter()).look(snapshot.at, view.done)
            for view in snapshot.campaigns
        }


def page(
    snapshot: Snapshot, rates: dict[int, float] | None = None, chosen: int | None = None, *, width: int = _WIDE
) -> RenderableType:
    """All of it, for so many columns; `chosen` is the campaign that the cursor is on."""
    narrow = width < NARROW
    parts: list[RenderableType] = [_headline(snapshot)]
    if snapshot.live is not None:
        parts.append(accounts_view(snapshot, narrow=narrow))
    parts.append(campaigns_table(snapshot.campaigns, rates or {}, chosen, narrow=narrow))
    return Group(*parts)


def console() -> Console:
    """Where it is printed: as wide as the terminal is, and wide enough for all of it where there is none."""
    found = Console()
    return found if found.is_terminal else Console(width=_WIDE)


def _headline(snapshot: Snapshot) -> Text:
    live, text = snapshot.live, Text()
    if live is None:
        text.append("No process has sent from this store yet.", style="yellow")
    elif snapshot.alive:
        text.append(f"running, process {live.pid}", style="green")
        text.append(f" for {duration_text(max(0.0, snapshot.at - live.started_at))}")
        text.append(f", a commit takes {live.writer_lag * 1000:.0f} ms")
    else:
        text.append("not running", style="yellow")
        last = "stopped" if live.over else "was last heard of"
        text.append(f"; process {live.pid} {last} {duration_text(max(0.0, snapshot.at - live.at))} ago")
    if live is not None and snapshot.alive:
        for trouble in (live.failure, live.store_trouble):
            if trouble:
                text.append(f"\n{trouble}", style="bold red")
    for account, count in snapshot.forsaken.items():
        text.append(
            f"\n{count:,} messages wait for {account}, which is no longer configured. Those that a route leads to"
            " another account, and that were never in doubt, go there within a minute; for the rest put the account"
            " back, or cancel their campaigns",
            style="bold red",
        )
    counts = ", ".join(f"{count:,} {state}" for state, count in snapshot.messages.items())
    text.append(f"\n{counts or 'no messages'}\n")
    return text


def accounts_view(snapshot: Snapshot, *, narrow: bool = False) -> RenderableType:
    """Accounts with their binds, and what is wrong with them; of a process that is gone, as it last said."""
    accounts = snapshot.live.accounts if snapshot.live is not None else []
    over = snapshot.live is not None and snapshot.live.over  # its binds were ended on purpose
    trouble = Text("".join(f"{it.account}: {it.trouble}\n" for it in accounts if it.trouble and not over), style="red")
    table = _table(_ACCOUNT, narrow)
    for account in accounts:
        _add(table, _ACCOUNT, _account_cells(account, snapshot), narrow, None if snapshot.alive else "dim")
    return Group(table, trouble)


def campaigns_table(
    campaigns: Sequence[CampaignView],
    rates: dict[int, float] | None = None,
    chosen: int | None = None,
    *,
    narrow: bool = False,
) -> Table:
    """Campaigns with their progress; rate and time left as far as they are known."""
    table = _table(_CAMPAIGN, narrow)
    for view in campaigns:
        _add(table, _CAMPAIGN, _campaign_cells(view, rates or {}), narrow, "reverse" if view.id == chosen else None)
    return table


class _Column(NamedTuple):
    """A column of a table; `narrow`: also where there is little room."""

    title: str
    narrow: bool = True
    right: bool = True
    most: int | None = None


_ACCOUNT: Final = (
    _Column("account", right=False, most=20),
    _Column("binds"),
    _Column("open"),
    _Column("limit"),
    _Column("sent/s"),
    _Column("receipts/s", narrow=False),
    _Column("p50", narrow=False),
    _Column("p99"),
    _Column("waits"),
    _Column("doubts"),
    _Column("errors"),
)
_CAMPAIGN: Final = (
    _Column("id"),
    _Column("campaign", right=False, most=22),
    _Column("state", right=False),
    _Column("progress", narrow=False),
    _Column("%"),
    _Column("done"),
    _Column("of", narrow=False),
    _Column("delivered", narrow=False),
    _Column("failed"),
    _Column("doubt", narrow=False),
    _Column("rate"),
    _Column("left"),
)


def _table(columns: Sequence[_Column], narrow: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        if column.narrow or not narrow:
            most = 12 if narrow and column.most is not None else column.most
            justify: Literal["left", "right"] = "right" if column.right else "left"
            table.add_column(column.title, justify=justify, no_wrap=True, max_width=most)
    return table


def _add(
    table: Table, columns: Sequence[_Column], cells: Sequence[RenderableType], narrow: bool, style: str | None
) -> None:
    shown = [cell for column, cell in zip(columns, cells, strict=True) if column.narrow or not narrow]
    # As they are: a name may have brackets, which would be markup.
    table.add_row(*(Text(visible(cell)) if isinstance(cell, str) else cell for cell in shown), style=style)


def _account_cells(account: AccountStatus, snapshot: Snapshot) -> Sequence[RenderableType]:
    errors = sum(count for status, count in account.statuses.items() if status != "ESME_ROK")
    waits = snapshot.waiting.get(account.account)
    limit = "" if account.rate is None else f"{account.rate:,.0f}/s" + ("↓" if account.slowed else "")
    up = account.bound >= account.binds
    return (
        account.account,
        Text(f"{account.bound}/{account.binds}", style="green" if up else "red" if not account.bound else "yellow"),
        f"{account.outstanding:,}",
        limit,
        f"{account.submit_rate:,.1f}",
        f"{account.receipt_rate:,.1f}",
        _milliseconds(account.latency_p50),
        _milliseconds(account.latency_p99),
        "" if waits is None else duration_text(waits),
        f"{sum(account.doubts.values()):,}",
        f"{errors:,}",
    )


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:,.0f} ms"


def _campaign_cells(view: CampaignView, rates: dict[int, float]) -> Sequence[RenderableType]:
    rate = rates.get(view.id) or view.rate
    left = (view.messages - view.done) / rate if rate and view.state == "running" else None
    failed = sum(view.states.get(state, 0) for state in ("undelivered", "expired", "rejected", "unknown"))
    return (
        str(view.id),
        view.name,
        view.state,
        ProgressBar(total=view.messages or 1, completed=view.done, width=8),
        f"{100 * view.done / view.messages:.0f}" if view.messages else "",
        f"{view.done:,}",
        f"{view.messages:,}",
        f"{view.states.get('delivered', 0):,}",
        f"{failed:,}",
        f"{view.states.get('in_doubt', 0):,}",
        f"{rate:,.1f}/s" if rate and view.state == "running" else "",
        "" if left is None else duration_text(left),
    )
