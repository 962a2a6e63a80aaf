"""``carrierlab compare BEFORE AFTER``: what changed from one run to another."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import rich_click as click
from rich.console import Console

from carrierlab.exit_codes import FAILED, PASSED, UNUSABLE, exit_codes_text
from carrierlab.parameters import Parsed
from carrierlab.report.comparing import comparison_html, comparison_json, print_comparison
from carrierlab.report.comparison import Incomparable, Judgement, worst
from carrierlab.report.comparison import compare as compare_documents
from carrierlab.report.document import DocumentError, read_document
from yamlmodel.scalars import Percent

_REPORT = click.Path(path_type=Path)


@click.command(epilog=exit_codes_text())
@click.argument("before", type=_REPORT)
@click.argument("after", type=_REPORT)
@click.option(
    "--tolerance",
    type=Parsed("SHARE", Percent.parse),
    default="10%",
    show_default=True,
    help="A number may change by this share of its value; losses and duplicates may not.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page too.")
@click.option("--json", "json_", is_flag=True, help="Print JSON instead.")
def compare(before: Path, after: Path, tolerance: float, html: Path | None, json_: bool) -> NoReturn:
    """Compare the run BEFORE with the run AFTER: report.json files, or the directories of their reports."""
    try:
        comparisons = compare_documents(read_document(before), read_document(after), tolerance)
        if html is not None:
            html.parent.mkdir(parents=True, exist_ok=True)
            html.write_bytes(comparison_html(comparisons))
    except (DocumentError, Incomparable) as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNUSABLE) from None
    except OSError as error:
        click.echo(f"{html} cannot be written: {error.strerror}", err=True)
        raise SystemExit(UNUSABLE) from None
    if json_:
        click.echo(comparison_json(comparisons, tolerance), nl=False)
    else:
        print_comparison(comparisons, Console(highlight=False))
    raise SystemExit(FAILED if worst(comparisons) is Judgement.WORSE else PASSED)
