"""``sender webhooks``: who is told of events, and whether they were."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from twisted.internet.defer import Deferred

from clikit.terminal import visible
from sender.commands.beside import made_beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import IDENT, config_option
from sender.config.file import SenderConfig, load_config
from sender.config.webhooks import WebhookConfig
from sender.domain.events import TEST
from sender.pipeline.suppression_file import read_time
from sender.pipeline.webhooks.posting import Request, Response, Unreached
from sender.pipeline.webhooks.signing import headers
from sender.reactor import install_reactor
from sender.store.outbox import Consumer, DeliveryRow, Fate, iso
from sender.store.sqlite import SqliteStore

_name = click.argument("name")


@click.group()
def webhooks() -> None:
    """Look at webhooks, and have events delivered again."""


@webhooks.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, one webhook a line.")
def list_(config_path: Path, as_json: bool) -> None:
    """Show every webhook, with what waits for it and what could not be delivered."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            found = {consumer.name: consumer for consumer in store.outbox.consumers()}
    for name, webhook in config.webhooks.items():
        found.setdefault(name, Consumer(0, name, webhook.url, "new", "the sender has not run with it", 0.0, 0.0))
    if not as_json and found:
        click.echo(f"{'webhook':<16} {'state':<9} {'waiting':>9} {'delivered':>9} {'dead':>7}  oldest that waits")
    if not found:
        click.echo("No webhook is configured.", err=True)
    for consumer in found.values():
        click.echo(msgspec.json.encode(consumer).decode() if as_json else _consumer_line(consumer))


@webhooks.command()
@config_option
@click.argument("name", required=False)
@click.option("--state", type=click.Choice([fate.name.lower() for fate in Fate]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the bodies, one event a line.")
def deliveries(config_path: Path, name: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """Show events, newest first: of all webhooks, or of one."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            consumer = None if name is None else _consumer(store, name).id
            found = store.outbox.deliveries(consumer, None if state is None else Fate[state.upper()], limit)
    for row in found:
        click.echo(msgspec.json.encode(row).decode() if as_json else _delivery_line(row))


@webhooks.command()
@config_option
@_name
@click.option("--id", "ids", type=IDENT, multiple=True, help="This event. May be repeated.")
@click.option("--since", metavar="TIME", help="All events since then, those that were delivered too.")
def replay(config_path: Path, name: str, ids: tuple[int, ...], since: str | None) -> None:
    """Deliver again: all events that are dead, or those of --id, or all --since.

    They keep their ids, so a consumer that has had one knows it again.
    """
    with bad_input():
        if ids and since is not None:
            raise BadInput("--id and --since exclude each other")
        config = load_config(config_path, os.environ)
        when = None if since is None else _read_time(since)
        with made_beside(config) as store, store.database.transaction():
            count = store.outbox.replay(_consumer(store, name).id, time.time(), ids=ids, since=when)
    click.echo(f"{count:,} will be delivered again" if count else "there is nothing to deliver again")


@webhooks.command()
@config_option
@_name
def enable(config_path: Path, name: str) -> None:
    """Send to a webhook again that was disabled because it answered 410 Gone."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with made_beside(config) as store, store.database.transaction():
            consumer = _consumer(store, name)
            store.outbox.enable(consumer.id, time.time())
    click.echo(f"{name} is active" if consumer.state == "disabled" else f"{name} was {consumer.state}")


@webhooks.command()
@config_option
@_name
def test(config_path: Path, name: str) -> None:
    """Send a test event now, once, and show the answer. Nothing is stored.

    \b
    Exit codes:
      0  it was taken
      1  it was not
      2  the command or the configuration cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        webhook = config.webhooks.get(name)
        if webhook is None:
            raise BadInput(f"there is no webhook {name}; the configuration has: {_known(config)}")
        answer = _ask(name, webhook)
    if isinstance(answer, Response):
        click.echo(visible(f"{answer.status} {' '.join(answer.text.split())}".rstrip()))
        raise SystemExit(0 if 200 <= answer.status < 300 else 1)
    click.echo(f"no answer: {answer}")
    raise SystemExit(1)


def _ask(name: str, webhook: WebhookConfig) -> Response | Unreached:
    from sender.pipeline.webhooks.http import AgentPost  # it takes long to import

    now = time.time()
    body = msgspec.json.encode({"type": TEST, "timestamp": iso(now), "data": {"webhook": name}})
    request = Request(
        url=webhook.url,
        headers=headers(webhook.keys, f"evt_test_{int(now * 1000):x}", now, body),
        body=body,
        timeout=webhook.timeout,
        allow_private=webhook.allow_private,
        tls=webhook.trust() if webhook.url.startswith("https:") else None,
    )
    reactor: Any = install_reactor()
    outcome: list[Response | Unreached] = []

    async def ask() -> None:
        post = AgentPost(reactor)
        try:
            outcome.append(await post(request))
        except Unreached as error:
            outcome.append(error)
        await post.close()

    def begin() -> None:
        Deferred.fromCoroutine(ask()).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    return outcome[0] if outcome else Unreached("the request was dropped")


def _consumer(store: SqliteStore, name: str) -> Consumer:
    known = store.outbox.consumers()
    for consumer in known:
        if consumer.name == name:
            return consumer
    names = ", ".join(consumer.name for consumer in known) or "none"
    raise BadInput(f"the store knows no webhook {name}; it has: {names}")


def _known(config: SenderConfig) -> str:
    return ", ".join(config.webhooks) or "none"


def _read_time(text: str) -> float:
    try:
        return read_time(text)
    except ValueError as error:
        raise BadInput(f"--since: {error}") from None


def _consumer_line(consumer: Consumer) -> str:
    oldest = "" if consumer.oldest is None else iso(consumer.oldest)
    reason = f"  {consumer.reason}" if consumer.reason else ""
    return (
        f"{consumer.name:<16} {consumer.state:<9} {consumer.waiting:>9,} {consumer.delivered:>9,} {consumer.dead:>7,}"
        f"  {oldest}{reason}"
    ).rstrip()


def _delivery_line(row: DeliveryRow) -> str:
    again = f", again {iso(row.due)}" if row.state == "waiting" and row.attempts else ""
    tried = f"  {row.attempts}× {row.outcome}{again}" if row.attempts else ""
    return visible(f"{row.id:>8}  {iso(row.at)}  {row.consumer:<16} {row.type:<20} {row.state:<9}{tried}".rstrip())
