"""How the lanes stand, as one value."""

from __future__ import annotations

from collections.abc import Iterable

from sender.channels.status import BindView
from sender.pipeline.lane import Lane
from sender.pipeline.live import AccountStatus, BindStatus
from smppkit.status import status_name


def accounts(lanes: Iterable[Lane], epoch: float) -> list[AccountStatus]:
    """Every account; `epoch` is the unix time at which the lanes' clock reads 0."""
    return [_account(lane, epoch) for lane in lanes]


def _account(lane: Lane, epoch: float) -> AccountStatus:
    status, tally = lane.channel.status(), lane.tally
    return AccountStatus(
        account=status.account,
        bound=status.bound,
        binds=status.binds,
        outstanding=status.outstanding,
        rate=None if status.rate is None else float(status.rate),  # a scalar of the configuration
        slowed=status.slowed,
        trouble=status.trouble,
        down_since=None if status.down_since is None else epoch + status.down_since,
        submits=sum(tally.statuses.values()),
        statuses={status_name(code): count for code, count in tally.statuses.items()},
        doubts=dict(tally.doubts),
        receipts={fate.value: count for fate, count in lane.recorder.receipts.items()},
        incoming=lane.incoming_messages,
        held=tally.held,
        latency_p50=lane.channel.latencies.percentile(0.5),
        latency_p99=lane.channel.latencies.percentile(0.99),
        links=[_bind(view, epoch) for view in lane.channel.binds()],
    )


def _bind(view: BindView, epoch: float) -> BindStatus:
    return BindStatus(
        name=view.name,
        kind=view.kind,
        status=view.status,
        address=f"{view.host}:{view.port}",
        bound_at=None if view.bound_at is None else epoch + view.bound_at,
        outstanding=view.outstanding,
        window=view.window,
        window_shrunk=view.window_shrunk,
        silent=view.silent,
        trouble=view.trouble,
    )
