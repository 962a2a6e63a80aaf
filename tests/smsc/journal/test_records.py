"""One group as one transaction: also when it is a very large one, and when some of it is over already."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from smppkit.message_state import MessageState
from smppkit.pdus import SubmitSm
from smsc.journal.parts import Parts
from smsc.journal.records import Group, Kind, Message, Owed, Pending, write
from smsc.journal.schema import prepare
from smsc.journal.writer import MOST_AT_ONCE
from smsc.scenario.decisions import Fate, Plan

PLAN = Plan(Fate("DELIVRD", "000", MessageState.DELIVERED), 5.0)
SUBMIT = SubmitSm(source_addr="SHOP", destination_addr="7705", short_message=b"hello")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    prepare(made, ":memory:")
    yield made
    made.close()


def message(row: int) -> tuple[int, Message]:
    return row, Message(1000.0, "op", "shop", 1, SUBMIT, 0, row, str(row), "DELIVRD", "000", "ENROUTE")


def rows(connection: sqlite3.Connection, table: str, column: str) -> list[int]:
    return [value for (value,) in connection.execute(f"SELECT {column} FROM {table} ORDER BY 1")]  # noqa: S608


def test_a_group_may_be_larger_than_one_statement(connection: sqlite3.Connection) -> None:
    group = Group()
    group.messages = [message(row) for row in range(1, MOST_AT_ONCE + 1)]
    # As builds of SQLite may have it that allow the least.
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    write(connection, group, Parts())
    assert rows(connection, "messages", "row") == list(range(1, MOST_AT_ONCE + 1))


def test_what_is_over_within_its_group_leaves_nothing_but_its_outcome(connection: sqlite3.Connection) -> None:
    group = Group()
    group.messages = [message(row) for row in (1, 2)]
    group.pending = [Pending(row, "op", None, 0x34, PLAN, SUBMIT) for row in (1, 2)]
    group.owed = [("op", 1001.0, Owed(row, "shop", b"octets", Kind.RECEIPT, number=10 + row)) for row in (1, 2)]
    group.reached = [(1, 1001.0, "DELIVRD", "000", False)]
    group.over = [1]
    group.settled = [(11, 1, 1002.0, None)]
    write(connection, group, Parts())
    assert rows(connection, "pending", "row") == [2]
    assert rows(connection, "owed", "delivery") == [12]
    assert connection.execute("SELECT state, final_at, acknowledged_at FROM messages ORDER BY row").fetchall() == [
        ("DELIVRD", 1001.0, 1002.0),
        ("ENROUTE", None, None),
    ]


def test_a_group_takes_up_those_that_came_after_it(connection: sqlite3.Connection) -> None:
    first, second, third = Group(), Group(), Group()
    for row, group in enumerate((first, second, third), 1):
        group.messages.append(message(row))
        group.size = 1
    first.absorb(second)
    first.absorb(third)
    assert (first.size, [row for row, _ in first.messages]) == (3, [1, 2, 3])
    assert (second.size, len(second.messages)) == (1, 1)
