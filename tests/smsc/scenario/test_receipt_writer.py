"""Receipts written with a stamp are those that are written one by one."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smppkit.codec import decode, encode
from smppkit.errors import EncodeError
from smppkit.message_state import MessageState, state_of
from smppkit.pdus import DeliverSm, SubmitSm
from smppkit.states import Version
from smsc.scenario import receipt_writer
from smsc.scenario.decisions import Fate, Plan
from smsc.scenario.dialect import quoted_text, receipt_pdu
from smsc.scenario.model import Operator, Scenario
from smsc.scenario.reading import read
from smsc.scenario.receipt_writer import MOST_STAMPS, ReceiptWriter
from yamlmodel.loader import loads

START = datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)
LOOKS = (
    "{}",
    "{form: text}",
    "{form: tlv}",
    "{carrier: data_sm}",
    "{data_coding: 8}",
    "{data_coding: 3}",
    "{network_type: 3}",
    "{conflict: {state: UNDELIV}}",
    "{tlvs: [{tag: 0x1501, text: '{id}'}]}",
    "{text: 'id:{id:3} 100% {err:x} {sub:1} {stat} {submit:YYYY-MM-DD hhmmss} 5%s'}",
    "{text: 'done {done:hhmmss} {text:4} and again {text} of {id}'}",
    "{text: '" + "long " * 50 + "{id}'}",
)
TEXTS = st.text(st.characters(codec="latin-1"), max_size=8)
OCTETS = st.integers(0, 255)
SUBMITS = st.builds(
    SubmitSm,
    service_type=TEXTS,
    source_addr_ton=OCTETS,
    source_addr_npi=OCTETS,
    source_addr=st.text(max_size=25),
    dest_addr_ton=OCTETS,
    dest_addr_npi=OCTETS,
    destination_addr=st.text(st.characters(codec="latin-1"), max_size=25),
    data_coding=st.sampled_from((0, 3, 8)),
    short_message=st.binary(max_size=40),
)
PLANS = st.builds(
    Plan,
    fate=st.just(Fate("DELIVRD", "000", MessageState.DELIVERED)),
    ends_after=st.just(1.0),
    receipt_id=st.text(st.characters(codec="latin-1"), max_size=70) | st.just("1%d"),
    tlv_id=st.just("") | st.just("FF"),
    text=st.just("") | st.text(max_size=30),
)
FATES = st.sampled_from([Fate(word, err, state_of(word) or MessageState.UNKNOWN) for word, err in (
    ("DELIVRD", "000"), ("UNDELIV", "069"), ("50%", "0B"), ("REJECTD", "word")
)])  # fmt: skip


def operator(receipts: str) -> Operator:
    return loads(f"operators: {{x: {{receipts: {receipts}}}}}", Scenario).operators["x"]


@pytest.mark.parametrize("look", LOOKS)
def test_a_receipt_is_the_same_octets_whichever_way_it_is_written(look: str) -> None:
    owner = operator(look)
    writer = ReceiptWriter(owner)

    @given(PLANS, FATES, SUBMITS, st.integers(0, 3), st.sampled_from(Version), st.none() | OCTETS)
    def check(plan: Plan, fate: Fate, submit: SubmitSm, seconds: int, version: Version, esm_class: int | None) -> None:
        times = START, START + timedelta(seconds=seconds)
        try:
            expected = encode(receipt_pdu(owner, plan, fate, submit, *times, version, esm_class))
        except EncodeError:
            with pytest.raises(EncodeError):
                writer.write(plan, fate, submit, *times, version, esm_class)
        else:
            assert writer.write(plan, fate, submit, *times, version, esm_class) == expected

    check()


@pytest.mark.parametrize("alphabet", ["gsm7", "latin1", "ascii"])
def test_a_plain_text_is_quoted_as_if_it_had_been_read(alphabet: str) -> None:
    """Octet by octet where each is a character; a predefined text goes the long way."""
    owner = loads(f"operators: {{x: {{submit: {{alphabet: {alphabet}}}}}}}", Scenario).operators["x"]
    fate = Fate("DELIVRD", "000", MessageState.DELIVERED)
    for octet in range(256):
        submit = SubmitSm(short_message=bytes([0x41, octet, 0x42]))
        shown = Plan(fate, 1.0, text=read(submit, alphabet))
        quoted = quoted_text(owner, owner.receipts, Plan(fate, 1.0), submit)
        assert quoted == quoted_text(owner, owner.receipts, shown, submit)


def test_the_receipts_of_a_second_are_built_once() -> None:
    writer = ReceiptWriter(operator("{}"))
    fate = Fate("DELIVRD", "000", MessageState.DELIVERED)
    with patch.object(receipt_writer, "receipt_pdu", wraps=receipt_pdu) as build:
        written = [
            decode(writer.write(Plan(fate, 1.0, receipt_id=str(number)), fate, SubmitSm(), START, START, Version.V34))
            for number in range(3)
        ]
    assert build.call_count == 1
    assert [pdu.short_message.partition(b" ")[0] for pdu in written if isinstance(pdu, DeliverSm)] == [
        b"id:0",
        b"id:1",
        b"id:2",
    ]


def test_what_is_remembered_of_past_seconds_is_bounded() -> None:
    writer = ReceiptWriter(operator("{}"))
    fate = Fate("DELIVRD", "000", MessageState.DELIVERED)
    for second in range(MOST_STAMPS + 10):
        done = START + timedelta(seconds=second)
        writer.write(Plan(fate, 1.0, receipt_id="1"), fate, SubmitSm(), START, done, Version.V34)
    assert len(writer._stamps) <= MOST_STAMPS
