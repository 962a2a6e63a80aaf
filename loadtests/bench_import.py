"""How fast recipients are read: rows a second from CSV and from XLSX, beside what the libraries alone take.

Every figure is processor time of this process, in one run. ``csv alone`` is the parser of the standard library with
nothing done to its rows; ``openpyxl alone`` is that library's streaming reader. ``imported`` is all that an import
does, into a store in memory: what the disk takes is not counted.

    python loadtests/bench_import.py --rows 300000
"""

from __future__ import annotations

import csv
import json
import platform
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from sender.domain.message import MessageClass
from sender.domain.routing import Route, Router, Target
from sender.domain.rows import BadRow
from sender.domain.template import Template
from sender.pipeline.compose import Composer, Wording
from sender.pipeline.importing import import_recipients
from sender.pipeline.reading.opening import open_recipients
from sender.pipeline.screening import Screening, nobody
from sender.store.records import NewCampaign
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer

T = TypeVar("T")

TEMPLATE = "{name|Dear client}, your order {order} is ready"


def cells(row: int) -> tuple[str, str, str, str]:
    """A row of a shop."""
    return f"+7705{row:07d}", f"Client {row}", str(row), f"{row}.5"


def write_csv(path: Path, rows: int) -> None:
    """Text with commas."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("phone", "name", "order", "sum"))
        writer.writerows(cells(row) for row in range(rows))


def write_xlsx(path: Path, rows: int) -> None:
    """A workbook as Excel writes it: strings in a table of their own, numbers in the cells."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}worksheet+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}sharedStrings+xml"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="rId1" Type="{document}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        file.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{document}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="rId1" Type="{document}/worksheet"'
            f' Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{document}/sharedStrings"'
            ' Target="sharedStrings.xml"/></Relationships>',
        )
        with file.open("xl/sharedStrings.xml", "w", force_zip64=True) as member:
            member.write(f'<sst xmlns="{main}">'.encode())
            member.write(b"".join(f"<si><t>{title}</t></si>".encode() for title in ("phone", "name", "order", "sum")))
            for row in range(rows):
                number, name, _, _ = cells(row)
                member.write(f"<si><t>{number}</t></si><si><t>{name}</t></si>".encode())
            member.write(b"</sst>")
        with file.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            member.write(f'<worksheet xmlns="{main}"><sheetData><row r="1">'.encode())
            member.write(b"".join(f'<c r="{"ABCD"[i]}1" t="s"><v>{i}</v></c>'.encode() for i in range(4)))
            member.write(b"</row>")
            for row in range(rows):
                at, string = row + 2, 2 * row + 4
                member.write(
                    f'<row r="{at}"><c r="A{at}" t="s"><v>{string}</v></c><c r="B{at}" t="s"><v>{string + 1}</v></c>'
                    f'<c r="C{at}"><v>{row}</v></c><c r="D{at}"><v>{row}.5</v></c></row>'.encode()
                )
            member.write(b"</sheetData></worksheet>")


def csv_alone(path: Path) -> Iterator[object]:
    """The parser and nothing else."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def openpyxl_alone(path: Path) -> Iterator[object]:
    """The library's streaming reader and nothing else."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    yield from book.worksheets[0].iter_rows(values_only=True)
    book.close()


def read(path: Path) -> Iterator[object]:
    """Recipients: numbers understood, duplicates found, columns chosen."""
    with open_recipients(path, "KZ", Template.compile(TEMPLATE)) as recipients:
        for row in recipients:
            if isinstance(row, BadRow):
                raise SystemExit(f"line {row.line}: {row.reason}")
            yield row


def screened(path: Path) -> Iterator[object]:
    """Messages: routed too, rendered, and their segments counted."""
    template = Template.compile(TEMPLATE)
    composer = Composer(template, "SHOP", MessageClass.SERVICE, {"beeline": Wording()})
    router = Router([Route((Target("beeline"),))])
    with open_recipients(path, "KZ", template) as recipients:
        screening = Screening(composer, router, recipients.raw)
        for row in recipients:
            yield screening.screen(row)


class Direct:
    """A writer that does what it is asked at once, in this thread."""

    async def call(self, verb: Callable[..., T], *args: Any) -> T:
        """The verb's answer."""
        return verb(*args)


def imported(path: Path) -> Iterator[object]:
    """Stored too, as `sender send` does it."""
    template = Template.compile(TEMPLATE)
    composer = Composer(template, "SHOP", MessageClass.SERVICE, {"beeline": Wording()})
    store = SqliteStore.open(":memory:")
    campaign = store.create_campaign(NewCampaign("load", TEMPLATE, "SHOP", MessageClass.SERVICE, str(path), "", 0.0))
    work = import_recipients(
        campaign,
        path,
        None,
        region="KZ",
        template=template,
        composer=composer,
        router=Router([Route((Target("beeline"),))]),
        blocked=nobody,
        store=store,
        writer=cast("Writer", Direct()),
    )
    try:
        work.send(None)
    except StopIteration as done:
        yield from range(done.value.rows)
    store.close()


def measure(work: Callable[[Path], Iterator[object]], path: Path) -> float:
    """Microseconds of processor time for a row."""
    began = time.process_time()
    rows = sum(1 for _ in work(path))
    return (time.process_time() - began) / rows * 1e6


@click.command()
@click.option("--rows", default=300_000, show_default=True)
@click.option("--xlsx-rows", default=100_000, show_default=True)
@click.option("--no-peer", is_flag=True, help="Without openpyxl, which takes its time.")
def main(rows: int, xlsx_rows: int, no_peer: bool) -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder) / "people.csv", Path(folder) / "people.xlsx"
        write_csv(text, rows)
        write_xlsx(book, xlsx_rows)
        figures = {
            "csv alone": measure(csv_alone, text),
            "csv read": measure(read, text),
            "csv screened": measure(screened, text),
            "csv imported": measure(imported, text),
            "xlsx read": measure(read, book),
            "xlsx screened": measure(screened, book),
            "xlsx imported": measure(imported, book),
        }
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if not no_peer:
            figures["openpyxl alone"] = measure(openpyxl_alone, book)
    result = {
        "python": platform.python_version(),
        "rows": rows,
        "xlsx_rows": xlsx_rows,
        "peak_mib": round(peak, 1),
        "microseconds_per_row": {name: round(value, 2) for name, value in figures.items()},
        "rows_per_second": {name: round(1e6 / value) for name, value in figures.items()},
    }
    click.echo(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
