"""Both books are read as they are written by the programs that keep them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from carrierlab.clock import SimClock
from carrierlab.ledgers import Moment, OperatorLedger, Parked, Reject, SentPart
from carrierlab.reading import read_journal, read_store
from sender.domain.message import MessageClass, State
from sender.store.records import Accepted, Intent, NewCampaign, NewMessage, ReceiptIn, Refused
from sender.store.sqlite import SqliteStore
from smppkit.codec import encode
from smppkit.message_state import MessageState
from smppkit.pdus import BindTransceiver, DataSm, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from smppkit.tlvs import RECEIPTED_MESSAGE_ID
from smsc.journal.inbox import Inbox
from smsc.journal.journal import MEMORY, Journal
from smsc.journal.records import Kind, Message, Owed


class Book:
    """A journal with one connection, one minute after the epoch of unix time."""

    def __init__(self) -> None:
        self.journal = Journal.open(MEMORY, clock=SimClock())
        self.connection = self.journal.connection_opened("alpha", "127.0.0.1:1", 60.0)

    def wire(self, direction: str, pdu: Pdu, at: float) -> None:
        self.journal.pdu(self.connection, direction, encode(pdu), at)

    def submit(self, pdu: SubmitSm, at: float, status: int = 0, message_id: str | None = None) -> int:
        return self.journal.message(
            Message(
                at=at,
                operator="alpha",
                system_id="shop",
                connection=self.connection,
                pdu=pdu,
                status=status,
                message_id=message_id,
                outcome="UNDELIV" if message_id else None,
                state="ENROUTE" if message_id else None,
            )
        )

    def read(self) -> OperatorLedger:
        self.journal.flush()
        ledger = read_journal(Inbox(self.journal.connection))
        self.journal.close()
        return ledger


def test_what_is_refused_beyond_a_window_is_read_from_the_wire() -> None:
    book = Book()
    book.journal.connection_bound(book.connection, "shop", "transceiver", 60.0)
    for sequence, (number, at) in enumerate([("1", 61.0), ("2", 62.0), ("2", 63.0), ("1", 64.0)], 1):
        book.wire("in", msgspec.structs.replace(submit_sm(number), sequence_number=sequence), at)
    book.wire("out", SubmitSmResp(message_id="a", sequence_number=1), 65.0)
    for sequence in (2, 3, 4):
        book.wire("out", SubmitSmResp(command_status=0x58, sequence_number=sequence), 65.0)
    book.submit(submit_sm("1"), 61.0, message_id="a")
    book.submit(submit_sm("2"), 62.0, status=0x58)
    submits = book.read().submits
    assert [(each.recipient, each.status, each.received_at) for each in submits] == [
        ("1", 0, 61.0),
        ("2", 0x58, 62.0),
        ("2", 0x58, 63.0),
        ("1", 0x58, 64.0),
    ]
    assert {each.account for each in submits} == {"shop"}


def submit_sm(number: str, text: bytes = b"hello") -> SubmitSm:
    return SubmitSm(source_addr="SHOP", destination_addr=number, short_message=text, sequence_number=1)


def receipt(number: str, message_id: str) -> DeliverSm:
    text = f"id:{message_id} sub:001 dlvrd:000 submit date:2601010000 done date:2601010000 stat:UNDELIV err:001 Text:"
    return DeliverSm(
        esm_class=4,
        source_addr=number,
        destination_addr="SHOP",
        short_message=text.encode(),
        tlvs=(RECEIPTED_MESSAGE_ID.of(message_id),),
    )


def test_a_submit_is_read_with_its_answer_and_its_receipt_from_the_wire() -> None:
    book = Book()
    request = submit_sm("77050000001")
    row = book.submit(request, 61.0, message_id="1F")
    early = receipt("77050000001", "31")
    book.wire("out", early, 61.5)
    book.wire("out", request.response(message_id="1F"), 61.5)
    book.wire("out", early, 65.0)
    owed = Owed(row, "shop", encode(early))
    book.journal.owe("alpha", 61.5, owed)
    book.journal.reached(row, 61.5)
    book.journal.settled(owed, 65.1)
    (submit,) = book.read().submits
    assert (submit.operator, submit.recipient, submit.smsc_id, submit.text) == ("alpha", "77050000001", "1F", "hello")
    assert (submit.received_at, submit.status, submit.outcome, submit.acknowledged_at) == (61.0, 0, "UNDELIV", 65.1)
    assert submit.answered == Moment(61.5, 2, book.connection)
    assert submit.reported == Moment(61.5, 1, book.connection), "the first time it was written"
    assert submit.reports == 2
    assert submit.reported_id == "31"
    assert submit.reported < submit.answered


def test_a_receipt_in_a_data_sm_is_one_too() -> None:
    book = Book()
    book.submit(submit_sm("77050000001"), 61.0, message_id="1F")
    carried = DataSm(
        esm_class=4, source_addr="77050000001", destination_addr="SHOP", tlvs=(RECEIPTED_MESSAGE_ID.of("1f"),)
    )
    book.wire("out", carried, 62.0)
    (submit,) = book.read().submits
    assert (submit.reported_id, submit.reports) == ("1f", 1)


def test_a_refused_submit_and_one_that_is_still_under_way() -> None:
    book = Book()
    book.submit(submit_sm("77050000001"), 61.0, status=0x58)
    book.submit(submit_sm("77050000002"), 62.0, message_id="10")
    refused, waiting = book.read().submits
    assert (refused.status, refused.smsc_id, refused.answered, refused.outcome) == (0x58, "", None, None)
    assert (waiting.outcome, waiting.reported, waiting.acknowledged_at) == (None, None, None)


def test_ids_that_could_be_two_messages_are_told_apart_by_the_recipient() -> None:
    """16 is 10 in hexadecimal, and both ids exist."""
    book = Book()
    book.submit(submit_sm("77050000001"), 61.0, message_id="10")
    book.submit(submit_sm("77050000002"), 61.0, message_id="16")
    book.wire("out", receipt("77050000001", "16"), 62.0)
    first, second = book.read().submits
    assert first.reported_id == "16"
    assert second.reported_id is None


def test_binds_and_messages_of_handsets() -> None:
    book = Book()
    bind = BindTransceiver(system_id="shop", password="secret", sequence_number=1)
    book.wire("in", bind, 60.0)
    book.wire("out", bind.response(0x0E), 60.1)
    book.wire("out", bind.response(), 60.2)
    mo = DeliverSm(source_addr="77010000001", destination_addr="SHOP", short_message=b"STOP")
    row = book.journal.message(
        Message(at=63.0, operator="alpha", system_id="shop", connection=0, pdu=mo, message_id="7", state="ENROUTE")
    )
    book.journal.settled(Owed(row, "shop", b"", Kind.MO), 63.2, "DELIVRD")
    ledger = book.read()
    assert [(bind.operator, bind.at) for bind in ledger.binds] == [("alpha", 60.2)]
    assert [(bind.operator, bind.at) for bind in ledger.refused_binds] == [("alpha", 60.1)]
    (reception,) = ledger.receptions
    assert (reception.source, reception.text, reception.acknowledged_at) == ("77010000001", "STOP", 63.2)
    assert ledger.submits == ()


def test_the_store_is_read_with_states_ids_refusals_and_texts(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    with store.database.transaction():
        campaign = store.create_campaign(
            NewCampaign(
                name="",
                template="{name|Client}, hello",
                sender="SHOP",
                message_class=MessageClass.SERVICE,
                recipients="people.csv",
                rejects="",
                at=0.0,
            )
        )
        store.add_messages(
            campaign,
            [
                NewMessage(2, "77050000001", "alpha", {"name": "Әсем"}),
                NewMessage(3, "77050000002", "beta", {}),
                NewMessage(4, "77050000003", "alpha", {}),
            ],
        )
        store.finish_import(campaign, 4, 1)
        (one,) = store.claim("alpha", 1, 1.0)
        (two,) = store.claim("beta", 1, 1.0)
        store.mark_submitting(
            [
                Intent(one.message_id, 1, 1, "alpha", 1, 1, 1.0),
                Intent(two.message_id, 1, 1, "beta", 1, 1, 1.0),
            ]
        )
        store.record_outcomes([Accepted(one.message_id, 1, "1F", 2.0), Refused(two.message_id, 1, 11, 2.0)])
        undeliverable = ReceiptIn("alpha", "31", MessageState.UNDELIVERABLE, "UNDELIV", "069", "77050000001", 3.0)
        stray = ReceiptIn("alpha", "4444", MessageState.DELIVERED, "DELIVRD", None, "77059999999", 3.0)
        store.record_receipts([undeliverable, stray])
    ledger = read_store(store.database.conn, campaign, [Reject(5, "no number")])
    store.close()
    first, second, third = ledger.messages
    assert (first.recipient, first.operator, first.state) == ("77050000001", "alpha", State.UNDELIVERED)
    assert first.parts == (SentPart(1, State.UNDELIVERED, "1F"),)
    assert (first.err, first.status, first.text) == ("069", 0, "Әсем, hello")
    assert (second.state, second.status) == (State.REJECTED, 11)
    assert (third.state, third.parts, third.text) == (State.QUEUED, (), "Client, hello")
    assert ledger.rejects == (Reject(5, "no number"),)
    assert ledger.parked == (Parked("alpha", "4444", "77059999999"),)


def test_recipients_that_are_not_messages_yet_are_read_too(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "campaign.sqlite")
    with store.database.transaction():
        campaign = store.create_campaign(
            NewCampaign("", "Dear {name}", "SHOP", MessageClass.SERVICE, "people.csv", "", 0.0)
        )
        recipients = [NewMessage(row, f"7705000000{row}", "alpha", {"name": f"N{row}"}) for row in range(3)]
        store.add_recipients(campaign, recipients)
        store.finish_import(campaign, 3, 0)
        chunk = store.read_chunk((campaign, "alpha"))
        assert chunk is not None
        store.expand(chunk.id, 0, chunk.recipients[:1])
    ledger = read_store(store.database.conn, campaign, [])
    store.close()
    assert [(it.recipient, it.state, it.text) for it in ledger.messages] == [
        (f"7705000000{row}", State.QUEUED, f"Dear N{row}") for row in range(3)
    ]
