"""Options that several commands have."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import rich_click as click

from yamlmodel.scalars import Duration


def seconds(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a duration such as ``30s``, for ``callback=``."""
    if value is None:
        return None
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise click.BadParameter(f'found "{value}"; {error}', param=param) from None


def moment(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a time such as ``2026-12-01T09:00`` or a duration from now, for ``callback=``; unix seconds."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value).timestamp()  # without an offset: the time of this machine
    except ValueError:
        pass
    try:
        return time.time() + Duration.parse(value)
    except ValueError:
        expected = (
            "expected a time such as 2026-12-01T09:00 or 2026-12-01T09:00+05:00, or a duration from now such as 2h"
        )
        raise click.BadParameter(f'found "{value}"; {expected}', param=param) from None


FILE = click.Path(path_type=Path, dir_okay=False)

config_option = click.option("--config", "config_path", type=FILE, required=True, help="The sender's configuration.")
campaign_option = click.option("--campaign", "campaign_id", type=click.IntRange(min=1), help="Number of the campaign.")
report_option = click.option(
    "--report",
    "report_path",
    type=FILE,
    help="Write the final report here, as JSON; the last one when there are several.",
)
receipt_wait_option = click.option(
    "--receipt-wait",
    metavar="DURATION",
    callback=seconds,
    default="30s",
    show_default=True,
    help="When all is sent: how long without a receipt until the run ends.",
)
give_up_option = click.option(
    "--give-up",
    metavar="DURATION",
    callback=seconds,
    help="How long an operator may be unreachable before the run ends without it. Default: it is tried for ever.",
)
