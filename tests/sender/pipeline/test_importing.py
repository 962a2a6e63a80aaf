import csv
from pathlib import Path

import pytest

from sender.domain.message import MessageClass
from sender.domain.recipients import Recipient
from sender.domain.routing import Route, Router, Target
from sender.domain.rows import BadRow, HeaderError
from sender.domain.template import Template, TemplateError
from sender.pipeline.compose import Composer, Wording
from sender.pipeline.importing import rehearse
from sender.pipeline.reading.opening import open_recipients
from sender.pipeline.rejects import RejectsFile
from sender.pipeline.screening import Blocked, Screened, Screening, nobody
from smppkit.text import Alphabet

ROUTER = Router([Route((Target("beeline"),), "7705"), Route((Target("kcell"),), "7701")])
WORDINGS = {"beeline": Wording(), "kcell": Wording(alphabets=(Alphabet.GSM7,))}


def RAW() -> str:  # noqa: N802 - a constant where it is used
    return "+77051112233,as it stands"


def composer(text: str = "Dear {name}, order {order|-}") -> Composer:
    return Composer(Template.compile(text), "SHOP", MessageClass.SERVICE, WORDINGS)


def screen(row: Recipient | BadRow, made: Composer, blocked: Blocked = nobody) -> Screened | BadRow:
    return Screening(made, ROUTER, RAW, blocked).screen(row)


def recipient(number: str = "77051112233", **fields: str) -> Recipient:
    return Recipient(5, number, fields)


def test_a_good_row_becomes_a_message_with_the_fields_that_the_text_uses() -> None:
    screened = screen(recipient(name="Aset"), composer())
    assert isinstance(screened, Screened)
    assert screened.message.operator == "beeline"
    assert screened.message.fields == {"name": "Aset"}
    assert (screened.text, screened.segments) == ("Dear Aset, order -", 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (recipient("77471112233", name="A"), "no route for +77471112233"),
        (recipient(name=" "), 'nothing in the column "name", and no fallback for it (template, character 6)'),
        (recipient("77011112233", name="Әсет"), "Ә"),
        (recipient(name="long " * 8000), "255"),
    ],
)
def test_what_would_fail_later_is_a_bad_row_now(row: Recipient, reason: str) -> None:
    screened = screen(row, composer())
    assert isinstance(screened, BadRow)
    assert screened.line == 5
    assert reason in screened.reason
    assert screened.raw == RAW()


def test_an_empty_text_is_a_bad_row() -> None:
    screened = screen(recipient(), composer("{name|}"))
    assert isinstance(screened, BadRow)
    assert screened.reason == "the text is empty"


def test_a_bad_row_stays_one() -> None:
    bad = BadRow(3, "x", "no number")
    assert screen(bad, composer()) is bad


def test_rejects_can_be_read_back_whatever_they_contain(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectsFile(path) as rejects:
        rejects.add(BadRow(7, 'a,"b"\nc\udce9', 'a "reason", with comma'))
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "reason", "raw"],
            ["7", 'a "reason", with comma', 'a,"b"\nc\udce9'],
        ]


def test_without_bad_rows_no_rejects_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("of an earlier run", encoding="utf-8")
    with RejectsFile(path):
        pass
    assert not path.exists()


def test_a_rehearsal_counts_everything_and_shows_the_first(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = ["phone,name", *(f"+7705{number:07d},N{number}" for number in range(10)), "+77011112233,Асет", "x,y"]
    path.write_text("\n".join(rows), encoding="utf-8")
    template = Template.compile("Dear {name}, " + "hello " * 30)
    made = Composer(template, "SHOP", MessageClass.SERVICE, WORDINGS)
    found = rehearse(path, region="KZ", template=template, composer=made, router=ROUTER, show=2)
    assert (found.rows, found.messages, found.segments, found.rejected) == (12, {"beeline": 10}, {"beeline": 20}, 2)
    assert [sample.number for sample in found.samples] == ["77050000000", "77050000001"]
    assert found.samples[0].alphabet == "gsm7"
    assert [row.line for row in found.bad_rows] == [12, 13]


def test_header_mistakes_are_told_before_any_row(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("phone,name\n", encoding="utf-8")
    with (
        pytest.raises(TemplateError, match='did you mean "name"'),
        open_recipients(path, "KZ", Template.compile("{nane}")),
    ):
        pass
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(HeaderError), open_recipients(path, "KZ", Template.compile("hi")):
        pass
    with pytest.raises(FileNotFoundError), open_recipients(tmp_path / "none.csv", "KZ", Template.compile("hi")):
        pass
