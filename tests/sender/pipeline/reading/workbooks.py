"""Workbooks made by hand, so that every part of them can be wrong."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def archive(members: dict[str, str | bytes]) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return octets.getvalue()


def xlsx_members(
    *sheets: str,
    names: tuple[str, ...] = ("Sheet1", "Second"),
    states: tuple[str, ...] = (),
    strings: str | None = None,
    styles: str | None = None,
    properties: str = "",
) -> dict[str, str | bytes]:
    """Members of a workbook whose sheets have these rows, given as XML."""
    listed = "".join(
        f'<sheet name={quoteattr(names[index])} sheetId="{index + 1}" r:id="rId{index + 1}"'
        + (f' state="{states[index]}"' if index < len(states) else "")
        + "/>"
        for index in range(len(sheets))
    )
    relations = "".join(
        f'<Relationship Id="rId{index + 1}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{index + 1}.xml"/>'
        for index in range(len(sheets))
    )
    members: dict[str, str | bytes] = {
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">{properties}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>',
    }
    for index, rows in enumerate(sheets, 1):
        members[f"xl/worksheets/sheet{index}.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{_MAIN}">'
            f"<sheetData>{rows}</sheetData></worksheet>"
        )
    if strings is not None:
        members["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{strings}</sst>'
    if styles is not None:
        members["xl/styles.xml"] = f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>'
    return members


def xlsx(*sheets: str, **parts: object) -> bytes:
    return archive(xlsx_members(*sheets, **parts))  # type: ignore[arg-type]


def row(number: int, *cells: str) -> str:
    """Cells as inline strings."""
    return f'<row r="{number}">' + "".join(inline(cell) for cell in cells) + "</row>"


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def ods(*tables: str, names: tuple[str, ...] = ("Sheet1", "Second")) -> bytes:
    """A workbook whose tables have these rows, given as XML."""
    listed = "".join(
        f"<table:table table:name={quoteattr(name)}>{rows}</table:table>"
        for name, rows in zip(names, tables, strict=False)
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0"'
            f' xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet>{listed}</office:spreadsheet>'
            "</office:body></office:document-content>",
        }
    )


def ods_row(*cells: str, more: str = "") -> str:
    """Cells as strings."""
    return f"<table:table-row{more}>" + "".join(ods_text(cell) for cell in cells) + "</table:table-row>"


def ods_text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
