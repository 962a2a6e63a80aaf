"""``smsc messages`` and ``smsc pdus``: what is in a journal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from smsc.commands.journal_option import journal_option
from smsc.commands.refusing import refuse

if TYPE_CHECKING:
    import sqlite3

PAGE = 5_000  # rows read at a time when all are asked for

T = TypeVar("T")


def _status(_: click.Context, param: click.Parameter, value: str | None) -> int | None:
    from smppkit.status import parse_status

    return None if value is None else _parsed(parse_status, value, param)


def _state(_: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from smsc.scenario.scalars import Stat

    return None if value is None else _parsed(Stat.parse, value.upper(), param)


def _command(_: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else _parsed(_command_id, value, param)


def _since(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    return None if value is None else _parsed(_moment, value, param)


def _parsed(parse: Callable[[str], T], value: str, param: click.Parameter) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None


def _command_id(name: str) -> int:
    from difflib import get_close_matches

    from smppkit.commands import CommandId

    names = {command.name.lower(): command for command in CommandId}
    if name.lower() in names:
        return names[name.lower()]
    close = get_close_matches(name.lower(), names, n=1)
    raise ValueError(f"no PDU is called {name!r}" + (f"; did you mean {close[0]}?" if close else ""))


def _moment(text: str) -> float:
    """Unix seconds of a time ("2026-03-01 12:00", local unless it names a zone) or of so long ago ("10m")."""
    from yamlmodel.scalars import Duration

    try:
        return time.time() - Duration.parse(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise ValueError(
            f'found "{text}"; expected a time such as "2026-03-01 12:00", or a duration such as 10m'
        ) from None


operator_option = click.option("--operator", help="Of this operator.")
status_option = click.option("--status", callback=_status, help="With this status, such as ESME_RTHROTTLED or 0x58.")
since_option = click.option("--since", callback=_since, help='Since a time ("2026-03-01 12:00") or so long ago (10m).')
limit_option = click.option(
    "--limit", type=click.IntRange(min=0), default=100, show_default=True, help="The newest so many; 0 for all."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.command()
@journal_option
@click.option("--to", help="To this number; may hold * and ?.")
@click.option("--from", "from_", help="From this address; may hold * and ?.")
@click.option("--text", help="With this in the text, in any case.")
@operator_option
@click.option("--state", callback=_state, help="In this state, such as DELIVRD or ENROUTE.")
@status_option
@since_option
@limit_option
@json_option
def messages(
    journal: Path,
    to: str | None,
    from_: str | None,
    text: str | None,
    operator: str | None,
    state: str | None,
    status: int | None,
    since: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the messages in a journal, also while `smsc serve` writes it. A long message is one.

    A table on a terminal; elsewhere one message a line with tabs between time, operator, account, from, to,
    status, state, id, parts and text. With --json the fields are those of the control API.
    """
    from smsc.commands.listing import MESSAGE_COLUMNS, message_brief, message_cells, message_json
    from smsc.journal.message_filter import MessageFilter
    from smsc.journal.messages import Messages

    wanted = MessageFilter(to=to, from_=from_, text=text, operator=operator, state=state, status=status, since=since)
    cells = message_brief if sys.stdout.isatty() else message_cells
    with _reading(journal) as opened:
        # As of the end of time: what is planned for messages that nobody is told about will come to pass.
        found = Messages(opened).matching(wanted, inf, after=None if limit else 0)
        messages = reversed(list(islice(found, limit))) if limit else found
        _show(messages, MESSAGE_COLUMNS, cells, message_json if as_json else None)


@click.command()
@journal_option
@click.option("--connection", type=click.IntRange(min=1), help="Of the connection with this number.")
@operator_option
@click.option("--command", "command_id", metavar="NAME", callback=_command, help="Of this kind, such as submit_sm.")
@status_option
@since_option
@limit_option
@click.option("--hex", "as_hex", is_flag=True, help="All octets as they were on the wire, passwords too.")
@json_option
def pdus(
    journal: Path,
    connection: int | None,
    operator: str | None,
    command_id: int | None,
    status: int | None,
    since: float | None,
    limit: int,
    as_hex: bool,
    as_json: bool,
) -> None:
    """List the PDUs in a journal, also while `smsc serve` writes it.

    A table on a terminal; elsewhere one PDU a line with tabs between time, operator, connection, account, way,
    name, status, sequence number and fields. With --json what the control API shows of a PDU; passwords are masked
    there too, unless --hex is given.
    """
    from smsc.commands.listing import PDU_COLUMNS, pdu_brief, pdu_cells, pdu_json
    from smsc.journal.inbox import Inbox

    with _reading(journal) as opened:
        inbox = Inbox(opened)

        def read(**page: Any) -> Sequence[Any]:
            return inbox.pdus(
                connection=connection,
                operator=operator,
                command_id=command_id,
                status=status,
                since=since,
                **page,
            )

        cells = partial(pdu_brief if sys.stdout.isatty() else pdu_cells, as_hex=as_hex)
        _show(_pages(read, limit), PDU_COLUMNS, cells, partial(pdu_json, as_hex=as_hex) if as_json else None)


@contextmanager
def _reading(journal: Path) -> Iterator[sqlite3.Connection]:
    """A journal; one that is damaged is told in a line, wherever that is found."""
    import sqlite3

    from smsc.journal.file import open_readonly
    from smsc.journal.schema import JournalError

    try:
        with closing(open_readonly(journal)) as opened:
            yield opened
    except JournalError as error:
        refuse(str(error))
    except sqlite3.Error as error:
        refuse(f"{journal} cannot be read: {error}")


def _pages(read: Callable[..., Sequence[Any]], limit: int) -> Iterable[Any]:
    if limit:
        yield from read(limit=limit)
        return
    after = 0
    while rows := read(limit=PAGE, after=after):
        yield from rows
        after = rows[-1].row


def _show(
    rows: Iterable[Any],
    columns: Sequence[str],
    cells: Callable[[Any], Sequence[str]],
    as_json: Callable[[Any], str] | None,
) -> None:
    from smsc.commands.listing import plain, print_table

    if as_json is not None:
        for row in rows:
            click.echo(as_json(row))
    elif sys.stdout.isatty():
        print_table(columns, map(cells, rows))
    else:
        for line in plain(map(cells, rows)):
            click.echo(line)
