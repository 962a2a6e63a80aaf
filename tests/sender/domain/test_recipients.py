import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.domain.delimited import DelimitedRows
from sender.domain.phone import BadNumber, NumberReader
from sender.domain.recipients import Recipient, Recipients
from sender.domain.rows import BadRow, HeaderError


def read(text: str | bytes, region: str = "KZ") -> list[Recipient | BadRow]:
    return list(opened(text, region))


def opened(text: str | bytes, region: str = "KZ") -> Recipients:
    octets = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    lines = io.TextIOWrapper(io.BytesIO(octets), encoding="utf-8", errors="surrogateescape", newline="")
    return Recipients(DelimitedRows(lines), region)


def bad(text: str | bytes) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read(text) if isinstance(row, BadRow)]


def good(text: str | bytes) -> list[tuple[int, str]]:
    return [(row.row, row.number) for row in read(text) if isinstance(row, Recipient)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_plain_file_is_read_whatever_its_delimiter_line_ends_and_bom(delimiter, end, bom):
    lines = [["Phone", " Name "], ["+77051234567", "Айгерім"], ["87051234568", ""]]
    assert read(bom + end.join(delimiter.join(line) for line in lines)) == [
        Recipient(2, "77051234567", {"phone": "+77051234567", "name": "Айгерім"}),
        Recipient(3, "77051234568", {"phone": "87051234568", "name": ""}),
    ]


def test_only_the_header_decides_the_delimiter():
    assert read('name;phone\n"a,b,c,d";77051234567\n') == [
        Recipient(2, "77051234567", {"name": "a,b,c,d", "phone": "77051234567"})
    ]


def test_the_line_that_tells_excel_the_delimiter_is_understood():
    assert good("sep=;\nphone;sum\n77051234567;1,5\n") == [(3, "77051234567")]


def test_quotes_hold_delimiters_quotes_and_line_breaks():
    rows = read('phone,note\n77051234567,"a ""b"", c\nd"\n77051234568,x\n')
    assert rows[0] == Recipient(2, "77051234567", {"phone": "77051234567", "note": 'a "b", c\nd'})
    assert rows[1].row == 4


def test_the_number_column_has_many_names_and_the_clearest_one_wins():
    assert opened("number,phone\n").number_column == "phone"
    assert opened("Телефон\n").number_column == "телефон"
    assert opened("order,MSISDN\n").number_column == "msisdn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("name,order\n", 'found "name", "order"; expected one of: phone, msisdn'),
        ("77051234567,Ivan\n", "the first line is data"),
        ("phone,name,Name\n", 'two columns are called "name"'),
        ("phone,phone\n", 'two columns are called "phone"'),
        ('phone,"name\n', "a quote is never closed"),
        ("phone,имя\n".encode("utf-16"), "not text .it has NUL"),
        ("phone,имя\n".encode("utf-16-be"), "not text .it has NUL"),
        ("phone,имя\n".encode("cp1251"), "not UTF-8 .octet 0xE8"),
        (b"PK\x03\x04\x00\x00", "not text"),
    ],
)
def test_a_header_that_cannot_be_used_is_one_clear_error(text, words):
    with pytest.raises(HeaderError, match=words):
        opened(text)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Ivan", "no number"),
        ("   ,Ivan", "no number"),
        (",", "no number"),
        ("77051234567,Ivan,x", "3 cells, the header has 2; a cell that contains the delimiter needs quotes"),
        ("77051234567", "only 1 of 2 cells"),
        ("12345,Ivan", '"12345" is not a phone number: too few digits'),
        ("770512345678,Ivan", '"770512345678" is not a phone number: the wrong count of digits'),
        ("7705123456789012,Ivan", '"7705123456789012" is not a phone number: too many digits'),
        ("+99912345678,Ivan", '"+99912345678" is not a phone number: no such country code'),
        ("+70001234567,Ivan", "has this range"),
        ("8705l234567,Ivan", 'it contains "l"'),
        ("7.7051E+10,Ivan", "rounded by a spreadsheet"),
        ("n/a,Ivan", 'it contains "n"'),
        ("--,Ivan", "it has no digits"),
        ("77051234567,a\0b", "a NUL character in the row"),
        ("77051234567," + "x" * 2001, 'the cell "name" has 2001 characters; at most 2000'),
        ('77051234567,"Ivan" x', "text after a closing quote"),
    ],
)
def test_a_bad_row_has_its_line_and_a_reason_and_the_rest_goes_on(row, reason):
    text = f"phone,name\n77051111111,a\n{row}\n77051111112,b\n"
    [(line, said)] = bad(text)
    assert line == 3
    assert reason in said
    assert good(text) == [(2, "77051111111"), (4, "77051111112")]


def test_the_raw_row_is_kept_as_it_stands_in_the_file():
    [row] = read('phone,name\n"123","a ""b"""\r\n')
    assert isinstance(row, BadRow)
    assert row.raw == '"123","a ""b"""'


def test_an_undecodable_row_is_bad_and_its_octets_can_be_written_back():
    line = "77051234567,Иван".encode("cp1251")
    [row] = read(b"phone,name\n" + line + b"\n")
    assert isinstance(row, BadRow)
    assert "not UTF-8 (octet 0xC8)" in row.reason
    assert row.raw.encode("utf-8", "surrogateescape") == line


def test_blank_lines_are_not_rows():
    assert read("phone\n\n77051234567\n\r\n\n") == [Recipient(3, "77051234567", {"phone": "77051234567"})]


def test_empty_cells_beyond_the_header_are_forgiven():
    assert good("phone,name\n77051234567,a,,\n") == [(2, "77051234567")]


def test_an_unnamed_column_is_read_over():
    assert read("phone,,name\n77051234567,x,y\n")[0].fields == {"phone": "77051234567", "name": "y"}


def test_a_number_stands_once_however_it_is_written():
    text = "phone\n87051234567\n+7 (705) 123-45-67\n77051234568\n7705-123-4567\n"
    assert good(text) == [(2, "77051234567"), (4, "77051234568")]
    assert bad(text) == [(3, "duplicate of line 2 (+77051234567)"), (5, "duplicate of line 2 (+77051234567)")]


def test_a_bad_row_does_not_make_a_later_good_one_a_duplicate():
    assert good("phone,name\n77051234567\n77051234567,a\n") == [(3, "77051234567")]


@pytest.mark.parametrize("quote_at", [1, 2, 3])
def test_a_quote_that_is_never_closed_costs_one_row(quote_at):
    rows = [f"7705111111{index},name{index}" for index in range(5)]
    rows[quote_at] = f'77052222222,"name{quote_at}'
    found = read("phone,name\n" + "\n".join(rows) + "\n")
    assert [row.line for row in found if isinstance(row, BadRow)] == [quote_at + 2]
    assert len(found) == 5


def test_a_quote_closed_in_a_later_row_does_not_swallow_the_rows_between():
    text = 'phone,name\n77051111111,"Ivan\n77051111112,Petr\n77051111113,x"\n77051111114,y\n'
    assert good(text) == [(3, "77051111112"), (4, "77051111113"), (5, "77051111114")]
    assert bad(text) == [(2, "a quote is never closed: it runs into the row of line 3")]


def test_a_runaway_quote_in_a_large_file_stops_after_a_few_lines():
    lines = ["phone,name", '77052222222,"x', *(f"note {index}" for index in range(100))]
    found = read("\n".join(lines))
    assert [row.line for row in found] == list(range(2, 103))
    assert found[0].reason == "a quote is never closed"


def test_a_cell_longer_than_the_parser_takes_is_one_bad_row():
    text = "phone,name\n77051111111," + "x" * 200_000 + "\n77051111112,b\n"
    [(line, reason)] = bad(text)
    assert (line, good(text)) == (2, [(3, "77051111112")])
    assert "at most 2000" in reason


def test_lines_are_read_some_at_a_time():
    def lines():
        yield "phone\n"
        for number in range(5_000):
            yield f"7705{number:07d}\n"
        raise AssertionError("the whole file was read ahead")

    assert next(iter(Recipients(DelimitedRows(lines()), "KZ"))).number == "77050000000"


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+7 705 000 00 01", "KZ", "77050000001"),
        ("87050000001", "KZ", "77050000001"),
        ("7050000001", "KZ", "77050000001"),
        ("77050000001", "TR", "77050000001"),  # another country's digits without the plus
        ("905010000000", "KZ", "905010000000"),
        ("0501 000 00 00", "TR", "905010000000"),
        ("00905010000000", "KZ", "905010000000"),
        ("+79000000000", "KZ", "79000000000"),
        ("'87050000001", "KZ", "77050000001"),
        ("+7\u00a0705\u00a0000\u00a000\u00a001", "KZ", "77050000001"),
        ("8\u2013705\u2013000\u201300\u201301", "KZ", "77050000001"),
    ],
)
def test_numbers_are_understood_as_people_write_them(written, region, number):
    assert NumberReader(region).read(written) == number


@pytest.mark.parametrize("written", ["+7+7050000001", "77050000001;ext=5", "tel:+77050000001", "1-800-FLOWERS"])
def test_what_is_more_than_a_number_is_refused(written):
    with pytest.raises(BadNumber):
        NumberReader("KZ").read(written)


cells = st.text(alphabet='ab7,;"\n\r\0\udce9\t ', max_size=12)


@given(st.lists(cells, max_size=12), st.sampled_from(["phone,name", "phone;name;x", "phone"]))
def test_any_text_under_a_header_gives_rows_in_the_order_of_lines_and_no_exception(rows, header):
    text = (header + "\n" + "\n".join(rows)).encode("utf-8", "surrogateescape")
    found = read(text)
    lines = [row.row if isinstance(row, Recipient) else row.line for row in found]
    assert lines == sorted(set(lines))
    assert all(2 <= line <= text.count(b"\n") + text.count(b"\r") + 1 for line in lines)


@given(st.binary(max_size=80))
def test_any_octets_give_rows_or_a_header_error(octets):
    with contextlib.suppress(HeaderError):
        read(octets)


@given(st.binary(max_size=80))
def test_any_octets_in_rows_are_survived(octets):
    read(b"phone,name\n" + octets)
