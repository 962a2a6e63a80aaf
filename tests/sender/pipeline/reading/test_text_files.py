"""Delimited files in whatever character set and dialect: found out, shown, or told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain import delimited
from sender.domain.delimited import DelimitedRows, find_dialect
from sender.domain.rows import BadRow, HeaderError
from sender.pipeline.reading.opening import AS_FOUND, Reading, open_rows

RUSSIAN = "телефон;имя;сумма\n87051234567;Андрей Иванович;1 500,00 тенге\n" + "".join(
    f"8705123{number:04d};Уважаемый клиент, ваш заказ готов;{number}\n" for number in range(20)
)
TURKISH = "telefon;isim\n" + "".join(
    f"0501000{n:04d};Sayın müşterimiz, işçi çığlığı, şöför Ağaoğlu\n" for n in range(20)
)


def read(path: Path, octets: bytes, how: Reading = AS_FOUND, name: str = "people.csv") -> tuple[str, list[str], list]:
    file = path / name
    file.write_bytes(octets)
    with open_rows(file, how) as source:
        return source.described, source.titles, list(source)


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (RUSSIAN, "utf-8", "UTF-8"),
        (RUSSIAN, "utf-8-sig", "UTF-8"),
        (RUSSIAN, "utf-16", "UTF-16"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8_r", "koi8-r"),
        (RUSSIAN, "cp866", "cp866"),
        (TURKISH, "cp1254", "windows-1254"),
        ("phone;name\n+77051234567;x\n", "utf-16-le", "UTF-16"),
        ("phone;name\n+77051234567;x\n", "utf-16-be", "UTF-16"),
    ],
)
def test_the_character_set_is_found_out_and_shown(tmp_path: Path, text: str, codec: str, named: str) -> None:
    described, titles, rows = read(tmp_path, text.encode(codec))
    assert described == f"CSV, {named}, separated by semicolons"
    lines = text.splitlines()
    assert titles == lines[0].split(";")
    assert [cells for _, cells in rows] == [line.split(";") for line in lines[1:]]


def test_a_few_damaged_octets_do_not_change_the_character_set(tmp_path: Path) -> None:
    octets = RUSSIAN.encode() + b"87051239999;\xe9t\xe9;1\n"
    described, _, rows = read(tmp_path, octets)
    assert "UTF-8" in described
    [bad] = [row for row in rows if isinstance(row, BadRow)]
    assert (bad.line, bad.reason) == (23, "not UTF-8 (octet 0xE9); save the file as UTF-8")
    assert bad.raw.encode("utf-8", "surrogateescape") == b"87051239999;\xe9t\xe9;1"


def test_a_character_set_may_be_given_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    octets = "phone,name\n87051234567,Жан\n".encode("cp1251")
    assert read(tmp_path, octets, Reading(encoding="windows-1251"))[2] == [(2, ["87051234567", "Жан"])]
    for name in ("cp99999", "hex"):
        with pytest.raises(HeaderError, match="expected a name such as"):
            read(tmp_path, octets, Reading(encoding=name))


@pytest.mark.parametrize(
    ("text", "delimiter", "quote"),
    [
        ("phone,name\n1,2\n", ",", '"'),
        ("phone;sum\n1;2,5\n3;4,5\n", ";", '"'),
        ("phone\tname\n1\t2, 3\n", "\t", '"'),
        ("phone|name\n1|2;3\n", "|", '"'),
        ("'phone','name'\n'1','2,3'\n", ",", "'"),
        ("phone\n1\n", ",", '"'),
        ("phone,name\n1,d'Artagnan\n2,O'Neill\n", ",", '"'),
        ('"phone, or mobile";name\n1;2\n', ";", '"'),
    ],
)
def test_the_dialect_is_the_one_that_makes_a_table(text: str, delimiter: str, quote: str) -> None:
    dialect = find_dialect(text.splitlines())
    assert (dialect.delimiter, dialect.quote) == (delimiter, quote)


def test_a_delimiter_may_be_given(tmp_path: Path) -> None:
    described, titles, rows = read(tmp_path, b"phone:name\n1:2\n", Reading(delimiter=":"))
    assert (described, titles, rows) == ('CSV, UTF-8, separated by ":"', ["phone", "name"], [(2, ["1", "2"])])


def test_a_text_file_of_numbers_needs_no_header(tmp_path: Path) -> None:
    octets = "\ufeff+7 705 123 45 67\r\n\r\n 87051234568;\nabc\n".encode()
    described, titles, rows = read(tmp_path, octets, name="numbers.txt")
    assert described == "numbers, one a line, UTF-8"
    assert titles == ["phone"]
    assert rows == [(1, ["+7 705 123 45 67"]), (3, ["87051234568"]), (4, ["abc"])]


def test_a_text_file_with_a_header_is_delimited(tmp_path: Path) -> None:
    assert read(tmp_path, b"phone;name\n1;2\n", name="people.txt")[1] == ["phone", "name"]


pieces = st.text(alphabet='ab7,;"\n\r\0\udce9\t ', max_size=12)


@given(st.lists(pieces, max_size=12))
def test_a_row_is_read_alike_in_a_block_and_by_itself(rows: list[str]) -> None:
    """The short way through whole blocks changes nothing but the speed."""
    text = "phone,name\n" + "\n".join(rows)
    lines = text.splitlines(keepends=True)
    whole = list(DelimitedRows(lines))
    block, small = delimited._BLOCK, delimited._SMALL
    try:
        delimited._BLOCK = delimited._SMALL = 1  # type: ignore[misc]
        single = list(DelimitedRows(lines))
    finally:
        delimited._BLOCK, delimited._SMALL = block, small  # type: ignore[misc]
    assert whole == single


@pytest.mark.parametrize("name", ["utf-16", "utf-32", "idna", "undefined"])
def test_a_character_set_in_which_nothing_can_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HeaderError, match=r"cannot be read as|is no character set"):
        read(tmp_path, b"phone,name\n87051234567,Ann\n" + b"x" * 300, Reading(encoding=name))
