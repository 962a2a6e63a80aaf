"""``sender store check | info | backup | vacuum | redact``."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import phonenumbers
import rich_click as click

from sender.commands.beside import beside
from sender.commands.input import BadInput, bad_input, existing, pick, read_only
from sender.commands.options import FILE, IDENT, config_option
from sender.config.file import SenderConfig, load_config
from sender.store import redacting
from sender.store.backup import backup as copy_store
from sender.store.maintenance import Info
from sender.store.records import StoreError
from sender.store.redacting import Found, Redacted
from sender.store.sqlite import SqliteStore

_PASSES = 5
"""Times that what is to be redacted is looked for: a sender that runs may move it from a chunk into a message."""

_STEPS = 100_000
"""Steps of SQLite's machine between two looks at the clock: some milliseconds."""
_SAY_EVERY = 10.0


@click.group()
def store() -> None:
    """Look after the database of campaigns."""


@store.command()
@config_option
def check(config_path: Path) -> None:
    """Read the whole store and say what is wrong with it: the file, its references, the counts. It may be in use.

    \b
    Exit codes:
      0  it is sound
      1  it is not; each fault is a line
      2  it cannot be read
    """
    with _reading(config_path) as opened:
        found = 0
        for fault in opened.maintenance.faults():
            click.echo(fault)
            found += 1
    if found:
        raise SystemExit(1)
    click.echo("The store is sound.")


@store.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def info(config_path: Path, as_json: bool) -> None:
    """Show what is in the store, how large it is, and what was done to it. It may be in use."""
    with _reading(config_path) as opened:
        figures = opened.maintenance.info()
    click.echo(msgspec.json.format(msgspec.json.encode(figures), indent=2) if as_json else _info_text(figures))


@store.command()
@config_option
@click.argument("file", type=FILE)
def backup(config_path: Path, file: Path) -> None:
    """Copy the store to FILE, which must not exist. It may be in use; the copy is as it was at one moment."""
    with _reading(config_path) as opened:
        octets = copy_store(opened.database.conn, file.absolute())
    click.echo(f"{file}: {octets:,} octets, checked")


@store.command()
@config_option
def vacuum(config_path: Path) -> None:
    """Give unused room back to the disk, and overwrite what was deleted. No sender may be using the store.

    It writes the whole store anew, and needs as much free room as the store itself takes. Progress goes to standard
    error.
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        before = existing(config).stat().st_size
        opened = SqliteStore.open(config.store)
        try:
            free = opened.maintenance.info().free
            click.echo(
                f"{config.store}: writing {before:,} octets anew, of which {free:,} are unused; it takes up to that"
                " much room beside them, and nothing can send meanwhile",
                err=True,
            )
            opened.database.conn.set_progress_handler(_elapsed(time.monotonic), _STEPS)
            opened.database.conn.execute("VACUUM")
            opened.database.conn.set_progress_handler(None, 0)
            opened.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise StoreError(f"{config.store} cannot be vacuumed: {error}; nothing of it is lost") from error
        finally:
            opened.close()
    click.echo(f"{before:,} octets before, {config.store.stat().st_size:,} now")


def _elapsed(clock: Callable[[], float]) -> Callable[[], int]:
    """Says every ten seconds how long it takes already; goes on (0) in any case."""
    began = said = clock()

    def look() -> int:
        nonlocal said
        now = clock()
        if now - said >= _SAY_EVERY:
            said = now
            click.echo(f"vacuum: {said - began:.0f} s so far", err=True)
        return 0

    return look


@store.command()
@config_option
@click.option("--number", "numbers", multiple=True, help="A phone number, as people write it; may be repeated.")
@click.option("--campaign", "campaign_id", type=IDENT, help="All recipients of a finished campaign.")
def redact(config_path: Path, numbers: tuple[str, ...], campaign_id: int | None) -> None:
    """Make personal data unreadable: numbers become a hash whose key is thrown away, texts and fields are blanked.

    Messages to the numbers that were not sent yet are cancelled. What is under way (or waits for its receipt) keeps its
    number, and is told: repeat the command later. The suppression list keeps its numbers, since an opt-out must be
    honoured for as long as anything is sent.

    \b
    Exit codes:
      0  everything that was found is redacted
      1  something is still under way
      2  the command or the store cannot be used
    """
    with bad_input():
        config = load_config(config_path, os.environ)
        if bool(numbers) == (campaign_id is not None):
            raise BadInput("name what is to be redacted: --number (one or more), or --campaign")
        wanted = [_number(text, config.country) for text in numbers]
        with beside(config) as opened:
            if campaign_id is not None:
                pick(opened, campaign_id)
            total = _redact(config, opened, wanted, campaign_id)
            left = _clean_up(opened)
    click.echo(_redacted_text(total))
    if left:
        click.echo(left, err=True)
    if total.open:
        raise SystemExit(1)


def _redact(config: SenderConfig, opened: SqliteStore, numbers: list[str], campaign_id: int | None) -> Redacted:
    key = secrets.token_bytes(32)
    what = f"campaign {campaign_id}" if campaign_id is not None else f"{len(numbers)} numbers"
    opened.database.conn.execute("PRAGMA secure_delete = ON")
    total = Redacted()
    for _ in range(_PASSES):
        found = _find(config, numbers, campaign_id)
        before = total.messages + total.others
        total.open = 0
        for step in redacting.steps(found, numbers if campaign_id is None else None, key, time.time()):
            with opened.database.transaction():
                total += step(opened.database)
        if total.messages + total.others == before:
            break
        if campaign_id is not None:
            break
    with opened.database.transaction():
        opened.maintenance.log(
            time.time(),
            f"redacted {what}: {total.messages} messages ({total.cancelled} of them cancelled),"
            f" {total.others} other rows; {total.open} under way were left",
        )
    return total


def _find(config: SenderConfig, numbers: list[str], campaign_id: int | None) -> Found:
    """Look on a connection of its own: what takes long must not keep a sender from writing."""
    with read_only(config) as reader:
        if campaign_id is None:
            return redacting.find_numbers(reader.database, numbers)
        try:
            return redacting.find_campaign(reader.database, campaign_id)
        except ValueError as error:
            raise BadInput(str(error)) from None


def _clean_up(opened: SqliteStore) -> str:
    """Empty the log of old pages; what is left to do, for people."""
    busy = opened.database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    notes = []
    if busy:
        notes.append("another process reads the store: its log keeps old pages until the next checkpoint")
    if opened.maintenance.info().free:
        notes.append("pages that were freed before may hold old copies: `sender store vacuum` overwrites them")
    return "\n".join(notes)


def _number(text: str, country: str) -> str:
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise BadInput(f'--number: "{text}" is not a phone number') from None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


@contextmanager
def _reading(config_path: Path) -> Iterator[SqliteStore]:
    """The store as it is at one moment."""
    with bad_input(), read_only(load_config(config_path, os.environ)) as opened:
        opened.database.conn.execute("BEGIN")
        try:
            yield opened
        except sqlite3.Error as error:
            raise StoreError(f"the store cannot be read: {error}") from error
        finally:
            if opened.database.conn.in_transaction:
                opened.database.conn.execute("ROLLBACK")


def _info_text(figures: Info) -> str:
    rows = [
        ("version", str(figures.version)),
        ("octets", f"{figures.octets:,} ({figures.free:,} unused)"),
        ("campaigns", f"{figures.campaigns:,} ({figures.retired:,} without their messages, by age)"),
    ]
    rows += [(f"  {state}", f"{number:,}") for state, number in figures.messages.items() if number]
    rows.append(("in chunks", f"{figures.unexpanded:,} of the queued"))
    rows.append(("receipts of nobody", f"{figures.unmatched:,}"))
    if figures.written_down:
        rows.append(("receipts not entered yet", f"{figures.written_down:,}"))
    rows += [(name, f"{number:,}") for name, number in figures.counters.items()]
    lines = [f"{name:<28} {value}" for name, value in rows]
    lines += [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%SZ}  {event}" for at, event in figures.log]
    return "\n".join(lines)


def _redacted_text(total: Redacted) -> str:
    text = f"{total.messages:,} messages redacted"
    if total.cancelled:
        text += f", {total.cancelled:,} of them cancelled"
    if total.others:
        text += f"; {total.others:,} receipts and messages of subscribers"
    if total.open:
        text += f"; {total.open:,} messages are under way and were left"
    return text
