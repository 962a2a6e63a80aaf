"""``sender tokens create | list | revoke``."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path

import rich_click as click

from sender.commands.beside import made_beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import config_option
from sender.config.file import load_config
from sender.pipeline.compose import check_sender
from sender.store.access import Deed, NewToken, Token, TokenExists
from sender.web.tokens import ENTROPY, SCOPES, mint
from yamlmodel.scalars import Duration, Rate
from yamlmodel.suggest import did_you_mean


@click.group()
def tokens() -> None:
    """Who may use the API: make tokens, list them, take them back."""


@tokens.command()
@config_option
@click.option("--name", required=True, help="Whom it is for; the audit log says it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(list(SCOPES)),
    help="What it may do; may be repeated. " + "; ".join(f"{name}: {what}" for name, what in SCOPES.items()) + ".",
)
@click.option("--sender", "senders", multiple=True, help="A sender that it may use; may be repeated. Default: any.")
@click.option("--rate", metavar="RATE", help="Messages at most, such as 100/s. Default: no limit.")
@click.option("--burst", type=click.IntRange(min=1), default=1000, show_default=True, help="Of them at once.")
@click.option("--wallet", help="Prepaid: what it sends is paid from this balance. Default: it is not charged.")
@click.option("--expires-in", metavar="DURATION", help="Such as 90d. Default: never.")
def create(
    config_path: Path,
    name: str,
    scopes: tuple[str, ...],
    senders: tuple[str, ...],
    rate: str | None,
    burst: int,
    wallet: str | None,
    expires_in: str | None,
) -> None:
    """Make a token, and show it: this once, and never again."""
    with bad_input():
        config = load_config(config_path, os.environ)
        now = time.time()
        minted = mint(secrets.token_bytes(ENTROPY))
        new = NewToken(
            name=_name(name),
            prefix=minted.prefix,
            digest=minted.digest,
            scopes=tuple(dict.fromkeys(scopes)),
            senders=tuple(check_sender(sender) for sender in senders),
            rate=None if rate is None else _parsed("--rate", Rate, rate),
            burst=burst,
            wallet=wallet,
            at=now,
            expires_at=None if expires_in is None else now + _parsed("--expires-in", Duration, expires_in),
        )
        try:
            with made_beside(config) as store, store.database.transaction():
                store.access.create(new)
                store.access.note([Deed(now, "console", "local", "tokens.create", name, " ".join(new.scopes))])
        except TokenExists:
            raise BadInput(f'there is a token "{name}" already, or was; take another name') from None
    click.echo(minted.secret)
    click.echo("Keep it: it is shown this once. A running `sender serve` takes it within a second.", err=True)


@tokens.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(config_path: Path, as_json: bool) -> None:
    """List the tokens, without their secrets."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            found = store.access.tokens()
    if as_json:
        click.echo(json.dumps([_entry(token) for token in found], indent=2))
        return
    now = time.time()
    click.echo(f"{'name':<24} {'prefix':<9} {'scopes':<30} {'senders':<20} {'rate':>8}  {'wallet':<12} state")
    for token in found:
        rate = "" if token.rate is None else f"{token.rate:g}/s"
        click.echo(
            f"{token.name:<24} {token.prefix:<9} {','.join(token.scopes):<30} {','.join(token.senders) or 'any':<20}"
            f" {rate:>8}  {token.wallet or '':<12} {_state(token, now)}"
        )


@tokens.command()
@config_option
@click.argument("name")
def revoke(config_path: Path, name: str) -> None:
    """Take a token back for ever; a running `sender serve` refuses it within a second."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            known = [token.name for token in store.access.tokens()]
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"
            raise BadInput(f'there is no token "{name}"{hint}')
        with made_beside(config) as store, store.database.transaction():
            changed = store.access.revoke(name, time.time())
            store.access.note([Deed(time.time(), "console", "local", "tokens.revoke", name, "done")])
    click.echo(f"{name}: revoked" if changed else f"{name}: was revoked before")


def _name(name: str) -> str:
    if not name.isprintable() or not 0 < len(name) <= 60:
        raise BadInput("--name: expected 1 to 60 printable characters")
    return name


def _parsed(option: str, kind: type[Rate] | type[Duration], text: str) -> float:
    try:
        return kind.parse(text)
    except ValueError as error:
        raise BadInput(f'{option}: found "{text}"; {error}') from None


def _state(token: Token, now: float) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None:
        return "expired" if token.expires_at <= now else f"{(token.expires_at - now) / 86400:.0f} days left"
    return "good"


def _entry(token: Token) -> dict[str, object]:
    fields = (
        "name",
        "prefix",
        "scopes",
        "senders",
        "rate",
        "burst",
        "wallet",
        "created_at",
        "expires_at",
        "revoked_at",
    )
    return {field: getattr(token, field) for field in fields}
