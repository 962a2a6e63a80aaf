"""Doubts, settling, receipts and dialects: beside a sender that runs, and as the page shows them."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sender.cli import main
from sender.domain.dialect import CERTAIN, Form, Settings
from sender.domain.message import DoubtCause, MessageClass, State
from sender.store.records import InDoubt
from sender.store.sqlite import SqliteStore
from tests.sender.store.kit import FIRST, Desk, directly, open_quick, receipt, rows, state_of

PAGE = (Path(__file__).parents[3] / "docs" / "sender-receipts.md").read_text()
CONFIG = """store: campaign.sqlite
country: KZ
operators:
  beeline-kz: {host: 127.0.0.1, system_id: shop, password: secret}
routes:
  - {operator: beeline-kz}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sender.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[SqliteStore]:
    """The store of a sender that runs: it holds the lock all the time."""
    opened = open_quick(home / "campaign.sqlite")
    yield opened
    opened.close()


def run(home: Path, *arguments: str) -> Result:
    verb, *rest = arguments
    words = [it.replace("~", str(home)) for it in rest]
    return CliRunner().invoke(main, [verb, "--config", str(home / "sender.yaml"), *words])


def shown(result: Result) -> str:
    """A block of the page, which is what the command printed."""
    assert result.exit_code in (0, 1), result.output
    return f"```text\n{result.stdout}```"


def in_doubt(store: SqliteStore, messages: int = 2, *, numbers: list[str] | None = None) -> tuple[Desk, list[int]]:
    desk = Desk(store, directly(store), messages=messages, numbers=numbers, message_class=MessageClass.ADVERTISING)
    sent = desk.sent(limit=messages, now=time.time() - 200)
    desk.outcome(*(InDoubt(it, 1, DoubtCause.TIMEOUT, None, time.time() - 170) for it in sent))
    return desk, sent


def test_doubts_are_shown_as_on_the_page(home: Path, store: SqliteStore) -> None:
    in_doubt(store)
    assert shown(run(home, "doubts")) in PAGE


def test_doubts_as_json_with_whole_numbers_on_request(home: Path, store: SqliteStore) -> None:
    desk, [first, second] = in_doubt(store, numbers=[str(FIRST)] * 2)
    desk.receipts(receipt("17", str(FIRST), at=time.time()))
    document = json.loads(run(home, "doubts", "--json", "--plain").stdout)
    assert document["by"] == [
        {"account": "beeline-kz", "cause": "response timeout", "age": "under an hour", "parts": 2}
    ]
    assert [(it["message"], it["number"], it["unmatched_receipts"]) for it in document["messages"]] == [
        (first, str(FIRST), 1), (second, str(FIRST), 1),
    ]  # fmt: skip
    assert "7705*****00" in run(home, "doubts", "--json").stdout
    assert "1 receipts may be about it" in run(home, "doubts").stdout


def test_without_doubts_that_is_said(home: Path, store: SqliteStore) -> None:
    Desk(store, directly(store))
    assert run(home, "doubts").stdout == "Nothing is in doubt.\n"
    assert "there is no campaign 7" in run(home, "doubts", "--campaign", "7").stderr


def test_messages_are_settled_by_number_beside_a_sender_that_runs(home: Path, store: SqliteStore) -> None:
    desk, [first, second] = in_doubt(store)
    result = run(home, "settle", "--message", str(first), "--as", "delivered")
    assert (result.exit_code, result.stdout) == (0, "1 delivered\n")
    assert desk.states == {State.DELIVERED: 1, State.IN_DOUBT: 1}
    again = run(home, "settle", "--message", str(first), "--message", str(second), "--message", "99", "--as", "resend")
    assert again.exit_code == 1
    assert again.stdout == "1 queued\n"
    assert f"message {first}: it is delivered, not in doubt" in again.stderr
    assert "message 99: there is no such message" in again.stderr
    assert [it.source for it in store.settlements(first)] == ["by hand"]


def test_what_is_on_its_way_is_refused(home: Path, store: SqliteStore) -> None:
    desk = Desk(store, directly(store), messages=2)
    first, second = desk.sent(now=2000.0)
    desk.accept({second: "a2"})
    result = run(home, "settle", "--message", str(first), "--message", str(second), "--as", "resend")
    assert result.exit_code == 1
    assert "it is being sent at this moment" in result.stderr
    assert "sent again, it would arrive twice" in result.stderr


def test_a_campaign_is_settled_as_a_whole(home: Path, store: SqliteStore) -> None:
    desk, _ = in_doubt(store, 1200)
    other, [kept] = in_doubt(store, 1)
    assert run(home, "settle", "--campaign", str(desk.campaign), "--as", "drop").stdout == "1,200 unknown\n"
    assert desk.states == {State.UNKNOWN: 1200}
    assert state_of(store, kept) is State.IN_DOUBT
    assert run(home, "settle", "--campaign", str(desk.campaign), "--as", "drop").stdout == "nothing was settled\n"
    assert other.states == {State.IN_DOUBT: 1}


def test_a_delivery_file_is_applied_once_and_tells_what_it_did(home: Path, store: SqliteStore) -> None:
    desk, _ = in_doubt(store)
    (home / "delivery.csv").write_text(
        f"id,number,status\nff01,+{FIRST},DELIVRD\n,{FIRST + 1},UNDELIV\nff03,998901234567,DELIVRD\n"
    )
    result = run(home, "settle", "--file", "~/delivery.csv", "--account", "beeline-kz")
    assert result.exit_code == 1
    assert shown(result) in PAGE
    assert desk.states == {State.DELIVERED: 1, State.UNDELIVERED: 1}
    with (home / "delivery.rejects.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["line"], row["raw"]) == ("4", "ff03,998901234567,DELIVRD")
    assert "no message of this account has this id" in row["reason"]
    again = run(home, "settle", "--file", "~/delivery.csv", "--account", "beeline-kz")
    assert "0 settled, 2 known already" in again.stdout
    assert rows(store, "SELECT source FROM settlements") == [("file delivery.csv",)] * 2


def test_a_file_in_the_encoding_of_old_spreadsheets(home: Path, store: SqliteStore) -> None:
    desk, _ = in_doubt(store, 1)
    (home / "may.txt").write_bytes(f"номер;статус\r\n{FIRST};Доставлено\r\n".encode("cp1251"))
    assert run(home, "settle", "--file", "~/may.txt", "--account", "beeline-kz").exit_code == 0
    assert desk.states == {State.DELIVERED: 1}
    assert not (home / "may.rejects.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["settle"], "one of --message, --campaign and --file"),
        (["settle", "--message", "1", "--campaign", "1"], "one of --message, --campaign and --file"),
        (["settle", "--message", "1"], "say what they are: --as delivered, undelivered, resend, drop"),
        (["settle", "--file", "~/may.csv"], "say whose file it is: --account, one of beeline-kz"),
        (["settle", "--file", "~/may.csv", "--account", "kcell"], 'found "kcell"; expected one of beeline-kz'),
        (["settle", "--file", "~/may.csv", "--account", "beeline-kz", "--as", "drop"], "--as does not go with --file"),
        (["settle", "--file", "~/none.csv", "--account", "beeline-kz"], "none.csv: No such file"),
        (["settle", "--file", "~/may.csv", "--account", "beeline-kz"], "no column with the state"),
        (["settle", "--campaign", "7", "--as", "drop"], "there is no campaign 7"),
        (["receipts"], "say which: --unmatched, or --message NUMBER"),
        (["dialects", "--forget", "kcell"], 'found "kcell"; expected one of beeline-kz'),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    home: Path, store: SqliteStore, arguments: list[str], line: str
) -> None:
    Desk(store, directly(store))
    (home / "may.csv").write_text("a,b\nhello there,world\n")
    result = run(home, *arguments)
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["doubts", "dialects"])
def test_without_a_store_there_is_nothing(home: Path, command: str) -> None:
    assert "there is no such store" in run(home, command).stderr


# Receipts and dialects


def teach(store: SqliteStore) -> None:
    """Twenty receipts in decimal for responses in hexadecimal."""
    directly(store)(store.configure_receipts, {"beeline-kz": Settings()})
    desk = Desk(store, directly(store), messages=CERTAIN)
    sent = desk.sent()
    desk.accept({message: f"{0xA00000 + message:x}" for message in sent})
    form = Form("YYMMDDhhmm", "text", "deliver_sm", 4)
    for row, message in enumerate(sent):
        told = receipt(str(0xA00000 + message), str(FIRST + row), at=2002.0)
        desk.receipts(msgspec.structs.replace(told, sender="SHOP", text=f"Hello n{row}", form=form))


def test_dialects_are_shown_as_on_the_page(home: Path, store: SqliteStore) -> None:
    teach(store)
    assert shown(run(home, "dialects")) in PAGE


def test_a_dialect_as_json_and_forgotten(home: Path, store: SqliteStore) -> None:
    teach(store)
    facts = json.loads(run(home, "dialects", "--json").stdout)["beeline-kz"]
    assert (facts["ids"], facts["ids_certain"], facts["counts"]["timed"]) == ("hex-decimal", True, CERTAIN)
    assert "not known yet" in run(home, "dialects", "--forget", "beeline-kz").stdout
    assert store.dialects()["beeline-kz"].relation is None


def test_receipts_that_found_nothing_are_shown(home: Path, store: SqliteStore) -> None:
    desk = Desk(store, directly(store))
    assert run(home, "receipts", "--unmatched").stdout == "Every receipt found its message.\n"
    desk.receipts(receipt("17", "998901234567", at=time.time() - 300_000), receipt("18", "998", at=time.time()))
    printed = run(home, "receipts", "--unmatched").stdout
    assert "beeline-kz: 1 receipts found no message" in printed
    assert "9989******67" in printed
    document = json.loads(run(home, "receipts", "--unmatched", "--older", "0s", "--json", "--plain").stdout)
    assert document["counts"] == {"beeline-kz": 2}
    assert [(it["smsc_id"], it["number"], it["state"]) for it in document["receipts"]] == [
        ("17", "998901234567", "DELIVERED"), ("18", "998", "DELIVERED"),
    ]  # fmt: skip


def test_the_receipts_of_a_message_are_shown_with_what_was_decided(home: Path, store: SqliteStore) -> None:
    _, [message] = in_doubt(store, 1)
    assert run(home, "receipts", "--message", str(message)).stdout == f"No receipt of message {message}.\n"
    run(home, "settle", "--message", str(message), "--as", "drop")
    printed = run(home, "receipts", "--message", str(message)).stdout
    assert "part 1: in_doubt became unknown, by hand" in printed
    document = json.loads(run(home, "receipts", "--message", str(message), "--json").stdout)
    assert document["receipts"] == []
    assert [it["after"] for it in document["settled"]] == ["unknown"]
