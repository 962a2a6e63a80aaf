"""How a command says that it cannot do what it was asked."""

from __future__ import annotations

from typing import NoReturn

import rich_click as click

UNAVAILABLE, UNUSABLE = 1, 2
"""Exit codes: an address cannot be had; a file or an option cannot be used."""


def refuse(text: str, code: int = UNUSABLE) -> NoReturn:
    """Say one line on standard error and end."""
    click.echo(f"smsc: {text}", err=True)
    raise SystemExit(code)
