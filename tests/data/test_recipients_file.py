"""scenarios/data/recipients.csv is what its script makes, and holds what its README says."""

import csv
import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import phonenumbers
import pytest

from sender.domain.delimited import DelimitedRows
from sender.domain.recipients import Recipient, Recipients
from sender.domain.rows import BadRow

ROOT = Path(__file__).parents[2]
DATA = ROOT / "scenarios" / "data"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_recipients", ROOT / "scripts" / "make_recipients.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(maker: ModuleType) -> list:
    return list(maker.make_rows())


def test_the_script_makes_the_file_octet_for_octet(maker: ModuleType) -> None:
    assert (DATA / "recipients.csv").read_bytes() == maker.make_file()


def test_another_seed_makes_another_file(maker: ModuleType) -> None:
    assert maker.make_file(seed=1, rows=1000) != maker.make_file(seed=2, rows=1000)


def test_the_check_finds_a_changed_file(maker: ModuleType, tmp_path: Path) -> None:
    changed = tmp_path / "recipients.csv"
    changed.write_bytes(maker.make_file().replace(b"2026-01-13", b"2026-01-14", 1))
    assert maker.main(["--check", str(changed)]) == 1
    assert maker.main(["--check", str(DATA / "recipients.csv")]) == 0


def test_one_row_in_a_hundred_is_broken_and_every_kind_is_there(maker: ModuleType, rows: list) -> None:
    counts = Counter(row.kind for row in rows)
    assert counts.total() == 10_000
    for table in (maker.ODD, maker.BROKEN):
        for kind, (count, _make) in table.items():
            assert counts[kind] == count, kind
    assert sum(counts[kind] for kind in maker.BROKEN) == 100


def test_the_readme_counts_the_kinds(maker: ModuleType) -> None:
    readme = (DATA / "README.md").read_text()
    stated = {kind: int(count) for kind, count in re.findall(r"^\| `(\w+)` \| (\d+) \|", readme, re.MULTILINE)}
    assert stated == {kind: count for table in (maker.ODD, maker.BROKEN) for kind, (count, _) in table.items()}
    for column in maker.COLUMNS:
        assert re.search(rf"^\| `{column}` \| [^\d]", readme, re.MULTILINE), column


def test_good_rows_are_good_and_their_numbers_differ(maker: ModuleType, rows: list) -> None:
    seen = set()
    for row in rows:
        if row.kind in maker.BROKEN:
            continue
        (cells,) = csv.reader([row.octets.decode()], strict=True)
        assert len(cells) == len(maker.COLUMNS), cells
        number = phonenumbers.parse(cells[0], "KZ")
        assert phonenumbers.is_valid_number(number), cells
        seen.add(number.country_code * 10**10 + number.national_number)
    assert len(seen) == 9_900


def test_the_names_are_in_three_scripts(rows: list) -> None:
    text = b"\n".join(row.octets for row in rows if row.kind == "plain").decode()
    for letters in ("әғқңөұүіһ", "ёйщэ", "çğıöşüİ", "KWZ"):
        for letter in letters:
            assert letter in text or letter.upper() in text, letter


def test_the_sender_rejects_the_broken_rows_and_takes_all_others(maker: ModuleType, rows: list) -> None:
    lines = (DATA / "recipients.csv").open(encoding="utf-8", errors="surrogateescape", newline="")
    with lines:
        outcomes = list(Recipients(DelimitedRows(lines), "KZ"))
    assert len(outcomes) == len(rows)
    for line, (row, outcome) in enumerate(zip(rows, outcomes, strict=True), start=2):
        if row.kind in maker.BROKEN:
            assert isinstance(outcome, BadRow), (row, outcome)
            assert outcome.line == line
            assert re.search(REASONS[row.kind], outcome.reason), (row.kind, outcome.reason)
        else:
            assert isinstance(outcome, Recipient), (row, outcome)
            assert outcome.row == line


REASONS = {
    "duplicate": r"duplicate of line \d+",
    "letter_in_number": "contains",
    "too_short": "too few digits|wrong count|area code|no operator",
    "empty_number": "no number",
    "words_for_number": "not a phone number",
    "too_long": "too many digits|wrong count|no operator",
    "landline_without_code": "area code|too few digits|wrong count|no operator",
    "too_few_cells": r"only \d of 7 cells",
    "too_many_cells": "8 cells, the header has 7",
    "no_such_country": "no such country code",
    "spreadsheet_number": "spreadsheet",
    "unbalanced_quote": r"only \d of 7 cells",
    "open_quote": "quote is never closed",
    "endless_cell": "characters",
    "not_utf8": "not UTF-8",
}


def test_every_kind_of_broken_row_has_its_reason(maker: ModuleType) -> None:
    assert set(REASONS) == set(maker.BROKEN)
