"""Recipients into the store: streamed, screened row by row, stored in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from sender.domain.routing import Router
from sender.domain.rows import BadRow
from sender.domain.template import Template
from sender.pipeline.compose import Composer
from sender.pipeline.reading.opening import AS_FOUND, Reading, open_recipients
from sender.pipeline.rejects import RejectsFile
from sender.pipeline.screening import Blocked, Screened, Screening, nobody
from sender.store.records import NewMessage
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

_BATCH = 500
"""Rows between two looks at the rest of the world: some milliseconds of parsing."""
_CHUNK = 4000
"""Recipients of one operator that are stored together."""


class ImportResult(msgspec.Struct, frozen=True):
    """What became of a recipients file."""

    campaign_id: int
    described: str
    """What the file was taken for: ``CSV, windows-1251, separated by semicolons``."""
    rows: int
    messages: int
    segments: int
    rejected: int
    rejects: Path | None
    """The file with the rejected rows; None when there are none, or none was asked for."""


async def import_recipients(
    campaign_id: int,
    recipients: Path,
    rejects: Path | None,
    *,
    region: str,
    how: Reading = AS_FOUND,
    template: Template,
    composer: Composer,
    router: Router,
    blocked: Blocked,
    store: SqliteStore,
    writer: Writer,
    on_rows: Callable[[int], None] | None = None,
) -> ImportResult:
    """Read a file into a campaign that is being imported, and finish the import.

    Until it is finished nothing of the campaign is sent: an import that is cut can start again from the file.
    `on_rows` hears the number of rows read so far, now and then.
    """
    rows = messages = segments = rejected = 0
    chunks: dict[str, list[NewMessage]] = defaultdict(list)
    with ExitStack() as stack:
        source = stack.enter_context(open_recipients(recipients, region, template, how, composer.columns))
        bad_rows = stack.enter_context(RejectsFile(rejects)) if rejects is not None else None
        screening = Screening(composer, router, source.raw, blocked)
        screen = screening.screen
        for row in source:
            rows += 1
            screened = screen(row)
            if isinstance(screened, Screened):
                message = screened.message
                chunk = chunks[message.operator]
                chunk.append(message)
                messages += 1
                segments += screened.segments
                if len(chunk) == _CHUNK:
                    await writer.call(store.add_recipients, campaign_id, chunk)
                    chunks[message.operator] = []
            else:
                rejected += 1
                if bad_rows is not None:
                    bad_rows.add(screened)
            if rows % _BATCH == 0:
                await writer.call(_nothing)
                screening.look()
                if on_rows is not None:
                    on_rows(rows)
        if bad_rows is not None:
            bad_rows.flush()
        for chunk in chunks.values():
            await writer.call(store.add_recipients, campaign_id, chunk)
    await writer.call(store.finish_import, campaign_id, rows, rejected)
    kept = rejects if rejected else None
    return ImportResult(campaign_id, source.source.described, rows, messages, segments, rejected, kept)


def _nothing() -> None:
    """A turn of the writer: whoever waits for the reactor or the store goes first."""


class Sample(msgspec.Struct, frozen=True):
    """One message of a rehearsal, as it would be sent."""

    row: int
    number: str
    operator: str
    text: str
    segments: int
    alphabet: str


class Rehearsal(msgspec.Struct, frozen=True):
    """What a file would make, had it been imported."""

    described: str
    """What the file was taken for."""
    rows: int
    messages: dict[str, int]
    """By operator account."""
    segments: dict[str, int]
    bad_rows: tuple[BadRow, ...]
    """The first few."""
    rejected: int
    samples: tuple[Sample, ...]
    """The first few messages."""


def rehearse(
    recipients: Path,
    *,
    region: str,
    how: Reading = AS_FOUND,
    template: Template,
    composer: Composer,
    router: Router,
    blocked: Blocked = nobody,
    show: int = 5,
) -> Rehearsal:
    """Read, route and compose a whole file, storing and sending nothing."""
    rows = rejected = 0
    messages: dict[str, int] = {}
    segments: dict[str, int] = {}
    samples: list[Sample] = []
    bad_rows: list[BadRow] = []
    with open_recipients(recipients, region, template, how, composer.columns) as source:
        described = source.source.described
        screening = Screening(composer, router, source.raw, blocked)
        for row in source:
            rows += 1
            screened = screening.screen(row)
            if isinstance(screened, BadRow):
                rejected += 1
                if len(bad_rows) < show:
                    bad_rows.append(screened)
                continue
            new = screened.message
            messages[new.operator] = messages.get(new.operator, 0) + 1
            segments[new.operator] = segments.get(new.operator, 0) + screened.segments
            if len(samples) < show:
                alphabet = composer.cut(screened.text, new.operator).alphabet
                said = composer.said(screened.text, new.operator)
                samples.append(Sample(new.row, new.number, new.operator, said, screened.segments, alphabet.value))
    return Rehearsal(described, rows, messages, segments, tuple(bad_rows), rejected, tuple(samples))
