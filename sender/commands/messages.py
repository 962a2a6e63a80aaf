"""``sender messages``: find messages of the store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import rich_click as click

from clikit.terminal import visible
from sender.commands.input import bad_input, pick, read_only
from sender.commands.options import IDENT, campaign_option, config_option
from sender.commands.words import number_of, since_of
from sender.config.file import load_config
from sender.domain.message import State
from sender.store import lookup
from sender.store.lookup import MessageQuery, MessageView
from smppkit.masking import masked


@click.command()
@config_option
@campaign_option
@click.option("--to", metavar="NUMBER", help="The number, as people write it.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice([state.label for state in State]), help="May be repeated."
)
@click.option("--since", metavar="TIME", help="A time such as 2026-03-01T12:00:00Z, or a span such as 1h ago: 1h.")
@click.option("--id", "ident", type=IDENT, help="One message, with its text, segments and receipts.")
@click.option("--limit", type=click.IntRange(1, lookup.MOST), default=50, show_default=True)
@click.option("--before", type=IDENT, help="The next page: the smallest id of the page before.")
@click.option("--plain", is_flag=True, help="Numbers and texts in full. They are masked otherwise.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one message a line.")
def messages(
    config_path: Path,
    campaign_id: int | None,
    to: str | None,
    states: tuple[str, ...],
    since: str | None,
    ident: int | None,
    limit: int,
    before: int | None,
    plain: bool,
    as_json: bool,
) -> None:
    """Find messages, newest first: by number, campaign, state and time.

    \b
    Exit codes:
      0  some were found
      1  none was
      2  the command, the configuration or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        query = MessageQuery(
            number=None if to is None else number_of(to, config),
            campaign=campaign_id,
            states=tuple(state for state in State if state.label in states),
            since=None if since is None else since_of(since),
            before=before,
            limit=limit,
        )
        with read_only(config) as store:
            if campaign_id is not None:
                pick(store, campaign_id)
            if ident is not None:
                one = lookup.message(store.database, ident)
                found = [] if one is None else [one]
            else:
                found = lookup.messages(store.database, query)
    for view in found:
        shown = view if plain else _masked(view)
        click.echo(msgspec.json.encode(shown).decode() if as_json else _line(shown))
        if ident is not None and not as_json:
            click.echo(_details(shown), nl=False)
    if len(found) == limit and ident is None:
        click.echo(f"There may be more: --before {found[-1].id}", err=True)
    if not found:
        click.echo("No message is like that.", err=True)
    raise SystemExit(0 if found else 1)


def _masked(view: MessageView) -> MessageView:
    return msgspec.structs.replace(view, to=masked(view.to), text=None)


def _line(view: MessageView) -> str:
    at = datetime.fromtimestamp(view.accepted_at, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    reference = f"  {view.reference}" if view.reference else ""
    return visible(
        f"{view.id:>9}  {at}  {view.campaign:>5}  {view.to:<16} {view.sender:<12} {view.account:<14}"
        f" {view.state}{reference}"
    )


def _details(view: MessageView) -> str:
    lines = [] if view.text is None else [f"           {view.text}"]
    for part in view.parts:
        words = [f"part {part.part}: {part.state}", part.status, part.operator_id, part.stat, part.err, part.doubt]
        lines.append("           " + ", ".join(word for word in words if word))
    return "".join(f"{visible(line)}\n" for line in lines)
