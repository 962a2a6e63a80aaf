"""What kind of file it is, by its first octets; and its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from sender.domain.delimited import DelimitedRows
from sender.domain.recipients import Recipients
from sender.domain.rows import HeaderError, RowSource
from sender.domain.template import Template
from sender.pipeline.reading.archive import Archive
from sender.pipeline.reading.numbers_alone import NumbersAlone
from sender.pipeline.reading.ods import OdsRows
from sender.pipeline.reading.text import open_text
from sender.pipeline.reading.xlsx import XlsxRows


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person says about a file where it cannot, or shall not, be found out."""

    encoding: str | None = None
    """Name of a character set, as ``windows-1251``."""
    delimiter: str | None = None
    sheet: str | None = None
    """Name of the sheet of a workbook; the first one otherwise."""
    number_column: str | None = None


AS_FOUND: Final = Reading()
"""Everything is found out."""

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"


@contextmanager
def open_rows(path: Path, how: Reading) -> Iterator[RowSource]:
    """The rows of a file of any kind. OSError, HeaderError."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        start = file.read(4)
        file.seek(0)
        if start == _ZIP:
            _refuse("a workbook", how, "encoding", "delimiter")
            yield _workbook(file, how, stack)
        elif start == _OLD_EXCEL:
            raise HeaderError("the file is a workbook of Excel 97-2003, or one with a password; save it as XLSX")
        else:
            _refuse("text", how, "sheet")
            text, encoding = open_text(file, how.encoding)
            stack.callback(text.detach)
            if path.suffix.lower() == ".txt" and how.delimiter is None and NumbersAlone.fits(text):
                yield NumbersAlone(text, encoding)
            else:
                yield DelimitedRows(text, encoding=encoding, delimiter=how.delimiter)


def _refuse(kind: str, how: Reading, *unfit: str) -> None:
    """What a person says and cannot be so is a mistake of theirs, or another file than they think."""
    for key in unfit:
        if getattr(how, key) is not None:
            raise HeaderError(f'{key} "{getattr(how, key)}" is given, but the file is {kind}, which has none')


def _workbook(file: BinaryIO, how: Reading, stack: ExitStack) -> RowSource:
    archive = stack.enter_context(Archive(file))
    if "xl/workbook.xml" in archive.names:
        rows = XlsxRows(archive, how.sheet)
        stack.callback(rows.close)
        return rows
    if "content.xml" in archive.names:
        return OdsRows(archive, how.sheet)
    if any(name.endswith(".bin") and name.startswith("xl/") for name in archive.names):
        raise HeaderError("the file is a binary workbook (XLSB); save it as XLSX")
    raise HeaderError("the file is an archive, and no XLSX or ODS workbook; unpack it")


@contextmanager
def open_recipients(
    path: Path, region: str, template: Template, how: Reading = AS_FOUND, also: Collection[str] = ()
) -> Iterator[Recipients]:
    """The rows of a recipients file, once its header is known to hold what the template needs.

    `also` are columns that are wanted beside those of the template. OSError, HeaderError, TemplateError.
    """
    with open_all_recipients(path, region, how, template.fields.union(also)) as recipients:
        template.check(recipients.columns)
        yield recipients


@contextmanager
def open_all_recipients(
    path: Path, region: str, how: Reading, wanted: Collection[str] | None = None
) -> Iterator[Recipients]:
    """The same without a template. OSError, HeaderError."""
    with open_rows(path, how) as source:
        yield Recipients(source, region, wanted=wanted, number_column=how.number_column)
