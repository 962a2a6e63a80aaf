"""Runs of receipts: what is cut out as one is what the decoder and the reader of receipts make of each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smppkit.codec import CODECS, encode
from smppkit.errors import LocalProtocolError
from smppkit.events import ReceiptsDelivered, Request
from smppkit.message_state import MessageState
from smppkit.pdus import BindTransmitter, DeliverSm, DeliverSmResp, Pdu, Unbind
from smppkit.receipts import parse_receipt
from smppkit.runs import ReceiptRun, esme_readers
from smppkit.session import Session
from smppkit.states import Version
from smppkit.stream import StreamDecoder
from smppkit.tlvs import MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Tlv
from tests.smppkit.test_session import bound_esme, sent


def receipt(
    number: int = 1, ident: str = "0aF", text: str = "Dear", *, stat: str = "DELIVRD", err: str = "000",
    tlvs: tuple[Tlv, ...] = (), **fields: object,
) -> DeliverSm:  # fmt: skip
    words = (
        f"id:{ident} sub:001 dlvrd:001 submit date:2601010900 done date:2601010901 stat:{stat} err:{err} text:{text}"
    )
    return DeliverSm(
        0, number, tlvs, esm_class=0x04, source_addr="77051112233", destination_addr="SHOP",
        short_message=words.encode("latin-1"), **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def told(run: ReceiptRun) -> list[tuple[object, ...]]:
    said = run.said
    columns = said.message_ids, said.states, said.stats, said.errs, said.texts
    return list(zip(run.sources, run.destinations, *columns, strict=True))


def twice(ident: str, state: int = 2) -> tuple[Tlv, ...]:
    return RECEIPTED_MESSAGE_ID.of(ident), MESSAGE_STATE.of(state)


receipts = st.builds(
    lambda receipt, number: (setattr(receipt, "sequence_number", number), receipt)[1],
    st.builds(
        receipt,
        ident=st.sampled_from(["7", "00af", "12-3", "none", ""]),
        text=st.sampled_from(["Dear", "", " x@é ", "450A DLVRD TO SMSC", "text:id:7"]),
        stat=st.sampled_from(["DELIVRD", "UNDELIV", "ENROUTE", "STRANGE"]),
        err=st.sampled_from(["000", "07F", "null"]),
        tlvs=st.sampled_from(
            [(), twice("7"), twice("00af", 5), twice("7", 99), (*twice("7"), NETWORK_ERROR_CODE.of(b"\3\0\1"))]
        ),
        data_coding=st.sampled_from([0, 1, 3, 8]),
    ),
    st.integers(1, 9),
)


alike = st.builds(
    lambda stats, texts, tlvs: [
        receipt(place, ident := f"{place:04x}", text, stat=stat, tlvs=twice(ident) if tlvs else ())
        for place, (stat, text) in enumerate(zip(stats, texts, strict=True))
    ],
    st.lists(st.sampled_from(["DELIVRD", "UNDELIV"]), min_size=60, max_size=60),
    st.lists(
        st.sampled_from(["450A DLVRD TO SMSC", "                  ", "Dear friends of x@"]), min_size=60, max_size=60
    ),
    st.booleans(),
)


@settings(max_examples=150)
@given(version=st.sampled_from(list(Version)), made=st.lists(receipts, max_size=4) | alike, changes=st.data())
def test_a_run_is_what_the_decoder_reads(version: Version, made: list[Pdu], changes: st.DataObject) -> None:
    octets = bytearray(b"".join(map(CODECS[Version.V34].encode, made)))
    for _ in range(changes.draw(st.integers(0, 3)) if octets else 0):
        octets[changes.draw(st.integers(0, len(octets) - 1))] = changes.draw(st.integers(0, 255))
    plain = StreamDecoder(codec=CODECS[version]).feed(bytes(octets))
    found: list[object] = []
    for fate in StreamDecoder(codec=CODECS[version]).fates(bytes(octets), readers=esme_readers(version)):
        if not isinstance(fate, ReceiptRun):
            found.append(fate)
            continue
        for pdu, (source, destination, *said) in zip(fate.pdus(), told(fate), strict=True):
            found.append(pdu)
            assert isinstance(pdu, DeliverSm)
            read = parse_receipt(pdu)
            assert read is not None
            assert said == [read.message_id, read.state, read.stat, read.err, read.text]
            assert (source, destination, pdu.esm_class) == (pdu.source_addr, pdu.destination_addr, 0x04)
    assert found == plain


@pytest.mark.parametrize(
    ("pdu", "plain"),
    [
        (receipt(), True),
        (receipt(tlvs=twice("0aF", 5)), True),
        (receipt(tlvs=twice("0AF")), False),  # spelled in another way: two ids
        (receipt(tlvs=twice("0aF")[:1]), False),
        (receipt(stat="STRANGE"), False),
        (receipt(ident="SAR-17"), False),
        (DeliverSm(esm_class=0x04, short_message=b"hello"), False),
        (DeliverSm(short_message=receipt().short_message), False),  # not announced
    ],
)
def test_what_is_plain(pdu: DeliverSm, plain: bool) -> None:
    (fate,) = StreamDecoder().fates(encode(pdu), readers=esme_readers(Version.V34))
    assert isinstance(fate, ReceiptRun) is plain


def test_a_run_has_an_end() -> None:
    fates = list(StreamDecoder().fates(encode(receipt()) * 550, readers=esme_readers(Version.V34)))
    assert [len(fate) for fate in fates if isinstance(fate, ReceiptRun)] == [250, 250, 50]


def reading(**config: object) -> Session:
    session = bound_esme(**config)  # type: ignore[arg-type]
    session.read_runs(esme_readers(session.version))
    return session


def run_of(session: Session, *numbers: int) -> ReceiptRun:
    session.receive_bytes(b"".join(encode(receipt(number)) for number in numbers), 1.0)
    (event,) = session.events()
    assert isinstance(event, ReceiptsDelivered)
    return event.run


@pytest.mark.parametrize("status", [0, 0x64])
def test_a_run_is_answered_once_and_each_of_it_by_its_number(status: int) -> None:
    session = reading()
    run = run_of(session, 3, 0x01020304, 5)
    assert told(run)[0] == ("77051112233", "SHOP", "0aF", MessageState.DELIVERED, "DELIVRD", "000", "Dear")
    session.respond_run(run, len(run), run.responses(status), 2.0)
    assert sent(session) == [DeliverSmResp(status, number) for number in (3, 0x01020304, 5)]
    with pytest.raises(LocalProtocolError):
        session.respond_run(run, len(run), run.responses(status), 2.0)


def test_unbinding_waits_for_the_answers_to_a_run() -> None:
    session = reading()
    run = run_of(session, 3, 4)
    session.unbind(1.5)
    assert session.bytes_to_send() == b""
    session.respond_run(run, len(run), run.responses(0), 2.0)
    assert [type(pdu) for pdu in sent(session)] == [DeliverSmResp, DeliverSmResp, Unbind]


def test_a_run_whose_link_is_gone_is_answered_in_vain() -> None:
    session = reading()
    run = run_of(session, 3, 4)
    session.connection_lost(1.5)
    session.respond_run(run, len(run), run.responses(0), 2.0)
    assert (session.counters.unanswered_at_end, session.counters.late_answers) == (2, 2)
    assert session.bytes_to_send() == b""


def test_a_transmitter_refuses_each_of_a_run() -> None:
    session = bound_esme(BindTransmitter)
    session.read_runs(esme_readers(session.version))
    session.receive_bytes(encode(receipt(3)) + encode(receipt(4)), 1.0)
    assert (session.events(), session.counters.illegal_requests) == ([], 2)
    assert [pdu.sequence_number for pdu in sent(session)] == [3, 4]


def test_what_goes_beyond_the_window_comes_one_by_one() -> None:
    session = reading(peer_window=1)
    session.receive_bytes(encode(receipt(3)) + encode(receipt(4)), 1.0)
    assert [type(event) for event in session.events()] == [Request]
    assert session.counters.window_overruns == 1
