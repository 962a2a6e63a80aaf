#!/usr/bin/env python3
"""Make scenarios/data/recipients.csv: 10,000 recipients as a shop's export really looks, broken rows too.

The same seed gives the same octets on every Python from 3.11 on, so the file can be checked against this
script (`--check`), and a change to either shows up in review. Rows are of three sorts:

* plain rows, in the forms people write numbers in;
* odd rows (ODD): unusual, but a sender must take them;
* broken rows (BROKEN, 1 % of the file): each must be rejected with its line and a reason, and stop nothing.

Usage: make_recipients.py [--seed N] [--rows N] [--output FILE | --check FILE]
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

SEED = 20260101
ROWS = 10_000
COLUMNS = ("phone", "name", "city", "order", "sum", "currency", "due")
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "scenarios" / "data" / "recipients.csv"


@dataclass(frozen=True)
class Names:
    """Given and family names that go together: one script, one gender where the language marks it."""

    given: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True)
class Country:
    """What the rows of one country are drawn from; `weight` is its share of the rows in percent."""

    region: str
    weight: int
    calling_code: str
    mobile_codes: tuple[str, ...]
    currency: str
    sums: tuple[int, int]
    cities: tuple[str, ...]
    names: tuple[Names, ...]


KAZAKH_WOMEN = Names(
    given=("Әсем", "Айгүл", "Гүлнар", "Ұлжан", "Іңкәр", "Мөлдір", "Тоғжан", "Шынар"),
    family=("Әбдіқадырова", "Нұрғалиева", "Өтегенова", "Тілеубаева", "Ыбыраева", "Жұмағұл"),
)
KAZAKH_MEN = Names(
    given=("Жәнібек", "Қайрат", "Нұрсұлтан", "Өмірзақ", "Ерлан", "Бауыржан", "Әлихан"),
    family=("Қасымұлы", "Өтегенов", "Сәрсенбай", "Тілеубаев", "Һашимов", "Жұмағұл"),
)
RUSSIAN_WOMEN = Names(
    given=("Анна", "Алёна", "Екатерина", "Мария", "Наталья", "Юлия"),
    family=("Иванова", "Королёва", "Кузнецова", "Петрова", "Смирнова", "Щербакова"),
)
RUSSIAN_MEN = Names(
    given=("Дмитрий", "Игорь", "Пётр", "Сергей", "Фёдор", "Эдуард"),
    family=("Королёв", "Морозов", "Семёнов", "Соловьёв", "Цой", "Яковлев"),
)
TURKISH = Names(
    given=("Ayşe", "Büşra", "Çağla", "Emre", "Gülşen", "Işıl", "İbrahim", "Ömer", "Şükrü", "Uğur", "Zeynep"),
    family=("Aydın", "Çelik", "Doğan", "Güneş", "Kılıç", "Öztürk", "Şahin", "Yıldız", "Yılmaz", "Ünlü"),
)
LATIN = Names(
    given=("Arman", "Daniyar", "Marat", "Ruslan", "Sasha", "Timur", "Viktor"),
    family=("Kim", "Lee", "O'Neill", "Schmidt", "Seitkali", "Weber", "Zhumabek"),
)

# Numbers of the right shape that are plainly generated: every subscriber number begins with 000, and the
# Russian codes are ones that no mobile network is known to use.
COUNTRIES = (
    Country(
        region="KZ",
        weight=55,
        calling_code="7",
        mobile_codes=("705", "777", "701", "775", "747", "707"),
        currency="KZT",
        sums=(1_500, 240_000),
        cities=("Алматы", "Астана", "Шымкент", "Қарағанды", "Өскемен", "Ақтөбе", "Kostanay"),
        names=(KAZAKH_WOMEN, KAZAKH_MEN, RUSSIAN_WOMEN, RUSSIAN_MEN, LATIN),
    ),
    Country(
        region="RU",
        weight=25,
        calling_code="7",
        mobile_codes=("972", "973", "974", "976"),
        currency="RUB",
        sums=(300, 60_000),
        cities=("Москва", "Санкт-Петербург", "Казань", "Орёл", "Екатеринбург", "Omsk"),
        names=(RUSSIAN_WOMEN, RUSSIAN_MEN, LATIN),
    ),
    Country(
        region="TR",
        weight=20,
        calling_code="90",
        mobile_codes=("532", "542", "505"),
        currency="TRY",
        sums=(100, 25_000),
        cities=("İstanbul", "Ankara", "İzmir", "Eskişehir", "Muğla", "Antalya"),
        names=(TURKISH, TURKISH, LATIN),
    ),
)


LEGAL_NAMES = {
    "KZ": "«Шығыс Қазақстан өңірлік көлік логистикасы» жауапкершілігі шектеулі серіктестігі",
    "RU": "Общество с ограниченной ответственностью «Северо-Западная транспортная логистика»",
    "TR": "Güneydoğu Anadolu Taşımacılık, Depolama ve Lojistik Hizmetleri Anonim Şirketi",
}


class Person(NamedTuple):
    """One recipient before it is written down."""

    country: Country
    national: str  # the ten national digits
    name: str
    city: str
    order: str
    sum: str
    due: str

    @property
    def e164(self) -> str:
        """The number as +, calling code, national digits."""
        return f"+{self.country.calling_code}{self.national}"

    def cells(self, **instead: str) -> list[str]:
        """The row's cells in COLUMNS order; `instead` names the columns to write otherwise."""
        values = {
            "phone": self.e164,
            "name": self.name,
            "city": self.city,
            "order": self.order,
            "sum": self.sum,
            "currency": self.country.currency,
            "due": self.due,
        } | instead
        return [values[column] for column in COLUMNS]


class Row(NamedTuple):
    """One line of the file: its kind ("plain", a key of ODD or BROKEN) and its octets without the newline."""

    kind: str
    octets: bytes


def csv_line(cells: list[str]) -> bytes:
    """`cells` as one CSV line in UTF-8, without the newline."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode()


def pick(rng: Random, among: tuple[str, ...]) -> str:
    """One of `among`."""
    return among[rng.randrange(len(among))]


class People:
    """Draws recipients; no two share a number."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.numbers: set[str] = set()
        self.order = 104_000

    def draw(self) -> Person:
        """The next recipient, of any country."""
        return self.draw_from(self._country())

    def draw_from(self, country: Country) -> Person:
        """The next recipient, of this country."""
        rng = self.rng
        while True:
            national = f"{pick(rng, country.mobile_codes)}000{rng.randrange(10_000):04d}"
            if country.calling_code + national not in self.numbers:
                break
        self.numbers.add(country.calling_code + national)
        names = country.names[rng.randrange(len(country.names))]
        self.order += 1 + rng.randrange(9)
        low, high = country.sums
        amount = low + rng.randrange(high - low)
        return Person(
            country=country,
            national=national,
            name=f"{pick(rng, names.given)} {pick(rng, names.family)}",
            city=pick(rng, country.cities),
            order=f"{country.region}-{self.order}",
            sum=str(amount) if rng.random() < 0.7 else f"{amount}.{rng.randrange(100):02d}",
            due=f"2026-{1 + rng.randrange(12):02d}-{1 + rng.randrange(28):02d}",
        )

    def _country(self) -> Country:
        mark = self.rng.randrange(100)
        for country in COUNTRIES:
            if mark < country.weight:
                return country
            mark -= country.weight
        raise AssertionError("the weights add up to 100")


def plain(person: Person, rng: Random) -> bytes:
    """A good row: most numbers in E.164, the rest as people type them (the file's country is KZ)."""
    prefix = person.e164[:-10]
    n = person.national
    spelled = [f"{prefix} ({n[:3]}) {n[3:6]}-{n[6:8]}-{n[8:]}", f"{prefix} {n[:3]} {n[3:6]} {n[6:]}"]
    forms = [person.e164] * 7 + spelled
    if person.country.region == "KZ":
        forms += [f"8 {n[:3]} {n[3:6]} {n[6:8]} {n[8:]}", f"8{n}", f"7{n}"]
    return csv_line(person.cells(phone=forms[rng.randrange(len(forms))]))


# Odd rows: to be sent


def no_name(person: Person, rng: Random) -> bytes:
    """The name is empty: what a template's fallback is for."""
    return csv_line(person.cells(name=""))


def emoji_name(person: Person, rng: Random) -> bytes:
    """A name with characters outside the basic plane, joined by U+200D."""
    return csv_line(person.cells(name=f"{person.name} {pick(rng, ('💐', '👩‍👧', '🧑🏽‍🚀', '🇰🇿'))}"))


def quoted_cells(person: Person, rng: Random) -> bytes:
    """Commas and doubled quotes inside quoted cells."""
    return csv_line(person.cells(name=f'{person.name}, "Рассвет" LLP'))


def padded_cells(person: Person, rng: Random) -> bytes:
    """Blanks around the number, ordinary ones and no-break spaces."""
    blank = pick(rng, (" ", "  ", "\u00a0"))
    return csv_line(person.cells(phone=f" {person.e164}{blank}"))


def long_name(person: Person, rng: Random) -> bytes:
    """A legal entity's full name: the message needs several segments."""
    return csv_line(person.cells(name=LEGAL_NAMES[person.country.region]))


ODD: dict[str, tuple[int, Callable[[Person, Random], bytes]]] = {
    "no_name": (150, no_name),
    "emoji_name": (60, emoji_name),
    "quoted_cells": (40, quoted_cells),
    "padded_cells": (30, padded_cells),
    "long_name": (20, long_name),
}

# Broken rows: to be rejected


def empty_number(person: Person, rng: Random) -> bytes:
    """No number at all."""
    return csv_line(person.cells(phone=""))


def words_for_number(person: Person, rng: Random) -> bytes:
    """A remark where the number should be."""
    return csv_line(person.cells(phone=pick(rng, ("n/a", "нет", "yok", "call the office", "-", "#REF!"))))


def letter_in_number(person: Person, rng: Random) -> bytes:
    """The letter O (Latin or Cyrillic) typed for a zero."""
    head, tail = person.e164.split("000", 1)
    return csv_line(person.cells(phone=f"{head}0{pick(rng, ('O', 'О', 'o'))}0{tail}"))


def too_short(person: Person, rng: Random) -> bytes:
    """The last digits are missing."""
    return csv_line(person.cells(phone=person.e164[: -2 - rng.randrange(2)]))


def too_long(person: Person, rng: Random) -> bytes:
    """Digits too many."""
    return csv_line(person.cells(phone=f"{person.e164}{rng.randrange(100, 1000)}"))


def landline_without_code(person: Person, rng: Random) -> bytes:
    """A six-digit landline number without its area code."""
    number = f"{rng.randrange(210_000, 990_000)}"
    return csv_line(person.cells(phone=f"{number[:2]}-{number[2:4]}-{number[4:]}"))


def no_such_country(person: Person, rng: Random) -> bytes:
    """A calling code that is not assigned."""
    return csv_line(person.cells(phone=f"+{pick(rng, ('999', '210', '801'))}{person.national}"))


def spreadsheet_number(person: Person, rng: Random) -> bytes:
    """What a spreadsheet makes of eleven digits."""
    return csv_line(person.cells(phone=f"{person.e164[1]}.{person.e164[2:7]}E+10"))


def too_few_cells(person: Person, rng: Random) -> bytes:
    """The export stopped in the middle of the row."""
    return csv_line(person.cells()[: 2 + rng.randrange(4)])


def too_many_cells(person: Person, rng: Random) -> bytes:
    """A decimal comma in the sum, not quoted."""
    whole = person.sum.partition(".")[0]
    return csv_line(person.cells(sum="|")).replace(b"|", f"{whole},50".encode())


def unbalanced_quote(person: Person, rng: Random) -> bytes:
    """A quote opened before the name and closed only at the end of the row: it swallows the cells between."""
    phone, *rest = person.cells()
    return f'{phone},"{",".join(rest)}"'.encode()


def open_quote(person: Person, rng: Random) -> bytes:
    """A quote opened before the name and never closed: the rows after it must not be lost."""
    phone, *rest = person.cells()
    return f'{phone},"{",".join(rest)}'.encode()


def endless_cell(person: Person, rng: Random) -> bytes:
    """A whole document pasted into a cell."""
    return csv_line(person.cells(name=f"{person.name} " * 400))


def not_utf8(person: Person, rng: Random) -> bytes:
    """A row pasted from a file in a Windows code page: its octets are not UTF-8."""
    turkish = person.country.region == "TR"
    name, codepage = ("Gülşen Çelik", "cp1254") if turkish else ("Пётр Королёв", "cp1251")
    return csv_line(person.cells(name="|", city="")).replace(b"|", name.encode(codepage))


def duplicate(person: Person, rng: Random) -> bytes:
    """A number already in the file, written in another form; `person` is the earlier recipient."""
    n = person.national
    return csv_line(person.cells(phone=f"+{person.country.calling_code} {n[:3]} {n[3:6]}-{n[6:]}"))


BROKEN: dict[str, tuple[int, Callable[[Person, Random], bytes]]] = {
    "duplicate": (14, duplicate),
    "letter_in_number": (9, letter_in_number),
    "too_short": (9, too_short),
    "empty_number": (8, empty_number),
    "words_for_number": (8, words_for_number),
    "too_long": (8, too_long),
    "landline_without_code": (8, landline_without_code),
    "too_few_cells": (8, too_few_cells),
    "too_many_cells": (8, too_many_cells),
    "no_such_country": (5, no_such_country),
    "spreadsheet_number": (5, spreadsheet_number),
    "unbalanced_quote": (3, unbalanced_quote),
    "open_quote": (2, open_quote),
    "endless_cell": (2, endless_cell),
    "not_utf8": (3, not_utf8),
}


def kinds_by_row(rng: Random, rows: int) -> list[str]:
    """The kind of every row: the counts of ODD and BROKEN hold for 10,000 rows and scale with `rows`."""
    special = [
        kind
        for table in (ODD, BROKEN)
        for kind, (count, _make) in table.items()
        for _ in range(max(1, round(count * rows / ROWS)))
    ]
    kinds = ["plain"] * rows
    # The first rows stay plain: who opens the file sees good rows, and a duplicate has something to repeat.
    calm = min(25, rows // 4)
    for place, kind in zip(rng.sample(range(calm, rows), len(special)), special, strict=True):
        kinds[place] = kind
    return kinds


def make_rows(seed: int = SEED, rows: int = ROWS) -> Iterator[Row]:
    """The rows after the header, in file order."""
    rng = Random(seed)
    people = People(rng)
    sent: list[Person] = []
    for kind in kinds_by_row(rng, rows):
        if kind == "duplicate":
            yield Row(kind, duplicate(sent[rng.randrange(len(sent))], rng))
            continue
        person = people.draw()
        if kind == "plain":
            sent.append(person)
            yield Row(kind, plain(person, rng))
        elif kind in ODD:
            yield Row(kind, ODD[kind][1](person, rng))
        else:
            yield Row(kind, BROKEN[kind][1](person, rng))


def make_file(seed: int = SEED, rows: int = ROWS) -> bytes:
    """The whole file, header first, lines ended by a single newline."""
    lines = [csv_line(list(COLUMNS)), *(row.octets for row in make_rows(seed, rows))]
    return b"\n".join(lines) + b"\n"


def main(argv: list[str] | None = None) -> int:
    """Write or check the file; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the recipients file of the example scenarios.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rows", type=int, default=ROWS, help="at least 1000: every kind needs a place")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    target.add_argument("--check", type=Path, metavar="FILE", help="compare only; exit code 1 if it differs")
    options = parser.parse_args(argv)
    if options.rows < 1000:
        parser.error(f"--rows {options.rows}: at least 1000")
    content = make_file(options.seed, options.rows)
    if options.check is None:
        options.output.write_bytes(content)
        print(f"{options.output}: {options.rows} rows, {len(content)} octets")
        return 0
    if options.check.read_bytes() == content:
        return 0
    print(f"{options.check}: differs from what this script makes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
