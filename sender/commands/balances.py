"""``sender balances list | credit``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import rich_click as click

from sender.commands.beside import made_beside
from sender.commands.input import BadInput, bad_input, read_only
from sender.commands.options import config_option
from sender.config.file import load_config
from sender.config.serve import Money, money_text
from sender.store.access import Deed


@click.group()
def balances() -> None:
    """Prepaid balances: list them, add to them."""


@balances.command("list")
@config_option
def list_(config_path: Path) -> None:
    """List every wallet: what is available, reserved for messages under way, and charged."""
    with bad_input():
        config = load_config(config_path, os.environ)
        with read_only(config) as store:
            found = store.access.balances()
    click.echo(f"{'wallet':<24} {'available':>14} {'reserved':>14} {'charged':>14} {'credited':>14}")
    for it in found:
        amounts = (it.available, it.reserved, it.charged, it.credited)
        click.echo(f"{it.wallet:<24} " + " ".join(f"{money_text(amount):>14}" for amount in amounts))


@balances.command()
@config_option
@click.argument("wallet")
@click.argument("amount")
@click.option("--note", default="", help="What for.")
def credit(config_path: Path, wallet: str, amount: str, note: str) -> None:
    """Add an amount to a wallet (`-- -5` takes away); it is made at its first credit."""
    with bad_input():
        config = load_config(config_path, os.environ)
        try:
            sign = -1 if amount.startswith("-") else 1
            value = sign * Money.parse(amount.removeprefix("-"))
        except ValueError as error:
            raise BadInput(f'found "{amount}"; {error}') from None
        with made_beside(config) as store, store.database.transaction():
            now = time.time()
            balance = store.access.credit(wallet, value, note=note, token="console", at=now)  # noqa: S106 - a name
            store.access.note([Deed(now, "console", "local", "balances.credit", wallet, amount)])
    click.echo(f"{wallet}: {money_text(balance.available)} available")
