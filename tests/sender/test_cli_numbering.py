"""``sender numbering`` and ``sender routes``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.store.sqlite import SqliteStore

CONFIG = """\
country: RU
operators:
  direct: {host: a.example, system_id: shop, password: secret}
  aggregator: {host: b.example, system_id: shop, password: secret}
routes:
  - network: [mts-ru, beeline-ru]
    to: [{account: direct, price: 2.8}, {account: aggregator, price: 3.1}]
    prefer: price
  - {network: yota-ru, class: code, operator: direct}
  - {prefix: "7", operator: aggregator}
"""
PLAN = Path(__file__).parents[1] / "data" / "ru-def.csv"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "plan.csv").write_bytes(PLAN.read_bytes())
    return tmp_path


def run(home: Path, *words: str) -> Result:
    command, *rest = words
    at = 1 if command == "numbering" else 0
    line = [command, *rest[:at], "--config", "~/sender.yaml", *rest[at:]]
    return CliRunner().invoke(main, [word.replace("~", str(home)) for word in line])


def imported(home: Path, text: str | bytes, *options: str) -> Result:
    (home / "given.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return run(home, "numbering", "import", "~/given.csv", *options)


def test_a_plan_of_the_registry_is_imported_and_asked(home: Path) -> None:
    result = run(home, "numbering", "import", "~/plan.csv", "--format", "ru-def")
    assert (result.exit_code, result.stdout) == (0, "plan: 6 ranges\n")
    assert "plan: 6 rows of plan.csv, imported" in run(home, "numbering", "list").stdout
    shown = run(home, "numbering", "show", "8 900 001-23-45")
    assert shown.stdout == (
        '+79000012345: t2-ru\n  known from: numbering plan (ООО "Т2 Мобайл", 79000000-79000061)\n'
        "  region: Краснодарский край\n"
    )


def test_without_a_store_what_comes_with_the_program_is_used(home: Path) -> None:
    shown = run(home, "numbering", "show", "+77051234567")
    assert shown.stdout == "+77051234567: beeline-kz\n  known from: phonenumbers (Beeline)\n"
    assert not (home / "campaign.sqlite").exists()


def test_ported_numbers_override_and_a_list_of_the_same_name_is_replaced(home: Path) -> None:
    run(home, "numbering", "import", "~/plan.csv", "--format", "ru-def")
    for operator in ("Beeline", "MegaFon"):
        text = f"number,operator\n+79161234567,{operator}\n"
        assert imported(home, text, "--format", "ported", "--name", "mnp").stdout == "mnp: 1 numbers\n"
    shown = run(home, "numbering", "show", "+79161234567").stdout
    assert shown == "+79161234567: megafon-ru\n  known from: ported number (MegaFon)\n"
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    assert store.database.conn.execute("SELECT count(*) FROM ported_numbers").fetchone() == (1,)
    store.close()


def test_a_file_of_windows_is_understood(home: Path) -> None:
    text = PLAN.read_text(encoding="utf-8").encode("cp1251")
    assert imported(home, text, "--format", "ru-def").exit_code == 0
    assert "region: г. Санкт-Петербург" in run(home, "numbering", "show", "+79951000001").stdout


@pytest.mark.parametrize(
    ("text", "form", "line"),
    [
        ("prefix,operator\n7916,MTS\n79x,MTS\n", "csv", 'given.csv:3: found "79x"; expected a prefix, in digits'),
        ("prefix,operator\n", "csv", "given.csv:1: there is no row after the header"),
        (
            "prefix,operator\n7800,a\n78001,b\n",
            "csv",
            "given.csv:3: 78001 and 7800 share numbers; the other is in line 2",
        ),
        (
            "prefix,operator\n79160,MTS\n",
            "csv",
            "given.csv:2: 79160 and 7916 share numbers; the other is in another plan",
        ),
        ("a,b\n1,2\n", "ru-def", 'given.csv:1: there is no column "авс/def"'),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_changes_nothing(
    home: Path, text: str, form: str, line: str
) -> None:
    run(home, "numbering", "import", "~/plan.csv", "--format", "ru-def")
    result = imported(home, text, "--format", form)
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1
    store = SqliteStore.open(home / "campaign.sqlite", read_only=True)
    assert [plan.name for plan in store.numbering.plans()] == ["plan"]
    assert store.database.conn.execute("SELECT count(*) FROM plans").fetchone() == (1,)
    assert store.database.conn.execute("SELECT count(*) FROM plan_ranges").fetchone() == (6,)
    store.close()


def test_a_file_that_is_no_text_is_one_line(home: Path) -> None:
    (home / "plan.xlsx").write_bytes(b"prefix,operator\n7705,\x98\n")
    result = run(home, "numbering", "import", "~/plan.xlsx", "--format", "csv")
    assert result.exit_code == 2
    assert result.stderr.endswith("plan.xlsx:2: neither UTF-8 nor Windows-1251; save the file as CSV UTF-8\n")


def test_a_file_that_is_not_there_and_a_number_that_is_none(home: Path) -> None:
    missing = run(home, "numbering", "import", "~/none.csv", "--format", "csv")
    assert (missing.exit_code, "none.csv: No such file" in missing.stderr) == (2, True)
    wrong = run(home, "numbering", "show", "12")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)


def test_the_choice_of_an_account_is_shown_step_by_step(home: Path) -> None:
    run(home, "numbering", "import", "~/plan.csv", "--format", "ru-def")
    result = run(home, "routes", "+79161234567", "--from", "SHOP", "--class", "code", "--down", "direct")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        '+79161234567, known from: numbering plan (ПАО "Мобильные ТелеСистемы", 7916)',
        "  network             mts-ru",
        "  route               network mts-ru or beeline-ru (of 2 that fit, the one that says the most)",
        "  account direct      passed over, as --down says, price 2.8",
        "  account aggregator  healthy, price 3.1",
        "  choice              aggregator: the first that is well",
    ]


def test_no_route_is_exit_code_1_and_an_unknown_account_2(home: Path) -> None:
    result = run(home, "routes", "+905321234567")
    assert (result.exit_code, "none fits" in result.stdout) == (1, True)
    wrong = run(home, "routes", "+905321234567", "--down", "nobody")
    assert wrong.exit_code == 2
    assert "--down nobody: expected one of direct, aggregator" in wrong.stderr


def test_an_import_beside_a_sender_needs_no_lock(home: Path) -> None:
    holder = SqliteStore.open(home / "campaign.sqlite")
    before = holder.numbering.version()
    result = run(home, "numbering", "import", "~/plan.csv", "--format", "ru-def")
    assert result.exit_code == 0
    assert holder.numbering.version() != before
    holder.close()
