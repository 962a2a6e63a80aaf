"""``smsc lint``: what the clients in a journal do wrong."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import rich_click as click

from smsc.commands.journal_option import journal_option
from smsc.commands.look import since_option
from smsc.commands.refusing import UNUSABLE, refuse

FOUND = 1
_FORMATS = ("text", "json", "junit", "sarif")
_LEVELS = ("error", "warning", "note")


@click.command()
@journal_option
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Default: what the name of -o asks for (.txt, .json, .xml, .sarif), else text.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option("--account", help="Only what this system_id does.")
@since_option
@click.option(
    "--window",
    type=click.IntRange(min=1),
    help="The window that was agreed: requests unanswered at once. Without it nobody exceeds it.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="warning",
    show_default=True,
    help="Exit with 1 on findings that are this bad or worse.",
)
def lint(
    journal: Path,
    form: str | None,
    output: Path | None,
    account: str | None,
    since: float | None,
    window: int | None,
    fail_on: str,
) -> NoReturn:
    """Judge the clients in a journal: what they do wrong, how often, and how to do it right.

    Passwords and people's numbers are masked in the report, texts of messages are not. The rules are in
    docs/lint.md.

    Exit codes: 0 nothing that bad was found, 1 something was, 2 a file or option cannot be used.
    """
    from smsc.journal.file import open_readonly
    from smsc.journal.schema import JournalError
    from smsc.lint.finding import Severity
    from smsc.lint.lint import Lint
    from smsc.lint.live import report_of
    from smsc.lint.replay import replay
    from smsc.lint.report import render
    from smsc.lint.settings import LintSettings
    from yamlmodel.suggest import did_you_mean

    if form is None:
        form = "text" if output is None else _asked_for(output)
    watch = Lint(LintSettings(window=window, since=since))
    try:
        with closing(open_readonly(journal)) as connection:
            replay(connection, watch)
    except JournalError as error:
        refuse(str(error), UNUSABLE)
    except sqlite3.Error as error:
        refuse(f"{journal} cannot be read: {error}", UNUSABLE)
    if account is not None and not watch.knows(account):
        known = watch.accounts()  # a slip of the finger should not look like a client without faults
        hint = did_you_mean(account, known) or f"; there are {', '.join(known) or 'none'}"
        refuse(f'{journal} has no account "{account}"{hint}', UNUSABLE)
    report = report_of([watch], str(journal), account)
    if output is not None:
        try:
            output.write_text(render(report, form), encoding="utf-8")
        except OSError as error:
            refuse(f"{output} cannot be written: {error.strerror}", UNUSABLE)
    elif form == "text" and sys.stdout.isatty():
        from smsc.lint.reports.text import render as render_text

        click.echo(render_text(report, colour=True), nl=False)
    else:
        click.echo(render(report, form), nl=False)
    worst = report.worst()
    raise SystemExit(FOUND if worst is not None and worst >= Severity[fail_on.upper()] else 0)


def _asked_for(output: Path) -> str:
    """The format that the name of a file asks for."""
    from smsc.lint.report import format_for

    try:
        return format_for(output)
    except ValueError as error:
        raise click.BadParameter(f"{error}; or say --format", param_hint="--output") from None
