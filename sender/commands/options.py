"""Options that several commands have."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from sender.domain.message import MessageClass
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
    except (ValueError, OverflowError):
        pass
    try:
        found = time.time() + Duration.parse(value)
        datetime.fromtimestamp(found, UTC)  # a year that there is
    except (ValueError, OverflowError, OSError):
        expected = (
            "expected a time such as 2026-12-01T09:00 or 2026-12-01T09:00+05:00, or a duration from now such as 2h"
        )
        raise click.BadParameter(f'found "{value}"; {expected}', param=param) from None
    return found


FILE = click.Path(path_type=Path, dir_okay=False)
IDENT = click.IntRange(1, 2**63 - 1)
"""The number of a campaign, a message or an event: what fits the store."""

config_option = click.option("--config", "config_path", type=FILE, required=True, help="The sender's configuration.")
campaign_option = click.option("--campaign", "campaign_id", type=IDENT, help="Number of the campaign.")


def class_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--class``: of messages. `what` is its help."""
    return click.option(
        "--class",
        "message_class",
        type=click.Choice([kind.value for kind in MessageClass]),
        default=MessageClass.SERVICE.value,
        show_default=True,
        help=what,
    )


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


def delimiter(_: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Read one character, or its name, for ``callback=``."""
    found = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|"}.get(value or "", value)
    if found is not None and (len(found) != 1 or found in "\"'\r\n" or found.isalnum()):
        raise click.BadParameter(f'found "{value}"; expected one character, or comma, semicolon, tab, bar', param=param)
    return found


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How to read a recipients file, where that is not to be found out."""
    for option in (
        click.option("--number-column", metavar="TITLE", help="Title of the column with the number."),
        click.option("--sheet", metavar="NAME", help="Sheet of a workbook. Default: the first one that is visible."),
        click.option(
            "--delimiter", metavar="CHAR", callback=delimiter, help="What separates cells. Default: found out."
        ),
        click.option("--encoding", metavar="NAME", help="Character set of a text file. Default: found out."),
    ):
        command = option(command)
    return command


transliterate_option = click.option(
    "--transliterate/--no-transliterate",
    default=None,
    help="Cyrillic and Turkish in Latin letters, where the whole text then fits GSM-7. Default: what the account says.",
)
plain_punctuation_option = click.option(
    "--plain-punctuation/--no-plain-punctuation",
    default=None,
    help="Plain quotes, dashes and spaces, where the whole text then fits GSM-7. Default: what the account says.",
)
