"""Workbooks come out as rows: what a person sees in the cells, and one clear error where there is nothing to see."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from sender.domain.recipients import Recipient
from sender.domain.rows import BadRow, HeaderError
from sender.pipeline.reading import archive as limits
from sender.pipeline.reading.cells import date_text, number_text
from sender.pipeline.reading.opening import AS_FOUND, Reading, open_all_recipients, open_rows
from sender.pipeline.reading.strings import Strings
from tests.sender.pipeline.reading.workbooks import archive, inline, ods, ods_row, ods_text, row, xlsx, xlsx_members

HEADER = row(1, "phone", "name")


def rows(path: Path, octets: bytes, how: Reading = AS_FOUND) -> list:
    file = path / "people.xlsx"
    file.write_bytes(octets)
    with open_rows(file, how) as source:
        return [source.titles, *source]


def refusal(path: Path, octets: bytes, how: Reading = AS_FOUND) -> str:
    with pytest.raises(HeaderError) as caught:
        rows(path, octets, how)
    return str(caught.value)


# --- XLSX -----------------------------------------------------------------------------------------


def test_a_workbook_of_another_program_is_read_as_people_see_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Клиенты"
    sheet.append(["phone", "name", "sum", "due", "at", "ok", "none"])
    sheet.append([77051234567, "Әсет & <co>", 1.5, date(2026, 11, 30), datetime(2026, 11, 30, 9, 5), True, None])  # noqa: DTZ001
    sheet.append(["+7 705 123 45 68", "x", 1e20, None, None, False, "last"])
    sheet.append([None, None])
    sheet.append(["8 (705) 123-45-69"])
    file = tmp_path / "people.xlsx"
    book.save(file)
    with open_rows(file, AS_FOUND) as source:
        assert source.described == 'XLSX, sheet "Клиенты"'
        assert list(source) == [
            (2, ["77051234567", "Әсет & <co>", "1.5", "2026-11-30", "2026-11-30 09:05", "TRUE", ""]),
            (3, ["+7 705 123 45 68", "x", "1e+20", "", "", "FALSE", "last"]),
            (5, ["8 (705) 123-45-69", "", "", "", "", "", ""]),
        ]


def test_recipients_of_a_workbook_have_its_lines_and_rejects_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(xlsx(HEADER + row(2, "77051234567", "A") + row(4, "12", "b,c") + row(9, "+77051234567", "D")))
    with open_all_recipients(file, "KZ", AS_FOUND) as recipients:
        assert list(recipients) == [
            Recipient(2, "77051234567", {"phone": "77051234567", "name": "A"}),
            BadRow(4, '12,"b,c"', '"12" is not a phone number: too few digits'),
            BadRow(9, "+77051234567,D", "duplicate of line 2 (+77051234567)"),
        ]


def test_shared_strings_formulas_errors_and_booleans(tmp_path: Path) -> None:
    strings = (
        "<si><t>phone</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>not this</t></rPh></si>"
        '<si><t xml:space="preserve"> two_x000A_lines_x </t></si>'
    )
    second = (
        '<row r="2"><c r="A2"><v>7.7051234567E10</v></c><c r="B2" t="str"><f>1+1</f><v>made</v></c></row>'
        '<row r="3"><c r="B3" t="e"><v>#N/A</v></c></row><row r="4"><c r="A4" t="b"><v>1</v></c>'
        '<c r="B4" t="s"><v>2</v></c></row>'
    )
    header = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    assert rows(tmp_path, xlsx(header + second, strings=strings)) == [
        ["phone", "name"],
        (2, ["77051234567", "made"]),
        (3, ["", "#N/A"]),
        (4, ["TRUE", " two\nlines_x "]),
    ]


def test_cells_may_be_missing_out_of_order_or_without_reference(tmp_path: Path) -> None:
    body = (
        "<row><c><v>1</v></c><c><v>2</v></c></row>"
        '<row r="7"><c r="B7"><v>2</v></c><c r="A7"><v>1</v></c><c r="AA7"><v>27</v></c></row>'
    )
    found = rows(tmp_path, xlsx(HEADER + body))
    assert found[1] == (2, ["1", "2"])
    assert found[2] == (7, ["1", "2", *[""] * 24, "27"])


def test_names_with_a_prefix_and_pretty_printing(tmp_path: Path) -> None:
    members = xlsx_members("")
    members["xl/worksheets/sheet1.xml"] = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\n <x:sheetData>\n'
        '  <x:row r="1">\n <x:c r="A1" t="inlineStr">\n <x:is>\n <x:t>phone</x:t>\n </x:is>\n </x:c>\n </x:row>\n'
        '  <x:row r="2">\n <x:c r="A2">\n <x:v>77051234567</x:v>\n </x:c>\n </x:row>\n </x:sheetData>\n</x:worksheet>'
    )
    assert rows(tmp_path, archive(members)) == [["phone"], (2, ["77051234567"])]


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ('numFmtId="14"', "46356", "2026-11-30"),
        ('numFmtId="22"', "46356.5", "2026-11-30 12:00"),
        ('numFmtId="20"', "0.5", "12:00"),
        ('numFmtId="0"', "46356", "46356"),
        ('numFmtId="164"', "46356", "2026-11-30"),
        ('numFmtId="165"', "46356.25", "46356.25"),
        ('numFmtId="166"', "46356", "46356"),
        ('numFmtId="14"', "99999999", "99999999"),
        ('numFmtId="14"', "none", "none"),
    ],
)
def test_a_number_with_the_format_of_a_date_is_a_date(tmp_path: Path, style: str, value: str, text: str) -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
        '<numFmt numFmtId="165" formatCode="#,##0.00 &quot;days&quot;"/>'
        '<numFmt numFmtId="166" formatCode="[Red]General"/></numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf {style}/></cellXfs>'
    )
    body = f'<row r="2"><c r="A2" s="1"><v>{value}</v></c><c r="B2"><v>1</v></c></row>'
    assert rows(tmp_path, xlsx(HEADER + body, styles=styles))[1] == (2, [text, "1"])


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    body = '<row r="2"><c r="A2" s="0"><v>44894</v></c></row>'
    octets = xlsx(
        HEADER + body, styles='<cellXfs><xf numFmtId="14"/></cellXfs>', properties='<workbookPr date1904="1"/>'
    )
    assert rows(tmp_path, octets)[1] == (2, ["2026-11-30", ""])


def test_the_first_visible_sheet_is_taken_or_the_one_that_is_named(tmp_path: Path) -> None:
    octets = xlsx(row(1, "to"), row(1, "phone"), names=("Hidden", "Люди"), states=("hidden", "visible"))
    assert rows(tmp_path, octets) == [["phone"]]
    assert rows(tmp_path, octets, Reading(sheet="Hidden")) == [["to"]]
    assert refusal(tmp_path, octets, Reading(sheet="x")) == 'the workbook has no sheet "x"; it has: Hidden, Люди'
    assert refusal(tmp_path, xlsx(HEADER, states=("hidden",))) == "the workbook has no visible sheet"


def test_a_cell_that_is_too_long_is_one_bad_row(tmp_path: Path) -> None:
    found = rows(tmp_path, xlsx(HEADER + row(2, "77051234567", "x" * 2001) + row(3, "77051234568", "y")))
    assert isinstance(found[1], BadRow)
    assert (found[1].line, found[1].reason) == (2, "a cell has more than 2000 characters")
    assert found[2] == (3, ["77051234568", "y"])


# --- what is damaged, or hostile ------------------------------------------------------------------


def without(octets: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        return archive({it: file.read(it) for it in file.namelist() if it != name})


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"PK\x03\x04 and no more", "the workbook is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX"),
        (archive({"a.txt": "x"}), "no XLSX or ODS workbook"),
        (archive({"xl/workbook.bin": "x"}), "binary workbook"),
        (xlsx(""), 'the sheet "Sheet1" is empty'),
        (without(xlsx(HEADER), "xl/worksheets/sheet1.xml"), "it has no xl/worksheets/sheet1.xml"),
        (without(xlsx(HEADER), "xl/_rels/workbook.xml.rels"), "it has no xl/_rels/workbook.xml.rels"),
        (xlsx(HEADER + "<row"), "the workbook is damaged: xl/worksheets/sheet1.xml: "),
        (xlsx('<row r="1"><c r="A1" t="s"><v>5</v></c></row>'), "there is no shared string 5"),
        (xlsx('<row r="1"><c r="ZZZZ1"><v>5</v></c></row>'), 'there is no column "ZZZZ"'),
        (ods(""), 'the sheet "Sheet1" is empty'),
    ],
)
def test_what_is_no_workbook_is_one_clear_error(tmp_path: Path, octets: bytes, words: str) -> None:
    assert words in refusal(tmp_path, octets)


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    members = xlsx_members(HEADER)
    sheet = str(members["xl/worksheets/sheet1.xml"])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace("<worksheet", bomb + "<worksheet", 1)
    assert "document type declaration" in refusal(tmp_path, archive(members))


def test_a_member_that_unpacks_to_far_more_than_it_takes_is_a_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = xlsx(HEADER + "<!--" + " " * 20_000_000 + "-->")
    assert "it is a bomb" in refusal(tmp_path, octets)
    monkeypatch.setattr(limits, "MAX_SHEET", 100)
    assert "at most 100" in refusal(tmp_path, xlsx(HEADER))
    monkeypatch.setattr(limits, "MAX_MEMBERS", 2)
    assert refusal(tmp_path, xlsx(HEADER)) == "the workbook has 3 members; at most 2"


def test_a_member_that_is_longer_than_it_says_is_not_read_on(tmp_path: Path) -> None:
    octets = bytearray(xlsx(HEADER + row(2, "77051234567", "A" * 1000)))
    name = b"xl/worksheets/sheet1.xml"
    at = octets.rfind(name) - 46 + 24  # the size in the central directory
    octets[at : at + 4] = (200).to_bytes(4, "little")
    assert "the workbook is damaged" in refusal(tmp_path, bytes(octets))


def test_a_workbook_that_is_cut_gives_no_traceback(tmp_path: Path) -> None:
    whole = xlsx(HEADER + "".join(row(number, f"7705{number:07d}", "x") for number in range(2, 200)))
    for length in range(4, len(whole), 97):
        assert refusal(tmp_path, whole[:length])
    for at in range(40, len(whole), 61):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            rows(tmp_path, bytes(damaged))
        except HeaderError as error:
            assert str(error)  # noqa: PT017 - many are harmless


# --- ODS ------------------------------------------------------------------------------------------


def test_an_ods_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    cells = (
        '<table:table-cell office:value-type="float" office:value="7.7051234567E10"><text:p>7,7E10</text:p>'
        "</table:table-cell>"
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a note</text:p></office:annotation>'
        '<text:p>one<text:s text:c="2"/>two<text:tab/>x</text:p><text:p>three</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2026-11-30T09:05:00"><text:p>x</text:p>'
        "</table:table-cell>"
        '<table:table-cell office:value-type="date" office:date-value="2026-11-30"/>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        '<table:table-cell table:number-columns-repeated="16000"/>'
    )
    octets = ods(
        ods_row("phone", "a", "b", "c", "d")
        + f"<table:table-row>{cells}</table:table-row>"
        + '<table:table-row table:number-rows-repeated="1000"><table:table-cell/></table:table-row>'
        + f'<table:table-row><table:table-cell table:number-columns-repeated="2"/>{ods_text("far")}</table:table-row>'
        + '<table:table-row table:number-rows-repeated="1047000"><table:table-cell/></table:table-row>',
        ods_row("second"),
    )
    assert rows(tmp_path, octets) == [
        ["phone", "a", "b", "c", "d"],
        (2, ["77051234567", "one  two\tx\nthree", "2026-11-30 09:05:00", "2026-11-30", "TRUE"]),
        (1003, ["", "", "far", "", ""]),
    ]
    assert rows(tmp_path, octets, Reading(sheet="Second")) == [["second"]]
    assert refusal(tmp_path, octets, Reading(sheet="x")) == 'the workbook has no sheet "x"; it has: Sheet1, Second'


def test_repetitions_without_end_are_refused(tmp_path: Path) -> None:
    many = ods_row("phone") + ods_row("x", more=' table:number-rows-repeated="99999999999999999999"')
    assert refusal(tmp_path, ods(many)) == "the sheet has more than 1048576 rows"
    wide = '<table:table-cell table:number-columns-repeated="999999" office:value-type="string"><text:p>x</text:p>'
    octets = ods(ods_row("phone") + f"<table:table-row>{wide}</table:table-cell>{ods_text('y')}</table:table-row>")
    assert refusal(tmp_path, octets) == "the sheet has more than 16384 columns"


# --- cells and strings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [("5", "5"), ("7.7051234567E10", "77051234567"), ("0.30000000000000004", "0.3"), ("-3.0", "-3"), ("x", "x")],
)
def test_numbers_lose_what_only_computers_see(value: str, text: str) -> None:
    assert number_text(value) == text


def test_a_time_is_rounded_to_the_second() -> None:
    assert date_text("46356.999999999") == "2026-12-01 00:00"


@pytest.mark.parametrize("in_memory", [0, 1 << 20])
def test_shared_strings_may_live_beside_the_memory(in_memory: int) -> None:
    strings = Strings(in_memory)
    texts = ["", "абв", "x" * 5000, "😀"]
    for text in texts:
        strings.append(text)
    strings.seal()
    assert [strings[index] for index in range(4)] == texts
    with pytest.raises(IndexError):
        strings[4]
    strings.close()


def test_inline_helper_escapes() -> None:
    assert inline("<") == '<c t="inlineStr"><is><t>&lt;</t></is></c>'
