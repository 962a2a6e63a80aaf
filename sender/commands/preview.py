"""``sender preview``: what a text would look like, what it would take, and what it would cost."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import rich_click as click

from sender.commands.input import BadInput, bad_input
from sender.commands.options import (
    FILE,
    config_option,
    plain_punctuation_option,
    reading_options,
    transliterate_option,
)
from sender.commands.preview_text import preview_text
from sender.config.file import SenderConfig, load_config
from sender.config.operator import AccountConfig
from sender.config.registered import load_register
from sender.domain.rows import BadRow
from sender.domain.template import Template, field_key
from sender.pipeline.compose import TextOptions, check_sender
from sender.pipeline.previewing import PreviewError
from sender.pipeline.previewing import preview as previewed
from sender.pipeline.reading.opening import Reading, open_recipients
from yamlmodel.suggest import did_you_mean


@click.command("preview")
@config_option
@click.option("--template", required=True, help="The text: `{column}`, `{column|fallback}`, `{column:filter}`.")
@click.option("--from", "source", required=True, help="Sender: a name of at most 11 characters, or a number.")
@click.option("--field", "pairs", metavar="COLUMN=VALUE", multiple=True, help="What a recipient has; repeat it.")
@click.option("--recipients", type=FILE, help="Take the fields from a row of this file.")
@click.option("--row", type=click.IntRange(min=1), help="Its line, the header being 1. Default: the first good one.")
@reading_options
@click.option("--account", help="Only through this one. Default: all of them, side by side.")
@click.option("--registered", type=FILE, help="YAML with the texts the operator has registered: which one this is.")
@transliterate_option
@plain_punctuation_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def preview(
    config_path: Path,
    template: str,
    source: str,
    pairs: tuple[str, ...],
    recipients: Path | None,
    row: int | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    number_column: str | None,
    account: str | None,
    registered: Path | None,
    transliterate: bool | None,
    plain_punctuation: bool | None,
    as_json: bool,
) -> None:
    """Show a text as it would go out, and send nothing.

    For each account: the encoding and what caused it, every segment as it is cut, the price, and which settings would
    make it cheaper.

    \b
    Exit codes:
      0  the text can be sent through every account that was asked for
      1  through some account it cannot
      2  the template, the row, a file or an option cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        compiled = Template.compile(template)
        operators = _asked(config, account)
        also = frozenset[str]().union(*(operator.tlv_fields for operator in operators.values()))
        fields = _given(pairs)
        if recipients is not None:
            reading = Reading(encoding, delimiter, sheet, number_column)
            fields = _from_file(recipients, row, config.country, compiled, reading, also) | fields
        elif row is not None:
            raise BadInput("--row is a line of --recipients, which is not given")
        else:
            compiled.check(fields)
        register = load_register(registered).active() if registered is not None else None
        try:
            found = previewed(
                compiled,
                check_sender(source),
                fields,
                operators,
                options=TextOptions(transliterate, plain_punctuation),
                register=register,
            )
        except PreviewError as error:
            raise BadInput(str(error)) from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        click.echo(preview_text(found, check_sender(source), registered=register is not None), nl=False)
    raise SystemExit(1 if any(it.problem for it in found.accounts) else 0)


def _asked(config: SenderConfig, account: str | None) -> dict[str, AccountConfig]:
    accounts = config.accounts()
    if account is None:
        return dict(accounts)
    if account not in accounts:
        hint = did_you_mean(account, accounts) or "; known: " + ", ".join(accounts)
        raise BadInput(f'there is no account "{account}"{hint}')
    return {account: accounts[account]}


def _given(pairs: tuple[str, ...]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f'--field "{pair}"; expected COLUMN=VALUE, as in --field name=Anna')
        fields[field_key(name)] = value
    return fields


def _from_file(
    path: Path, row: int | None, region: str, template: Template, how: Reading, also: frozenset[str]
) -> dict[str, str]:
    with open_recipients(path, region, template, how, also) as recipients:
        for found in recipients:
            line = found.line if isinstance(found, BadRow) else found.row
            if row is None and isinstance(found, BadRow):
                continue
            if row is not None and line < row:
                continue
            if row is not None and line > row:
                break
            if isinstance(found, BadRow):
                raise BadInput(f"{path}, line {line}: {found.reason}")
            return dict(found.fields)
    raise BadInput(f"{path}: there is no row at line {row}" if row is not None else f"{path}: there is no good row")
