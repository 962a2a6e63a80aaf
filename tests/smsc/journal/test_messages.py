"""Long messages are one; what SQL finds is what a message matches, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.segments import UDHI, Segment, segment
from smppkit.status import CommandStatus as S
from smsc.journal.journal import Journal
from smsc.journal.message_filter import FilterError, MessageFilter, matches
from smsc.journal.messages import Messages
from smsc.journal.records import Message, Owed

NOW = 1050.0
LONG = "Ваш заказ 17 готов. " * 8


class Writer:
    """Writes messages, part by part."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.numbers = iter(range(1, 1000))

    def submit(self, text: str, at: float = 1000.0, to: str = "77051234567", **more: Any) -> list[int]:
        found = segment(text, reference=more.pop("reference", 1))
        which = more.pop("which", range(len(found.segments)))
        return [self.part(found.segments[number], found.data_coding, at, to, **more) for number in which]

    def part(self, part: Segment, data_coding: int, at: float, to: str, **more: Any) -> int:
        pdu = SubmitSm(
            source_addr="SHOP",
            destination_addr=to,
            short_message=part.short_message,
            esm_class=UDHI if part.udhi else 0,
            data_coding=data_coding,
        )
        number = next(self.numbers)
        values: dict[str, Any] = {"operator": "one", "system_id": "shop", "connection": 1, "pdu": pdu}
        if not more.get("status"):
            values |= {"state": "ENROUTE", "number": number, "message_id": f"{number:x}"}
        return self.journal.message(Message(at=at, **values | more))


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal.open(":memory:", clock=Clock())
    yield journal
    journal.close()


@pytest.fixture
def writer(journal: Journal) -> Writer:
    return Writer(journal)


def messages(journal: Journal) -> Messages:
    journal.flush()
    return Messages(journal.connection)


EVERYTHING = MessageFilter()


def test_a_long_message_is_one_with_its_text_joined(journal: Journal, writer: Writer) -> None:
    writer.submit(LONG, which=(2, 0, 1))
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert (message.id, message.text, message.parts, message.parts_received) == (1, LONG, 3, 3)
    assert message.message_ids == ("2", "3", "1")
    assert message.complete


def test_a_message_of_which_parts_are_missing_says_so(journal: Journal, writer: Writer) -> None:
    writer.submit(LONG, which=(1,))
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert (message.parts, message.parts_received, message.complete) == (3, 1, False)


def test_it_is_in_the_state_of_its_worst_part(journal: Journal, writer: Writer) -> None:
    first, second, _ = writer.submit(LONG, outcome="DELIVRD", err="000")
    journal.flush()
    journal.reached(first, 1001.0, "DELIVRD", "000")
    journal.reached(second, 1002.0, "UNDELIV", "011")
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert (message.state, message.err, message.final_at) == ("UNDELIV", "011", None)
    assert messages(journal).count(MessageFilter(state="UNDELIV"), NOW) == 1
    assert messages(journal).count(MessageFilter(state="DELIVRD"), NOW) == 0


def test_a_part_that_was_refused_and_came_again_counts_as_it_came_again(journal: Journal, writer: Writer) -> None:
    writer.submit(LONG, which=(0,))
    writer.submit(LONG, which=(1,), status=S.ESME_RTHROTTLED)
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert (message.status_name, message.state) == ("ESME_RTHROTTLED", None)
    writer.submit(LONG, which=(1, 2))
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert (message.status, message.state, message.parts_received, message.text) == (0, "ENROUTE", 3, LONG)


def test_states_that_come_by_time_alone_are_told_as_of_the_time(journal: Journal, writer: Writer) -> None:
    writer.submit("later", outcome="DELIVRD", starts_at=1010.0, settles_at=1020.0)
    found = messages(journal)
    states = [found.page(EVERYTHING, now, limit=1)[0].state for now in (1005.0, 1015.0, 1025.0)]
    assert states == ["SCHEDLD", "ENROUTE", "DELIVRD"]
    assert [found.changing(now, 10) for now in (1005.0, 1015.0, 1025.0)] == [[(1010.0, 1)], [(1020.0, 1)], []]
    assert found.changing(1005.0, 10, rows=[2]) == []


def test_pages_follow_each_other_without_a_gap(journal: Journal, writer: Writer) -> None:
    for number in range(7):
        writer.submit(f"message {number}", reference=number)
    found = messages(journal)
    ids = [message.id for message in found.page(EVERYTHING, NOW, limit=3)]
    assert ids == [7, 6, 5]
    assert [message.id for message in found.page(EVERYTHING, NOW, limit=3, before=5)] == [4, 3, 2]
    assert [message.id for message in found.page(EVERYTHING, NOW, limit=3, after=2)] == [3, 4, 5]


def test_conversations_are_by_the_number_of_the_subscriber(journal: Journal, writer: Writer) -> None:
    writer.submit("one", to="7701")
    writer.submit(LONG, to="7702")
    mo = DeliverSm(source_addr="7701", destination_addr="1414", short_message=b"STOP")
    journal.message(Message(1001.0, "one", "shop", 0, mo, state="ENROUTE"))
    found = messages(journal)
    assert [(talk.number, talk.count, talk.last.text) for talk in found.conversations(None, NOW, 10)] == [
        ("7701", 2, "STOP"),
        ("7702", 1, LONG),
    ]
    assert [talk.number for talk in found.conversations("заказ", NOW, 10)] == ["7702"]
    both = found.conversation("7701", NOW, system_id="shop", limit=10)
    assert [(message.direction, message.text) for message in both] == [("mt", "one"), ("mo", "STOP")]
    assert found.conversation("7701", NOW, system_id="bank", limit=10) == []


def test_parts_come_together_after_a_restart_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, clock=Clock())
    Writer(journal).submit(LONG, which=(0,))
    journal.close()
    journal = Journal.open(path, clock=Clock())
    Writer(journal).submit(LONG, which=(1, 2))
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=10)
    assert message.text == LONG
    journal.close()


def test_the_messages_of_rows_are_whole_whichever_part_a_row_is(journal: Journal, writer: Writer) -> None:
    writer.submit("alone", reference=9)
    rows = writer.submit(LONG)
    found = messages(journal)
    assert [message.id for message in found.of_rows([rows[2], 1], NOW)] == [1, 2]
    assert [part.row for part in found.parts(rows[1], NOW)] == rows
    assert found.parts(999, NOW) == []


def test_an_acknowledged_receipt_is_told(journal: Journal, writer: Writer) -> None:
    (row,) = writer.submit("hello", outcome="DELIVRD", err="000")
    owed = Owed(row, "shop", b"octets")
    journal.owe("one", 1001.0, owed)
    journal.flush()
    journal.reached(row, 1001.0)
    journal.settled(owed, 1002.0)
    (message,) = messages(journal).page(EVERYTHING, NOW, limit=1)
    assert (message.state, message.final_at, message.acknowledged_at) == ("DELIVRD", 1001.0, 1002.0)


# --- SQL and Python say the same ---------------------------------------------------------------------

TEXTS = ("Your code is 1234", "ваш КОД 1234", LONG, "Straße ſharp K İ", "x" * 200 + "END", "[a*b?c]", "")
FILTERS = {
    "to": st.sampled_from(["7705*", "+7705*", "*7", "7705?234567", "[7]*", "*", "77051234567"]),
    "from": st.sampled_from(["SHOP", "sh*", "?HOP"]),
    "text": st.sampled_from(["CODE", "код", "Код 12", "END", "*", "?c", "ss", "s", "k", "i", "ТОВ. ваш"]),
    "text_matches": st.sampled_from([r"\d{4}", "^Your", "END$", "ЗАКАЗ", "(?i)заказ"]),
    "operator": st.sampled_from(["one", "two"]),
    "system_id": st.sampled_from(["shop", "bank"]),
    "direction": st.sampled_from(["mt", "mo"]),
    "state": st.sampled_from(["DELIVRD", "ENROUTE", "UNDELIV", "SCHEDLD"]),
    "status": st.sampled_from([0, 88, 0x400]),
    "command": st.sampled_from(["submit_sm", "deliver_sm"]),
    "encoding": st.sampled_from(["gsm7", "ucs2", "latin1"]),
    "parts": st.sampled_from([1, 2, 3, "2+"]),
    "complete": st.booleans(),
    "message_id": st.sampled_from(["1", "2", "3", "a"]),
    "id": st.integers(0, 6),
    "since": st.sampled_from([999.0, 1001.0]),
    "until": st.sampled_from([999.0, 1001.0]),
    "q": st.sampled_from(["shop", "7705 code", "заказ throttled", "undeliv", "0x00000400", "rok", "4", "готов. ваш"]),
}
ENTRY = st.fixed_dictionaries(
    {"text": st.sampled_from(TEXTS), "at": st.sampled_from([1000.0, 1001.0, 1002.0])},
    optional={
        "to": st.sampled_from(["77051234567", "+77051234567", "7706"]),
        "operator": st.sampled_from(["one", "two"]),
        "system_id": st.sampled_from(["shop", "bank"]),
        "which": st.sampled_from([(0,), (0, 0)]),
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.lists(ENTRY, max_size=6), st.fixed_dictionaries({}, optional=FILTERS))
def test_sql_finds_what_matches(data: st.DataObject, entries: list[dict[str, Any]], filters: dict[str, Any]) -> None:
    journal = Journal.open(":memory:", clock=Clock())
    writer = Writer(journal)
    for reference, entry in enumerate(entries):
        status = data.draw(st.sampled_from([0, 0, 0, 88, 0x400]))
        more = (
            {"status": status}
            if status
            else {"outcome": "DELIVRD", "settles_at": data.draw(st.sampled_from([1e9, 5.0]))}
        )
        for row in writer.submit(reference=reference, **entry, **more):
            if not status and data.draw(st.booleans()):
                journal.reached(row, 1003.0, data.draw(st.sampled_from(["UNDELIV", "DELIVRD"])), "000")
    found = messages(journal)
    found = Messages(journal.connection, {"two": "latin1"})
    wanted = MessageFilter.of(filters)
    expected = [message for message in found.matching(EVERYTHING, NOW) if matches(wanted, message)]
    assert list(found.matching(wanted, NOW)) == expected
    assert found.count(wanted, NOW) == len(expected)
    assert found.count(wanted, NOW, after=2) == sum(message.id > 2 for message in expected)
    journal.close()


def test_a_search_that_takes_too_long_is_given_up_and_the_next_one_is_not(journal: Journal) -> None:
    writer, clock = Writer(journal), Clock()
    for number in range(3):
        writer.submit(f"order {number}")
    journal.flush()

    def seconds() -> float:  # as if each text took two
        clock.advance(2.0)
        return clock.seconds()

    messages = Messages(journal.connection, seconds=seconds)
    wanted = MessageFilter.of({"text_matches": "nothing"})
    for search in (lambda: messages.page(wanted, NOW, limit=10), lambda: messages.count(wanted, NOW)):
        with pytest.raises(FilterError, match="took more than 5 s, and was given up"):
            search()
    assert len(messages.page(MessageFilter.of({"text": "order"}), NOW, limit=10)) == 3


def test_the_newest_of_an_operator_are_found_without_sorting_all_of_them(journal: Journal) -> None:
    asked: list[str] = []
    journal.connection.set_trace_callback(asked.append)
    Messages(journal.connection).page(MessageFilter(operator="one"), NOW, limit=5)
    journal.connection.set_trace_callback(None)
    (query,) = asked
    plan = [row[3] for row in journal.connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert not [step for step in plan if "ORDER BY" in step]
