"""Searching a journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from smppkit.codec import encode
from smppkit.commands import CommandId
from smppkit.pdus import EnquireLink, SubmitSm, SubmitSmResp
from smppkit.segments import UDHI, segment
from smppkit.status import CommandStatus as S
from smsc.journal.inbox import Inbox, OperatorSummary
from smsc.journal.journal import Journal
from smsc.journal.records import Message, Owed


@pytest.fixture
def journal() -> Iterator[Journal]:
    """Four messages and an MO at two operators."""
    journal = Journal.open(":memory:", clock=Clock())
    for name in ("one", "two"):
        journal.connection_opened(name, "127.0.0.1:4000", 1.0)

    def add(at: float, operator: str, to: str, text: str, **more: Any) -> int:
        found = segment(text, reference=1)
        pdu = SubmitSm(
            source_addr="SHOP",
            destination_addr=to,
            short_message=found.segments[0].short_message,
            esm_class=UDHI if found.segments[0].udhi else 0,
            data_coding=found.data_coding,
        )
        values = {"system_id": "shop", "connection": 1, "pdu": pdu, "state": "ENROUTE", "outcome": "DELIVRD"}
        return journal.message(Message(at=at, operator=operator, **values | more))

    first = add(10.0, "one", "77051234567", "Ваш заказ готов", number=1, message_id="1")
    add(11.0, "one", "77059999999", "hello " * 40, number=2, message_id="2")
    add(12.0, "one", "77050000000", "refused", status=S.ESME_RTHROTTLED, state=None)
    add(13.0, "two", "905321234567", "Hello", number=1, message_id="1")
    receipt = Owed(first, "shop", b"")
    journal.owe("one", 11.0, receipt)
    journal.flush()
    journal.reached(first, 11.0)
    journal.settled(receipt, 11.5)
    for octets in (encode(SubmitSm(destination_addr="7", sequence_number=5)), encode(EnquireLink(sequence_number=6))):
        journal.pdu(1, "in", octets, 10.0)
    journal.pdu(2, "out", encode(SubmitSmResp(S.ESME_RTHROTTLED, 7)), 12.0)
    journal.flush()
    yield journal
    journal.close()


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ({}, [1, 2, 3, 4]),
        ({"to": "7705*"}, [1, 2, 3]),
        ({"to": "7705?23*"}, [1]),
        ({"from_": "SHOP"}, [1, 2, 3, 4]),
        ({"from_": "BANK"}, []),
        ({"text": "ЗАКАЗ"}, [1]),
        ({"text": "hello"}, [2, 4]),
        ({"operator": "two"}, [4]),
        ({"state": "DELIVRD"}, [1]),
        ({"state": "ENROUTE"}, [2, 4]),
        ({"status": S.ESME_RTHROTTLED}, [3]),
        ({"status": 0}, [1, 2, 4]),
        ({"since": 12.0}, [3, 4]),
        ({"limit": 2}, [3, 4]),
        ({"limit": 2, "after": 1}, [2, 3]),
        ({"to": "7705*", "status": 0, "limit": 1}, [2]),
    ],
)
def test_messages_are_filtered(journal: Journal, filters: dict[str, Any], rows: list[int]) -> None:
    assert [message.row for message in Inbox(journal.connection).messages(**filters)] == rows


@pytest.mark.parametrize(
    ("filters", "sequences"),
    [
        ({}, [5, 6, 7]),
        ({"operator": "one"}, [5, 6]),
        ({"connection": 2}, [7]),
        ({"command_id": CommandId.ENQUIRE_LINK}, [6]),
        ({"status": S.ESME_RTHROTTLED}, [7]),
        ({"since": 11.0}, [7]),
        ({"limit": 1}, [7]),
        ({"limit": 1, "after": 1}, [6]),
    ],
)
def test_pdus_are_filtered(journal: Journal, filters: dict[str, Any], sequences: list[int]) -> None:
    assert [pdu.sequence for pdu in Inbox(journal.connection).pdus(**filters)] == sequences


def test_parts_of_long_messages_are_known(journal: Journal) -> None:
    (message,) = Inbox(journal.connection).messages(to="77059999999")
    assert (message.part, message.parts, message.reference) == (1, 2, 1)
    assert message.text.startswith("hello hello")


def test_the_summary_counts_per_operator(journal: Journal) -> None:
    assert Inbox(journal.connection).summary() == {
        "one": OperatorSummary(
            received=3,
            accepted=2,
            refused={S.ESME_RTHROTTLED: 1},
            states={"DELIVRD": 1, "ENROUTE": 1},
            acknowledged=1,
        ),
        "two": OperatorSummary(received=1, accepted=1, states={"ENROUTE": 1}),
    }
