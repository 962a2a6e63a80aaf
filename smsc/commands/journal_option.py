"""The option of all commands that read a journal."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

DEFAULT_JOURNAL = Path("smsc-journal.sqlite")

journal_option = click.option(
    "--journal", type=click.Path(path_type=Path), default=DEFAULT_JOURNAL, show_default=True, help="Which journal."
)
